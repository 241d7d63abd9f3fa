"""Microsoft Graph, as far as a stand-in can be it, keeps the contract and names failures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import FixedClock
from core.db import Database
from core.db.vendor_memory import DatabaseMemory
from core.errors import AuthenticationFailed, Rejected, Unavailable, VendorRateLimited
from core.protocols.calendar import Calendar
from core.protocols.vendor import VendorContext, VendorMemory
from integrations.outlook.calendar import OutlookCalendar, check_connection
from integrations.outlook.events import write_time
from integrations.outlook.settings import OutlookSettings
from tests.contracts.calendar import (
    OWNER,
    SINCE,
    START,
    TENANT,
    CalendarContract,
    RepsHand,
    list_times,
    make_meeting,
)
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.memory import DictMemory
from tests.vendors.outlook import OutlookStandIn
from tests.vendors.standin import Fault

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.fixture
def outlook() -> Iterator[OutlookStandIn]:
    with OutlookStandIn() as stand_in:
        yield stand_in
        assert stand_in.errors == []


def make_context(
    outlook: OutlookStandIn,
    memory: VendorMemory | None = None,
    values: dict[str, str] | None = None,
    **settings: Any,
) -> VendorContext:
    section = OutlookSettings.model_validate({**outlook.settings(), **settings})
    stored = dict(outlook.credentials()) | (values or {})
    return VendorContext(
        section,
        MemoryCredentials({TENANT: stored}),
        FixedClock(NOW),
        memory=memory or DictMemory(),
    )


def make_calendar(outlook: OutlookStandIn, **more: Any) -> OutlookCalendar:
    return OutlookCalendar(make_context(outlook, **more))


class _Hand:
    def __init__(self, outlook: OutlookStandIn) -> None:
        self._outlook = outlook

    def move(self, meeting_id: str, start: datetime) -> None:
        end = start + timedelta(minutes=30)
        self._change(meeting_id, start=write_time(start), end=write_time(end))

    def delete(self, meeting_id: str) -> None:
        self._outlook.delete_by_hand(OWNER.email, self._find(meeting_id))

    def decline(self, meeting_id: str) -> None:
        self._change(meeting_id, responseStatus={"response": "declined"})

    def _change(self, meeting_id: str, **changes: Any) -> None:
        self._outlook.change_by_hand(OWNER.email, self._find(meeting_id), **changes)

    def _find(self, meeting_id: str) -> str:
        return self._outlook.find_event_id(OWNER.email, meeting_id)


class TestOutlookCalendar(CalendarContract):
    @pytest.fixture
    def calendar(self, outlook: OutlookStandIn) -> Calendar:
        return make_calendar(outlook)

    @pytest.fixture
    def hand(self, outlook: OutlookStandIn) -> RepsHand:
        return _Hand(outlook)


async def test_what_was_put_is_known_to_other_processes(
    outlook: OutlookStandIn, database: Database
) -> None:
    meeting = make_meeting()
    for _ in range(2):
        memory = DatabaseMemory(database, "outlook")
        await make_calendar(outlook, memory=memory).put_meeting(OWNER, meeting)
    assert len(outlook.list_shown(OWNER.email)) == 1
    [created] = [one for one in outlook.requests if one.path.endswith("/events")]
    assert created.json()["transactionId"] == f"{meeting.id}:0"


@pytest.mark.parametrize("kind", ["cut_after", "half"])
async def test_an_answer_that_was_lost_leaves_one_event(outlook: OutlookStandIn, kind: Any) -> None:
    calendar, meeting = make_calendar(outlook), make_meeting()
    outlook.faults.order(Fault(kind, method="POST", path="/events"))
    with pytest.raises(Unavailable):
        await calendar.put_meeting(OWNER, meeting)
    await calendar.put_meeting(OWNER, replace(meeting, sequence=1))
    assert len(outlook.list_shown(OWNER.email)) == 1


async def test_a_transaction_that_was_carried_out_before_is_found(outlook: OutlookStandIn) -> None:
    calendar, meeting = make_calendar(outlook), make_meeting()
    fault = Fault("status", status=409, method="POST", path="/events", done=True)
    outlook.faults.order(fault)
    await calendar.put_meeting(OWNER, meeting)
    assert len(outlook.list_shown(OWNER.email)) == 1


async def test_an_event_that_a_rep_deleted_comes_back_only_with_a_newer_state(
    outlook: OutlookStandIn,
) -> None:
    calendar, meeting = make_calendar(outlook), make_meeting()
    await calendar.put_meeting(OWNER, meeting)
    _Hand(outlook).delete(meeting.id)
    await calendar.put_meeting(OWNER, meeting)
    assert outlook.list_shown(OWNER.email) == []
    await calendar.put_meeting(OWNER, replace(meeting, sequence=1))
    assert len(outlook.list_shown(OWNER.email)) == 1


async def test_an_account_that_signed_in_keeps_the_newest_refresh_token(
    outlook: OutlookStandIn,
) -> None:
    context = make_context(outlook, values={"refresh_token": "refresh-1"})
    calendar = OutlookCalendar(context)
    await list_times(calendar)
    outlook.tokens.clear()
    await list_times(calendar)
    stored = await context.credentials.get(TENANT)
    assert {stored["refresh_token"]} == outlook.refresh_tokens
    assert "boss@larkmere.example" in await check_connection(context, TENANT)
    outlook.tokens.clear()
    outlook.refresh_tokens.clear()
    with pytest.raises(AuthenticationFailed):
        await list_times(calendar)


async def test_the_app_acts_for_itself_and_its_token_is_renewed(outlook: OutlookStandIn) -> None:
    context = make_context(outlook)
    calendar = OutlookCalendar(context)
    await list_times(calendar)
    outlook.tokens.clear()
    await list_times(calendar)
    assert isinstance(context.credentials, MemoryCredentials)
    assert context.credentials.renewals == 2
    assert "Graph answers" in await check_connection(context, TENANT)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("status", status=429, retry_after=7), VendorRateLimited),
        (Fault("status", status=503, retry_after=7), Unavailable),
        (Fault("status", status=403), Rejected),
        (Fault("cut_before"), Unavailable),
        (Fault("half"), Unavailable),
        (Fault("slow", seconds=2), Unavailable),
    ],
)
async def test_each_failure_has_its_name(
    outlook: OutlookStandIn, fault: Fault, error: type[Exception]
) -> None:
    calendar = make_calendar(outlook, timeout_seconds=fault.patience)
    outlook.faults.order(replace(fault, path="getSchedule"))
    with pytest.raises(error) as failed:
        await list_times(calendar)
    if fault.retry_after:
        assert getattr(failed.value, "retry_after", None) == timedelta(seconds=7)


async def test_a_mailbox_that_is_not_there_is_named(outlook: OutlookStandIn) -> None:
    outlook.missing.add(OWNER.email)
    with pytest.raises(Rejected, match="there is no mailbox hannah"):
        await list_times(make_calendar(outlook))


async def test_a_delta_link_that_holds_no_longer_loses_nothing(outlook: OutlookStandIn) -> None:
    calendar, meetings = make_calendar(outlook), [make_meeting() for _ in range(3)]
    for meeting in meetings:
        await calendar.put_meeting(OWNER, meeting)
    cursor = (await calendar.list_changes(OWNER, "")).cursor
    _Hand(outlook).delete(meetings[0].id)
    outlook.oldest_delta = 10_000
    changes = await calendar.list_changes(OWNER, cursor)
    assert [one.id for one in changes.seen if one.is_cancelled] == [meetings[0].id]
    assert len(changes.seen) == 3


async def test_a_link_to_another_address_is_not_followed(outlook: OutlookStandIn) -> None:
    cursor = '{"link": "https://elsewhere.example/delta", "begun": "2026-11-29T00:00:00+00:00"}'
    with pytest.raises(Rejected, match="another address"):
        await make_calendar(outlook).list_changes(OWNER, cursor)


async def test_a_room_is_made_and_visitors_are_guests_only_where_wanted(
    outlook: OutlookStandIn,
) -> None:
    links = await make_calendar(outlook).put_meeting(OWNER, make_meeting())
    assert links.join_url == ""
    assert outlook.list_shown(OWNER.email)[0]["attendees"] == []
    calendar = make_calendar(outlook, online_meeting=True, invite_visitor=True)
    links = await calendar.put_meeting(OWNER, make_meeting(START + timedelta(hours=1)))
    assert links.join_url.startswith("https://teams.example/")
    [guest] = outlook.list_shown(OWNER.email)[1]["attendees"]
    assert guest["emailAddress"]["address"] == "ana@silva.example"


async def test_a_long_range_is_asked_in_parts(outlook: OutlookStandIn) -> None:
    calendar = make_calendar(outlook)
    await calendar.put_meeting(OWNER, make_meeting())
    found = await calendar.list_busy(OWNER, SINCE, SINCE + timedelta(days=365))
    assert [one.starts_at for one in found] == [START]
