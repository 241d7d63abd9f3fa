"""The section `feedback` of `app.yaml`."""

from __future__ import annotations

from pydantic import Field, field_validator

from core.settings import Secret, Section


class FeedbackSettings(Section):
    """What the sales system tells of leads, and what we make of it (S0 3.4)."""

    per_minute: int = Field(default=5000, ge=1)
    """Reports that one client may send in a minute (S0 4.1: 5,000); more get 429."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """ISO 4217: of amounts that name no currency."""
    webhook_secrets: dict[str, tuple[Secret, ...]] = Field(default={})
    """What `/webhooks/sales-updates` is signed with, by tenant: {default: [${SALES_SECRET}]}.
    `whsec_` and at least 24 random bytes in Base64; two while they are changed. None: the door
    is closed."""
    webhook_tolerance_seconds: int = Field(default=300, ge=1, le=3600)
    """How old, or how early, a signed message may be."""
    tell_url: str = Field(default="", pattern=r"^$|^https://|^http://(localhost|127\.0\.0\.1)[:/]")
    """Where whoever hands leads over to us hears what became of them at once, e.g.
    https://marketing.acme.example/webhooks/sales-updates. Empty: they ask every 15 minutes."""
    tell_secret: Secret | None = None
    """What those messages are signed with: the other side's `webhook_secrets`."""
    half_life_days: float = Field(default=7, gt=0)
    """The model time_decay: a touch so many days before the revenue counts half."""
    return_points: int = Field(default=10, ge=0, le=100)
    """What a lead's score gains when they come back after they were handed over, once for each
    time they return; the score ends at 100."""
    sync_minutes: int = Field(default=15, ge=1)
    """How often the sales system is asked for statuses (S0 4.2: 15)."""
    reconcile_hours: int = Field(default=24, ge=1)
    """How often both sides are compared as a whole (S0 4.2: daily)."""

    @field_validator("webhook_secrets")
    @classmethod
    def _check_count(cls, value: dict[str, tuple[Secret, ...]]) -> dict[str, tuple[Secret, ...]]:
        if any(not 1 <= len(secrets) <= 2 for secrets in value.values()):
            raise ValueError("give each tenant one secret, or two while they are changed")
        return value
