"""The kernel: no product nouns live here."""
