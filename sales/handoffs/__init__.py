"""Handoffs: qualified leads on their way to the sales system, and our own sales system's desk."""
