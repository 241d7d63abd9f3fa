"""The section `integrations.webhook` of `app.yaml`."""

from __future__ import annotations

from pydantic import Field

from core.settings import Section


class WebhookSettings(Section):
    """How notices reach programs of yours."""

    timeout_seconds: float = Field(default=10, gt=0, le=60)
    """How long your program may take to answer."""
