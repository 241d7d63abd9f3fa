"""The real client over the stand-in, and a view of what the stand-in holds."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.clock import SystemClock
from core.protocols.vendor import VendorContext
from integrations.salesforce.crm import SalesforceCrm, build_crm
from integrations.salesforce.settings import SalesforceSettings
from tests.contracts.crm import Fault, ShownActivity, ShownDeal, ShownPerson, TestFields
from tests.contracts.crm_harness import PATIENCE, TENANT
from tests.vendors import standin
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.salesforce import CLIENT_ID, ROOT, USERNAME, SalesforceStandIn, make_key
from tests.vendors.salesforce_schema import EXTERNAL_ID, STAGES

FIELDS = TestFields(
    text="Chat_Page__c",
    text_length=120,
    number="Chat_Score__c",
    boolean="Meeting_Booked__c",
    date="First_Seen__c",
    picklist="Buying_Stage__c",
    picklist_options=("Exploring", "Comparing", "Ready"),
    multi_picklist="Interests__c",
    multi_options=("Hubs", "Sensors", "Service"),
    types={
        "Last_Seen__c": "datetime",
        "Chat_Summary__c": "long_text",
        "Email": "text",
        "AnnualRevenue": "number",
    },
)


class SalesforceHarness:
    """`CrmHarness` for Salesforce."""

    fields = FIELDS
    stages = (STAGES[0], STAGES[1])

    def __init__(self, stand_in: SalesforceStandIn) -> None:
        self.stand_in = stand_in
        stored = {"client_id": CLIENT_ID, "username": USERNAME, "private_key": make_key()[0]}
        self.credentials = MemoryCredentials({TENANT: stored})

    def make_crm(self, timeout: timedelta = PATIENCE) -> SalesforceCrm:
        settings = SalesforceSettings(
            base_url=self.stand_in.url, timeout_seconds=timeout.total_seconds()
        )
        return build_crm(VendorContext(settings, self.credentials, SystemClock()))

    def order(self, fault: Fault) -> None:
        kinds = {"cut": "cut_after" if fault.done else "cut_before"}
        self.stand_in.faults.order(
            standin.Fault(
                kinds.get(fault.kind, fault.kind),  # type: ignore[arg-type]
                status=fault.status,
                retry_after=fault.retry_after,
                seconds=0.6,
                method="PATCH" if fault.on == "people" else "",
                path="Lead" if fault.on == "people" else ROOT,
                times=fault.times,
                done=fault.done,
            )
        )

    def expire_token(self) -> None:
        self.stand_in.tokens.clear()

    def revoke(self) -> None:
        self.stand_in.tokens.clear()
        self.stand_in.refused = True

    @property
    def renewals(self) -> int:
        return self.stand_in.issued

    @property
    def requests(self) -> int:
        return sum("oauth2" not in one.path for one in self.stand_in.requests)

    def list_people(self) -> Sequence[ShownPerson]:
        return [
            ShownPerson(row["Id"], row[EXTERNAL_ID], row["Email"], row["LastName"], row["Company"])
            for row in self.stand_in.store.list_rows("Lead")
        ]

    def list_deals(self) -> Sequence[ShownDeal]:
        return [
            ShownDeal(
                row["Id"],
                row["Name"],
                row["StageName"],
                None if row["Amount"] is None else round(row["Amount"] * 100),
            )
            for row in self.stand_in.store.list_rows("Opportunity")
        ]

    def list_activities(self, person_id: str) -> Sequence[ShownActivity]:
        store = self.stand_in.store
        shown = []
        for sobject, starts in (("Task", "ActivityDate"), ("Event", "StartDateTime")):
            for row in store.list_rows(sobject):
                if row["WhoId"] == person_id:
                    at = datetime.fromisoformat(row[starts]) if sobject == "Event" else None
                    shown.append(ShownActivity(row["Subject"], row["Description"], at))
        for link in store.list_rows("ContentDocumentLink"):
            if link["LinkedEntityId"] == person_id:
                versions = [
                    row
                    for row in store.list_rows("ContentVersion")
                    if row["ContentDocumentId"] == link["ContentDocumentId"] and row["IsLatest"]
                ]
                text = base64.b64decode(versions[0]["VersionData"]).decode()
                shown.append(ShownActivity(versions[0]["Title"], text))
        return shown

    def staff_creates(self, email: str, last_name: str) -> str:
        values = {"LastName": last_name, "Company": "?", "Email": email}
        return str(self.stand_in.store.insert("Lead", values)["Id"])

    def staff_gives(self, person_id: str, owner_email: str, owner_name: str) -> None:
        user = self.stand_in.store.insert("User", {"Name": owner_name, "Email": owner_email})
        self.stand_in.store.change("Lead", person_id, {"OwnerId": user["Id"]})

    def staff_changes(self, person_id: str, name: str, value: str) -> None:
        self.stand_in.store.change("Lead", person_id, {name: value})

    def staff_deletes(self, person_id: str) -> None:
        self.stand_in.store.delete("Lead", person_id)

    def staff_merges(self, loser_id: str, winner_id: str) -> None:
        self.stand_in.store.merge(loser_id, winner_id)

    def staff_converts(self, person_id: str) -> None:
        self.stand_in.store.convert(person_id)
