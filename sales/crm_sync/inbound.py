"""What happened in a CRM comes back to the lead.

Status and owner are the CRM's: people work there. What the visitor told is ours: a field that was
changed there stays as it was told here, and both values stand in the lead's history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import ProviderError, VendorRateLimited
from core.protocols.crm import CrmRecord, CrmRef
from sales.crm_sync.budget import CallBudget
from sales.crm_sync.mapping import write_text
from sales.crm_sync.models import CrmPlace, CrmSync
from sales.crm_sync.repository import CrmSyncRepository
from sales.crm_sync.rules import describe_failure, list_changes
from sales.crm_sync.schemas import CrmAccount
from sales.crm_sync.service import CrmSyncService
from sales.leads.outside_changes import note_outside, take_owner, take_status

_POLL_CALLS = 4
_MOST_PAGES = 100


@dataclass(frozen=True, slots=True)
class CrmInbound:
    """Asks CRMs what changed, and takes it over."""

    database: Database
    clock: Clock
    sync: CrmSyncService
    budget: CallBudget

    async def poll(self, tenant_id: str, account: CrmAccount) -> int:
        """Ask for changes, if it is time and no other process does; how many records came.

        Raises:
            NotBefore: the CRM's budget is used up.
            ProviderError: the CRM's.
        """
        async with self.database.reading(tenant_id) as uow:
            if not self._is_due(await CrmSyncRepository(uow).find_place(account.key), account):
                return 0
        async with self.database.unit_of_work(tenant_id) as uow:
            place = await CrmSyncRepository(uow).lock_place(account.key)
            if not self._is_due(place, account):
                return 0
            place.polled_at, cursor = self.clock.now(), place.cursor
        try:
            return await self._read(tenant_id, account, cursor)
        except ProviderError as error:
            words = describe_failure(error)
            if isinstance(error, VendorRateLimited):
                await self.budget.block(tenant_id, account.key, error.retry_after, words)
            async with self.database.unit_of_work(tenant_id) as uow:
                (await CrmSyncRepository(uow).lock_place(account.key)).poll_error = words
            raise

    def _is_due(self, place: CrmPlace | None, account: CrmAccount) -> bool:
        last = place.polled_at if place else None
        return last is None or self.clock.now() - last >= account.settings.poll_interval

    async def _read(self, tenant_id: str, account: CrmAccount, cursor: str) -> int:
        count = 0
        for _ in range(_MOST_PAGES):
            await self.budget.take(tenant_id, account, _POLL_CALLS)
            changes = await account.crm.list_changes(tenant_id, cursor)
            async with self.database.unit_of_work(tenant_id) as uow:
                for record in changes.records:
                    await self.apply(uow, account, record)
                # With what was read: a page is taken over whole or read again.
                place = await CrmSyncRepository(uow).lock_place(account.key)
                place.cursor, place.poll_error = changes.cursor, ""
            count += len(changes.records)
            if not changes.records or changes.cursor == cursor:
                break
            cursor = changes.cursor
        return count

    async def hear(self, tenant_id: str, crm: str, kind: str, payload: Mapping[str, Any]) -> None:
        """The CRM told by webhook that a record changed (`record_id`), was deleted, or took
        others over (`merged`). Only that it happened is believed; what it is now is asked for.

        Raises:
            NotBefore: the CRM's budget is used up.
            ProviderError: the CRM's.
        """
        account, record_id = self.sync.get_accounts().get(crm), str(payload.get("record_id", ""))
        if account is None or not record_id:
            return
        records: list[CrmRecord] = []
        if kind == "merged":
            records += [
                CrmRecord(CrmRef(str(one), ""), merged_into=record_id)
                for one in payload.get("merged") or ()
            ]
        await self.budget.take(tenant_id, account, 2)
        found = await account.crm.find_person(tenant_id, record_id=record_id)
        if found is not None:
            records.append(found)
        elif kind == "deleted":
            records.append(CrmRecord(CrmRef(record_id, ""), deleted=True))
        async with self.database.unit_of_work(tenant_id) as uow:
            for record in records:
                await self.apply(uow, account, record)

    async def apply(self, uow: UnitOfWork, account: CrmAccount, record: CrmRecord) -> None:
        """Take over one record; one that is no lead of ours is nothing to us. The same again
        changes nothing."""
        repository = CrmSyncRepository(uow)
        row = await repository.find_by_record(account.key, record.ref.id)
        if row is None and record.external_id:
            row = await repository.find(account.key, "person", record.external_id)
        if row is None:
            return
        now = self.clock.now()
        if record.merged_into is not None:
            await self._note(uow, account, row, "crm_merged", {"into": record.merged_into}, now)
            row.crm_id, row.url = record.merged_into, ""
        elif record.deleted:
            if row.state != "deleted":
                row.state, row.error = "deleted", "deleted in the CRM"
                await self._note(uow, account, row, "crm_deleted", {"id": record.ref.id}, now)
        else:
            await self._take_record(uow, account, row, record, now)
        await uow.flush()

    async def _take_record(
        self, uow: UnitOfWork, account: CrmAccount, row: CrmSync, record: CrmRecord, now: datetime
    ) -> None:
        if record.converted_to:
            await self._take_conversion(uow, account, row, record, now)
        owner = record.owner
        if owner is not None and (owner.email, owner.name) != (row.owner_email, row.owner_name):
            row.owner_email, row.owner_name = owner.email, owner.name
            await take_owner(uow, row.lead_id, owner.email, owner.name, actor=account.name, at=now)
        await self._take_status(uow, account, row, record.status, now)
        theirs = {
            name: _show(value, str(row.sent.get(name, ""))) for name, value in record.fields.items()
        }
        changed = list_changes(row.sent, theirs, row.noted)
        if changed:
            data = {name: {"ours": ours, "theirs": it} for name, (ours, it) in changed.items()}
            await self._note(uow, account, row, "crm_changed", data, now)
            row.noted = {**row.noted, **{name: it for name, (_, it) in changed.items()}}

    async def _take_conversion(
        self, uow: UnitOfWork, account: CrmAccount, row: CrmSync, record: CrmRecord, now: datetime
    ) -> None:
        if row.noted.get("converted"):
            return
        row.noted = {**row.noted, "converted": "yes"}
        became = {one.kind: one.id for one in record.converted_to}
        await self._note(uow, account, row, "crm_converted", became, now)
        person = [one for one in record.converted_to if "contact" in one.kind.lower()]
        if person:
            row.crm_id, row.crm_kind, row.url = person[0].id, person[0].kind, person[0].url

    async def _take_status(
        self, uow: UnitOfWork, account: CrmAccount, row: CrmSync, status: str, now: datetime
    ) -> None:
        before = row.noted.get("status", "")
        if not status or status == before:
            return
        row.noted = {**row.noted, "status": status}
        ours = account.settings.status_mapping.get(status)
        if ours is not None:
            await take_status(uow, row.lead_id, ours, actor=account.name, at=now)
        elif before:
            await self._note(uow, account, row, "crm_status", {"is": status, "was": before}, now)

    @staticmethod
    async def _note(
        uow: UnitOfWork,
        account: CrmAccount,
        row: CrmSync,
        kind: str,
        data: dict[str, Any],
        now: datetime,
    ) -> None:
        await note_outside(uow, row.lead_id, kind, data, actor=account.name, at=now)


def _show(value: Any, ours: str) -> str:
    """A value of theirs as text, as exact as ours: a date of a day has no time."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return write_text(value)[: len(ours)] if ours else write_text(value)
    return write_text(value)
