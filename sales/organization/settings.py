"""The sections `tenants` and `sites` of `app.yaml`."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from core.settings import Section

_KEY = re.compile(r"^[a-z0-9][a-z0-9_-]{0,62}$")
_ORIGIN = re.compile(r"^https?://(\*\.)?[a-z0-9.-]+(:\d{1,5})?$")


def _check_key(value: str) -> str:
    if not _KEY.match(value):
        raise ValueError("use small letters, digits, - and _, at most 63, beginning with a letter")
    return value


class TenantSettings(Section):
    """An organisation that uses this installation."""

    key: str = "default"
    """A short name, never shown to visitors."""
    name: str = "Default"
    """The organisation's name."""

    _key = field_validator("key")(_check_key)


class LinkSettings(Section):
    """Where the website's pages are opened, when not at the addresses they were read with:
    a staging copy, or the demo."""

    replace: str = Field(pattern=r"^https?://")
    """The beginning of the addresses to change, e.g. https://www.acme.example/."""
    by: str = Field(pattern=r"^(https?://|/)")
    """What stands there instead; with a leading / it is below this server."""


class ConsentSettings(Section):
    """What a visitor is asked to agree to before their details are kept."""

    required_before_storing: bool = False
    """Ask in the chat, and keep no name, address or number before the yes."""
    text: str = "May we keep the details you tell us, to answer you and get in touch?"
    """The words that are agreed to; kept with the yes."""
    version: str = "1"
    """Which version of the words; change it with them."""


class SiteSettings(Section):
    """A website that carries the widget."""

    key: str
    """The public site key that the widget's script tag names (`data-site`)."""
    name: str
    """The company's name, as the agent says it."""
    tenant: str = "default"
    """The key of the tenant it belongs to."""
    allowed_origins: tuple[str, ...] = Field(min_length=1)
    """Which origins may use the key, e.g. https://www.acme.example or https://*.acme.example.
    `self` is the address of this server."""
    language: str = "en"
    """The language of the website's content, as a BCP 47 tag."""
    contact_url: str | None = None
    """The page that tells how to reach a person."""
    links: LinkSettings | None = None
    """Other addresses for the links of citations."""
    suggestions: tuple[str, ...] = ()
    """Up to four questions offered before the first message."""
    greeting: str | None = None
    """The agent's first words. The default depends on the visitor's language."""
    consent: ConsentSettings = ConsentSettings()
    """What visitors agree to."""

    _key = field_validator("key")(_check_key)

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "self" and not _ORIGIN.match(origin.lower()):
                raise ValueError(f"{origin} is no origin. Write https://www.acme.example, no path")
        return tuple(origin.lower() for origin in value)
