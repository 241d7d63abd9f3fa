"""The section `integrations.acme` of `app.yaml`. Credentials do not stand here: the manifest names
them, and a key of the section is made for each."""

from __future__ import annotations

from core.settings import Section


class AcmeSettings(Section):
    """Acme Mail."""

    base_url: str = "https://api.acme-mail.example"
    """Acme's address. Another one for a stand-in."""
    tolerance_seconds: int = 300
    """How old a webhook may be."""
