"""Leads in customers' CRMs: what is sent, where it stands, and what comes back."""
