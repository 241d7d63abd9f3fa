"""Leads: made by conversations, entered by machines, worked on by staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import Conflict, NotFound
from core.outbox import Outbox
from sales.conversations.history import read_history
from sales.conversations.schemas import TurnRecord
from sales.conversations.service import Pass
from sales.leads.analytics import LeadAnalytics
from sales.leads.briefing import Briefing
from sales.leads.changing import apply_changes, read_new_lead
from sales.leads.describing import describe_lead, find_detail, get_detail_in
from sales.leads.entering import Entry, enter_again, hash_entry
from sales.leads.interactions import ProductRecorder
from sales.leads.merging import merge_leads, part_leads
from sales.leads.models import Lead, LeadMerge
from sales.leads.profile import Profile, SetBy
from sales.leads.profile_repository import ProfileRepository
from sales.leads.profile_service import ProfileService
from sales.leads.qualification import Score
from sales.leads.qualifying import CountAppointments, Qualifier
from sales.leads.qualifying_late import LateQualifier
from sales.leads.repository import LeadRepository
from sales.leads.returning import add_machine_touch, announce_status
from sales.leads.rules import Person, compute_deadline, fold_name
from sales.leads.schemas import (
    CreatedLead,
    LeadDetail,
    LeadFilter,
    LeadPage,
    LeadView,
    MergeView,
    NewLead,
    Owner,
    Sort,
)
from sales.leads.settings import ProfileCaptureSettings, QualificationSettings
from sales.leads.told import read_told
from sales.organization.models import SiteRef
from sales.organization.rules import check_may, scope_of, sees
from sales.organization.schemas import Principal
from sales.organization.service import OrganizationService
from sales.organization.staff_service import list_staff_in


async def count_none(_uow: UnitOfWork, _conversation_ids: Sequence[str]) -> dict[str, int]:
    """Without appointments there are none to count."""
    return {}


class LeadService:
    """Leads of all tenants. Staff and machines come with their `Principal`; what they may not
    see does not exist for them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        outbox: Outbox,
        organization: OrganizationService,
        capture: ProfileCaptureSettings,
        rules: QualificationSettings,
        count_appointments: CountAppointments = count_none,
    ) -> None:
        self._database = database
        self._clock = clock
        self._organization, self._outbox = organization, outbox
        self.capture = capture
        self.rules = rules
        self.profiles = ProfileService(database, clock, organization, capture)
        self.products = ProductRecorder(clock)
        self.analytics = LeadAnalytics(database)
        self._qualifier = Qualifier(clock, outbox, capture, rules, count_appointments)
        self._late = LateQualifier(database, self._qualifier)

    async def follow_turn(
        self, uow: UnitOfWork, ticket: Pass, turn: TurnRecord, message_id: str
    ) -> None:
        """A message was stored: store what it told, in the same transaction. Where it told
        something, the lead is made there as well, so that no address is stored without its
        lead; what else a message changes is judged behind the commit (`qualify_due`)."""
        told = read_told(turn.trace)
        await self.products.record_turn(uow, ticket, turn.trace, message_id)
        if told.changes_profile:
            profile, changed = await self.profiles.store_told(uow, ticket, told, message_id)
            if changed:
                await self._qualifier.qualify(uow, ticket.conversation_id, profile)

    async def qualify_due(self) -> int:
        """Judge the conversations in which something was said since they were judged; how many
        were taken up. For a loop of the server, often."""
        return await self._late.qualify_due()

    async def record_viewed(self, ticket: Pass, url: str, title: str) -> None:
        """The visitor looked at the page of a product."""
        async with self._database.unit_of_work(ticket.site.tenant_id) as uow:
            product = {"url": url, "title": title}
            await self.products.record(uow, ticket.conversation_id, "viewed", product)

    async def qualify_conversation(self, tenant_id: str, conversation_id: str) -> str | None:
        """Judge a conversation anew: the same conversation under the same rules gives the same.
        The id of its lead, if it has one."""
        async with self._database.unit_of_work(tenant_id) as uow:
            history = await read_history(uow, conversation_id)
            if history is None:
                return None
            profile = await ProfileRepository(uow).find_profile(history.origin.visitor_id)
            return await self._qualifier.qualify(uow, conversation_id, profile)

    async def judge_conversation(
        self, tenant_id: str, conversation_id: str
    ) -> tuple[Profile, Score, Briefing]:
        """Profile, score and briefing of a conversation as they are now; writes nothing.

        Raises:
            NotFound: there is no such conversation.
        """
        async with self._database.reading(tenant_id) as uow:
            history = await read_history(uow, conversation_id)
            if history is None:
                raise NotFound("There is no such conversation.")
            profile = await ProfileRepository(uow).find_profile(history.origin.visitor_id)
            return profile, *await self._qualifier.judge(uow, history, profile)

    async def change_profile(
        self,
        ticket: Pass,
        changes: Mapping[str, Any],
        *,
        set_by: SetBy,
        region: str | None = None,
        consent: bool | None = None,
        how: Literal["form", "staff"] = "form",
    ) -> Profile:
        """Values entered on purpose, by the visitor or by staff; None takes one away.

        Raises:
            Invalid: a field does not exist, or its value does not fit.
            Conflict: the site wants the visitor's consent first.
        """
        async with self._database.unit_of_work(ticket.site.tenant_id) as uow:
            if consent:
                await self.profiles.record_consent(uow, ticket, "contact", how=how)
            if any(value is not None for value in changes.values()) and set_by is not SetBy.STAFF:
                await self.profiles.check_consent(uow, ticket)
            profile, _ = await self.profiles.set_fields(
                uow, ticket, changes, set_by=set_by, region=region
            )
            await self._qualifier.qualify(uow, ticket.conversation_id, profile)
        return profile

    async def find_ticket(
        self, principal: Principal, conversation_id: str, *, changes: bool = False
    ) -> Pass:
        """A conversation for staff, as far as its lead is theirs to see.

        Raises:
            NotFound: there is no such conversation for them.
        """
        check_may(principal, "change_leads" if changes else "see_conversations")
        async with self._database.reading(principal.tenant_id) as uow:
            history = await read_history(uow, conversation_id)
            repository = LeadRepository(uow)
            lead_id = await repository.find_of_conversation(conversation_id)
            lead = await repository.find_current(lead_id) if lead_id else None
        seen = lead is None or sees(principal, owner_id=lead.assigned_to, team_id=lead.team_id)
        if history is None or not seen:
            raise NotFound("There is no such conversation.")
        site = SiteRef(principal.tenant_id, history.origin.site_id)
        return Pass(conversation_id, history.origin.visitor_id, site)

    async def list_leads(
        self,
        principal: Principal,
        wanted: LeadFilter | None = None,
        *,
        sort: Sort = "created_at",
        descending: bool = True,
        limit: int = 50,
        offset: int = 0,
    ) -> LeadPage:
        """A part of the leads that the principal sees."""
        check_may(principal, "see_leads")
        async with self._database.reading(principal.tenant_id) as uow:
            rows, total = await LeadRepository(uow).list_leads(
                wanted or LeadFilter(), scope_of(principal), (sort, descending), limit, offset
            )
            owners = await _list_owners(uow)
        leads = tuple(describe_lead(row, owners) for row in rows)
        return LeadPage(leads, total, limit, offset)

    async def get_lead(self, principal: Principal, lead_id: str) -> LeadDetail:
        """A lead with everything that is known of it; of a merged one the lead it became.

        Raises:
            NotFound: there is none, or not for this principal.
        """
        check_may(principal, "see_leads")
        detail = await find_detail(self._database, principal.tenant_id, lead_id)
        if detail is None or not _sees_lead(principal, detail.lead):
            raise NotFound("There is no such lead.")
        return detail

    async def get_lead_for_effects(self, tenant_id: str, lead_id: str) -> LeadDetail:
        """The same for what follows an event: summaries, hand-offs. Never for a caller.

        Raises:
            NotFound: there is none.
        """
        detail = await find_detail(self._database, tenant_id, lead_id)
        if detail is None:
            raise NotFound("There is no such lead.")
        return detail

    async def find_lead_of(self, tenant_id: str, conversation_id: str) -> LeadDetail | None:
        """The lead that a conversation belongs to. For effects, like the above."""
        async with self._database.reading(tenant_id) as uow:
            lead_id = await LeadRepository(uow).find_of_conversation(conversation_id)
        return await find_detail(self._database, tenant_id, lead_id) if lead_id else None

    async def create_lead(
        self, principal: Principal, new: NewLead, *, request_key: str | None = None
    ) -> CreatedLead:
        """Enter a lead. The same key again gives the same lead; so does the same person.

        Raises:
            Invalid: a value does not fit.
            Conflict: the key was used for something else.
        """
        check_may(principal, "change_leads")
        values = read_new_lead(new, self.capture.default_region)
        key = f"{principal.id}:{request_key}" if request_key else None
        asked = hash_entry(new)
        async with self._database.unit_of_work(principal.tenant_id) as uow:
            repository = LeadRepository(uow)
            keys = {values["email_key"], values["phone_key"], key} - {None}
            await repository.lock_keys({str(one) for one in keys})
            owners = await _list_owners(uow)
            given = await repository.find_by_request(key) if key else None
            if given is not None:
                if given.request_hash != asked:
                    raise Conflict("This Idempotency-Key was used for another lead.")
                return CreatedLead(describe_lead(given, owners), existed=False)
            person = Person(
                values["email_key"],
                values["phone_key"],
                fold_name(values["first_name"], values["last_name"]),
            )
            same = await self._qualifier.find_same(repository, person)
            now = self._clock.now()
            actor: dict[str, Any] = {"actor": principal.name, "actor_id": principal.id, "at": now}
            if same is not None:
                entry = Entry(values, new.source, principal.name, principal.id, key, asked)
                await enter_again(uow, self._outbox, same, entry, now)
                return CreatedLead(describe_lead(same, owners), existed=True)
            lead = await repository.add_lead(
                **values,
                request_key=key,
                request_hash=asked if key else None,
                team_id=principal.team_id,
                created_at=now,
                updated_at=now,
            )
            lead.sla_due_at = compute_deadline(lead.priority, now)
            await repository.add_event(lead.id, "created", {"source": new.source}, **actor)
            await add_machine_touch(uow, lead, new.source, now)
            if principal.role == "rep" and principal.staff_id:
                lead.assigned_to, lead.assigned_at = principal.staff_id, now
            else:
                await self._qualifier.assign(uow, lead)
            return CreatedLead(describe_lead(lead, owners), existed=False)

    async def update_lead(
        self, principal: Principal, lead_id: str, changes: Mapping[str, Any]
    ) -> LeadDetail:
        """Change fields, status or owner of a lead. What staff writes, talk does not change.

        Raises:
            NotFound: there is none, or not for this principal.
            Forbidden: the role may not give leads to others.
            Invalid: a value does not fit.
            Conflict: another lead has this address.
        """
        check_may(principal, "change_leads")
        try:
            async with self._database.unit_of_work(principal.tenant_id) as uow:
                row = await self._lock(uow, principal, lead_id)
                staff = await list_staff_in(uow)
                now = self._clock.now()
                region = self.capture.default_region
                changed = apply_changes(row, changes, principal, staff, region, now)
                if changed:
                    row.updated_at = now
                    await LeadRepository(uow).add_event(
                        row.id,
                        "changed",
                        changed,
                        actor=principal.name,
                        actor_id=principal.id,
                        at=now,
                    )
                await announce_status(uow, self._outbox, row, changed, principal.name, now)
                if row.status == "qualified" and row.qualified_at is None:
                    await self._qualifier.announce(uow, row)
                await uow.flush()
                return await get_detail_in(uow, row.id)
        except IntegrityError:
            raise Conflict(
                "Another lead has this e-mail address. Merge the two.", {"field": "email"}
            ) from None

    async def merge(self, principal: Principal, source_id: str, target_id: str) -> MergeView:
        """Bring two leads together: the source goes into the target. Can be undone.

        Raises:
            NotFound: one of them does not exist for this principal.
            Invalid: both are the same.
            Conflict: one was merged already.
        """
        check_may(principal, "merge_leads")
        async with self._database.unit_of_work(principal.tenant_id) as uow:
            first, second = sorted((source_id, target_id))
            rows = {one: await self._get_itself(uow, principal, one) for one in (first, second)}
            source, target = rows[source_id], rows[target_id]
            now = self._clock.now()
            merge = await merge_leads(uow, source, target, actor=principal.name, at=now)
            await self._qualifier.refresh_score(uow, target)
            return _describe_merge(merge)

    async def undo_merge(self, principal: Principal, merge_id: str) -> MergeView:
        """Part two leads again.

        Raises:
            NotFound: there is no such merge for this principal.
            Conflict: it was undone already, or the leads changed too much since.
        """
        check_may(principal, "merge_leads")
        try:
            async with self._database.unit_of_work(principal.tenant_id) as uow:
                query = select(LeadMerge).where(LeadMerge.id == merge_id).with_for_update()
                merge = (await uow.session.execute(query)).scalar()
                if merge is None:
                    raise NotFound("There is no such merge.")
                source = await LeadRepository(uow).find_lead(merge.source_id, lock=True)
                target = await self._get_itself(uow, principal, merge.target_id)
                if source is None:
                    raise NotFound("There is no such merge.")
                now = self._clock.now()
                await part_leads(uow, merge, source, target, actor=principal.name, at=now)
                for lead in (source, target):
                    await self._qualifier.refresh_score(uow, lead)
                return _describe_merge(merge)
        except IntegrityError:
            raise Conflict("Both leads have the same e-mail address now. Change one.") from None

    async def _lock(self, uow: UnitOfWork, principal: Principal, lead_id: str) -> Lead:
        return _check_seen(await LeadRepository(uow).find_current(lead_id, lock=True), principal)

    async def _get_itself(self, uow: UnitOfWork, principal: Principal, lead_id: str) -> Lead:
        return _check_seen(await LeadRepository(uow).find_lead(lead_id, lock=True), principal)


def _sees_lead(principal: Principal, lead: LeadView) -> bool:
    owner_id = lead.assigned_to.id if lead.assigned_to else None
    return sees(principal, owner_id=owner_id, team_id=lead.team_id)


def _check_seen(row: Lead | None, principal: Principal) -> Lead:
    if row is None or not sees(principal, owner_id=row.assigned_to, team_id=row.team_id):
        raise NotFound("There is no such lead.")
    return row


async def _list_owners(uow: UnitOfWork) -> dict[str, Owner]:
    return {one.id: Owner(one.id, one.name, one.team_id) for one in await list_staff_in(uow)}


def _describe_merge(merge: LeadMerge) -> MergeView:
    return MergeView(
        merge.id,
        merge.source_id,
        merge.target_id,
        merge.merged_by,
        merge.merged_at,
        merge.undone_at,
    )
