"""The HubSpot stand-in as the contract of CRMs sees it."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.clock import SystemClock
from core.protocols.crm import Crm
from core.protocols.vendor import VendorContext
from integrations.hubspot.crm import build_crm
from integrations.hubspot.settings import HubSpotSettings
from tests.contracts.crm_harness import (
    PATIENCE,
    TENANT,
    Fault,
    ShownActivity,
    ShownDeal,
    ShownPerson,
    TestFields,
)
from tests.support.specification import VARIABLE, load_specification
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.hubspot import TOKENS, HubSpotStandIn
from tests.vendors.standin import Fault as StandInFault

_SIZES = ("Small", "Medium", "Large")
_TOPICS = ("Cold chain", "Calibration", "Alerts")
_FIELDS = {
    "test_text": ("string", "text", ()),
    "test_number": ("number", "number", ()),
    "test_boolean": ("enumeration", "booleancheckbox", ("true", "false")),
    "test_date": ("date", "date", ()),
    "test_size": ("enumeration", "select", _SIZES),
    "test_topics": ("enumeration", "checkbox", _TOPICS),
}


def make_stand_in() -> HubSpotStandIn:
    """One that judges requests by the specification, where that is at hand."""
    stand_in = HubSpotStandIn(load_specification("hubspot") if os.environ.get(VARIABLE) else None)
    for name, (kind, shown_as, options) in _FIELDS.items():
        stand_in.store.properties["contacts"][name] = {
            "name": name,
            "label": name,
            "type": kind,
            "fieldType": shown_as,
            "groupName": "contactinformation",
            "description": "",
            "options": [{"label": one, "value": one, "hidden": False} for one in options],
        }
    return stand_in


class HubSpotHarness:
    """See `CrmHarness`."""

    fields = TestFields(
        text="test_text",
        text_length=65_536,
        number="test_number",
        boolean="test_boolean",
        date="test_date",
        picklist="test_size",
        picklist_options=_SIZES,
        multi_picklist="test_topics",
        multi_options=_TOPICS,
    )
    stages = ("qualifiedtobuy", "closedwon")

    def __init__(self, stand_in: HubSpotStandIn) -> None:
        self.stand_in = stand_in
        self.credentials = MemoryCredentials({TENANT: stand_in.credentials()})

    def make_crm(self, timeout: timedelta = PATIENCE) -> Crm:
        settings = HubSpotSettings(
            base_url=self.stand_in.url,
            portal_id=4711,
            timeout_seconds=timeout.total_seconds(),
            field_mapping={"person": dict.fromkeys(_FIELDS, "custom.x")},
        )
        return build_crm(VendorContext(settings, self.credentials, SystemClock()))

    def order(self, fault: Fault) -> None:
        path = "/crm/v3/objects/contacts/batch/upsert" if fault.on == "people" else "/crm/"
        if fault.times > 1 and fault.on == "people":
            path = "/crm/v3/objects/contacts"
        kind = {"cut": "cut_after" if fault.done else "cut_before"}.get(fault.kind, fault.kind)
        if fault.kind == "status" and fault.done:
            kind = "cut_after"
        if fault.kind == "half" and not fault.done:
            kind = "cut_before"
        self.stand_in.faults.order(
            StandInFault(
                kind,  # type: ignore[arg-type]
                status=fault.status,
                retry_after=fault.retry_after,
                path=path,
                times=fault.times,
            )
        )

    def expire_token(self) -> None:
        self.stand_in.token = "another"

    def revoke(self) -> None:
        self.stand_in.is_revoked = True

    @property
    def renewals(self) -> int:
        return self.stand_in.tokens_given

    @property
    def requests(self) -> int:
        return sum(one.path != TOKENS for one in self.stand_in.requests)

    def list_people(self) -> Sequence[ShownPerson]:
        store = self.stand_in.store
        shown = []
        for one in store.list_ids("contacts"):
            values = store.objects["contacts"][one]["properties"]
            shown.append(
                ShownPerson(
                    one,
                    values.get("sales_agent_id"),
                    values.get("email"),
                    values.get("lastname", ""),
                    values.get("company", ""),
                )
            )
        return shown

    def list_deals(self) -> Sequence[ShownDeal]:
        store = self.stand_in.store
        found = [
            (one, store.objects["deals"][one]["properties"]) for one in store.list_ids("deals")
        ]
        return [
            ShownDeal(one, v["dealname"], v["dealstage"], round(float(v["amount"]) * 100))
            for one, v in found
        ]

    def list_activities(self, person_id: str) -> Sequence[ShownActivity]:
        store = self.stand_in.store
        if person_id not in store.objects["contacts"]:
            return []
        whole: dict[str, ShownActivity] = {}
        for one in store.list_associated("contacts", person_id, "notes"):
            body = store.objects["notes"][one]["properties"]["hs_note_body"]
            found = re.fullmatch(
                r"<p><strong>(.*?)</strong></p><p>(.*)</p><p>Ref\. (\S+)/\d+</p>", body, re.DOTALL
            )
            assert found is not None
            before = whole.get(found[3])
            text = html.unescape(found[2].replace("<br>", "\n"))
            text = f"{before.text}\n{text}" if before else text
            whole[found[3]] = ShownActivity(html.unescape(found[1]), text)
        for one in store.list_associated("contacts", person_id, "meetings"):
            values = store.objects["meetings"][one]["properties"]
            starts_at = datetime.fromisoformat(values["hs_meeting_start_time"])
            whole[one] = ShownActivity(
                values["hs_meeting_title"], values["hs_meeting_body"], starts_at
            )
        return list(whole.values())

    def staff_creates(self, email: str, last_name: str) -> str:
        return self.stand_in.store.create("contacts", {"email": email, "lastname": last_name})

    def staff_gives(self, person_id: str, owner_email: str, owner_name: str) -> None:
        store = self.stand_in.store
        first, last = owner_name.split(" ", 1)
        store.owners["77"] = {
            "id": "77",
            "type": "PERSON",
            "email": owner_email,
            "firstName": first,
            "lastName": last,
            "createdAt": "2026-01-01T00:00:00Z",
            "updatedAt": "2026-01-01T00:00:00Z",
            "archived": False,
        }
        store.change("contacts", person_id, {"hubspot_owner_id": "77"})

    def staff_changes(self, person_id: str, name: str, value: str) -> None:
        self.stand_in.store.change("contacts", person_id, {name: value})

    def staff_deletes(self, person_id: str) -> None:
        self.stand_in.store.archive("contacts", person_id)

    def staff_merges(self, loser_id: str, winner_id: str) -> None:
        self.stand_in.store.merge(loser_id, winner_id)

    def staff_converts(self, person_id: str) -> None:
        """A contact is what it is."""
