"""Whatever a vendor's specification lets it answer, a client of ours works or fails by name.

The answers are made of the schemas: the least that is allowed, nulls wherever they may stand, all
members and some more, the specification's own examples. A client that takes for granted what no
schema promises would stumble (`KeyError`, `TypeError`), and the outbox would take that for a bug
of ours instead of an answer that cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from core.clock import FixedClock
from core.errors import ConfigurationError, ProviderError
from core.protocols.crm import Crm, CrmActivity, CrmDeal, CrmRef
from core.protocols.knowledge_index import Namespace, PassageLabel
from core.protocols.vendor import VendorContext
from integrations.calendly.calendar import CalendlyCalendar
from integrations.calendly.connection import check_connection as check_calendly
from integrations.calendly.settings import CalendlySettings
from integrations.hubspot.crm import build_crm as build_hubspot
from integrations.hubspot.crm import check_connection as check_hubspot
from integrations.hubspot.settings import HubSpotSettings
from integrations.pinecone.client import ControlPlane
from integrations.pinecone.knowledge_index import PineconeKnowledgeIndex, check_account
from integrations.pinecone.settings import PineconeSettings
from integrations.sendgrid.email import SendGridEmail
from integrations.sendgrid.settings import SendGridSettings
from integrations.slack.notifier import SlackNotifier
from integrations.slack.settings import SlackSettings
from integrations.zoho.crm import build_crm as build_zoho
from integrations.zoho.crm import check_connection as check_zoho
from integrations.zoho.settings import ZohoSettings
from tests.contracts.calendar import OWNER, SINCE, UNTIL, make_meeting
from tests.contracts.crm_harness import STARTS, make_activity, make_person
from tests.contracts.email import MAIL
from tests.contracts.notifier import NOTICE
from tests.support.made_answers import MANNERS, Manner, read_document
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.memory import DictMemory
from tests.vendors.specified import SpecifiedStandIn

TENANT = OWNER.tenant_id
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Call = Callable[[], Awaitable[Any]]
in_every_manner = pytest.mark.parametrize("manner", MANNERS.values(), ids=lambda one: one.name)
_TOKEN = {"access_token": "t", "expires_in": 3600, "token_type": "bearer"}


def build_context(settings: Any, **credentials: str) -> VendorContext:
    """What a vendor's folder is given."""
    return VendorContext(
        settings,
        MemoryCredentials({TENANT: credentials}),
        FixedClock(NOW),
        webhook_url=lambda _: "https://chat.example/webhooks/vendors/x/default",
        memory=DictMemory(),
    )


async def try_all(calls: Sequence[Call], manner: Manner, fine: int) -> None:
    """Anything but an answer or a named failure fails the test. Of whole answers at least `fine`
    are understood."""
    said = []
    for call in calls:
        try:
            said.append(f"fine: {await call()!r}"[:200])
        except (ProviderError, ConfigurationError) as error:
            said.append(f"{type(error).__name__}: {error}"[:200])
    if manner.optional:
        assert sum(one.startswith("fine") for one in said) >= fine, said


def check(stand_in: SpecifiedStandIn, *, unknown: str = "", wrong: str = "") -> None:
    """Nothing was wrong with the requests. Patterns of what the vendor's README says of the
    specification at hand: `unknown`, operations that it leaves out; `wrong`, what it demands that
    the vendor does not."""
    assert stand_in.errors == []
    assert [one for one in stand_in.problems if not re.fullmatch(wrong, one)] == []
    assert [one for one in stand_in.unknown if not re.fullmatch(unknown, one)] == []


def list_crm_calls(crm: Crm, check_connection: Call) -> list[Call]:
    person, other = make_person(), make_person(email="b@silva.example", fields={"Phone": "1"})
    ref = CrmRef("101", "person")
    deal = CrmDeal("0199", ref, "Silva", "Qualification", 150_00, "EUR", STARTS)
    activities: list[CrmActivity] = [
        make_activity(ref, kind=kind) for kind in ("conversation", "meeting", "transcript", "note")
    ]

    async def read_changes() -> int:
        cursor, count = "", 0
        for _ in range(3):
            changes = await crm.list_changes(TENANT, cursor)
            cursor, count = changes.cursor, count + len(changes.records)
        return count

    return [
        check_connection,
        lambda: crm.prepare(TENANT),
        *(
            lambda kind=kind: crm.list_fields(TENANT, kind)
            for kind in ("person", "company", "deal")
        ),
        lambda: crm.upsert_person(TENANT, person),
        lambda: crm.upsert_person(TENANT, replace(person, known=ref)),
        lambda: crm.upsert_people(TENANT, [person, other]),
        lambda: crm.upsert_deal(TENANT, deal),
        lambda: crm.upsert_deal(TENANT, replace(deal, known=CrmRef("5", "deal"))),
        *(lambda one=one: crm.log_activity(TENANT, one) for one in activities),
        lambda: crm.log_activity(TENANT, replace(activities[0], known=CrmRef("7", "note"))),
        lambda: crm.find_person(TENANT, external_id=person.external_id),
        lambda: crm.find_person(TENANT, email="ana@silva.example"),
        lambda: crm.find_person(TENANT, record_id="101"),
        read_changes,
        lambda: crm.erase_person(TENANT, ref),
    ]


@in_every_manner
async def test_hubspot(manner: Manner) -> None:
    with SpecifiedStandIn((read_document("hubspot"),), manner) as vendor:
        settings = HubSpotSettings(base_url=vendor.url, timeout_seconds=5)
        context = build_context(settings, access_token="t")
        await try_all(
            list_crm_calls(build_hubspot(context), lambda: check_hubspot(context, TENANT)),
            manner,
            fine=15,
        )
        check(vendor, unknown="GET /crm/v3/owners/.*")


# The shared part of Zoho's specification leaves out fields, deleted records, related lists and
# files: a server made from it takes the first two for records. And it describes notes as they are
# read: what only Zoho can know is demanded of a new one.
_ZOHO_UNKNOWN = r"(GET|POST) /crm/v8/(settings/fields|\w+/\w+/(Notes|Attachments))"
_ZOHO_WRONG = (
    r"GET /crm/v8/(settings/fields|Leads/deleted): query \w+: unknown"
    r"|(POST|PUT) /crm/v8/Notes\S*: body.data.0(.Parent_Id.module)?: '\S+' is a required property"
)


@in_every_manner
@pytest.mark.parametrize("refuses", [False, True])
async def test_zoho(manner: Manner, refuses: bool) -> None:
    tokens = {"/oauth/v2/token": _TOKEN}
    documents = (read_document("zoho"),)
    with SpecifiedStandIn(documents, manner, tokens, refuses=refuses) as vendor:
        settings = ZohoSettings(base_url=vendor.url, timeout_seconds=5)
        context = build_context(settings, client_id="c", client_secret="s", refresh_token="r")
        await try_all(
            list_crm_calls(build_zoho(context), lambda: check_zoho(context, TENANT)),
            manner,
            fine=15,
        )
        check(vendor, unknown=_ZOHO_UNKNOWN, wrong=_ZOHO_WRONG)


# Who the made users are, and how long a made event type lasts.
_USERS = {"examples": "user@example.com"}
_MINUTES = {"examples": 30}


@in_every_manner
async def test_calendly(manner: Manner) -> None:
    with SpecifiedStandIn((read_document("calendly"),), manner) as vendor:
        settings = CalendlySettings(base_url=vendor.url, auth_url=vendor.url, timeout_seconds=5)
        context = build_context(settings, token="t", signing_key="k")
        calendar = CalendlyCalendar(context)
        owner = replace(OWNER, email=_USERS.get(manner.name, "ana@silva.example"))
        start, length = make_meeting().starts_at, timedelta(minutes=_MINUTES.get(manner.name, 1))
        meeting = replace(make_meeting(), ends_at=start + length)
        later = replace(meeting, sequence=1, starts_at=start + length, ends_at=start + 2 * length)
        await try_all([
            lambda: check_calendly(context, TENANT),
            lambda: calendar.list_busy(owner, SINCE, UNTIL),
            lambda: calendar.list_starts(owner, SINCE, UNTIL, length),
            lambda: calendar.put_meeting(owner, meeting),
            lambda: calendar.put_meeting(owner, meeting),
            lambda: calendar.put_meeting(owner, later),
            lambda: calendar.remove_meeting(owner, meeting.id, 2),
            lambda: calendar.list_changes(owner, ""),
            lambda: calendar.list_changes(owner, "2026-11-22T12:00:00+00:00"),
        ], manner, fine=4)  # fmt: skip
        check(vendor, unknown="POST /invitees")


@in_every_manner
async def test_sendgrid(manner: Manner) -> None:
    with SpecifiedStandIn((read_document("sendgrid"),), manner) as vendor:
        context = build_context(SendGridSettings(base_url=vendor.url), api_key="k")
        email = SendGridEmail(context)
        await try_all(
            [lambda: email.send(replace(MAIL, tenant_id=TENANT)), lambda: email.check(TENANT)],
            manner,
            fine=2,
        )
        check(vendor)


@in_every_manner
async def test_slack(manner: Manner) -> None:
    with SpecifiedStandIn((read_document("slack"),), manner) as vendor:
        context = build_context(SlackSettings(base_url=f"{vendor.url}/api/"), bot_token="t")
        slack = SlackNotifier(context)
        await try_all(
            [
                lambda: slack.notify(TENANT, replace(NOTICE, recipient="#sales")),
                lambda: slack.check(TENANT),
            ],
            manner,
            fine=2,
        )
        check(vendor)


@in_every_manner
@pytest.mark.parametrize("by_host", [True, False])
async def test_pinecone(manner: Manner, by_host: bool) -> None:
    documents = (read_document("pinecone_control"), read_document("pinecone_data"))
    with SpecifiedStandIn(documents, manner) as vendor:
        settings = PineconeSettings(
            base_url=vendor.url,
            index="sales-agent",
            index_host=vendor.url if by_host else None,
            ready_seconds=1,
        )
        context = build_context(settings, api_key="k")
        index = PineconeKnowledgeIndex(context, ControlPlane(settings, pause_seconds=0.3))
        place = Namespace(TENANT, "site", "model")
        vectors = np.eye(2, 3, dtype=np.float32)
        calls: list[Call] = [lambda: check_account(context, TENANT)]
        if by_host:
            # Otherwise the answer names a host on the internet.
            calls += [
                lambda: index.upsert(place, [1, 2], vectors, [PassageLabel("p", "s")] * 2),
                lambda: index.search(place, vectors[0], 3),
                lambda: index.delete(place, [1]),
                lambda: index.clear(place),
            ]
        await try_all(calls, manner, fine=len(calls) - 1)
        await index.close()
        check(vendor)
