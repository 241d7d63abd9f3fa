"""The embedded defaults: what runs without any account, key or network."""
