"""What is Zoho's own: its fields, per-record results, conversion, and what a note holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from core.clock import SystemClock
from core.errors import Rejected, Unavailable
from core.ids import new_id
from core.protocols.crm import CrmDeal, CrmRef
from core.protocols.vendor import VendorContext
from integrations.zoho.crm import check_connection
from integrations.zoho.history import cut
from integrations.zoho.settings import ZohoSettings
from integrations.zoho.values import escape
from tests.contracts.crm_harness import TENANT, list_all_changes, make_activity, make_person
from tests.integrations.zoho.harness import ZohoHarness, make_stand_in
from tests.support.specification import VARIABLE, Specification
from tests.vendors.standin import Answer, Fault, SeenRequest
from tests.vendors.zoho import ZohoStandIn
from tests.vendors.zoho_rest import DOCUMENT
from tests.vendors.zoho_store import KEY


@pytest.fixture
def harness() -> Iterator[ZohoHarness]:
    with make_stand_in() as stand_in:
        yield ZohoHarness(stand_in)
        assert stand_in.errors == []


async def test_the_field_for_our_id_is_created_where_we_need_it(harness: ZohoHarness) -> None:
    line = await check_connection(
        VendorContext(
            ZohoSettings(base_url=harness.stand_in.url), harness.credentials, SystemClock()
        ),
        TENANT,
    )
    assert line == "Agent, www.zohoapis.com"
    for module in ("Leads", "Deals", "Contacts", "Events"):
        assert harness.store.modules[module][KEY].unique


async def test_a_field_that_may_not_be_created_is_told_with_how_to(harness: ZohoHarness) -> None:
    harness.stand_in.may_create_fields = False
    with pytest.raises(Rejected) as refused:
        await harness.make_crm().prepare(TENANT)
    assert "OAUTH_SCOPE_MISMATCH" in refused.value.excerpt
    assert "Do not allow duplicate values" in refused.value.excerpt


async def test_without_that_field_people_are_found_by_their_addresses(
    harness: ZohoHarness,
) -> None:
    crm, person = harness.make_crm(), make_person()
    first = await crm.upsert_person(TENANT, person)
    assert (await harness.make_crm().upsert_person(TENANT, person)).id == first.id
    with pytest.raises(Rejected, match="no address either"):
        await crm.upsert_person(TENANT, make_person(email=None))
    with pytest.raises(Rejected, match="has no field"):
        await crm.find_person(TENANT, external_id=person.external_id)


async def test_a_converted_lead_goes_on_as_its_contact_and_deal(harness: ZohoHarness) -> None:
    crm, store = harness.make_crm(), harness.store
    await crm.prepare(TENANT)
    person = make_person(fields={"Chat_Score": 40})
    lead = await crm.upsert_person(TENANT, person)
    first = make_activity(lead)
    note = await crm.log_activity(TENANT, first)
    harness.staff_converts(lead.id)
    (contact,) = store.list_rows("Contacts")
    for known in (lead, None):
        told = replace(person, fields={"Chat_Score": 90}, last_name="X", known=known)
        ref = await crm.upsert_person(TENANT, told)
        assert (ref.id, ref.kind) == (contact["id"], "Contacts")
    assert (contact["Chat_Score"], contact["Last_Name"]) == (90, "Conceição")
    assert len(store.list_rows("Leads")) == 1
    # What was said before is not said twice; what comes now stands beside the deal.
    assert (await crm.log_activity(TENANT, first)).id == note.id
    meeting = make_activity(lead, kind="meeting", subject="Demo")
    for _ in range(2):
        await harness.make_crm().log_activity(TENANT, meeting)
    (deal,) = store.list_rows("Deals")
    (event,) = store.list_rows("Events")
    assert (event["Who_Id"]["id"], event["What_Id"]["id"]) == (contact["id"], deal["id"])
    wanted = CrmDeal(new_id(), lead, "Silva", harness.stages[1], 5000, "JPY")
    for _ in range(2):
        assert (await crm.upsert_deal(TENANT, wanted)).id == deal["id"]
    assert (deal["Amount"], deal[KEY]) == (5000, wanted.external_id)
    record = await crm.find_person(TENANT, record_id=contact["id"])
    assert record is not None
    assert record.ref.kind == "Contacts"
    await crm.erase_person(TENANT, lead)
    assert store.list_rows("Contacts") == store.list_rows("Leads") == []
    assert store.list_rows("Events") == store.list_rows("Notes") == []


async def test_a_meeting_is_there_once_though_nothing_was_heard_of_it(
    harness: ZohoHarness,
) -> None:
    crm = harness.make_crm()
    await crm.prepare(TENANT)
    lead = await crm.upsert_person(TENANT, make_person())
    meeting = make_activity(lead, kind="meeting", subject="Demo")
    harness.stand_in.faults.order(Fault("cut_after", method="POST", path="/Events"))
    with pytest.raises(Unavailable):
        await crm.log_activity(TENANT, meeting)
    ref = await harness.make_crm().log_activity(TENANT, meeting)
    assert [one["id"] for one in harness.store.list_rows("Events")] == [ref.id]


async def test_fields_beyond_one_requests_fifty_are_read_too(harness: ZohoHarness) -> None:
    crm = harness.make_crm()
    await crm.prepare(TENANT)
    lead = await crm.upsert_person(TENANT, make_person())
    _, cursor = await list_all_changes(crm, "")
    harness.store.tick()
    harness.staff_changes(lead.id, "Custom_39", "far down")
    (record,), _ = await list_all_changes(crm, cursor)
    assert record.fields["Custom_39"] == "far down"


async def test_a_mass_update_of_one_second_is_told_once(harness: ZohoHarness) -> None:
    crm = harness.make_crm()
    await crm.prepare(TENANT)
    people = [make_person(email=f"a{n}@silva.example") for n in range(20)]
    refs = [one for one in await crm.upsert_people(TENANT, people) if isinstance(one, CrmRef)]
    _, cursor = await list_all_changes(crm, "")
    harness.store.tick()
    for one in refs:
        harness.staff_changes(one.id, "Chat_Page", "moved")
    found, cursor = await list_all_changes(crm, cursor)
    assert sorted(one.ref.id for one in found) == sorted(one.id for one in refs)
    assert len(cursor) < 200
    assert (await list_all_changes(crm, cursor))[0] == []


async def test_a_conversation_too_long_for_a_note_is_attached_whole(harness: ZohoHarness) -> None:
    crm = harness.make_crm()
    lead = await crm.upsert_person(TENANT, make_person())
    body = "\n".join(f"{n} said" for n in range(6000))
    activity = make_activity(lead, body=body)
    for _ in range(2):
        await crm.log_activity(TENANT, activity)
    note, file = harness.list_activities(lead.id)
    assert len(note.text) <= 32_000
    assert "attached file" in note.text
    assert file.text == body
    # More was said: the file is replaced.
    await crm.log_activity(TENANT, replace(activity, body=body + "\nmore"))
    assert [one.text for one in harness.list_activities(lead.id)][1:] == [body + "\nmore"]


async def test_a_lead_without_a_company_gets_one_that_says_so(harness: ZohoHarness) -> None:
    crm, person = harness.make_crm(), make_person(company="")
    ref = await crm.upsert_person(TENANT, person)
    assert harness.list_people()[0].company == "[not provided]"
    harness.staff_changes(ref.id, "Company", "Silva & Filhos")
    await crm.upsert_person(TENANT, replace(person, known=ref))
    assert harness.list_people()[0].company == "Silva & Filhos"


def test_signs_of_a_search_are_escaped() -> None:
    assert escape("a)or(b,c:d\\") == "a\\)or\\(b\\,c\\:d\\\\"


async def test_nothing_in_an_id_is_read_as_a_search(harness: ZohoHarness) -> None:
    crm = harness.make_crm()
    await crm.prepare(TENANT)
    odd = make_person(external_id="x)or(Email:equals:ana@silva.example", email=None)
    await crm.upsert_person(TENANT, make_person())
    assert await crm.find_person(TENANT, external_id=odd.external_id) is None
    ref = await crm.upsert_person(TENANT, odd)
    found = await crm.find_person(TENANT, external_id=odd.external_id)
    assert found is not None
    assert found.ref.id == ref.id


async def test_a_batch_tells_of_each_in_zohos_words(harness: ZohoHarness) -> None:
    crm = harness.make_crm()
    people = [
        make_person(email="good@silva.example"),
        make_person(email="no address"),
        make_person(email="long@silva.example", fields={"Chat_Page": "x" * 121}),
    ]
    good, bad, long = await crm.upsert_people(TENANT, people)
    assert isinstance(good, CrmRef)
    assert isinstance(bad, Rejected)
    assert bad.excerpt == "INVALID_DATA: invalid data (api_name: Email, expected_data_type: email)"
    assert isinstance(long, Rejected)
    assert "maximum_length: 120" in long.excerpt
    assert crm.get_limits(TENANT).left_today == 50_000 - harness.requests


async def test_a_record_that_is_gone_there_is_made_anew(harness: ZohoHarness) -> None:
    crm, person = harness.make_crm(), make_person()
    await crm.prepare(TENANT)
    first = await crm.upsert_person(TENANT, person)
    harness.staff_deletes(first.id)
    again = await crm.upsert_person(TENANT, replace(person, known=first))
    assert again.created
    assert again.id != first.id


class RecordsOnly(ZohoStandIn):
    """A server made from the shared part of Zoho's description: it knows no fields, deleted
    records, related notes or files."""

    def answer(self, request: SeenRequest) -> Answer:
        rest = Specification(DOCUMENT)
        if rest.find_operation(request.method, request.path) is not None:
            return Answer(404, {"message": "no such path"})
        return super().answer(request)


async def test_a_server_that_only_knows_records_gets_them() -> None:
    with RecordsOnly() as stand_in:
        harness = ZohoHarness(stand_in)
        crm, person = harness.make_crm(), make_person()
        await crm.prepare(TENANT)
        assert {one.name for one in await crm.list_fields(TENANT, "person")} > {"Phone", "Email"}
        lead = await crm.upsert_person(TENANT, person)
        assert (await harness.make_crm().upsert_person(TENANT, person)).id == lead.id
        assert await crm.find_person(TENANT, external_id=person.external_id) is None
        deal = CrmDeal(new_id(), lead, "Silva", harness.stages[0])
        assert (await crm.upsert_deal(TENANT, deal)).created
        assert (await crm.upsert_deal(TENANT, deal)).id == harness.list_deals()[0].id
        await crm.log_activity(TENANT, make_activity(lead))
        await crm.log_activity(TENANT, make_activity(lead, kind="meeting"))
        await crm.log_activity(TENANT, make_activity(lead, kind="transcript"))
        assert len(harness.list_activities(lead.id)) == 3
        _, cursor = await list_all_changes(crm, "")
        assert (await list_all_changes(crm, cursor))[0] == []


async def test_a_transcript_that_zoho_has_no_room_for_becomes_notes(harness: ZohoHarness) -> None:
    crm = harness.make_crm()
    lead = await crm.upsert_person(TENANT, make_person())
    body = "\n".join(f"{n:05d} Visitor: é {'word ' * 12}end" for n in range(1000))
    transcript = make_activity(lead, kind="transcript", body=body)
    full = '{"code":"STORAGE_SPACE_EXCEEDED","message":"storage space exceeded"}'
    harness.stand_in.faults.order(
        Fault("status", 400, body=full, method="POST", path="/Attachments", times=2)
    )
    refs = {(await crm.log_activity(TENANT, transcript)).id for _ in range(2)}
    assert len(refs) == 1
    shown = harness.list_activities(lead.id)
    assert [one.subject for one in shown] == [
        f"Chat on larkmere.example ({n} of 3)" for n in (1, 2, 3)
    ]
    said = [line for one in shown for line in one.text.splitlines() if "Visitor:" in line]
    assert "\n".join(said) == body


def test_a_text_is_cut_at_the_ends_of_its_lines() -> None:
    assert cut("short") == ["short"]
    for text in ("x" * 70_000, "line\n" * 20_000, "\n" + "y" * 40_000):
        parts = cut(text)
        assert "".join(parts) == text
        assert all(0 < len(part) <= 31_000 for part in parts)


def test_a_slip_of_ours_would_fail_the_test() -> None:
    if not os.environ.get(VARIABLE):
        pytest.skip(f"{VARIABLE} names no folder of published specifications")
    with make_stand_in() as stand_in:
        for method, path, body in (
            ("GET", "/crm/v8/Leads?pages=1", None),
            ("POST", "/crm/v8/Leads/upsert", {"data": [], "duplicates": []}),
            ("GET", "/crm/v8/Leads/1/Cases", None),
            ("POST", "/crm/v8/Notes", {"data": [{"Note_Text": "x"}]}),
            ("GET", "/crm/v8/Leads/deleted?since=1", None),
        ):
            before = len(stand_in.errors)
            headers = {"Authorization": "Zoho-oauthtoken x"}
            httpx.request(method, stand_in.url + path, json=body, headers=headers, trust_env=False)
            assert len(stand_in.errors) > before, path


async def test_refused_all_together_each_is_told_its_own_reason(harness: ZohoHarness) -> None:
    people = [
        make_person(email="no address"),
        make_person(email="b@silva.example", fields={"Chat_Page": "x" * 121}),
        make_person(email="c@silva.example", last_name=""),
    ]
    refs = await harness.make_crm().upsert_people(TENANT, people)
    said = [one.excerpt for one in refs if isinstance(one, Rejected)]
    assert "api_name: Email" in said[0]
    assert "maximum_length: 120" in said[1]
    assert said[2] == "MANDATORY_NOT_FOUND: required field not found (api_name: Last_Name)"


async def test_a_number_that_comes_back_as_a_fraction_is_the_same(harness: ZohoHarness) -> None:
    crm = harness.make_crm()
    ref = await crm.upsert_person(TENANT, make_person(fields={"Annual_Revenue": 250_000}))
    harness.store.rows["Leads"][ref.id]["Annual_Revenue"] = 250_000.0
    record = await crm.find_person(TENANT, record_id=ref.id)
    assert record is not None
    assert str(record.fields["Annual_Revenue"]) == "250000"
