"""People's data."""
