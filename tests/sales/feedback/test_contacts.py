"""What sales tried, in the words of the package."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sales.feedback.contacts import read_contacts
from sales.feedback.schemas import Fact, Kind

AT = datetime(2026, 12, 1, tzinfo=UTC)


def fact(kind: Kind, minutes: int, **data: Any) -> Fact:
    return Fact(kind, AT + timedelta(minutes=minutes), data)


def attempt(minutes: int, method: str, outcome: str) -> Fact:
    return fact("attempt", minutes, method=method, outcome=outcome, notes=None)


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        ("nurture", None, "not-ready"),
        ("disqualified", "not-ready", "not-ready"),
        ("qualified", None, "qualified"),
        ("disqualified", "out-of-area", None),
    ],
)
def test_what_sales_thought_stands_with_the_talk_before_it(
    status: str, reason: str | None, outcome: str | None
) -> None:
    thought = {"qualificationStatus": status, "disqualificationReason": reason}
    facts = [
        fact("qualification", 30, **thought),
        attempt(20, "phone", "contacted"),
        attempt(0, "phone", "no-answer"),
        attempt(10, "email", "bounced"),
        attempt(15, "sms", "contacted"),
    ]
    told = [(one.at - AT, one.kind, one.outcome) for one in read_contacts(facts)]
    assert told == [
        (timedelta(), "call", "no-response"),
        (timedelta(minutes=10), "email", None),
        (timedelta(minutes=20), "call", outcome),
    ]
