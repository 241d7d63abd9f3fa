"""Webhooks of your own."""
