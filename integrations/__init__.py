"""The outside world: one vendor, one folder. `local` is the embedded default."""
