"""The real client over the stand-in, and a view of what the stand-in holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.clock import SystemClock
from core.protocols.vendor import VendorContext
from integrations.zoho.crm import ZohoCrm, build_crm
from integrations.zoho.settings import ZohoSettings
from tests.contracts.crm import Fault, ShownActivity, ShownDeal, ShownPerson, TestFields
from tests.contracts.crm_harness import PATIENCE, TENANT
from tests.support.specification import VARIABLE, Specification, load_specification
from tests.vendors import standin
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.zoho import ROOT, ZohoStandIn
from tests.vendors.zoho_rest import DOCUMENT
from tests.vendors.zoho_store import KEY, STAGES

FIELDS = TestFields(
    text="Chat_Page",
    text_length=120,
    number="Chat_Score",
    boolean="Meeting_Booked",
    date="First_Seen",
    picklist="Buying_Stage",
    picklist_options=("Exploring", "Comparing", "Ready"),
    multi_picklist="Interests",
    multi_options=("Hubs", "Sensors", "Service"),
    types={
        "Last_Seen": "datetime",
        "Description": "long_text",
        "Email": "text",
        "Annual_Revenue": "number",
    },
)


def make_stand_in() -> ZohoStandIn:
    """One that judges requests by the specification, where that is at hand."""
    if not os.environ.get(VARIABLE):
        return ZohoStandIn()
    return ZohoStandIn(Specification(DOCUMENT), load_specification("zoho"))


class ZohoHarness:
    """`CrmHarness` for Zoho."""

    fields = FIELDS
    stages = (STAGES[0], STAGES[1])

    def __init__(self, stand_in: ZohoStandIn) -> None:
        self.stand_in = stand_in
        self.store = stand_in.store
        self.credentials = MemoryCredentials({TENANT: stand_in.credentials()})

    def make_crm(self, timeout: timedelta = PATIENCE) -> ZohoCrm:
        settings = ZohoSettings(base_url=self.stand_in.url, timeout_seconds=timeout.total_seconds())
        return build_crm(VendorContext(settings, self.credentials, SystemClock()))

    def order(self, fault: Fault) -> None:
        kinds = {"cut": "cut_after" if fault.done else "cut_before"}
        self.stand_in.faults.order(
            standin.Fault(
                kinds.get(fault.kind, fault.kind),  # type: ignore[arg-type]
                status=fault.status,
                retry_after=fault.retry_after,
                seconds=0.6,
                method="POST" if fault.on == "people" else "",
                path="Leads/upsert" if fault.on == "people" else ROOT,
                times=fault.times,
                done=fault.done,
            )
        )

    def expire_token(self) -> None:
        self.stand_in.tokens.clear()

    def revoke(self) -> None:
        self.stand_in.tokens.clear()
        self.stand_in.refused = "invalid_code"

    @property
    def renewals(self) -> int:
        return self.stand_in.issued

    @property
    def requests(self) -> int:
        return sum(one.path.startswith(ROOT) for one in self.stand_in.requests)

    def list_people(self) -> Sequence[ShownPerson]:
        return [
            ShownPerson(row["id"], row.get(KEY), row["Email"], row["Last_Name"], row["Company"])
            for row in self.store.list_rows("Leads")
        ]

    def list_deals(self) -> Sequence[ShownDeal]:
        return [
            ShownDeal(
                row["id"],
                row["Deal_Name"],
                row["Stage"],
                None if row["Amount"] is None else round(row["Amount"] * 100),
            )
            for row in self.store.list_rows("Deals")
        ]

    def list_activities(self, person_id: str) -> Sequence[ShownActivity]:
        shown = [
            ShownActivity(row["Note_Title"], row["Note_Content"])
            for row in self.store.list_rows("Notes")
            if row["Parent_Id"]["id"] == person_id
        ]
        for row in self.store.list_rows("Events"):
            whom = [(row.get(name) or {}).get("id") for name in ("What_Id", "Who_Id")]
            if person_id in whom:
                at = datetime.fromisoformat(row["Start_DateTime"])
                shown.append(ShownActivity(row["Event_Title"], row["Description"], at))
        shown += [
            ShownActivity(one["File_Name"], one["data"].decode())
            for one in self.store.files.values()
            if one["parent"] == person_id
        ]
        return shown

    def staff_creates(self, email: str, last_name: str) -> str:
        self.store.tick()
        values = {"Last_Name": last_name, "Company": "?", "Email": email}
        return str(self.store.insert("Leads", values)["id"])

    def staff_gives(self, person_id: str, owner_email: str, owner_name: str) -> None:
        self.store.tick()
        owner = {"id": self.store.next_id(), "name": owner_name, "email": owner_email}
        self.store.change("Leads", person_id, {"Owner": owner})

    def staff_changes(self, person_id: str, name: str, value: str) -> None:
        # Many at once, as a mass update: no second of its own.
        self.store.change("Leads", person_id, {name: value})

    def staff_deletes(self, person_id: str) -> None:
        self.store.tick()
        self.store.delete("Leads", person_id)

    def staff_merges(self, loser_id: str, winner_id: str) -> None:
        self.store.tick()
        self.store.delete("Leads", loser_id)
        self.store.change("Leads", winner_id, {})

    def staff_converts(self, person_id: str) -> None:
        self.store.convert(person_id)
