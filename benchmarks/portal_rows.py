"""Rows of a made tenant: leads, conversations, and what hangs on them. See `portal_data`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.ids import new_id
from sales.crm_sync.models import CrmSync
from sales.feedback.models import FeedbackFact, LeadOutcome, LeadRevenue
from sales.handoffs.models import Handoff, HandoffAudit, ReceivedLead
from sales.leads.models import (
    Lead,
    LeadEvent,
)
from sales.leads.rules import PRIORITY_RANKS

FIRST = ("Ada", "Bo", "Chidi", "Đặng", "Elif", "Fatima", "Giulia", "Hana", "Ikaika", "José",
         "Kwame", "Lotte", "María del Carmen", "Noor", "Oluwaseun", "Priya")  # fmt: skip
LAST = ("Okafor", "Lindqvist", "Nguyễn", "García Márquez", "Schmidt-Rottluff", "Rossi", "Haddad",
        "Kowalczyk", "Tanaka", "O'Brien", "van den Berg", "Papadopoulos", "Silva", "Müller",
        "Venkatanarasimharajuvaripeta", "Ng")  # fmt: skip
COMPANIES = ("Acme", "Larkmere", "Brightwater", "Northgate Logistics", "Globex", "Initech",
             "Rheinische Gesellschaft für angewandte Wärmetechnik mbH & Co. KG")  # fmt: skip
TIERS = (("hot", "critical"), ("hot", "high"), ("warm", "standard"), ("cold", "low"))
STATUSES = ("new", "new", "new", "contacted", "qualified", "unqualified", "converted", "lost")
HANDOFFS = ("accepted",) * 16 + ("rejected", "deferred", "settled", "invalid")
# As long as those that the product writes: lists must not read them.
REASONS = [
    {"rule": f"rule-{n}", "points": 5, "text": "They want it this month.", "evidence": [
        {"message_id": "00000000-0000-7000-8000-000000000000", "quote": "We need it this month"}]}
    for n in range(8)
]  # fmt: skip
STEPS = ("package_built", "queued", "received", "acknowledged")
_EMPTY: dict[str, Any] = {
    "Mapped[str]": "",
    "Mapped[int]": 0,
    "Mapped[bool]": False,
    "Mapped[dict[str, Any]]": {},
    "Mapped[list[Any]]": [],
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is made. Each conversation holds eight messages."""

    leads: int = 10_000
    conversations: int = 12_500
    mails: int = 10_000
    appointments: int = 3_000
    questions: int = 5_000
    calls: int = 20_000


Rows = Iterator[tuple[type[Any], dict[str, Any]]]


class RowBuilder:
    """Builds whole rows of one tenant out of the few values that matter."""

    def __init__(
        self,
        tenant_id: str,
        site_id: str,
        now: datetime,
        size: Size,
    ) -> None:
        self.chance = random.Random(7)
        self.tenant_id, self.site_id = tenant_id, site_id
        self.now, self.size = now, size

    def row(self, model: type[Any], /, **values: Any) -> tuple[type[Any], dict[str, Any]]:
        """A whole row: what is not said is empty, or null where that may be."""
        row: dict[str, Any] = {}
        for column in model.__table__.columns:
            attribute = "details" if column.name == "metadata" else column.name
            if attribute in values:
                row[column.name] = values[attribute]
            elif column.name == "tenant_id":
                row[column.name] = self.tenant_id
            elif column.name == "id":
                row[column.name] = new_id()
            elif column.name == "site_id":
                row[column.name] = self.site_id
            elif not column.nullable:
                row[column.name] = _EMPTY[model.__annotations__[attribute]]
        return model, row

    def pick(self, values: Any) -> Any:
        return self.chance.choice(values)

    def when(self, days: int = 365) -> datetime:
        return self.now - timedelta(seconds=self.chance.randrange(3600, days * 86_400))


class LeadMaker(RowBuilder):
    """Leads, their history, and where they stand outside. `owners`: ids of staff with their
    team's. `leads` are id and beginning of each that was made."""

    def __init__(self, *where: Any, owners: list[tuple[str, str]]) -> None:
        super().__init__(*where)
        self.owners = owners
        self.leads: list[tuple[str, datetime]] = []

    def make_leads(self) -> Rows:
        """All of them."""
        for number in range(self.size.leads):
            tier, priority = self.pick(TIERS)
            status, made = self.pick(STATUSES), self.when()
            owner, team = self.pick(self.owners) if number % 3 else (None, None)
            lead_id, handed = new_id(), number % 10 != 0
            first, email = self.pick(FIRST), f"person{number}@acme{number % 700}.example"
            state = self.pick(HANDOFFS)
            self.leads.append((lead_id, made))
            yield self.row(
                Lead,
                id=lead_id,
                status=status,
                lead_source="chat",
                first_name=first,
                last_name=self.pick(LAST),
                email=email,
                email_key=email,
                phone=f"+4420{number:08d}",
                phone_key=f"+4420{number:08d}",
                company=self.pick(COMPANIES),
                title="Head of operations",
                qualification_score=self.chance.randrange(100),
                completeness=self.chance.randrange(25),
                tier=tier,
                priority=priority,
                priority_rank=PRIORITY_RANKS[priority],
                urgency="standard",
                assigned_to=owner,
                team_id=team,
                sla_due_at=made + timedelta(hours=4),
                contacted_at=None if status == "new" else made + timedelta(hours=1),
                created_at=made,
                updated_at=made + timedelta(hours=self.chance.randrange(500)),
                handoff_state=state if handed else None,
                reasons=REASONS,
                next_gains=[{"text": "They say who decides.", "gain": 5}] * 4,
                briefing={"talking_points": [{"text": "Say that it is quick.", "evidence": []}]},
            )
            yield from self._make_around(lead_id, number, state if handed else "", priority, made)

    def _make_around(
        self, lead_id: str, number: int, state: str, priority: str, made: datetime
    ) -> Rows:
        for kind in ("created", "qualified"):
            yield self.row(LeadEvent, lead_id=lead_id, kind=kind, actor="agent", happened_at=made)
        yield self._make_sync(lead_id, number, made)
        if state:
            yield from self._make_handoff(lead_id, number, state, priority, made)
        if number % 3 == 0:
            yield from self._make_outcome(lead_id, number, made)

    def _make_sync(self, lead_id: str, number: int, made: datetime) -> Any:
        state = "failed" if number % 17 == 0 else "waiting" if number % 41 == 0 else "in_step"
        return self.row(
            CrmSync,
            crm="hubspot",
            kind="person",
            item_id=lead_id,
            lead_id=lead_id,
            state=state,
            error=f"400: the account {number % 5} is frozen" if state == "failed" else "",
            attempts=2,
            failures=1 if state == "failed" else 0,
            wish=1,
            wanted_at=made,
            last_attempt_at=made,
            last_success_at=made if state == "in_step" else None,
        )

    def _make_handoff(
        self, lead_id: str, number: int, state: str, priority: str, made: datetime
    ) -> Rows:
        handoff_id, transaction = new_id(), new_id()
        yield self.row(
            Handoff,
            id=handoff_id,
            lead_id=lead_id,
            number=1,
            revision=1,
            transaction_id=transaction,
            state=state,
            priority=priority,
            vertical="general",
            schema_version="1.0",
            attempts=1,
            endpoint="local",
            rejection_reason="out-of-area" if state == "rejected" else None,
            sla_due_at=made + timedelta(hours=4),
            created_at=made,
            updated_at=made,
            sent_at=made,
            acknowledged_at=made,
            acknowledged_revision=1,
        )
        yield self.row(
            ReceivedLead,
            lead_id=lead_id,
            own_lead_id=lead_id,
            transaction_id=transaction,
            client_id="in-house",
            acknowledgement="accepted",
            status="accepted",
            priority=priority,
            escalation_policy="standard",
            acknowledged_at=made,
            received_at=made,
            changed_at=made,
            position=number + 1,
            sla_due_at=made + timedelta(hours=4),
            # Told long ago: nobody is alarmed while this runs.
            breached_at=made + timedelta(hours=5),
        )
        for place, step in enumerate(STEPS):
            yield self.row(
                HandoffAudit,
                about=handoff_id,
                lead_id=lead_id,
                transaction_id=transaction,
                side="receiver" if step == "received" else "sender",
                step=step,
                actor="agent",
                data={"attempts": 1, "ms": 40, "status": state},
                happened_at=made + timedelta(seconds=place),
            )

    def _make_outcome(self, lead_id: str, number: int, made: datetime) -> Rows:
        won, at = number % 2 == 0, made + timedelta(days=3)
        amount = self.chance.randrange(10_000, 900_000)
        yield self.row(
            LeadOutcome,
            lead_id=lead_id,
            lifecycle="won" if won else "contacted",
            lifecycle_at=at,
            attempts=1,
            quality_rating=number % 5 + 1,
            updated_at=at,
        )
        money = {"amountMinor": amount, "currency": "USD"}
        yield self.row(
            FeedbackFact,
            report_id=new_id(),
            lead_id=lead_id,
            kind="revenue" if won else "attempt",
            digest=new_id(),
            content_hash=new_id(),
            data=money if won else {"method": "phone", "outcome": "contacted"},
            is_dated=True,
            happened_at=at,
            received_at=at,
        )
        if won:
            yield self.row(
                LeadRevenue,
                lead_id=lead_id,
                kind="booked",
                amount_minor=amount,
                currency="USD",
                booked_at=at,
                credited_at=at,
            )
