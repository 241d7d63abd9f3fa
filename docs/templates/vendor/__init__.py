"""Acme Mail: the template of a vendor's folder (docs/adding-an-integration.md)."""
