"""Outlook calendars, by Microsoft Graph."""
