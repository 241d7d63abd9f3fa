"""A conversation becomes a lead: in the transaction of the turn, or later, with the same result.

1. judge     the whole conversation under the rules: score, reasons, outcome
2. keep      the judgement, for staff and for the figures
3. find      the lead of the conversation, the person, or a new one
4. take over what the visitor told, by the rules of who may change what
5. announce  that it qualified, once
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock
from core.db import UnitOfWork, keep
from core.outbox import Outbox
from sales.conversations.history import History, list_origins, read_history
from sales.leads.briefing import Briefing, build_briefing
from sales.leads.events import LeadQualified
from sales.leads.judging import (
    build_facts,
    choose_best,
    describe_score,
    has_contact,
    is_complete,
    judge_outcome,
    read_lead_fields,
)
from sales.leads.merging import merge_leads
from sales.leads.models import ConversationScore, Lead, LeadConversation
from sales.leads.profile import Profile
from sales.leads.qualification import Score, score_conversation
from sales.leads.repository import LeadRepository
from sales.leads.returning import MAX_SCORE, note_return
from sales.leads.rules import (
    AGENT,
    PRIORITY_RANKS,
    Person,
    choose_fields,
    choose_owner,
    compute_deadline,
    fold_name,
    is_same_person,
)
from sales.leads.schemas import Owner
from sales.leads.settings import ProfileCaptureSettings, QualificationSettings
from sales.organization.staff_service import list_staff_in

# How many meetings each of some conversations led to; those without one may be left out.
CountAppointments = Callable[[UnitOfWork, Sequence[str]], Awaitable[Mapping[str, int]]]
_JUDGEMENT = ("score", "content", "is_qualified", "has_contact", "is_complete", "outcome")


def _build_keep(insert: Any) -> Any:
    made = insert(ConversationScore)
    changed = {name: made.excluded[name] for name in (*_JUDGEMENT, "updated_at")}
    return keep(made.on_conflict_do_update(index_elements=["conversation_id"], set_=changed))


_KEEP = {"postgresql": _build_keep(postgresql.insert), "sqlite": _build_keep(sqlite.insert)}


@dataclass(frozen=True, slots=True)
class Qualifier:
    """Makes leads of conversations, in the caller's unit of work."""

    clock: Clock
    outbox: Outbox
    capture: ProfileCaptureSettings
    rules: QualificationSettings
    count_appointments: CountAppointments

    async def qualify(self, uow: UnitOfWork, conversation_id: str, profile: Profile) -> str | None:
        """Judge a conversation, and make or change its lead where there is reason to. The id
        of the lead, or None."""
        history = await read_history(uow, conversation_id)
        if history is None:
            return None
        booked = (await self.count_appointments(uow, [conversation_id])).get(conversation_id, 0)

        # 1. judge
        judged = self.judge_facts(history, profile, booked)

        # 2. keep
        await self.keep(uow, [judged])

        # 3. find
        repository = LeadRepository(uow)
        known = await repository.find_of_conversation(conversation_id)
        if known is None and not judged["is_qualified"] and not judged["has_contact"]:
            return None
        lead = await self._find_lead(uow, repository, history, profile, known)

        # 4. take over
        is_own = lead.visitor_id == history.origin.visitor_id
        await self._link(repository, uow, lead, history)
        await self._take_over(repository, lead, profile, is_own_visitor=is_own)
        await self.refresh_score(uow, lead)

        # 5. announce
        return lead.id

    async def judge(
        self, uow: UnitOfWork, history: History, profile: Profile
    ) -> tuple[Score, Briefing]:
        """The score and briefing of a conversation as they are now; nothing is written."""
        conversation_id = history.origin.conversation_id
        booked = (await self.count_appointments(uow, [conversation_id])).get(conversation_id, 0)
        facts = build_facts(history, profile, booked)
        score = score_conversation(facts, self.rules)
        return score, build_briefing(facts, self.rules, score)

    def judge_facts(self, history: History, profile: Profile, booked: int) -> dict[str, Any]:
        """Where a conversation stands, as a row of `ConversationScore`; `booked` meetings came
        of it."""
        facts = build_facts(history, profile, booked)
        score = score_conversation(facts, self.rules)
        origin = history.origin
        return {
            "conversation_id": origin.conversation_id,
            "site_id": origin.site_id,
            "visitor_id": origin.visitor_id,
            "page_path": origin.page_path,
            "referrer_domain": origin.referrer_domain,
            "utm_campaign": origin.utm.get("utm_campaign", ""),
            "started_at": origin.started_at,
            "score": score.overall,
            "content": describe_score(score, build_briefing(facts, self.rules, score)),
            "is_qualified": score.is_qualified,
            "has_contact": has_contact(profile),
            "is_complete": is_complete(profile, self.capture.required_fields),
            "outcome": judge_outcome(history, booked),
        }

    async def keep(self, uow: UnitOfWork, judged: Sequence[Mapping[str, Any]]) -> None:
        """Store the judgements, each in place of the conversation's earlier one."""
        common = {"tenant_id": uow.tenant_id, "updated_at": self.clock.now()}
        await uow.session.execute(_KEEP[uow.dialect], [{**one, **common} for one in judged])

    async def _find_lead(
        self,
        uow: UnitOfWork,
        repository: LeadRepository,
        history: History,
        profile: Profile,
        known: str | None,
    ) -> Lead:
        """The lead of the conversation; where the visitor's address or number is another
        lead's, that one."""
        told = read_lead_fields(profile, ())
        person = Person(
            told.get("email_key"),
            told.get("phone_key"),
            fold_name(told.get("first_name", ""), told.get("last_name", "")),
        )
        await repository.lock_keys({key for key in (person.email_key, person.phone_key) if key})
        same = await self.find_same(repository, person)
        own = await repository.find_current(known, lock=True) if known else None
        if own is not None:
            if same is None or same.id == own.id or "email" in own.held_fields:
                return own
            return await self._join(uow, repository, own, same, history)
        if same is not None:
            return same
        return await self._create(repository, history)

    async def find_same(self, repository: LeadRepository, person: Person) -> Lead | None:
        """The lead of a person, by address or number, whatever it was merged into."""
        return await find_same_person(repository, person)

    async def _join(
        self,
        uow: UnitOfWork,
        repository: LeadRepository,
        own: Lead,
        same: Lead,
        history: History,
    ) -> Lead:
        """The visitor turns out to be somebody known. Their own lead of this conversation alone
        goes into it; one with a life of its own stays, and only the conversation moves."""
        linked = await repository.list_rows(
            LeadConversation, own.id, LeadConversation.conversation_id, limit=2
        )
        this = history.origin.conversation_id
        if own.conversation_id == this and [one.conversation_id for one in linked] == [this]:
            await merge_leads(uow, own, same, actor=AGENT, at=self.clock.now())
            return same
        await repository.link_conversation(same.id, history.origin, self.clock.now())
        await self.refresh_score(uow, own)
        return same

    async def _create(self, repository: LeadRepository, history: History) -> Lead:
        origin, now = history.origin, self.clock.now()
        lead = await repository.add_lead(
            site_id=origin.site_id,
            visitor_id=origin.visitor_id,
            session_id=origin.session_id,
            conversation_id=origin.conversation_id,
            lead_source=describe_source(origin.utm, origin.referrer_domain),
            created_at=now,
            updated_at=now,
        )
        at = {"actor": AGENT, "at": now}
        data = {"conversation_id": origin.conversation_id}
        await repository.add_event(lead.id, "created", data, **at)  # type: ignore[arg-type]
        return lead

    async def assign(self, uow: UnitOfWork, lead: Lead) -> None:
        """Give a lead that nobody has to whoever has the fewest."""
        repository = LeadRepository(uow)
        reps = [
            Owner(one.id, one.name, one.team_id)
            for one in await list_staff_in(uow)
            if one.active and one.role == "rep"
        ]
        owner = choose_owner(reps, await repository.count_open_by_owner() if reps else {})
        if owner is not None:
            lead.assigned_to, lead.team_id = owner.id, owner.team_id
            lead.assigned_at = self.clock.now()
            await repository.add_event(
                lead.id,
                "assigned",
                {"to": owner.id, "name": owner.name, "why": "fewest open leads"},
                actor=AGENT,
                at=self.clock.now(),
            )

    async def _link(
        self, repository: LeadRepository, uow: UnitOfWork, lead: Lead, history: History
    ) -> None:
        """This conversation, and the visitor's earlier ones that belong to nobody: what brought
        them first counts as well."""
        now = self.clock.now()
        for origin in await list_origins(uow, history.origin.visitor_id):
            is_this = origin.conversation_id == history.origin.conversation_id
            owner = await repository.find_of_conversation(origin.conversation_id)
            if owner is not None and (owner == lead.id or not is_this):
                continue
            if await repository.link_conversation(lead.id, origin, now):
                data = {"conversation_id": origin.conversation_id}
                await repository.add_event(
                    lead.id, "conversation_linked", data, actor=AGENT, at=now
                )
                if is_this:
                    key = origin.conversation_id
                    await note_return(
                        uow, self.outbox, lead, origin.channel, key, now, conversation_id=key
                    )

    async def _take_over(
        self, repository: LeadRepository, lead: Lead, profile: Profile, *, is_own_visitor: bool
    ) -> None:
        told = read_lead_fields(profile, [field.id for field in self.capture.custom_fields])
        names = [*told]
        present = {name: getattr(lead, name) for name in names}
        held = [*lead.held_fields]
        for pair in (("email", "email_key"), ("phone", "phone_key")):
            held += [pair[1]] if pair[0] in held else []
        changes = choose_fields(present, told, held, is_own_visitor=is_own_visitor)
        for name, value in changes.items():
            setattr(lead, name, value)
        if changes:
            lead.updated_at = self.clock.now()
            shown = {name: value for name, value in changes.items() if not name.endswith("_key")}
            await repository.add_event(
                lead.id, "profile_changed", shown, actor=AGENT, at=self.clock.now()
            )

    async def refresh_score(self, uow: UnitOfWork, lead: Lead) -> None:
        """Let the best of the lead's conversations speak for it, and announce it when that
        qualifies it."""
        await uow.flush()
        repository = LeadRepository(uow)
        scores = await repository.list_rows(
            ConversationScore, lead.id, ConversationScore.conversation_id
        )
        best = choose_best([score.content for score in scores])
        if best is None:
            return
        now = self.clock.now()
        parts = best["parts"]
        reached = max(best["overall"], lead.given_score or 0) + lead.return_points
        lead.qualification_score = min(reached, MAX_SCORE)
        for part, points in parts.items():
            setattr(lead, part, points)
        before = (lead.tier, lead.priority)
        lead.tier, lead.priority, lead.urgency = best["tier"], best["priority"], best["urgency"]
        lead.priority_rank = PRIORITY_RANKS[lead.priority]
        lead.reasons, lead.next_gains = best["reasons"], best["next_gains"]
        lead.briefing = best["briefing"]
        if lead.contacted_at is None:
            lead.sla_due_at = compute_deadline(lead.priority, lead.qualified_at or lead.created_at)
        if before != (lead.tier, lead.priority):
            data = {"score": lead.qualification_score, "tier": lead.tier, "was": before[0]}
            lead.updated_at = now
            await repository.add_event(lead.id, "scored", data, actor=AGENT, at=now)
        if lead.assigned_to is None and lead.status == "new" and lead.assigned_at is None:
            await self.assign(uow, lead)
        if best["is_qualified"] and lead.qualified_at is None:
            await self.announce(uow, lead)

    async def announce(self, uow: UnitOfWork, lead: Lead) -> None:
        """Say that a lead qualifies: by its score, or because a person says so. Once."""
        repository, now = LeadRepository(uow), self.clock.now()
        lead.qualified_at = lead.updated_at = now
        if lead.status == "new":
            lead.status = "qualified"
        if lead.contacted_at is None:
            lead.sla_due_at = compute_deadline(lead.priority, now)
        data = {"score": lead.qualification_score, "tier": lead.tier}
        await repository.add_event(lead.id, "qualified", data, actor=AGENT, at=now)
        # `once`: a lead qualifies one time, whatever happens to it later.
        await self.outbox.record(uow, LeadQualified(lead_id=lead.id), once=lead.id)


async def find_same_person(repository: LeadRepository, person: Person) -> Lead | None:
    """The lead of a person, locked; of a merged one the lead that it became."""
    for found in await repository.list_by_keys(person.email_key, person.phone_key):
        other = Person(
            found.email_key, found.phone_key, fold_name(found.first_name, found.last_name)
        )
        if is_same_person(person, other):
            return await repository.find_current(found.id, lock=True)
    return None


def describe_source(utm: dict[str, str], referrer_domain: str) -> str:
    """Where a lead came from, in one word: S1's `lead_source`."""
    if utm.get("utm_source"):
        medium = utm.get("utm_medium")
        return f"{utm['utm_source']} / {medium}" if medium else utm["utm_source"]
    return referrer_domain or "direct"
