"""Tenants, their sites, and the keys that staff and machines use."""
