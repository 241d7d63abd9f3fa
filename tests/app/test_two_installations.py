"""Two installations on one machine, each with its own server and database: what they tell each
other over HTTP, and how they are brought together when they drift apart."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from app.places import Places
from app.runtime import Runtime
from app.settings import load_app_settings
from app.wiring import build_resources
from core.ids import new_id
from sales.feedback.models import Conflict
from sales.feedback.syncing import Reconciled
from sales.followups.models import Mail
from sales.handoffs.models import Handoff, ReceivedLead, ReceivedRequest
from sales.leads.models import Lead, LeadEvent
from sales.privacy.models import Erasure
from tests.app.test_handoffs import Sender, make_key
from tests.app.threaded import ThreadedServer
from tests.support.website import write_website
from tests.vendors.sales_system import PATH

SECRET = "whsec_" + base64.b64encode(b"t" * 32).decode()
SENDER = """
handoff: {{system: sales_system}}
feedback: {{webhook_secrets: {{default: ['${{TEST_TOLD}}']}}}}
integrations:
  sales_system: {{endpoint: '{address}{path}', token_url: '{address}/oauth/token',
    client_id: '{client_id}', client_secret: '${{TEST_CLIENT_SECRET}}'}}
"""
MAIL = "email: {sales_team: ['sales@acme.example']}"


@dataclass
class Pair:
    """Marketing hands over, sales takes in and tells what became of it."""

    marketing: ThreadedServer
    sales: ThreadedServer
    sender: Sender
    sales_key: dict[str, str]

    def accept(self) -> str:
        made = self.sender.hand_over(f"{new_id()}@acme.example")
        return str(self.sender.wait_for(made["id"], "accepted")["lead_id"])

    def change(self, server: ThreadedServer, *statements: Any) -> None:
        """What no API of ours does to a database."""
        assert server.runtime is not None
        resources = server.runtime.resources

        async def work() -> None:
            async with resources.database.unit_of_work(_tenant_of(server)) as uow:
                for statement in statements:
                    await uow.session.execute(statement)

        server.wait(work())

    def read(self, server: ThreadedServer, query: Any) -> list[Any]:
        assert server.runtime is not None
        resources = server.runtime.resources

        async def work() -> list[Any]:
            async with resources.database.reading(_tenant_of(server)) as uow:
                return list((await uow.session.execute(query)).all())

        return server.wait(work())

    def reconcile(self) -> Reconciled:
        """What runs every day."""
        assert self.marketing.runtime is not None
        sync = self.marketing.runtime.services.feedback.sync
        done = self.marketing.wait(sync.reconcile(_tenant_of(self.marketing)))
        assert done is not None
        return done


def _tenant_of(server: ThreadedServer) -> str:
    assert server.runtime is not None
    return server.runtime.resources.organization.get_tenant("default").id


def _start(folder: Path, more: str) -> Callable[[], Any]:
    config = write_website(folder, more=more)

    async def start() -> Runtime:
        data = folder / "data"
        data.mkdir()
        settings = load_app_settings(config)
        return Runtime(settings, await build_resources(settings, Places(config, data), None))

    return start


def _wait_for(find: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := find()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_TOLD", SECRET)
    here, there = tmp_path_factory.mktemp("marketing"), tmp_path_factory.mktemp("sales")
    texts: dict[str, str] = {}

    async def start_marketing() -> Runtime:
        made: Runtime = await _start(here, texts["marketing"])()
        return made

    with ExitStack() as running:
        marketing = ThreadedServer(start_marketing)
        tell = (
            f"tell_url: '{marketing.address}/webhooks/sales-updates', tell_secret: '${{TEST_TOLD}}'"
        )
        sales = running.enter_context(
            ThreadedServer(_start(there, f"feedback: {{{tell}}}\n{MAIL}"))
        )
        assert sales.runtime is not None
        access = sales.runtime.resources.access
        client = sales.wait(access.create_client(_tenant_of(sales), "marketing", "rep"))
        patch.setenv("TEST_CLIENT_SECRET", client.secret)
        texts["marketing"] = SENDER.format(
            address=sales.address, path=PATH, client_id=client.client_id
        )
        running.enter_context(marketing)
        sender = Sender(marketing.http, make_key(marketing))
        yield Pair(marketing, sales, sender, make_key(sales))
    patch.undo()


def test_what_sales_does_with_a_lead_is_told_at_once_and_signed(pair: Pair) -> None:
    lead_id = pair.accept()
    own = ReceivedLead.own_lead_id
    [(there,)] = pair.read(pair.sales, select(own).where(ReceivedLead.lead_id == lead_id))
    said = pair.sales.http.patch(
        f"/api/v1/leads/{there}", json={"status": "contacted"}, headers=pair.sales_key
    )
    assert said.status_code == 200, said.text
    _wait_for(lambda: pair.sender.get(f"/api/v1/leads/{lead_id}")["status"] == "contacted")


def test_differences_in_both_directions_are_found_recorded_and_mended(pair: Pair) -> None:
    unheard, lost, moved, unknown = (pair.accept() for _ in range(4))
    # Our side forgot an answer; theirs lost a lead, moved one silently, and knows one under
    # another name, which we do not.
    stranger = new_id()
    pair.change(
        pair.marketing,
        update(Handoff)
        .where(Handoff.lead_id == unheard)
        .values(state="queued", acknowledged_at=None, acknowledgement=None),
    )
    last = pair.read(pair.sales, select(ReceivedLead.position).order_by(ReceivedLead.position))
    top = last[-1][0]
    [(lost_id,)] = pair.read(
        pair.sales, select(ReceivedLead.id).where(ReceivedLead.lead_id == lost)
    )
    pair.change(
        pair.sales,
        delete(ReceivedRequest).where(ReceivedRequest.received_id == lost_id),
        delete(ReceivedLead).where(ReceivedLead.id == lost_id),
        update(ReceivedLead)
        .where(ReceivedLead.lead_id == moved)
        .values(status="contacted", position=top + 1),
        update(ReceivedLead)
        .where(ReceivedLead.lead_id == unknown)
        .values(lead_id=stranger, position=top + 2),
    )
    done = pair.reconcile()
    found = {(one.lead_id, one.kind): one.mend for one in done.differences}
    assert found == {
        (unheard, "lost_acknowledgement"): "take_acknowledgement",
        (lost, "missing_there"): "send_again",
        (moved, "status"): "take_status",
        (unknown, "missing_there"): "send_again",
        (stranger, "missing_here"): "none",
    }
    # Each is kept with both values and what was done.
    kept = (Conflict.lead_id, Conflict.kind, Conflict.here, Conflict.there, Conflict.resolution)
    query = select(*kept).where(Conflict.reconciliation_id == done.id)
    conflicts = {row[0]: tuple(row[1:]) for row in pair.read(pair.marketing, query)}
    assert conflicts[unheard][:3] == ("lost_acknowledgement", "queued", "accepted")
    assert conflicts[moved][2] == "contacted"
    assert conflicts[stranger][3].startswith("nobody here")
    assert done.mended == 4
    there = select(ReceivedLead.lead_id)
    _wait_for(lambda: {lost, unknown} <= {row[0] for row in pair.read(pair.sales, there)})
    assert pair.sender.get(f"/api/v1/leads/{moved}")["status"] == "contacted"

    def is_settled() -> bool:
        again = pair.reconcile()
        return {one.kind for one in again.differences} <= {"missing_here"}

    _wait_for(is_settled)


def test_the_rep_of_the_sales_system_hears_of_a_return_and_sees_it(pair: Pair) -> None:
    lead_id = pair.accept()
    own = ReceivedLead.own_lead_id
    [(there,)] = pair.read(pair.sales, select(own).where(ReceivedLead.lead_id == lead_id))
    lead = pair.sender.get(f"/api/v1/leads/{lead_id}")
    body = {"first_name": "Ada", "last_name": "Byron", "email": lead["email"], "company": "Acme"}
    again = pair.marketing.http.post("/api/v1/leads", json=body, headers=pair.sender.key)
    assert again.status_code in (200, 201), again.text
    mails = select(Mail.kind).where(Mail.lead_id == there)
    _wait_for(lambda: ("alert",) in pair.read(pair.sales, mails))
    kinds = select(LeadEvent.kind).where(LeadEvent.lead_id == there)
    assert ("received_again",) in pair.read(pair.sales, kinds)


def _erase(pair: Pair, lead_id: str) -> dict[str, Any]:
    """Ask marketing to erase a lead's person; what became of it."""
    http, key = pair.marketing.http, pair.sender.key
    made = http.post("/api/v1/privacy/erasures", json={"lead_id": lead_id}, headers=key)
    assert made.status_code == 202, made.text
    place = f"/api/v1/privacy/erasures/{made.json()['id']}"
    _wait_for(lambda: pair.sender.get(place)["state"] != "running")
    found: dict[str, Any] = pair.sender.get(f"{place}/certificate")
    return found


def test_who_is_erased_at_the_sender_is_erased_at_the_sales_system_too(pair: Pair) -> None:
    lead_id = pair.accept()
    email = pair.sender.get(f"/api/v1/leads/{lead_id}")["email"]
    query = select(Lead.id, Lead.merged_into).where(Lead.email == email)
    [(there, _)] = pair.read(pair.sales, query)
    certificate = _erase(pair, lead_id)
    said = {one["system"]: one for one in certificate["systems"]}
    assert certificate["state"] == "done"
    assert said["sales system"]["said"] == "erased"
    # It says so when it is true: nobody is found there any more, in no table and no list.
    assert pair.read(pair.sales, query) == []
    found = pair.sales.http.get(f"/api/v1/leads/{there}", headers=pair.sales_key)
    assert found.status_code == 404, found.text
    body = {"email": email, "dry_run": True}
    left = pair.sales.http.post("/api/v1/privacy/erasures", json=body, headers=pair.sales_key)
    assert left.json() == {"would_erase": {}}
    # Who demanded it is kept.
    asked = pair.read(pair.sales, select(Erasure.requested_by))
    assert ("marketing",) in asked


def test_a_legal_hold_at_the_sales_system_is_told_to_whoever_asks(pair: Pair) -> None:
    lead_id = pair.accept()
    own = ReceivedLead.own_lead_id
    [(there,)] = pair.read(pair.sales, select(own).where(ReceivedLead.lead_id == lead_id))
    place = f"/api/v1/privacy/holds/{there}"
    held = pair.sales.http.put(place, json={"reason": "a lawsuit"}, headers=pair.sales_key)
    assert held.status_code == 204, held.text
    certificate = _erase(pair, lead_id)
    said = {one["system"]: one["said"] for one in certificate["systems"]}
    assert (certificate["state"], said["sales_system"]) == ("incomplete", "refused")
    lead = pair.sales.http.get(f"/api/v1/leads/{there}", headers=pair.sales_key)
    assert lead.json()["first_name"] == "Ada"
