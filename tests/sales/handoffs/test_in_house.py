"""Our own sales system, one call away: the contract on both databases."""

from __future__ import annotations

import json

import pytest

from core.db import Database
from core.errors import Conflict, Invalid
from core.ids import new_id
from core.protocols.sales_system import SalesSystem
from sales.feedback.rules import RETURNING
from sales.handoffs.canonical import write_canonical
from sales.handoffs.receiving import Arrival
from tests.contracts.sales_system import PACKAGE, SalesSystemContract, build_package
from tests.sales.handoffs.world import HandoffDesk


@pytest.fixture
async def desk(database: Database) -> HandoffDesk:
    return await HandoffDesk.open(database)


@pytest.fixture
def system(desk: HandoffDesk) -> SalesSystem:
    return desk.workflow.sender.systems["local"]


@pytest.fixture
def tenant_id(desk: HandoffDesk) -> str:
    return desk.tenant_id


class TestInHouse(SalesSystemContract):
    """`SalesSystemContract` over our own desk."""


async def test_what_is_wrong_is_told_field_by_field(desk: HandoffDesk) -> None:
    package = {**PACKAGE, "leadId": "x", "externalLeadId": "x"}
    package["contact"] = {**package["contact"], "email": "no address", "phone": 7}
    package["leadScoring"] = {**package["leadScoring"], "tier": "lukewarm", "overallScore": 101}
    del package["sla"]
    with pytest.raises(Invalid) as raised:
        await desk.reception.receive(desk.machine(), Arrival(write_canonical(package), "k", "t"))
    problems = {(one["field"], one["code"]) for one in raised.value.details["problems"]}
    assert problems == {
        ("contact.email", "WRONG_FORMAT"),
        ("contact.phone", "WRONG_TYPE"),
        ("leadScoring.tier", "UNKNOWN_VALUE"),
        ("leadScoring.overallScore", "OUT_OF_RANGE"),
        ("sla", "MISSING_FIELD"),
    }
    assert "no address" not in str(raised.value.details)
    assert await desk.count("received_leads") == 0


@pytest.mark.parametrize(
    ("body", "key", "claimed", "code"),
    [
        (b"{", "k", "", "NOT_JSON"),
        (b"\xff\xfe", "k", "", "NOT_JSON"),
        (b'{"leadId": "a", "leadId": "b"}', "k", "", "NOT_JSON"),
        (b'{"a": NaN}', "k", "", "NOT_JSON"),
        (b'{"a": "\\ud800"}', "k", "", "NOT_JSON"),
        (b"[" * 5000, "k", "", "NOT_JSON"),
        (b"{}", "", "", "MISSING_FIELD"),
        (b"{}", "k", "sha256:1", "HASH_MISMATCH"),
        (b"[]", "k", "", "WRONG_TYPE"),
    ],
)
async def test_hostile_packages_are_refused_with_a_code(
    desk: HandoffDesk, body: bytes, key: str, claimed: str, code: str
) -> None:
    with pytest.raises(Invalid) as raised:
        await desk.reception.receive(desk.machine(), Arrival(body, key, "t", claimed))
    assert raised.value.details["code"] == code


async def test_a_key_belongs_to_one_package_and_unknown_members_are_ignored(
    desk: HandoffDesk,
) -> None:
    first, second = build_package(newMember={"a": 1}), build_package()
    machine = desk.machine()
    ack = await desk.reception.receive(machine, Arrival(first.body, "k", "t", first.body_hash))
    assert ack.status == "accepted"
    with pytest.raises(Conflict):
        await desk.reception.receive(machine, Arrival(second.body, "k", "t"))


async def test_a_lead_from_elsewhere_becomes_one_of_ours_with_what_was_told(
    desk: HandoffDesk,
) -> None:
    rita = await desk.leads_desk.hire("Rita")
    package = build_package(
        company={
            "name": "Acme",
            "industry": "Robots",
            "size": None,
            "employeeCount": 12,
            "annualRevenue": None,
        }
    )
    await desk.reception.receive(desk.machine(), Arrival(package.body, "k", "t"))
    listed = await desk.leads.list_leads(desk.principal())
    assert listed.total == 1
    lead = listed.leads[0]
    assert (lead.first_name, lead.company, lead.employee_count) == ("Ada", "Acme", 12)
    assert (lead.score, lead.tier, lead.priority) == (85, "hot", "critical")
    assert lead.assigned_to is not None
    assert lead.assigned_to.id == rita.id
    # It is no lead of ours to hand on.
    assert lead.handoff_state is None
    assert await desk.count("handoffs") == 0


async def test_a_person_who_came_under_another_id_is_merged_where_that_is_wished(
    database: Database,
) -> None:
    from sales.handoffs.settings import HandoffSettings  # noqa: PLC0415

    settings = HandoffSettings.model_validate({"receiver": {"duplicates": "merge"}})
    for chosen, status in ((HandoffSettings(), "rejected"), (settings, "accepted")):
        desk = await HandoffDesk.open(database, settings=chosen)
        mail = f"{status}@acme.example"
        first, second = build_package(email=mail), build_package(email=mail)
        await desk.reception.receive(desk.machine(), Arrival(first.body, first.lead_id, "t"))
        ack = await desk.reception.receive(
            desk.machine(), Arrival(second.body, second.lead_id, "t")
        )
        assert (ack.status, ack.rejection_reason) == (
            status,
            "duplicate" if status == "rejected" else None,
        )
    assert await desk.count("sales_leads") == 2


async def test_a_lead_whose_address_is_corrected_stays_one_lead_and_takes_the_news_over(
    desk: HandoffDesk,
) -> None:
    machine, lead_id = desk.machine(), new_id()
    first = build_package(lead_id, email="wrong@acme.example")
    await desk.reception.receive(machine, Arrival(first.body, "k1", "t"))
    [lead] = (await desk.leads.list_leads(desk.principal())).leads
    # A rep writes the name as it should be: theirs.
    await desk.leads.update_lead(desk.principal(), lead.id, {"first_name": "Augusta"})
    scoring = {**json.loads(first.body)["leadScoring"], "overallScore": 95}
    told = {"flag": RETURNING, "returns": 1, "lastReturnAt": None, "channels": ["widget"]}
    second = build_package(
        lead_id, email="right@acme.example", leadScoring=scoring, reEngagement=told
    )
    for key in ("k2", "k3"):
        ack = await desk.reception.receive(machine, Arrival(second.body, key, "t"))
        assert ack.status == "accepted"
    [known] = (await desk.leads.list_leads(desk.principal())).leads
    assert known.id == lead.id
    assert (known.email, known.score, known.first_name) == ("right@acme.example", 95, "Augusta")
    assert known.flag == RETURNING
    received = await desk.reception.find_received(machine.tenant_id, lead_id)
    assert received is not None
    assert received.own_lead_id == lead.id


async def test_a_double_whose_address_is_corrected_is_a_lead_of_its_own(desk: HandoffDesk) -> None:
    machine = desk.machine()
    first, double = build_package(email="a@acme.example"), build_package(email="a@acme.example")
    await desk.reception.receive(machine, Arrival(first.body, "k1", "t"))
    ack = await desk.reception.receive(machine, Arrival(double.body, "k2", "t"))
    assert (ack.status, ack.rejection_reason) == ("rejected", "duplicate")
    package = json.loads(double.body)
    package["contact"] |= {"email": "b@acme.example", "phone": None, "firstName": "Bea"}
    body = write_canonical(package)
    ack = await desk.reception.receive(machine, Arrival(body, "k3", "t"))
    assert (ack.status, ack.rejection_reason) == ("accepted", None)
    assert await desk.count("sales_leads") == 2


async def test_who_was_erased_and_comes_again_is_a_lead_again(desk: HandoffDesk) -> None:
    machine = desk.machine()
    package = build_package()
    await desk.reception.receive(machine, Arrival(package.body, "k1", "t"))
    assert await desk.reception.erase(machine.tenant_id, package.lead_id)
    ack = await desk.reception.receive(machine, Arrival(package.body, "k2", "t"))
    received = await desk.reception.find_received(machine.tenant_id, package.lead_id)
    assert received is not None
    assert (ack.status, received.status) == ("accepted", "accepted")
    assert received.own_lead_id is not None
