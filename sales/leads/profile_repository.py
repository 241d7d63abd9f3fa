"""Reads and writes profiles and consents of one tenant, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.db import Ask, Rows, UnitOfWork, keep
from core.ids import new_id
from sales.leads.models import Consent, LeadConversation, ProfileValue, StoredProfile
from sales.leads.profile import Entry, Evidence, Profile, Refusal, SetBy
from sales.leads.schemas import ConsentView, VisitorProfile

_VALUE_FIELDS = (
    ProfileValue.field,
    ProfileValue.state,
    ProfileValue.value,
    ProfileValue.quote,
    ProfileValue.message_id,
    ProfileValue.confidence,
    ProfileValue.set_at,
    ProfileValue.set_by,
    ProfileValue.is_correction,
)
_CONSENT_FIELDS = (
    Consent.id,
    Consent.purpose,
    Consent.text,
    Consent.version,
    Consent.how,
    Consent.message_id,
    Consent.conversation_id,
    Consent.given_at,
    Consent.refused_at,
    Consent.withdrawn_at,
)
# Every turn reads both.
_OF_VISITORS = keep(
    select(StoredProfile.visitor_id, *_VALUE_FIELDS)
    .join(StoredProfile, StoredProfile.id == ProfileValue.profile_id)
    .where(StoredProfile.visitor_id.in_(bindparam("visitor_ids", expanding=True)))
    .order_by(ProfileValue.id)
)
_OF_VISITOR = keep(
    select(*_VALUE_FIELDS)
    .join(StoredProfile, StoredProfile.id == ProfileValue.profile_id)
    .where(StoredProfile.visitor_id == bindparam("visitor_id"))
    .order_by(ProfileValue.id)
)
_CONSENTS_OF = keep(
    select(*_CONSENT_FIELDS)
    .where(Consent.visitor_id == bindparam("visitor_id"))
    .order_by(Consent.id)
)
_VISITORS_OF_LEAD = select(LeadConversation.visitor_id).where(
    LeadConversation.lead_id == bindparam("lead_id")
)
_OF_LEAD = (
    keep(
        select(StoredProfile.visitor_id, *_VALUE_FIELDS)
        .join(StoredProfile, StoredProfile.id == ProfileValue.profile_id)
        .where(StoredProfile.visitor_id.in_(_VISITORS_OF_LEAD))
        .order_by(ProfileValue.id)
    ),
    keep(
        select(Consent.visitor_id, *_CONSENT_FIELDS)
        .where(Consent.visitor_id.in_(_VISITORS_OF_LEAD))
        .order_by(Consent.id)
    ),
)


def build_asked(visitor_id: str, *, with_consents: bool) -> list[Ask]:
    """What a turn asks the database for: the visitor's values, and their words on consent."""
    asked = (_OF_VISITOR, _CONSENTS_OF)[: 1 + with_consents]
    return [(one, {"visitor_id": visitor_id}) for one in asked]


def build_visitor(
    visitor_id: str, values: Rows, consents: Sequence[Sequence[Any]] = ()
) -> VisitorProfile:
    """What `build_asked` found."""
    return VisitorProfile(
        visitor_id, _read_profile(values), tuple(ConsentView(*row) for row in consents)
    )


def build_asked_of_lead(lead_id: str) -> list[Ask]:
    """The same of all visitors whose conversations belong to a lead."""
    return [(one, {"lead_id": lead_id}) for one in _OF_LEAD]


def build_visitors(
    visitor_ids: Sequence[str], values: Rows, consents: Rows
) -> tuple[VisitorProfile, ...]:
    """What `build_asked_of_lead` found of these visitors, in their order."""
    told: dict[str, tuple[Rows, Rows]] = {visitor_id: ([], []) for visitor_id in visitor_ids}
    for place, rows in enumerate((values, consents)):
        for visitor_id, *row in rows:
            if visitor_id in told:
                told[visitor_id][place].append(tuple(row))
    return tuple(build_visitor(visitor_id, *found) for visitor_id, found in told.items())


class ProfileRepository:
    """Profiles with every value they ever had."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def find_profile(self, visitor_id: str) -> Profile:
        """What is known of a visitor; an empty profile where nothing is."""
        return (await self.find_profiles([visitor_id])).get(visitor_id, Profile())

    async def find_profiles(self, visitor_ids: Sequence[str]) -> dict[str, Profile]:
        """What is known of visitors, by id; those of whom nothing is known are left out."""
        values = {"visitor_ids": list(visitor_ids)}
        rows: dict[str, list[Any]] = {}
        for visitor_id, *row in await self._session.execute(_OF_VISITORS, values):
            rows.setdefault(visitor_id, []).append(row)
        return {visitor_id: _read_profile(found) for visitor_id, found in rows.items()}

    async def lock_profile(
        self, visitor_id: str, site_id: str, at: datetime
    ) -> tuple[str, Profile]:
        """The same with its row's id, made where there is none, and nobody else's to change
        until the transaction ends."""
        engine: Any = postgresql if self._uow.dialect == "postgresql" else sqlite
        made = engine.insert(StoredProfile).on_conflict_do_nothing(index_elements=["visitor_id"])
        row = {
            "tenant_id": self._uow.tenant_id,
            "id": new_id(),
            "site_id": site_id,
            "visitor_id": visitor_id,
            "created_at": at,
            "updated_at": at,
        }
        await self._session.execute(made, [row])
        locked = select(StoredProfile.id).where(StoredProfile.visitor_id == visitor_id)
        profile_id = str((await self._session.execute(locked.with_for_update())).scalar_one())
        values = select(*_VALUE_FIELDS).where(ProfileValue.profile_id == profile_id)
        found = await self._session.execute(values.order_by(ProfileValue.id))
        return profile_id, _read_profile(found)

    async def save_profile(
        self, profile_id: str, before: Profile, after: Profile, at: datetime
    ) -> list[str]:
        """Add what `after` has and `before` has not. The names of the fields that changed."""
        changed = []
        rows: list[dict[str, Any]] = []
        for name, entry in after.entries.items():
            old = before.entries.get(name, Entry())
            if entry == old:
                continue
            changed.append(name)
            if old.current is not None and old.current != entry.current:
                await self._retire(profile_id, name)
            known = {*old.history, *([old.current] if old.current else [])}
            added = [one for one in entry.history if one not in known]
            if entry.current is not None and entry.current not in known:
                added.append(entry.current)
            rows += [
                self._row(profile_id, name, one, is_current=one == entry.current) for one in added
            ]
            if entry.declined is not None and old.declined is None:
                rows.append(self._refusal(profile_id, name, entry.declined))
        if rows:
            await self._session.execute(insert(ProfileValue), rows)
        if changed:
            touched = update(StoredProfile).where(StoredProfile.id == profile_id)
            await self._session.execute(touched.values(updated_at=at))
        return changed

    async def _retire(self, profile_id: str, name: str) -> None:
        present = update(ProfileValue).where(
            ProfileValue.profile_id == profile_id,
            ProfileValue.field == name,
            ProfileValue.state == "current",
        )
        await self._session.execute(
            present.values(state="past").execution_options(synchronize_session=False)
        )

    def _row(
        self, profile_id: str, name: str, evidence: Evidence, *, is_current: bool
    ) -> dict[str, Any]:
        return {
            "tenant_id": self._uow.tenant_id,
            "id": new_id(),
            "profile_id": profile_id,
            "field": name,
            "state": "current" if is_current else "past",
            "value": evidence.value,
            "quote": evidence.quote,
            "message_id": evidence.message_id,
            "confidence": evidence.confidence,
            "set_at": evidence.at,
            "set_by": str(evidence.set_by),
            "is_correction": evidence.is_correction,
        }

    def _refusal(self, profile_id: str, name: str, refusal: Refusal) -> dict[str, Any]:
        no = Evidence(
            "",
            refusal.quote,
            refusal.message_id,
            1.0,
            refusal.at,
            SetBy.VISITOR,
            is_correction=False,
        )
        return {**self._row(profile_id, name, no, is_current=False), "state": "declined"}

    async def list_consents(self, visitor_id: str) -> list[ConsentView]:
        """Every word of a visitor on consent, in order."""
        found = await self._session.execute(_CONSENTS_OF, {"visitor_id": visitor_id})
        names = [column.key for column in _CONSENT_FIELDS]
        return [ConsentView(**dict(zip(names, row, strict=True))) for row in found]

    async def add_consent(self, **values: Any) -> None:
        """A yes or a no."""
        self._session.add(Consent(tenant_id=self._uow.tenant_id, id=new_id(), **values))
        await self._uow.flush()

    async def withdraw_consents(self, visitor_id: str, purposes: list[str], at: datetime) -> int:
        """Take back every yes to these purposes; how many there were."""
        held = update(Consent).where(
            Consent.visitor_id == visitor_id,
            Consent.purpose.in_(purposes),
            Consent.given_at.is_not(None),
            Consent.withdrawn_at.is_(None),
        )
        done = await self._session.execute(
            held.values(withdrawn_at=at).execution_options(synchronize_session=False)
        )
        return int(getattr(done, "rowcount", 0))


def _read_profile(rows: Iterable[Any]) -> Profile:
    entries: dict[str, Entry] = {}
    for name, state, value, quote, message_id, confidence, at, set_by, is_correction in rows:
        entry = entries.get(name, Entry())
        if state == "declined":
            no = Refusal(quote, message_id, at)
            entries[name] = Entry(entry.current, entry.history, no)
            continue
        one = Evidence(value, quote, message_id, confidence, at, SetBy(set_by), is_correction)
        if state == "current":
            entries[name] = Entry(one, entry.history, entry.declined)
        else:
            entries[name] = Entry(entry.current, (*entry.history, one), entry.declined)
    return Profile(entries)
