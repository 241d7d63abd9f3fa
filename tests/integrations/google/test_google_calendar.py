"""Google's library, spoken to a stand-in over real HTTP, keeps the contract and names failures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import FixedClock
from core.errors import AuthenticationFailed, Rejected, Unavailable, VendorRateLimited
from core.protocols.calendar import Calendar
from core.protocols.vendor import VendorContext
from integrations.google.calendar import GoogleCalendar, check_connection
from integrations.google.manifest import MANIFEST
from integrations.google.settings import GoogleSettings
from tests.contracts.calendar import (
    COLLEAGUE,
    OWNER,
    SINCE,
    START,
    TENANT,
    UNTIL,
    CalendarContract,
    RepsHand,
    list_times,
    make_meeting,
)
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.google_calendar import CLIENT, GoogleCalendarStandIn
from tests.vendors.standin import Fault

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.fixture
def google() -> Iterator[GoogleCalendarStandIn]:
    with GoogleCalendarStandIn() as stand_in:
        yield stand_in
        assert stand_in.errors == []


def make_context(
    google: GoogleCalendarStandIn, values: dict[str, str] | None = None, **settings: Any
) -> VendorContext:
    section = GoogleSettings.model_validate({**google.settings(), **settings})
    stored = dict(google.credentials()) if values is None else values
    return VendorContext(section, MemoryCredentials({TENANT: stored}), FixedClock(NOW))


def make_calendar(google: GoogleCalendarStandIn, **settings: Any) -> GoogleCalendar:
    return GoogleCalendar(make_context(google, **settings))


class _Hand:
    def __init__(self, google: GoogleCalendarStandIn) -> None:
        self._google = google

    def move(self, meeting_id: str, start: datetime) -> None:
        times = {
            key: {"dateTime": at.isoformat()}
            for key, at in (("start", start), ("end", start + timedelta(minutes=30)))
        }
        self._change(meeting_id, **times)

    def delete(self, meeting_id: str) -> None:
        self._change(meeting_id, status="cancelled")

    def decline(self, meeting_id: str) -> None:
        who = {"email": OWNER.email, "self": True, "responseStatus": "declined"}
        self._change(meeting_id, attendees=[who])

    def _change(self, meeting_id: str, **changes: Any) -> None:
        self._google.change_by_hand(OWNER.email, meeting_id.replace("-", ""), **changes)


class TestGoogleCalendar(CalendarContract):
    @pytest.fixture
    def calendar(self, google: GoogleCalendarStandIn) -> Calendar:
        return make_calendar(google)

    @pytest.fixture
    def hand(self, google: GoogleCalendarStandIn) -> RepsHand:
        return _Hand(google)


async def test_a_service_account_acts_as_each_rep(google: GoogleCalendarStandIn) -> None:
    calendar = make_calendar(google)
    await calendar.put_meeting(OWNER, make_meeting())
    await calendar.put_meeting(COLLEAGUE, make_meeting())
    assert set(google.tokens.values()) == {OWNER.email, COLLEAGUE.email}


async def test_an_account_that_signed_in_is_refreshed_when_its_token_ends_or_is_refused(
    google: GoogleCalendarStandIn,
) -> None:
    values = {**CLIENT, "refresh_token": "refresh-1", "access_token": "old", "expires_at": "1"}
    context = make_context(google, values)
    calendar = GoogleCalendar(context)
    await calendar.put_meeting(OWNER, make_meeting())
    assert isinstance(context.credentials, MemoryCredentials)
    assert context.credentials.renewals == 1
    # The clock says that it holds, Google says that it does not.
    google.tokens.clear()
    await calendar.put_meeting(OWNER, make_meeting(START + timedelta(hours=1)))
    assert context.credentials.renewals == 2
    google.tokens.clear()
    google.refresh_tokens.clear()
    with pytest.raises(AuthenticationFailed, match="connect the account again"):
        await calendar.put_meeting(OWNER, make_meeting())


async def test_a_refused_token_of_a_service_account_is_made_anew(
    google: GoogleCalendarStandIn,
) -> None:
    calendar = make_calendar(google)
    await list_times(calendar)
    google.tokens.clear()
    await calendar.put_meeting(OWNER, make_meeting())
    assert len(google.list_shown(OWNER.email)) == 1


async def test_a_key_file_that_is_none_says_so(google: GoogleCalendarStandIn) -> None:
    calendar = GoogleCalendar(make_context(google, {"service_account": "{}"}))
    with pytest.raises(AuthenticationFailed, match="paste the whole JSON file"):
        await list_times(calendar)


@pytest.mark.parametrize(
    ("reason", "words"), [("notFound", "Share it with"), ("forbidden", "may not read")]
)
async def test_a_calendar_that_cannot_be_seen_is_named(
    google: GoogleCalendarStandIn, reason: str, words: str
) -> None:
    google.closed[OWNER.email] = reason
    with pytest.raises(Rejected, match=words):
        await list_times(make_calendar(google))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("status", status=429, retry_after=7), VendorRateLimited),
        (Fault("status", status=500), Unavailable),
        (Fault("status", status=403), Rejected),
        (Fault("cut_before", times=3), Unavailable),
        (Fault("half"), Unavailable),
        (Fault("slow", seconds=3), Unavailable),
    ],
)
async def test_each_failure_has_its_name(
    google: GoogleCalendarStandIn, fault: Fault, error: type[Exception]
) -> None:
    calendar = make_calendar(google, timeout_seconds=fault.patience)
    await list_times(calendar)
    google.faults.order(replace(fault, path="freeBusy"))
    with pytest.raises(error) as failed:
        await list_times(calendar)
    if error is VendorRateLimited:
        assert getattr(failed.value, "retry_after", None) == timedelta(seconds=7)


async def test_a_403_that_means_too_many_requests_is_tried_again(
    google: GoogleCalendarStandIn,
) -> None:
    body = '{"error": {"errors": [{"reason": "userRateLimitExceeded"}]}}'
    google.faults.order(Fault("status", status=403, body=body, path="freeBusy"))
    with pytest.raises(VendorRateLimited):
        await list_times(make_calendar(google))


@pytest.mark.parametrize("kind", ["cut_after", "half"])
async def test_an_answer_that_was_lost_leaves_one_event(
    google: GoogleCalendarStandIn, kind: Any
) -> None:
    calendar, meeting = make_calendar(google), make_meeting()
    google.faults.order(Fault(kind, method="POST", path="/events"))
    try:
        await calendar.put_meeting(OWNER, meeting)
    except Unavailable:
        await calendar.put_meeting(OWNER, meeting)
    assert len(google.list_shown(OWNER.email)) == 1


async def test_a_newer_state_brings_back_what_a_rep_deleted(google: GoogleCalendarStandIn) -> None:
    calendar, meeting = make_calendar(google), make_meeting()
    await calendar.put_meeting(OWNER, meeting)
    _Hand(google).delete(meeting.id)
    await calendar.put_meeting(OWNER, meeting)
    assert google.list_shown(OWNER.email) == []
    await calendar.put_meeting(OWNER, replace(meeting, sequence=1))
    assert len(google.list_shown(OWNER.email)) == 1


async def test_a_room_is_made_once_and_given_back(google: GoogleCalendarStandIn) -> None:
    calendar, meeting = make_calendar(google, conference=True), make_meeting()
    links = await calendar.put_meeting(OWNER, meeting)
    assert links.join_url.startswith("https://meet.example/")
    moved = replace(meeting, sequence=1, starts_at=START + timedelta(days=1))
    assert await calendar.put_meeting(OWNER, replace(moved, ends_at=moved.starts_at)) == links


async def test_google_mails_nobody_unless_told_to(google: GoogleCalendarStandIn) -> None:
    await make_calendar(google).put_meeting(OWNER, make_meeting())
    [event] = google.list_shown(OWNER.email)
    assert "attendees" not in event
    assert google.requests[-1].param("sendUpdates") == "none"
    await make_calendar(google, send_updates="all").put_meeting(COLLEAGUE, make_meeting())
    [event] = google.list_shown(COLLEAGUE.email)
    assert [one["email"] for one in event["attendees"]] == [COLLEAGUE.email, "ana@silva.example"]
    assert google.requests[-1].param("sendUpdates") == "all"


async def test_a_sync_token_that_holds_no_longer_loses_nothing(
    google: GoogleCalendarStandIn,
) -> None:
    calendar, meetings = make_calendar(google), [make_meeting() for _ in range(3)]
    for meeting in meetings:
        await calendar.put_meeting(OWNER, meeting)
    cursor = (await calendar.list_changes(OWNER, "")).cursor
    google.oldest_sync = 10_000
    _Hand(google).delete(meetings[0].id)
    changes = await calendar.list_changes(OWNER, cursor)
    gone = [one.id for one in changes.seen if one.is_cancelled]
    assert gone == [meetings[0].id]
    assert len(changes.seen) == 3


async def test_entries_of_others_are_not_reported(google: GoogleCalendarStandIn) -> None:
    google.add_by_hand(OWNER.email, START, START + timedelta(hours=1))
    calendar = make_calendar(google)
    assert (await calendar.list_changes(OWNER, "")).seen == ()
    assert len(await calendar.list_busy(OWNER, SINCE, UNTIL)) == 1


async def test_a_long_range_is_asked_in_parts(google: GoogleCalendarStandIn) -> None:
    google.add_by_hand(OWNER.email, START, START + timedelta(hours=1))
    calendar = make_calendar(google)
    found = await calendar.list_busy(OWNER, SINCE, SINCE + timedelta(days=365))
    assert [one.starts_at for one in found] == [START]


async def test_the_connection_is_checked_without_a_reps_calendar(
    google: GoogleCalendarStandIn,
) -> None:
    assert "Google answers" in await check_connection(make_context(google), TENANT)
    assert MANIFEST.capabilities == ("calendar",)
