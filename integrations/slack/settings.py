"""The section `integrations.slack` of `app.yaml`."""

from __future__ import annotations

from pydantic import Field

from core.settings import Section, ServerAddress


class SlackSettings(Section):
    """How notices reach Slack."""

    base_url: ServerAddress = "https://slack.com/api"
    """The API's address."""
    timeout_seconds: float = Field(default=15, gt=0, le=120)
    """How long a call may take."""
    tolerance_seconds: int = Field(default=300, ge=30, le=3600)
    """How old the signature of a pressed button may be."""
