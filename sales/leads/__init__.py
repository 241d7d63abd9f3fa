"""Leads: who a visitor is, how well they fit, and what to do next."""
