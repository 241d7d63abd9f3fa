"""The systems outside that are asked to forget a person: each in its own step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from core.errors import PermanentError, TransientError, Unavailable
from core.protocols.calendar import Calendar, CalendarOwner
from core.protocols.erasure import AddressEraser
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
    """Whoever leads were handed over to."""

    systems: Mapping[str, SalesSystem]

    async def erase(self, tenant_id: str, subject: Subject) -> list[Answer]:
        """Ask for each lead that was handed over, and ask again where it stands."""
        known = 0
        for lead_id in subject.ids.get("handed", []):
            known += await self._erase_there(tenant_id, lead_id)
        words = "asked again, it says that the lead is erased; the package's hash stays"
        said = Answer("sales system", "erased", words, known)
        return [said if known else Answer("sales system", "nothing held")]

    async def _erase_there(self, tenant_id: str, lead_id: str) -> bool:
        """At the first endpoint that answers: they are doors of one system."""
        problem: TransientError | None = None
        for name, system in self.systems.items():
            try:
                if not await system.erase(tenant_id, lead_id):
                    return False
                standing = await system.find_standing(tenant_id, lead_id)
            except TransientError as error:
                problem = problem or error
                continue
            if standing is not None and standing.status != "erased":
                raise Unavailable(name, "erase", f"it still shows the lead as {standing.status}")
            return True
        if problem is not None:
            raise problem
        return False


@dataclass(frozen=True, slots=True)
class SalesDesk:
    """Our own desk that took leads in. Its step comes after our own rows: whoever handed a lead
    over reads there that the person is erased, and that is to be true."""

    reception: ReceptionService

    async def erase(self, tenant_id: str, subject: Subject) -> list[Answer]:
        """Empty the packages."""
        known = 0
        for lead_id in subject.ids.get("received", []):
            known += await self.reception.erase(tenant_id, lead_id)
        words = "the packages that were taken in; their hashes stay"
        return [Answer("own sales desk", "erased", words, known)] if known else []


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
    """The reps' calendars. `left`: what the vendor keeps of entries that are taken out.
    `find_eraser`: who forgets addresses there, where the vendor offers that."""

    calendar: Calendar
    left: str
    find_eraser: Callable[[], AddressEraser | None]

    async def erase(self, tenant_id: str, subject: Subject) -> list[Answer]:
        """Take every meeting out, look again, and let the addresses be forgotten."""
        if not subject.meetings:
            return [Answer("calendar", "nothing held")]
        refused: list[str] = []
        owners: dict[CalendarOwner, set[str]] = {}
        for one in subject.meetings:
            owner = CalendarOwner(tenant_id, one.owner_email, one.owner_name)
            try:
                await self.calendar.remove_meeting(owner, one.id, one.sequence + 1)
            except PermanentError as error:
                refused.append(f"{one.id}: {error.excerpt or error}")
            else:
                owners.setdefault(owner, set()).add(one.id)
        for owner, ids in owners.items():
            seen = (await self.calendar.list_changes(owner, "")).seen
            if any(one.id in ids and not one.is_cancelled for one in seen):
                raise Unavailable("calendar", "remove", "it still shows a meeting")
        if refused:
            return [Answer("calendar", "refused", "; ".join(refused), len(refused))]
        words = "the meetings; asked again, it shows none of them"
        found = [Answer("calendar", "erased", words, len(subject.meetings))]
        if self.left:
            found.append(Answer("calendar's bin", "cannot", self.left))
        eraser = self.find_eraser()
        if eraser is not None and subject.emails:
            return found + await _forget("calendar's invitees", eraser, tenant_id, subject)
        return found


@dataclass(frozen=True, slots=True)
class Mailers:
    """A mail vendor that offers to forget addresses."""

    system: str
    find_eraser: Callable[[], AddressEraser | None]

    async def erase(self, tenant_id: str, subject: Subject) -> list[Answer]:
        """Let the addresses be forgotten, whether mails went to them or not."""
        eraser = self.find_eraser()
        if eraser is None or not subject.emails:
            return [Answer(self.system, "nothing held")]
        return await _forget(self.system, eraser, tenant_id, subject)


async def _forget(
    system: str, eraser: AddressEraser, tenant_id: str, subject: Subject
) -> list[Answer]:
    try:
        done = await eraser.erase_addresses(tenant_id, subject.emails)
    except PermanentError as error:
        return [Answer(system, "refused", error.excerpt or str(error))]
    said = Answer(system, "erased", done.words, done.count)
    found = [said if done.count else Answer(system, "nothing held", done.words)]
    return [*found, Answer(f"{system}: the rest", "cannot", done.left)] if done.left else found


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
