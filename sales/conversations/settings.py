"""The sections `sales_agent.page_tracking` and `privacy` of `app.yaml`."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from core.settings import Section


class PageTrackingSettings(Section):
    """What is kept of where a conversation began (S1-001). The page itself always is."""

    enabled: bool = True
    """Off: page views during a conversation are not recorded."""
    track_utm_parameters: bool = True
    """Keep utm_source, utm_medium, utm_campaign, utm_term and utm_content."""
    track_referrer_domain: bool = True
    """Keep document.referrer and its domain."""


class ConversationSettings(Section):
    """How long conversations and what proves them last."""

    token_days: int = Field(default=7, ge=1, le=90)
    """Days until a conversation's token expires."""
    visitor_days: int = Field(default=365, ge=1, le=730)
    """Days until a returning visitor is no longer recognised."""
    session_minutes: int = Field(default=30, ge=1, le=1440)
    """A pause longer than this begins a new session."""
    idle_minutes: int = Field(default=30, ge=1, le=1440)
    """A conversation without a word for so long is over, and its summaries are sent."""
    goodbye_seconds: int = Field(default=60, ge=0, le=3600)
    """After a goodbye, how long the visitor may add something before the conversation is over."""

    @property
    def token_lifetime(self) -> timedelta:
        """How long a conversation token holds."""
        return timedelta(days=self.token_days)

    @property
    def visitor_lifetime(self) -> timedelta:
        """How long a visitor token holds."""
        return timedelta(days=self.visitor_days)

    @property
    def session_pause(self) -> timedelta:
        """The pause that ends a session."""
        return timedelta(minutes=self.session_minutes)

    @property
    def idle_pause(self) -> timedelta:
        """The silence that ends a conversation."""
        return timedelta(minutes=self.idle_minutes)

    @property
    def goodbye_grace(self) -> timedelta:
        """The silence after a goodbye that ends a conversation."""
        return timedelta(seconds=self.goodbye_seconds)
