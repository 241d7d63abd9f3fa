"""Promises to the world: rows first, effects after, never lost."""
