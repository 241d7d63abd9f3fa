"""Summaries of conversations, and every mail that follows one."""
