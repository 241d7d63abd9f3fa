"""Visitors, their sessions, conversations, messages, citations and page sources."""
