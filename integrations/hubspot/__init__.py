"""HubSpot: a CRM."""
