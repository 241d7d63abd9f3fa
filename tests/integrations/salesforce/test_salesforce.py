"""What is Salesforce's own: signing in, the account's rules and limits, conversion."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from core.clock import FixedClock, SystemClock
from core.errors import AuthenticationFailed, Rejected, Unavailable, VendorRateLimited
from core.ids import new_id
from core.protocols.crm import CrmDeal, CrmRef
from core.protocols.vendor import VendorContext
from integrations.salesforce.changes import build_cursor, read_cursor
from integrations.salesforce.client import is_own_address
from integrations.salesforce.crm import build_crm, check_connection
from integrations.salesforce.deals import read_amount
from integrations.salesforce.manifest import MANIFEST
from integrations.salesforce.settings import SalesforceSettings
from tests.contracts.crm_harness import STARTS, TENANT, make_activity, make_person
from tests.integrations.salesforce.harness import SalesforceHarness
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.salesforce import CLIENT_ID, USERNAME, SalesforceStandIn, make_key
from tests.vendors.salesforce_schema import EXTERNAL_ID
from tests.vendors.standin import Fault


@pytest.fixture
def harness() -> Iterator[SalesforceHarness]:
    with SalesforceStandIn() as stand_in:
        yield SalesforceHarness(stand_in)
        assert stand_in.errors == []


class TlsStandIn(SalesforceStandIn):
    """As Salesforce is reached: by https alone."""

    def start(self) -> None:
        super().start()
        authority = trustme.CA()
        self.authority = authority.cert_pem.bytes()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        assert self._server is not None
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def url(self) -> str:
        return super().url.replace("http:", "https:")


async def test_it_is_spoken_to_over_tls_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "none.pem").write_text("nothing")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with TlsStandIn() as stand_in:
        harness = SalesforceHarness(stand_in)
        file = tmp_path / "authority.pem"
        file.write_bytes(stand_in.authority)
        settings = SalesforceSettings(base_url=stand_in.url, ca_file=str(file))
        crm = build_crm(VendorContext(settings, harness.credentials, SystemClock()))
        assert (await crm.upsert_person(TENANT, make_person())).created
        stranger = SalesforceSettings(base_url=stand_in.url, timeout_seconds=2)
        crm = build_crm(VendorContext(stranger, harness.credentials, SystemClock()))
        with pytest.raises(Unavailable, match="SSLError"):
            await crm.upsert_person(TENANT, make_person())


async def test_client_credentials_sign_in_too(harness: SalesforceHarness) -> None:
    harness.credentials = MemoryCredentials({TENANT: harness.stand_in.credentials()})
    context = VendorContext(
        SalesforceSettings(base_url=harness.stand_in.url), harness.credentials, SystemClock()
    )
    line = await check_connection(context, TENANT)
    assert line == "Larkmere Instruments (sandbox), 5 of 15000 daily API requests used"


@pytest.mark.parametrize("ahead", [600, -600])
async def test_a_clock_that_is_wrong_is_told_in_salesforces_words(
    harness: SalesforceHarness, ahead: float
) -> None:
    harness.stand_in.clock_offset = ahead
    with pytest.raises(AuthenticationFailed, match="expired authorization code"):
        await harness.make_crm().upsert_person(TENANT, make_person())


@pytest.mark.parametrize(
    ("stored", "says"),
    [
        ({"client_id": CLIENT_ID}, "no way to sign in"),
        ({"client_id": CLIENT_ID, "username": USERNAME, "private_key": "x"}, "no RSA key"),
    ],
)
async def test_secrets_that_cannot_sign_in_are_named(
    harness: SalesforceHarness, stored: dict[str, str], says: str
) -> None:
    harness.credentials = MemoryCredentials({TENANT: stored})
    with pytest.raises(AuthenticationFailed, match=says):
        await harness.make_crm().upsert_person(TENANT, make_person())


async def test_no_error_holds_a_secret(harness: SalesforceHarness) -> None:
    harness.expire_token()
    harness.stand_in.faults.order(Fault("status", 500, path="oauth2"))
    with pytest.raises(Unavailable) as failed:
        await harness.make_crm().upsert_person(TENANT, make_person())
    said = str(failed.value)
    assert make_key()[0][40:80] not in said
    assert "assertion" not in said


@pytest.mark.parametrize("body", ["<html>Log in to the network</html>", "{}", '{"records": ['])
async def test_an_answer_that_is_not_salesforces_is_worth_another_try(
    harness: SalesforceHarness, body: str
) -> None:
    crm = harness.make_crm()
    await crm.prepare(TENANT)
    harness.stand_in.faults.order(Fault("status", 200, body=body, path="query"))
    with pytest.raises(Unavailable):
        await crm.upsert_person(TENANT, make_person())
    assert (await crm.upsert_person(TENANT, make_person())).created


def test_sandboxes_sign_in_at_their_own_address() -> None:
    assert SalesforceSettings().login_address == "https://test.salesforce.com"
    assert SalesforceSettings(sandbox_mode=False).login_address == "https://login.salesforce.com"
    own = SalesforceSettings(login_url="https://acme.my.salesforce.com/", base_url="https://x:1")
    assert own.login_address == "https://acme.my.salesforce.com"
    assert own.audience == "https://test.salesforce.com"
    assert MANIFEST.oauth is not None
    token = MANIFEST.oauth.token_url(own)
    assert token == "https://acme.my.salesforce.com/services/oauth2/token"


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("https://acme.my.salesforce.com", True),
        ("https://acme--dev.sandbox.my.salesforce.com", True),
        ("http://acme.my.salesforce.com", False),
        ("https://salesforce.com.evil.example", False),
        ("https://evilsalesforce.com", False),
        ("https://acme.my.salesforce.com@evil.example", False),
        ("", False),
    ],
)
def test_a_token_is_sent_to_salesforce_alone(address: str, own: bool) -> None:
    assert is_own_address(address) is own


async def test_a_missing_field_is_told_with_how_to_create_it(harness: SalesforceHarness) -> None:
    harness.stand_in.without = {EXTERNAL_ID}
    crm = harness.make_crm()
    with pytest.raises(Rejected) as refused:
        await crm.prepare(TENANT)
    assert "Fields & Relationships > New" in refused.value.excerpt
    with pytest.raises(Rejected, match="External ID and Unique"):
        await crm.upsert_person(TENANT, make_person())
    # It is created while we run.
    harness.stand_in.without = set()
    await crm.upsert_person(TENANT, make_person())


async def test_an_account_that_is_spent_is_asked_for_patience(harness: SalesforceHarness) -> None:
    crm = harness.make_crm()
    await crm.prepare(TENANT)
    harness.stand_in.allowed = 0
    with pytest.raises(VendorRateLimited, match="REQUEST_LIMIT_EXCEEDED") as asked:
        await crm.upsert_person(TENANT, make_person())
    assert asked.value.retry_after == timedelta(minutes=15)


async def test_a_part_of_the_budget_is_left_to_others(harness: SalesforceHarness) -> None:
    harness.stand_in.allowed, harness.stand_in.used = 100, 89
    clock = FixedClock(datetime.now(UTC))
    settings = SalesforceSettings(base_url=harness.stand_in.url)
    crm = build_crm(VendorContext(settings, harness.credentials, clock))
    await crm.list_fields(TENANT, "person")
    assert crm.get_limits(TENANT).left_today == 10
    before = len(harness.stand_in.requests)
    with pytest.raises(VendorRateLimited, match="90 of 100") as asked:
        await crm.upsert_person(TENANT, make_person())
    assert asked.value.retry_after == timedelta(minutes=15)
    assert len(harness.stand_in.requests) == before
    # The next day.
    clock.set(clock.now() + timedelta(minutes=16))
    harness.stand_in.used = 0
    await crm.upsert_person(TENANT, make_person())


@pytest.mark.parametrize("batch", [False, True])
async def test_a_rule_that_warns_of_duplicates_does_not_stop_us(
    harness: SalesforceHarness, batch: bool
) -> None:
    harness.stand_in.warn_of_duplicates = True
    crm = harness.make_crm()
    await crm.upsert_person(TENANT, make_person(email="other@silva.example"))
    person = make_person()
    ref = (await crm.upsert_people(TENANT, [person]))[0] if batch else None
    ref = ref or await crm.upsert_person(TENANT, person)
    assert isinstance(ref, CrmRef)
    assert len(harness.list_people()) == 2


async def test_a_rule_that_blocks_duplicates_is_told(harness: SalesforceHarness) -> None:
    harness.stand_in.warn_of_duplicates = False
    crm = harness.make_crm()
    await crm.upsert_person(TENANT, make_person(email="other@silva.example"))
    with pytest.raises(Rejected, match="DUPLICATES_DETECTED: Use one of these records"):
        await crm.upsert_person(TENANT, make_person())
    assert len(harness.list_people()) == 1


async def test_nothing_in_an_address_is_read_as_a_query(harness: SalesforceHarness) -> None:
    crm = harness.make_crm()
    await crm.upsert_person(TENANT, make_person())
    for email in ("x' OR Email != '", "x\\' OR Email != '", 'x") OR Id != null'):
        assert await crm.find_person(TENANT, email=email) is None
    odd = make_person(email="o'brien@silva.example", last_name='O\'Brien \\ "x"')
    await crm.upsert_person(TENANT, odd)
    record = await crm.find_person(TENANT, email="o'brien@silva.example")
    assert record is not None
    assert record.fields["LastName"] == odd.last_name


async def test_a_lead_without_a_company_gets_one_that_says_so(harness: SalesforceHarness) -> None:
    person = make_person(company="")
    crm = harness.make_crm()
    ref = await crm.upsert_person(TENANT, person)
    assert harness.list_people()[0].company == "[not provided]"
    harness.staff_changes(ref.id, "Company", "Silva & Filhos")
    await crm.upsert_person(TENANT, person)
    assert harness.list_people()[0].company == "Silva & Filhos"


async def test_a_converted_lead_goes_on_as_its_contact_and_opportunity(
    harness: SalesforceHarness,
) -> None:
    crm, store = harness.make_crm(), harness.stand_in.store
    person = make_person(fields={"Chat_Score__c": 40})
    lead = await crm.upsert_person(TENANT, person)
    first = make_activity(lead)
    task = await crm.log_activity(TENANT, first)
    harness.staff_converts(lead.id)
    (contact,) = store.list_rows("Contact")
    for known in (lead, None):
        told = replace(person, fields={"Chat_Score__c": 90}, last_name="X", known=known)
        ref = await crm.upsert_person(TENANT, told)
        assert (ref.id, ref.kind) == (contact["Id"], "Contact")
    assert (contact["Chat_Score__c"], contact["LastName"]) == (90, "Conceição")
    assert len(store.list_rows("Lead")) == 1
    # What was said before is not said twice; what comes now stands beside the opportunity.
    assert (await crm.log_activity(TENANT, first)).id == task.id
    await crm.log_activity(TENANT, make_activity(lead, kind="meeting", subject="Demo"))
    (opportunity,) = store.list_rows("Opportunity")
    (event,) = store.list_rows("Event")
    assert (event["WhoId"], event["WhatId"]) == (contact["Id"], opportunity["Id"])
    deal = CrmDeal(new_id(), lead, "Silva", harness.stages[1], 5000, "JPY")
    assert (await crm.upsert_deal(TENANT, deal)).id == opportunity["Id"]
    assert (await crm.upsert_deal(TENANT, deal)).id == opportunity["Id"]
    assert opportunity["Amount"] == 5000
    assert len(store.list_rows("OpportunityContactRole")) == 1
    record = await crm.find_person(TENANT, record_id=contact["Id"])
    assert record is not None
    assert record.ref.kind == "Contact"


async def test_erasing_a_converted_lead_takes_the_contact_and_our_files(
    harness: SalesforceHarness,
) -> None:
    crm, store = harness.make_crm(), harness.stand_in.store
    lead = await crm.upsert_person(TENANT, make_person())
    await crm.log_activity(TENANT, make_activity(lead, kind="transcript"))
    theirs = {"Title": "Offer", "PathOnClient": "offer.pdf", "VersionData": "eA=="}
    store.insert("ContentVersion", {**theirs, "FirstPublishLocationId": lead.id})
    harness.staff_converts(lead.id)
    await crm.erase_person(TENANT, lead)
    assert store.list_rows("Lead") == store.list_rows("Contact") == []
    assert [one["Title"] for one in store.list_rows("ContentDocument")] == ["Offer"]


async def test_a_conversation_too_long_for_a_task_is_attached_whole(
    harness: SalesforceHarness,
) -> None:
    crm = harness.make_crm()
    lead = await crm.upsert_person(TENANT, make_person())
    body = "\n".join(f"{n} said" for n in range(6000))
    activity = make_activity(lead, body=body)
    for _ in range(2):
        await crm.log_activity(TENANT, activity)
    task, file = harness.list_activities(lead.id)
    assert len(task.text) <= 32_000
    assert "attached file" in task.text
    assert file.text == body
    # More was said: the same file, its next version.
    await crm.log_activity(TENANT, replace(activity, body=body + "\nmore"))
    assert harness.list_activities(lead.id)[1].text == body + "\nmore"
    assert len(harness.list_activities(lead.id)) == 2


async def test_batches_are_of_two_hundred(harness: SalesforceHarness) -> None:
    people = [make_person(email=f"a{n}@silva.example") for n in range(201)]
    refs = await harness.make_crm().upsert_people(TENANT, people)
    assert all(isinstance(one, CrmRef) for one in refs)
    paths = [one.path for one in harness.stand_in.requests if "composite" in one.path]
    assert len(paths) == 2


def test_a_cursor_goes_on_within_one_second() -> None:
    stamp = "2026-11-22T10:00:00.000+0000"
    few = [{"Id": f"{n:03d}", "SystemModstamp": stamp} for n in range(3)]
    many = [{"Id": f"{n:03d}", "SystemModstamp": stamp} for n in range(40)]
    condition, seen = read_cursor(build_cursor(few, ""))
    assert condition == "SystemModstamp >= 2026-11-22T10:00:00.000Z"
    assert {one for _, one in seen} == {"000", "001", "002"}
    condition, seen = read_cursor(build_cursor(many, ""))
    assert condition.endswith("AND Id > '039'))")
    assert seen == set()
    assert build_cursor([], "kept") == "kept"


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [(149_000, "EUR", 1490.0), (149, "JPY", 149.0), (1_500, "KWD", 1.5), (5, "", 0.05)],
)
def test_amounts_are_in_whole_units(minor: int, currency: str, amount: float) -> None:
    assert read_amount(minor, currency) == amount


async def test_a_deal_without_a_date_closes_some_time(harness: SalesforceHarness) -> None:
    crm = harness.make_crm()
    lead = await crm.upsert_person(TENANT, make_person())
    await crm.upsert_deal(TENANT, CrmDeal(new_id(), lead, "Silva " * 40, harness.stages[0]))
    (row,) = harness.stand_in.store.list_rows("Opportunity")
    assert row["Name"].endswith("…")
    assert datetime.fromisoformat(row["CloseDate"]).date() > STARTS.date() - timedelta(days=30)


async def test_a_slip_of_ours_would_fail_the_test() -> None:
    with SalesforceStandIn() as stand_in:
        crm = SalesforceHarness(stand_in).make_crm()
        with pytest.raises(Rejected, match="No such column"):
            await crm.upsert_person(TENANT, make_person(fields={"Nothing__c": "x"}))
        assert stand_in.errors != []
