"""What a profile can hold, and what was noticed of it in one message. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Value = str | bool | int | float


class Field(StrEnum):
    """The fields every profile has. The names are S1's (`app.yaml` and table `sales_leads`)."""

    CUSTOMER_NAME = "customer_name"
    EMAIL = "email"
    PHONE = "phone"
    COMPANY = "company"
    JOB_TITLE = "job_title"
    INDUSTRY = "industry"
    COMPANY_SIZE = "company_size"
    BUDGET_RANGE = "budget_range"
    TIMELINE = "timeline"
    DECISION_MAKER = "decision_maker"
    PREFERRED_CONTACT_METHOD = "preferred_contact_method"
    PREFERRED_CONTACT_TIME = "preferred_contact_time"


CONTACT_METHODS = ("email", "phone", "sms")
"""S0 3.1: contact.preferredContactMethod."""
CONTACT_TIMES = ("morning", "afternoon", "evening", "anytime")
"""S0 3.1: contact.preferredContactTime."""
EXPLORING = "exploring"
"""The timeline of somebody who is in no hurry; S0 3.1's word for it."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """One field read from one message.

    `quote` is `text[start:end]`, the words that prove it. `confidence` is 0 to 1. A `problem`
    says why the value cannot be used as it stands, in words that may be shown to the visitor;
    such a value is never stored, but the agent may ask again.
    """

    field: str
    value: Value
    quote: str
    start: int
    end: int
    confidence: float
    is_correction: bool = False
    problem: str | None = None
