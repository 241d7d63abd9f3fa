"""Notices: staff hear at once, where they are, of what they should act upon."""
