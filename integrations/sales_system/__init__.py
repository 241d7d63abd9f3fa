"""A sales system over HTTP, by the contract of S0 (FRD-004)."""
