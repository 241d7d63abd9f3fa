"""The systems outside that are asked to forget a person: each in its own step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.errors import PermanentError
from core.protocols.calendar import Calendar, CalendarOwner
from core.protocols.sales_system import SalesSystem
from sales.crm_sync.service import CrmSyncService
from sales.handoffs.receiving import ReceptionService
from sales.privacy.schemas import Answer, Subject


class OutsideSystem(Protocol):
    """Somebody who may hold something of the person."""

    async def erase(self, tenant_id: str, subject: Subject) -> list[Answer]:
        """Forget them. May be repeated.

        Raises:
            TransientError: no answer now.
        """
        ...


@dataclass(frozen=True, slots=True)
class SalesSystems:
    """Whoever leads were handed over to, and our own desk that took some in."""

    systems: Mapping[str, SalesSystem]
    reception: ReceptionService

    async def erase(self, tenant_id: str, subject: Subject) -> list[Answer]:
        """Ask for each lead that was handed over."""
        handed = subject.ids.get("handed", [])
        received = subject.ids.get("received", [])
        known = 0
        try:
            for lead_id in handed:
                known += await next(iter(self.systems.values())).erase(tenant_id, lead_id)
        except PermanentError as error:
            return [Answer("sales system", "refused", error.excerpt or str(error))]
        for lead_id in received:
            known += await self.reception.erase(tenant_id, lead_id)
        said = Answer("sales system", "erased", "the package; its hash stays", known)
        return [said if known else Answer("sales system", "nothing held")]


@dataclass(frozen=True, slots=True)
class Crms:
    """Every CRM that has one of the leads."""

    sync: CrmSyncService

    async def erase(self, tenant_id: str, subject: Subject) -> list[Answer]:
        """Ask each for each lead."""
        found: dict[str, Answer] = {}
        for lead_id in subject.ids.get("lead", ()):
            for one in await self.sync.erase_lead(tenant_id, lead_id):
                before = found.get(one.crm)
                if before is not None and before.said == "refused":
                    continue
                said = Answer(
                    f"crm {one.crm}",
                    "erased" if one.erased else "refused",
                    one.words,
                    (before.count if before else 0) + 1,
                )
                found[one.crm] = said
        return list(found.values()) or [Answer("crm", "nothing held")]


@dataclass(frozen=True, slots=True)
class Calendars:
    """The reps' calendars."""

    calendar: Calendar

    async def erase(self, tenant_id: str, subject: Subject) -> list[Answer]:
        """Take every meeting out."""
        if not subject.meetings:
            return [Answer("calendar", "nothing held")]
        refused: list[str] = []
        for one in subject.meetings:
            owner = CalendarOwner(tenant_id, one.owner_email, one.owner_name)
            try:
                await self.calendar.remove_meeting(owner, one.id, one.sequence + 1)
            except PermanentError as error:
                refused.append(f"{one.id}: {error.excerpt or error}")
        if refused:
            return [Answer("calendar", "refused", "; ".join(refused), len(refused))]
        return [Answer("calendar", "erased", "the meetings", len(subject.meetings))]


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A system that got something of the person and offers nothing by which to take it back."""

    system: str
    words: str

    async def erase(self, tenant_id: str, subject: Subject) -> list[Answer]:  # noqa: ARG002
        """Say so, where anything can have gone there."""
        went = any(subject.ids.get(kind) for kind in ("mail", "conversation", "lead"))
        return [
            Answer(self.system, "cannot", self.words)
            if went
            else Answer(self.system, "nothing held")
        ]
