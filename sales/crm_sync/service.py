"""What goes to CRMs: planned when something happens, seen and repeated by staff.

Planning writes rows and a promise; `CrmPusher` keeps it. Nothing here speaks to a CRM, but for
`check_mapping` and `erase_lead`, which somebody waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import Conflict, NotFound
from core.outbox import Outbox
from sales.appointments.schemas import AppointmentFilter
from sales.appointments.service import AppointmentService
from sales.conversations.service import ConversationService
from sales.crm_sync.erasing import erase_lead
from sales.crm_sync.events import CrmPushDue
from sales.crm_sync.mapping import check_fields
from sales.crm_sync.repository import CrmSyncRepository, describe_item
from sales.crm_sync.rules import choose_lead_state, should_sync
from sales.crm_sync.schemas import (
    CrmAccount,
    CrmHealth,
    ErasureAnswer,
    LeadState,
    LeadSync,
    SyncItem,
)
from sales.leads.outside_changes import list_changed_ids, list_conversation_ids
from sales.leads.schemas import LeadDetail
from sales.leads.service import LeadService

# A transaction that began earlier may commit its change later: so far back is looked again.
_LOOK_BACK = timedelta(minutes=2)
_AT_ONCE = 200
_MOST_FAILED = 500


@dataclass(frozen=True, slots=True)
class CrmSyncService:
    """Leads and CRMs, as `app.yaml` says now. `get_accounts`: the CRMs that are switched on."""

    database: Database
    clock: Clock
    outbox: Outbox
    leads: LeadService
    conversations: ConversationService
    appointments: AppointmentService
    get_accounts: Callable[[], Mapping[str, CrmAccount]]
    custom_fields: Mapping[str, str]

    async def list_accounts(self, tenant_id: str) -> list[CrmAccount]:
        """The CRMs that this tenant's leads go to: switched on, and connected."""
        accounts = self.get_accounts().values()
        return [one for one in accounts if await one.is_connected(tenant_id)]

    async def plan_lead(self, tenant_id: str, lead_id: str) -> None:
        """Let a lead go to every CRM it belongs to, with what was before it qualified.

        Raises:
            NotFound: there is no such lead.
        """
        if await self.list_accounts(tenant_id):
            detail = await self.leads.get_lead_for_effects(tenant_id, lead_id)
            await self._plan_whole(tenant_id, detail, forced=False)

    async def _plan(
        self,
        uow: UnitOfWork,
        accounts: Sequence[CrmAccount],
        detail: LeadDetail,
        *,
        forced: bool = False,
    ) -> int:
        lead, planned = detail.lead, 0
        repository = CrmSyncRepository(uow)
        for account in accounts:
            row = await repository.find(account.key, "person", lead.id)
            is_due = forced or should_sync(lead, only_qualified=account.settings.only_qualified)
            # What was sent once is kept up to date, also when it would not be sent any more.
            if not is_due and row is None:
                continue
            if row is not None and row.state == "deleted":
                if not forced:
                    continue
                row.crm_id, row.sent_hash = None, ""
                await uow.flush()
            await self._want(uow, account, detail)
            planned += 1
        return planned

    async def _want(self, uow: UnitOfWork, account: CrmAccount, detail: LeadDetail) -> None:
        lead_id, now = detail.lead.id, self.clock.now()
        repository = CrmSyncRepository(uow)
        await repository.want(account.key, "person", lead_id, lead_id, now)
        if account.settings.deals and account.stages:
            await repository.want(account.key, "deal", lead_id, lead_id, now)
        await self.promise(uow, account.key)

    async def promise(self, uow: UnitOfWork, crm: str) -> None:
        """Let what waits be sent."""
        await self.outbox.record(uow, CrmPushDue(crm=crm, tenant_id=uow.tenant_id))

    async def plan_conversation(self, tenant_id: str, conversation_id: str) -> bool:
        """A conversation is over: its lead, the conversation, and its whole text. False: it has no
        lead, or none yet."""
        if not await self.list_accounts(tenant_id):
            return True
        detail = await self.leads.find_lead_of(tenant_id, conversation_id)
        if detail is not None:
            await self._plan_items(tenant_id, detail, conversations=[conversation_id])
        return detail is not None

    async def plan_meeting(self, tenant_id: str, appointment_id: str) -> None:
        """A meeting was booked, moved or cancelled.

        Raises:
            NotFound: there is no such appointment.
        """
        meeting = await self.appointments.get_appointment(tenant_id, appointment_id)
        detail = await self.leads.find_lead_of(tenant_id, meeting.conversation_id)
        if detail is not None:
            await self._plan_items(tenant_id, detail, meetings=[appointment_id])

    async def _plan_items(
        self,
        tenant_id: str,
        detail: LeadDetail,
        *,
        conversations: Sequence[str] = (),
        meetings: Sequence[str] = (),
        forced: bool = False,
    ) -> None:
        accounts, now = await self.list_accounts(tenant_id), self.clock.now()
        async with self.database.unit_of_work(tenant_id) as uow:
            repository = CrmSyncRepository(uow)
            for account in accounts:
                if not await self._plan(uow, [account], detail, forced=forced):
                    continue
                for one in conversations:
                    kinds = ("conversation", "transcript")
                    for kind in kinds if account.settings.transcripts else kinds[:1]:
                        await repository.want(account.key, kind, one, detail.lead.id, now)  # type: ignore[arg-type]
                for one in meetings:
                    await repository.want(account.key, "meeting", one, detail.lead.id, now)

    async def send_again(self, tenant_id: str, lead_id: str) -> None:
        """Staff wants a lead in the CRMs, now and whole: itself, its conversations, its meetings.

        Raises:
            NotFound: there is no such lead.
            Conflict: no CRM is connected.
        """
        if not await self.list_accounts(tenant_id):
            raise Conflict("No CRM is connected. Connect one under Integrations.")
        detail = await self.leads.get_lead_for_effects(tenant_id, lead_id)
        await self._plan_whole(tenant_id, detail, forced=True)

    async def _plan_whole(self, tenant_id: str, detail: LeadDetail, *, forced: bool) -> None:
        async with self.database.reading(tenant_id) as uow:
            conversations = await list_conversation_ids(uow, detail.lead.id)
        # One that goes on follows when it is over.
        ended = [one for one in conversations if await self._is_over(tenant_id, one)]
        meetings = await self.list_meetings(tenant_id, conversations)
        await self._plan_items(
            tenant_id,
            detail,
            conversations=ended,
            meetings=meetings,
            forced=forced,
        )

    async def _is_over(self, tenant_id: str, conversation_id: str) -> bool:
        try:
            record = await self.conversations.get_record(tenant_id, conversation_id, limit=1)
        except NotFound:
            return False
        return record.ended_at is not None

    async def list_meetings(
        self, tenant_id: str, conversation_ids: Sequence[str], *, only_booked: bool = False
    ) -> list[str]:
        """The ids of meetings that came of conversations."""
        found: list[str] = []
        for one in conversation_ids:
            wanted = AppointmentFilter(
                conversation_id=one, status="booked" if only_booked else None
            )
            listed, _ = await self.appointments.list_appointments(tenant_id, wanted)
            found += [each.id for each in listed]
        return found

    async def plan_changed(self, tenant_id: str) -> int:
        """Plan the leads that were changed since this was last done, by whomever: how many.

        A CRM that was just connected begins with what comes from now on; what was before is what
        `backfill` is for.
        """
        planned = 0
        for account in await self.list_accounts(tenant_id):
            async with self.database.reading(tenant_id) as uow:
                place = await CrmSyncRepository(uow).find_place(account.key)
            now, since = self.clock.now(), place.leads_seen_at if place else None
            if since is not None:
                planned += await self._plan_since(tenant_id, account, since - _LOOK_BACK)
            # Nothing is written where nothing happened, but now and then.
            if since is None or now - since > _LOOK_BACK:
                async with self.database.unit_of_work(tenant_id) as uow:
                    (await CrmSyncRepository(uow).lock_place(account.key)).leads_seen_at = now
        return planned

    async def _plan_since(self, tenant_id: str, account: CrmAccount, since: datetime) -> int:
        planned, after = 0, ""
        while True:
            async with self.database.reading(tenant_id) as uow:
                found = await list_changed_ids(uow, since, after=after, limit=_AT_ONCE)
                rows = CrmSyncRepository(uow)
                known = await rows.list_wanted_at(account.key, [lead_id for lead_id, _ in found])
            for lead_id, changed_at in found:
                if lead_id in known and known[lead_id] >= changed_at:
                    continue
                detail = await self.leads.get_lead_for_effects(tenant_id, lead_id)
                only_qualified = account.settings.only_qualified
                if lead_id in known:
                    async with self.database.unit_of_work(tenant_id) as uow:
                        planned += await self._plan(uow, [account], detail)
                elif should_sync(detail.lead, only_qualified=only_qualified):
                    await self._plan_whole(tenant_id, detail, forced=False)
                    planned += 1
            if len(found) < _AT_ONCE:
                return planned
            after = found[-1][0]

    async def backfill(
        self, tenant_id: str, *, crm: str = "", since: datetime | None = None, dry_run: bool = False
    ) -> int:
        """Plan every lead that belongs to a CRM and is not in step there, with its conversations
        and meetings; how many. A run that was broken off goes on where it was: what waits or is
        in step already is left out."""
        accounts = [one for one in await self.list_accounts(tenant_id) if crm in ("", one.key)]
        planned, after = 0, ""
        while accounts:
            async with self.database.reading(tenant_id) as uow:
                found = await list_changed_ids(uow, since, after=after, limit=_AT_ONCE)
                states = await CrmSyncRepository(uow).list_states([one for one, _ in found])
            known = {(lead_id, key) for lead_id, key, _ in states}
            for lead_id, _ in found:
                detail = await self.leads.get_lead_for_effects(tenant_id, lead_id)
                missing = [
                    one
                    for one in accounts
                    if (lead_id, one.key) not in known
                    and should_sync(detail.lead, only_qualified=one.settings.only_qualified)
                ]
                if missing:
                    planned += 1
                    if not dry_run:
                        await self._plan_whole(tenant_id, detail, forced=False)
            if len(found) < _AT_ONCE:
                break
            after = found[-1][0]
        return planned

    async def get_lead_sync(self, tenant_id: str, lead_id: str) -> list[LeadSync]:
        """Where a lead stands in each CRM that is switched on."""
        async with self.database.reading(tenant_id) as uow:
            rows = await CrmSyncRepository(uow).list_of_lead(lead_id)
        found: dict[str, list[SyncItem]] = {one: [] for one in self.get_accounts()}
        for row in rows:
            found.setdefault(row.crm, []).append(describe_item(row))
        return [
            LeadSync(
                crm=crm,
                crm_name=self._name(crm),
                state=choose_lead_state(one.state for one in items),
                items=tuple(items),
            )
            for crm, items in found.items()
        ]

    async def list_lead_states(
        self, tenant_id: str, lead_ids: Sequence[str]
    ) -> dict[str, dict[str, LeadState]]:
        """By lead, its state in each CRM that has heard of it."""
        async with self.database.reading(tenant_id) as uow:
            states = await CrmSyncRepository(uow).list_states(lead_ids)
        found: dict[str, dict[str, list[str]]] = {}
        for lead_id, crm, state in states:
            found.setdefault(lead_id, {}).setdefault(crm, []).append(state)
        return {
            lead_id: {crm: choose_lead_state(each) for crm, each in crms.items()}  # type: ignore[arg-type]
            for lead_id, crms in found.items()
        }

    async def list_in_state(self, tenant_id: str, state: str) -> list[str]:
        """The ids of leads of which something is in a state, latest first, at most 500."""
        async with self.database.reading(tenant_id) as uow:
            return await CrmSyncRepository(uow).list_lead_ids(state, _MOST_FAILED)

    async def list_failed(self, tenant_id: str, crm: str | None = None) -> list[SyncItem]:
        """What failed, latest first, at most 500."""
        async with self.database.reading(tenant_id) as uow:
            rows = await CrmSyncRepository(uow).list_failed(crm, _MOST_FAILED)
        return [describe_item(row) for row in rows]

    async def retry_failed(
        self, tenant_id: str, *, crm: str | None = None, lead_id: str | None = None
    ) -> int:
        """Send again what failed, e.g. when its cause is mended; how much that is."""
        async with self.database.unit_of_work(tenant_id) as uow:
            count = await CrmSyncRepository(uow).retry_failed(crm, lead_id, self.clock.now())
            for key in self.get_accounts():
                if count and crm in (None, key):
                    await self.promise(uow, key)
        return count

    async def get_health(self, tenant_id: str) -> list[CrmHealth]:
        """How each CRM does (S1: CRM Sync Health)."""
        async with self.database.reading(tenant_id) as uow:
            repository = CrmSyncRepository(uow)
            counts = await repository.count_states()
            errors = await repository.count_errors()
            places = {one.crm: one for one in await repository.list_places()}
        connected = {one.key for one in await self.list_accounts(tenant_id)}
        crms = dict.fromkeys([*self.get_accounts(), *(row[0] for row in counts)])
        found = []
        for crm in crms:
            mine = [row for row in counts if row[0] == crm]
            place = places.get(crm)
            successes = [row[6] for row in mine if row[6] is not None]
            found.append(
                CrmHealth(
                    crm=crm,
                    crm_name=self._name(crm),
                    connected=crm in connected,
                    leads={row[2]: row[3] for row in mine if row[1] == "person"},
                    attempts=sum(int(row[4]) for row in mine),
                    failures=sum(int(row[5]) for row in mine),
                    errors=tuple((words, n) for key, words, n in errors if key == crm),
                    last_success_at=max(successes, default=None),
                    polled_at=place.polled_at if place else None,
                    blocked_until=place.blocked_until if place else None,
                )
            )
        return found

    def _name(self, crm: str) -> str:
        account = self.get_accounts().get(crm)
        return account.name if account else crm

    async def check_mapping(self, tenant_id: str, crm: str) -> list[str]:
        """Every problem of a CRM's field mapping with the CRM's own list of fields.

        Raises:
            NotFound: the CRM is not switched on.
            ProviderError: the CRM does not tell its fields.
        """
        account = self.get_accounts().get(crm)
        if account is None:
            raise NotFound("This CRM is not switched on.")
        await account.crm.prepare(tenant_id)
        problems: list[str] = []
        for kind, mapping in account.mapping.items():
            fields = await account.crm.list_fields(tenant_id, kind)
            place = f"sales_agent.crm_integration.{crm}.field_mapping.{kind}"
            problems += check_fields(mapping, fields, self.custom_fields, place)
        return problems

    async def erase_lead(self, tenant_id: str, lead_id: str) -> list[ErasureAnswer]:
        """Delete a lead's person in every CRM that has it: see `sales.crm_sync.erasing`.

        Raises:
            TransientError: one does not answer, or still shows the person. The others were asked.
        """
        return await erase_lead(self.database, self.get_accounts(), tenant_id, lead_id)
