"""The sections `agent` and `limits` of `app.yaml`."""

from __future__ import annotations

from pydantic import Field

from core.settings import Section


class AgentSettings(Section):
    """How the agent presents itself."""

    name: str = Field(default="the assistant", max_length=60)
    """What it calls itself. It always says that it is an AI."""
    max_sentences: int = Field(default=3, ge=1, le=6)
    """How many sentences may answer one question."""


class LimitSettings(Section):
    """What one visitor and one site may ask of this server."""

    message_characters: int = Field(default=4000, ge=100, le=20_000)
    """The longest message."""
    messages_per_minute_per_visitor: int = Field(default=60, ge=1)
    """Messages of one visitor."""
    messages_per_minute_per_site: int = Field(default=12_000, ge=1)
    """Messages of all visitors of one site."""
    conversations_per_minute_per_address: int = Field(default=1200, ge=1)
    """Conversations begun from one network address. Offices share one: keep it generous."""
