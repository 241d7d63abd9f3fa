"""Sends what waits for a CRM.

1. people    all that wait, in the vendor's own batches; what did not change is not sent
2. the rest  deals, conversations, meetings of people who are there
3. settle    each with its state and the vendor's words, in one commit for a batch

Killed between the vendor's yes and the commit, the same is sent again; the vendor's folder makes
that the same record (`core.protocols.crm`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import (
    AuthenticationFailed,
    NotFound,
    PermanentError,
    ProviderError,
    TransientError,
    VendorRateLimited,
)
from core.protocols.crm import CrmActivity, CrmDeal, CrmField, CrmPerson, CrmRef, FieldValue
from sales.appointments.service import AppointmentService
from sales.conversations.service import ConversationService
from sales.crm_sync.activities import build_conversation, build_meeting, build_transcript
from sales.crm_sync.budget import CallBudget
from sales.crm_sync.facts import build_person, describe_lead, gather_facts
from sales.crm_sync.mapping import Mapped, hash_content, map_fields, write_text
from sales.crm_sync.models import CrmSync
from sales.crm_sync.repository import CrmSyncRepository
from sales.crm_sync.rules import choose_outcome, describe_failure
from sales.crm_sync.schemas import CrmAccount
from sales.crm_sync.service import CrmSyncService
from sales.leads.outside_changes import list_conversation_ids, note_outside, set_crm_id, take_owner
from sales.leads.schemas import LeadDetail
from sales.leads.service import LeadService

BATCH = 100
_ITEMS = 25
# The most calls that a batch of people takes, with their companies; those of one item; and those
# of reading the account's fields.
_BATCH_CALLS, _ITEM_CALLS, _READ_CALLS = 10, 5, 6
_REMEMBER = timedelta(minutes=10)
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class _Fields:
    """An account's fields, and when they were read."""

    read_at: datetime
    person: Mapping[str, CrmField]
    deal: Mapping[str, CrmField]


@dataclass(frozen=True, slots=True)
class _Sending:
    """An item on its way: what is sent, and its hash."""

    row: CrmSync
    content_hash: str
    mapped: Mapped = field(default_factory=lambda: Mapped({}))
    person: CrmPerson | None = None


@dataclass(frozen=True, slots=True)
class CrmPusher:
    """Keeps the promises of `CrmSyncService`. `lead_url` and `conversation_url` lead staff to our
    pages."""

    database: Database
    clock: Clock
    sync: CrmSyncService
    leads: LeadService
    conversations: ConversationService
    appointments: AppointmentService
    budget: CallBudget
    lead_url: Callable[[str], str]
    conversation_url: Callable[[str], str]
    known: dict[tuple[str, str], _Fields] = field(default_factory=dict)

    async def push(self, tenant_id: str, crm: str, *, is_last: bool = False) -> None:
        """Send what waits, as much as one turn may; what is left is promised anew. `is_last`: a
        failure now is the end of trying.

        Raises:
            NotBefore: the CRM's budget is used up.
            ProviderError: the CRM failed for all; each item says why it waits or failed.
        """
        account = self.sync.get_accounts().get(crm)
        if account is None or not await account.is_connected(tenant_id):
            return
        try:
            more = await self._push_people(tenant_id, account)
            more = await self._push_items(tenant_id, account) or more
        except ProviderError as error:
            await self._note_failure(tenant_id, account, error, is_last=is_last)
            await _tell_result(account, tenant_id, error)
            raise
        await _tell_result(account, tenant_id, None)
        if more:
            async with self.database.unit_of_work(tenant_id) as uow:
                await self.sync.promise(uow, crm)

    async def _note_failure(
        self, tenant_id: str, account: CrmAccount, error: ProviderError, *, is_last: bool
    ) -> None:
        words = describe_failure(error)
        if isinstance(error, VendorRateLimited):
            await self.budget.block(tenant_id, account.key, error.retry_after, words)
        async with self.database.unit_of_work(tenant_id) as uow:
            repository = CrmSyncRepository(uow)
            if isinstance(error, PermanentError) or is_last:
                await repository.fail_waiting(account.key, words, self.clock.now())
            else:
                await repository.set_waiting_error(account.key, words)

    # 1. people

    async def _push_people(self, tenant_id: str, account: CrmAccount) -> bool:
        async with self.database.reading(tenant_id) as uow:
            rows = await CrmSyncRepository(uow).list_waiting(account.key, people=True, limit=BATCH)
        if not rows:
            return False
        fields = await self._get_fields(tenant_id, account)
        sendings = [await self._build_person(tenant_id, account, row, fields) for row in rows]
        due = [one for one in sendings if one.person and not _is_same(one)]
        same = [one for one in sendings if one not in due]
        results: Sequence[CrmRef | Exception] = []
        if due:
            await self.budget.take(tenant_id, account, _BATCH_CALLS)
            people = [one.person for one in due if one.person]
            results = await account.crm.upsert_people(tenant_id, people)
        async with self.database.unit_of_work(tenant_id) as uow:
            for one in same:
                await self._settle(uow, account, one, None)
            for one, result in zip(due, results, strict=True):
                await self._settle(uow, account, one, result)
        for one, result in zip(due, results, strict=True):
            if isinstance(result, TransientError | AuthenticationFailed):
                raise result
            if isinstance(result, CrmRef) and one.row.crm_id is None and not result.created:
                await self._take_owner(tenant_id, account, one.row, result)
        return len(rows) == BATCH

    async def _build_person(
        self, tenant_id: str, account: CrmAccount, row: CrmSync, fields: _Fields
    ) -> _Sending:
        try:
            detail = await self.leads.get_lead_for_effects(tenant_id, row.lead_id)
        except NotFound:
            return _Sending(row, row.sent_hash)
        if detail.lead.id != row.lead_id:
            # Merged into another lead here, which goes there by itself.
            return _Sending(row, row.sent_hash)
        facts = gather_facts(detail, self.lead_url(row.lead_id))
        mapped = map_fields(account.mapping.get("person", {}), facts, fields.person)
        known = _ref(row)
        person = build_person(detail, dict(mapped.values), known)
        content = (person.email, person.last_name, person.company, mapped.values)
        return _Sending(row, hash_content(content), mapped, person)

    async def _take_owner(
        self, tenant_id: str, account: CrmAccount, row: CrmSync, ref: CrmRef
    ) -> None:
        """The CRM had the person already: whose it is there, it stays."""
        await self.budget.take(tenant_id, account, 2)
        record = await account.crm.find_person(tenant_id, record_id=ref.id)
        if record is None or record.owner is None:
            return
        owner, now = record.owner, self.clock.now()
        async with self.database.unit_of_work(tenant_id) as uow:
            kept = await CrmSyncRepository(uow).find(account.key, "person", row.item_id)
            if kept is not None:
                kept.owner_email, kept.owner_name = owner.email, owner.name
            await take_owner(uow, row.lead_id, owner.email, owner.name, actor=account.name, at=now)

    # 2. the rest

    async def _push_items(self, tenant_id: str, account: CrmAccount) -> bool:
        async with self.database.reading(tenant_id) as uow:
            repository = CrmSyncRepository(uow)
            rows = await repository.list_waiting(account.key, people=False, limit=_ITEMS)
        for row in rows:
            await self._push_item(tenant_id, account, row)
        return len(rows) == _ITEMS

    async def _push_item(self, tenant_id: str, account: CrmAccount, row: CrmSync) -> None:
        result: CrmRef | Exception | None = None
        sending = _Sending(row, row.sent_hash)
        try:
            what = await self._build_item(tenant_id, account, row)
            if what is not None:
                sending = _Sending(row, hash_content(replace(what, known=None)))
                if not _is_same(sending):
                    await self.budget.take(tenant_id, account, _ITEM_CALLS)
                    if isinstance(what, CrmDeal):
                        result = await account.crm.upsert_deal(tenant_id, what)
                    else:
                        result = await account.crm.log_activity(tenant_id, what)
        except NotFound:
            # The lead, the conversation or the meeting was erased here: nothing is left to say.
            result = None
        except PermanentError as error:
            if isinstance(error, AuthenticationFailed):
                raise
            result = error
        async with self.database.unit_of_work(tenant_id) as uow:
            await self._settle(uow, account, sending, result)

    async def _build_item(
        self, tenant_id: str, account: CrmAccount, row: CrmSync
    ) -> CrmDeal | CrmActivity | None:
        async with self.database.reading(tenant_id) as uow:
            person = await CrmSyncRepository(uow).find(account.key, "person", row.lead_id)
        ref = _ref(person) if person is not None else None
        if ref is None:
            return None
        if row.kind == "note":
            return CrmActivity(
                external_id=row.item_id,
                kind="note",
                person=ref,
                subject=str(row.content["subject"]),
                body=str(row.content["body"]),
                starts_at=row.wanted_at,
                known=_ref(row),
            )
        if row.kind == "meeting":
            meeting = await self.appointments.get_appointment(tenant_id, row.item_id)
            return build_meeting(meeting, ref, _ref(row))
        detail = await self.leads.get_lead_for_effects(tenant_id, row.lead_id)
        if row.kind == "deal":
            return await self._build_deal(tenant_id, account, row, detail, ref)
        record = await self.conversations.get_record(tenant_id, row.item_id, limit=_LONGEST)
        if row.kind == "transcript":
            return replace(build_transcript(record, ref), known=_ref(row))
        url = self.conversation_url(record.id)
        told = build_conversation(record, detail, ref, url=url, summary=describe_lead(detail))
        return replace(told, known=_ref(row))

    async def _build_deal(
        self, tenant_id: str, account: CrmAccount, row: CrmSync, detail: LeadDetail, ref: CrmRef
    ) -> CrmDeal | None:
        async with self.database.reading(tenant_id) as uow:
            conversations = await list_conversation_ids(uow, row.lead_id)
        meetings = await self.sync.list_meetings(tenant_id, conversations, only_booked=True)
        outcome = choose_outcome(detail.lead, has_meeting=bool(meetings))
        stage = account.stages.get(outcome) if outcome else None
        if stage is None or (outcome == "lost" and row.crm_id is None):
            return None
        fields = await self._get_fields(tenant_id, account)
        facts = gather_facts(detail, self.lead_url(row.lead_id))
        mapped = map_fields(account.mapping.get("deal", {}), facts, fields.deal)
        return CrmDeal(
            external_id=row.lead_id,
            person=ref,
            name=detail.lead.company or detail.lead.name or str(detail.lead.email or "Lead"),
            stage=stage,
            fields=mapped.values,
            known=_ref(row),
        )

    # 3. settle

    async def _settle(
        self, uow: UnitOfWork, account: CrmAccount, one: _Sending, result: CrmRef | Exception | None
    ) -> None:
        """`result` None: nothing had to be sent."""
        row = await CrmSyncRepository(uow).find(account.key, one.row.kind, one.row.item_id)  # type: ignore[arg-type]
        if row is None:
            return
        now = self.clock.now()
        if isinstance(result, TransientError):
            row.error, row.last_attempt_at = describe_failure(result), now
            row.attempts, row.failures = row.attempts + 1, row.failures + 1
            return
        is_newer = row.wish != one.row.wish
        if isinstance(result, Exception):
            row.error, row.last_attempt_at = describe_failure(result), now
            row.attempts, row.failures = row.attempts + 1, row.failures + 1
            row.state = "waiting" if is_newer else "failed"
            return
        row.state = "waiting" if is_newer else "in_step"
        row.error = ""
        if result is not None:
            row.attempts += 1
            row.last_attempt_at = row.last_success_at = now
            await self._note_success(uow, account, row, one, result)

    async def _note_success(
        self, uow: UnitOfWork, account: CrmAccount, row: CrmSync, one: _Sending, ref: CrmRef
    ) -> None:
        is_new = row.crm_id is None
        row.crm_id, row.crm_kind, row.url = ref.id, ref.kind, ref.url or row.url
        row.sent_hash = one.content_hash
        if row.kind != "person":
            return
        row.sent = {name: _show(value) for name, value in one.mapped.values.items()}
        row.left_out = [{"field": left.field, "why": left.why} for left in one.mapped.left_out]
        for left in one.mapped.left_out:
            if left.whole:
                note = {"subject": f"{left.field} (too long for its field)", "body": left.whole}
                item_id = f"{row.lead_id}:{hash_content(note)[:16]}"
                await CrmSyncRepository(uow).want(
                    account.key, "note", item_id, row.lead_id, self.clock.now(), note
                )
        if is_new:
            data = {"crm": account.name, "id": ref.id, "created": ref.created}
            await note_outside(
                uow, row.lead_id, "crm_linked", data, actor=account.name, at=self.clock.now()
            )
        if next(iter(self.sync.get_accounts()), "") == account.key:
            await set_crm_id(uow, row.lead_id, ref.id)

    async def _get_fields(self, tenant_id: str, account: CrmAccount) -> _Fields:
        kept, now = self.known.get((tenant_id, account.key)), self.clock.now()
        if kept is None or now - kept.read_at > _REMEMBER:
            await self.budget.take(tenant_id, account, _READ_CALLS)
            await account.crm.prepare(tenant_id)
            person = await account.crm.list_fields(tenant_id, "person")
            deal = await account.crm.list_fields(tenant_id, "deal") if account.stages else ()
            kept = _Fields(now, {one.name: one for one in person}, {one.name: one for one in deal})
            self.known[tenant_id, account.key] = kept
        return kept


async def _tell_result(account: CrmAccount, tenant_id: str, error: ProviderError | None) -> None:
    if account.note_result is not None:
        await account.note_result(tenant_id, error)


def _is_same(one: _Sending) -> bool:
    return one.row.crm_id is not None and one.row.sent_hash == one.content_hash


def _ref(row: CrmSync) -> CrmRef | None:
    return CrmRef(row.crm_id, row.crm_kind, row.url) if row.crm_id else None


def _show(value: FieldValue) -> str:
    return "" if value is None else write_text(value)
