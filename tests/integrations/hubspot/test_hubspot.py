"""What is HubSpot's own: companies, signatures of webhooks, limits and missing rights."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from core.clock import FixedClock
from core.errors import Invalid, Rejected, Unauthorized, VendorRateLimited
from core.protocols.vendor import VendorContext, WebhookRequest
from integrations.hubspot.crm import build_crm, check_connection
from integrations.hubspot.history import measure, split_text
from integrations.hubspot.settings import HubSpotSettings
from integrations.hubspot.webhooks import read_webhook
from tests.contracts.crm_harness import TENANT, make_person
from tests.integrations.hubspot.harness import HubSpotHarness, make_stand_in
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.standin import Fault

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
URL = "https://chat.larkmere.example/webhooks/vendors/hubspot/larkmere"


@pytest.fixture
def harness() -> Iterator[HubSpotHarness]:
    with make_stand_in() as stand_in:
        yield HubSpotHarness(stand_in)
        assert stand_in.errors == []


def list_companies(harness: HubSpotHarness) -> list[tuple[str, str]]:
    companies = harness.stand_in.records()["companies"]
    return [(str(one["name"]), str(one.get("domain", ""))) for one in companies]


async def test_colleagues_belong_to_one_company(harness: HubSpotHarness) -> None:
    crm = harness.make_crm()
    await crm.prepare(TENANT)
    for name in ("ana", "bruno"):
        await crm.upsert_person(TENANT, make_person(email=f"{name}@silva.example"))
    assert list_companies(harness) == [("Silva & Filhos", "silva.example")]
    (company,) = harness.stand_in.store.objects["companies"]
    joined = harness.stand_in.store.list_associated("companies", company, "contacts")
    assert joined == [one.id for one in harness.list_people()]


async def test_a_company_that_staff_made_is_taken(harness: HubSpotHarness) -> None:
    crm = harness.make_crm()
    await crm.prepare(TENANT)
    harness.stand_in.store.create("companies", {"name": "SILVA & FILHOS", "domain": ""})
    await crm.upsert_person(TENANT, make_person())
    assert list_companies(harness) == [("SILVA & FILHOS", "")]


async def test_addresses_at_mail_providers_make_no_company_of_the_provider(
    harness: HubSpotHarness,
) -> None:
    crm = harness.make_crm()
    await crm.prepare(TENANT)
    await crm.upsert_person(TENANT, make_person(email="ana@gmail.com", company="Silva"))
    await crm.upsert_person(TENANT, make_person(email="zoe@gmail.com", company="Zoe Ltd"))
    assert list_companies(harness) == [("Silva", ""), ("Zoe Ltd", "")]


async def test_a_missing_right_is_not_asked_for_a_hundred_times(harness: HubSpotHarness) -> None:
    crm = harness.make_crm()
    await crm.prepare(TENANT)
    words = json.dumps({"message": "This app hasn't been granted crm.objects.contacts.write"})
    harness.stand_in.faults.order(Fault("status", 403, body=words, path="/upsert", times=500))
    before = harness.requests
    with pytest.raises(Rejected, match=r"hasn't been granted"):
        await crm.upsert_people(TENANT, [make_person(email=f"a{n}@x.example") for n in range(50)])
    assert harness.requests - before < 5


@pytest.mark.parametrize(("policy", "seconds"), [("TEN_SECONDLY_ROLLING", 10), ("DAILY", 3600)])
async def test_a_limit_without_a_time_waits_as_its_policy_says(
    harness: HubSpotHarness, policy: str, seconds: int
) -> None:
    body = json.dumps({"message": "You have reached your limit.", "policyName": policy})
    harness.stand_in.faults.order(Fault("status", 429, body=body))
    with pytest.raises(VendorRateLimited) as asked:
        await harness.make_crm().list_fields(TENANT, "person")
    assert asked.value.retry_after == timedelta(seconds=seconds)


async def test_limits_are_those_of_the_last_answer(harness: HubSpotHarness) -> None:
    context = make_context(harness.stand_in.url)
    crm = build_crm(context)
    assert crm.get_limits(TENANT).calls == 100
    await crm.list_fields(TENANT, "person")
    limits = crm.get_limits(TENANT)
    assert (limits.calls, limits.per, limits.left_today) == (190, timedelta(seconds=10), 600_000)


async def test_a_connection_is_tried_by_reading(harness: HubSpotHarness) -> None:
    said = await check_connection(make_context(harness.stand_in.url), TENANT)
    assert "Qualified To Buy" in said


def test_a_text_is_parted_at_lines_and_never_cut() -> None:
    text = "\n".join([f"line {n} & more" for n in range(400)] + ["x" * 5000, "", "end"])
    pieces = split_text(text, 3000)
    assert "\n".join(pieces).replace("\n", "") == text.replace("\n", "")
    assert max(sum(measure(line) for line in one.split("\n")) for one in pieces) <= 3000


def make_context(base_url: str = "https://api.hubapi.com") -> VendorContext:
    values = {"access_token": "token-0", "client_secret": "app-secret"}
    credentials = MemoryCredentials({TENANT: values})
    return VendorContext(HubSpotSettings(base_url=base_url), credentials, FixedClock(NOW))


def make_webhook(body: object, at: datetime = NOW, key: str = "app-secret") -> WebhookRequest:
    raw = json.dumps(body).encode()
    stamp = str(int(at.timestamp() * 1000))
    message = b"POST" + URL.encode() + raw + stamp.encode()
    signed = base64.b64encode(hmac.new(key.encode(), message, hashlib.sha256).digest())
    headers = {"x-hubspot-request-timestamp": stamp, "x-hubspot-signature-v3": signed.decode()}
    return WebhookRequest(TENANT, "POST", URL, headers, {}, raw)


EVENT = {
    "eventId": 1,
    "subscriptionId": 12,
    "portalId": 4711,
    "occurredAt": 1796112000000,
    "subscriptionType": "contact.deletion",
    "objectId": 101,
}


async def test_a_signed_webhook_tells_what_happened() -> None:
    merge = {
        **EVENT,
        "eventId": 2,
        "subscriptionType": "contact.merge",
        "primaryObjectId": 7,
        "mergedObjectIds": [101],
    }
    other = {**EVENT, "subscriptionType": "deal.creation"}
    answer = await read_webhook(make_context(), make_webhook([EVENT, merge, other]))
    deleted, merged = answer.events
    assert (deleted.kind, deleted.subject, deleted.capability) == ("deleted", "101", "crm")
    assert (merged.kind, merged.payload) == ("merged", {"record_id": "7", "merged": ["101"]})
    assert deleted.id != merged.id


async def test_a_webhook_that_is_old_forged_or_no_list_is_refused() -> None:
    for wrong in (
        make_webhook([EVENT], at=NOW - timedelta(minutes=6)),
        make_webhook([EVENT], at=NOW + timedelta(minutes=6)),
        make_webhook([EVENT], key="another"),
    ):
        with pytest.raises(Unauthorized):
            await read_webhook(make_context(), wrong)
    with pytest.raises(Invalid):
        await read_webhook(make_context(), make_webhook({"no": "list"}))
