"""The section `integrations.calendly` of `app.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.settings import Section, ServerAddress


class CalendlySettings(Section):
    """How reps' Calendly accounts are used."""

    base_url: ServerAddress = "https://api.calendly.com"
    """The address of the API."""

    auth_url: ServerAddress = "https://auth.calendly.com"
    """Where an admin signs in, and tokens are asked for."""

    event_type: str = ""
    """The name or slug of the event type to book, where a rep has several of one length. Empty:
    the first active one that is not secret."""

    location_kind: str = ""
    """Only for event types that let the invitee choose the place, e.g. `zoom_conference` or
    `physical`."""

    location: str = ""
    """The place, for those kinds that need one."""

    bookings_per_minute: Annotated[int, Field(ge=1)] = 10
    """Calendly's own limit on bookings; other plans have others."""

    bookings_per_hour: Annotated[int, Field(ge=1)] = 50
    """The same for an hour."""

    bookings_per_day: Annotated[int, Field(ge=1)] = 100
    """The same for 24 hours."""

    webhook_tolerance_seconds: Annotated[int, Field(ge=10, le=3600)] = 180
    """How old a webhook may be, by its signed time."""

    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 15
    """How long one request may take."""
