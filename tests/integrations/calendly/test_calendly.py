"""Calendly, as far as its specification and a stand-in can be it, keeps the contract."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import FixedClock
from core.db import Database
from core.db.vendor_memory import DatabaseMemory
from core.errors import (
    AuthenticationFailed,
    Invalid,
    Rejected,
    Unauthorized,
    Unavailable,
    Unsupported,
    VendorRateLimited,
)
from core.protocols.calendar import Calendar, CalendarOwner, TimeTaken
from core.protocols.vendor import VendorContext, VendorMemory, WebhookRequest
from integrations.calendly.budget import BookingBudget
from integrations.calendly.calendar import CalendlyCalendar
from integrations.calendly.connection import check_connection, disconnect, read_webhook
from integrations.calendly.settings import CalendlySettings
from tests.contracts.calendar import (
    HALF_HOUR,
    OWNER,
    SINCE,
    START,
    TENANT,
    CalendarContract,
    RepsHand,
    list_times,
    make_meeting,
)
from tests.support.specification import VARIABLE, load_specification
from tests.vendors.calendly import CalendlyStandIn, make_webhook
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.memory import DictMemory
from tests.vendors.standin import Fault

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)
HOOK = "https://chat.larkmere.example/webhooks/vendors/calendly/default"


@pytest.fixture
def calendly() -> Iterator[CalendlyStandIn]:
    judge = load_specification("calendly") if os.environ.get(VARIABLE) else None
    with CalendlyStandIn(judge=judge, now=lambda: NOW) as stand_in:
        yield stand_in
        assert stand_in.errors == []


def make_context(
    calendly: CalendlyStandIn,
    memory: VendorMemory | None = None,
    values: dict[str, str] | None = None,
    clock: FixedClock | None = None,
    **settings: Any,
) -> VendorContext:
    section = CalendlySettings.model_validate({**calendly.settings(), **settings})
    stored = dict(calendly.credentials()) if values is None else values
    return VendorContext(
        section,
        MemoryCredentials({TENANT: stored}),
        clock or FixedClock(NOW),
        webhook_url=lambda _: HOOK,
        memory=memory or DictMemory(),
    )


def make_calendar(calendly: CalendlyStandIn, **more: Any) -> CalendlyCalendar:
    return CalendlyCalendar(make_context(calendly, **more))


class _Hand:
    def __init__(self, calendly: CalendlyStandIn) -> None:
        self._calendly = calendly

    def move(self, meeting_id: str, start: datetime) -> None:
        self._calendly.move_by_hand(self._calendly.find_event_id(meeting_id), start)

    def delete(self, meeting_id: str) -> None:
        self._calendly.cancel_by_hand(self._calendly.find_event_id(meeting_id))

    def decline(self, meeting_id: str) -> None:
        self._calendly.cancel_by_hand(self._calendly.find_event_id(meeting_id), "invitee")


class TestCalendly(CalendarContract):
    @pytest.fixture
    def calendar(self, calendly: CalendlyStandIn) -> Calendar:
        return make_calendar(calendly)

    @pytest.fixture
    def hand(self, calendly: CalendlyStandIn) -> RepsHand:
        return _Hand(calendly)


def count_bookings(calendly: CalendlyStandIn) -> int:
    return sum(1 for one in calendly.requests if (one.method, one.path) == ("POST", "/invitees"))


@pytest.mark.parametrize("kind", ["cut_after", "half"])
async def test_an_answer_that_was_lost_leaves_one_booking(
    calendly: CalendlyStandIn, kind: Any
) -> None:
    calendar, meeting = make_calendar(calendly), make_meeting()
    calendly.faults.order(Fault(kind, method="POST", path="/invitees"))
    with pytest.raises(Unavailable):
        await calendar.put_meeting(OWNER, meeting)
    links = await calendar.put_meeting(OWNER, meeting)
    assert len(calendly.list_active()) == count_bookings(calendly) == 1
    assert links.join_url.startswith("https://zoom.example/")
    assert "reschedulings" in links.change_url
    assert "cancellations" in links.cancel_url


async def test_a_booking_whose_answer_was_lost_is_cancelled_when_the_time_changed_meanwhile(
    calendly: CalendlyStandIn,
) -> None:
    calendar, meeting = make_calendar(calendly), make_meeting()
    calendly.faults.order(Fault("cut_after", method="POST", path="/invitees"))
    with pytest.raises(Unavailable):
        await calendar.put_meeting(OWNER, meeting)
    later = START + timedelta(days=1)
    moved = replace(meeting, sequence=1, starts_at=later, ends_at=later + HALF_HOUR)
    await calendar.put_meeting(OWNER, moved)
    assert await list_times(calendar) == [(later, later + HALF_HOUR)]
    await calendar.remove_meeting(OWNER, meeting.id, 2)
    assert calendly.list_active() == []


async def test_two_attempts_at_once_book_once(
    calendly: CalendlyStandIn, database: Database
) -> None:
    meeting = make_meeting()
    calendars = [
        make_calendar(calendly, memory=DatabaseMemory(database, "calendly")) for _ in range(4)
    ]
    ends = await asyncio.gather(
        *(one.put_meeting(OWNER, meeting) for one in calendars), return_exceptions=True
    )
    assert all(isinstance(one, Unavailable) for one in ends if isinstance(one, BaseException))
    await calendars[0].put_meeting(OWNER, meeting)
    assert len(calendly.list_active()) == count_bookings(calendly) == 1


async def test_a_time_that_was_taken_meanwhile_is_told_apart(calendly: CalendlyStandIn) -> None:
    calendar = make_calendar(calendly)
    calendly.taken.add(START)
    with pytest.raises(TimeTaken):
        await calendar.put_meeting(OWNER, make_meeting())


async def test_a_move_that_is_refused_leaves_the_meeting_as_it_was(
    calendly: CalendlyStandIn,
) -> None:
    calendar, meeting = make_calendar(calendly), make_meeting()
    await calendar.put_meeting(OWNER, meeting)
    later = START + timedelta(hours=2)
    calendly.taken.add(later)
    with pytest.raises(TimeTaken):
        await calendar.put_meeting(
            OWNER, replace(meeting, sequence=1, starts_at=later, ends_at=later + HALF_HOUR)
        )
    assert await list_times(calendar) == [(START, START + HALF_HOUR)]


async def test_an_old_booking_is_cancelled_in_the_end_when_that_fails_at_first(
    calendly: CalendlyStandIn,
) -> None:
    calendar, meeting, later = make_calendar(calendly), make_meeting(), START + timedelta(hours=2)
    await calendar.put_meeting(OWNER, meeting)
    moved = replace(meeting, sequence=1, starts_at=later, ends_at=later + HALF_HOUR)
    calendly.faults.order(Fault("status", status=500, path="/cancellation"))
    with pytest.raises(Unavailable):
        await calendar.put_meeting(OWNER, moved)
    await calendar.put_meeting(OWNER, moved)
    assert await list_times(calendar) == [(later, later + HALF_HOUR)]
    assert count_bookings(calendly) == 2


async def test_the_limits_on_bookings_hold_over_processes(
    calendly: CalendlyStandIn, database: Database
) -> None:
    clock = FixedClock(NOW)
    settings = CalendlySettings(bookings_per_hour=12)
    budgets = [
        BookingBudget(DatabaseMemory(database, "calendly"), clock, settings) for _ in range(2)
    ]
    for number in range(10):
        await budgets[number % 2].spend(TENANT)
    with pytest.raises(VendorRateLimited) as spent:
        await budgets[0].spend(TENANT)
    assert spent.value.retry_after == timedelta(minutes=1)
    clock.set(NOW + timedelta(minutes=2))
    for number in range(2):
        await budgets[number].spend(TENANT)
    with pytest.raises(VendorRateLimited) as spent:
        await budgets[0].spend(TENANT)
    assert spent.value.retry_after == timedelta(minutes=58)
    assert "until 09:00 UTC" in str(spent.value)


async def test_a_spent_budget_asks_calendly_nothing(calendly: CalendlyStandIn) -> None:
    calendar = make_calendar(calendly, bookings_per_minute=1)
    await calendar.put_meeting(OWNER, make_meeting())
    with pytest.raises(VendorRateLimited):
        await calendar.put_meeting(OWNER, make_meeting(START + timedelta(hours=1)))
    assert count_bookings(calendly) == 1


async def test_what_a_rep_does_not_offer_is_said(calendly: CalendlyStandIn) -> None:
    calendar = make_calendar(calendly)
    with pytest.raises(Unsupported, match="45 min"):
        await calendar.list_starts(OWNER, START, START + timedelta(days=1), timedelta(minutes=45))
    stranger = CalendarOwner(TENANT, "nobody@larkmere.example")
    with pytest.raises(Rejected, match="owner or admin"):
        await calendar.list_busy(stranger, SINCE, START)
    calendly.is_paid = False
    with pytest.raises(Rejected, match="paid plan"):
        await calendar.put_meeting(OWNER, make_meeting())
    with pytest.raises(Rejected, match="without an e-mail address"):
        await calendar.put_meeting(OWNER, replace(make_meeting(), attendee_email=""))


async def test_a_month_is_asked_for_in_weeks(calendly: CalendlyStandIn) -> None:
    starts = await make_calendar(calendly).list_starts(
        OWNER, NOW - timedelta(days=1), NOW + timedelta(days=31), HALF_HOUR
    )
    assert (starts[0], starts[-1]) == (
        NOW + timedelta(minutes=30),
        NOW + timedelta(days=31, minutes=-30),
    )
    assert len(starts) == 31 * 48 - 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("status", status=429, retry_after=7), VendorRateLimited),
        (Fault("status", status=500), Unavailable),
        (Fault("status", status=401), AuthenticationFailed),
        (Fault("status", status=403), Rejected),
        (Fault("cut_before"), Unavailable),
        (Fault("half"), Unavailable),
        (Fault("slow", seconds=2), Unavailable),
    ],
)
async def test_each_failure_has_its_name(
    calendly: CalendlyStandIn, fault: Fault, error: type[Exception]
) -> None:
    calendar = make_calendar(calendly, timeout_seconds=fault.patience)
    calendly.faults.order(replace(fault, path="/user_busy_times"))
    with pytest.raises(error):
        await list_times(calendar)


async def test_an_account_that_signed_in_is_refreshed(calendly: CalendlyStandIn) -> None:
    context = make_context(calendly, values={"refresh_token": "refresh-1", "client_id": "c"})
    calendar = CalendlyCalendar(context)
    await list_times(calendar)
    calendly.tokens.clear()
    await list_times(calendar)
    stored = await context.credentials.get(TENANT)
    assert {stored["refresh_token"]} == calendly.refresh_tokens
    calendly.tokens.clear()
    calendly.refresh_tokens.clear()
    with pytest.raises(AuthenticationFailed):
        await list_times(calendar)


async def test_webhooks_are_asked_for_once_and_taken_back(calendly: CalendlyStandIn) -> None:
    context = make_context(calendly)
    assert "were asked for" in await check_connection(context, TENANT)
    assert "Webhooks come in" in await check_connection(context, TENANT)
    assert [one["callback_url"] for one in calendly.webhooks.values()] == [HOOK]
    await disconnect(context, TENANT)
    assert calendly.webhooks == {}


def make_request(body: bytes, headers: dict[str, str]) -> WebhookRequest:
    return WebhookRequest(TENANT, "POST", HOOK, headers, {}, body)


async def test_a_signed_webhook_says_that_it_is_time_to_look(calendly: CalendlyStandIn) -> None:
    context, body = make_context(calendly), make_webhook("invitee.canceled")
    answers = [
        await read_webhook(context, make_request(body, calendly.sign(body, at)))
        for at in (NOW, NOW + timedelta(seconds=60))
    ]
    assert {(one.capability, one.kind) for answer in answers for one in answer.events} == {
        ("calendar", "changed")
    }
    # The same event, delivered again, is the same.
    assert len({one.id for answer in answers for one in answer.events}) == 1
    other = make_webhook("routing_form_submission.created")
    answer = await read_webhook(context, make_request(other, calendly.sign(other, NOW)))
    assert answer.events == ()


async def test_forged_old_and_broken_webhooks_are_refused(calendly: CalendlyStandIn) -> None:
    context, body = make_context(calendly), make_webhook("invitee.canceled")
    for headers in (
        {},
        {"calendly-webhook-signature": "t=1,v1=é"},
        {"calendly-webhook-signature": "t=99999999999999999,v1=00"},
        calendly.sign(body, NOW, key="another key"),
        calendly.sign(b"another body", NOW),
        calendly.sign(body, NOW - timedelta(minutes=10)),
        calendly.sign(body, NOW + timedelta(minutes=10)),
    ):
        with pytest.raises(Unauthorized):
            await read_webhook(context, make_request(body, headers))
    with pytest.raises(Invalid):
        await read_webhook(context, make_request(b"[]", calendly.sign(b"[]", NOW)))
