"""What is known of visitors, who may change it, and what they agreed to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import Conflict
from sales.conversations.service import Pass
from sales.leads.profile import Profile, SetBy, clear_field, set_field
from sales.leads.profile_repository import ProfileRepository, build_asked, build_visitor
from sales.leads.rules import check_value
from sales.leads.schemas import PURPOSES, Purpose, VisitorProfile
from sales.leads.settings import ProfileCaptureSettings
from sales.leads.told import Told, merge_told
from sales.organization.service import OrganizationService
from sales.organization.settings import ConsentSettings

# Whoever waits for a change learns of it in the same transaction.
FIELD_LIMIT = 30


class ProfileService:
    """Profiles of visitors. A visitor reaches their own by the conversation's token."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        organization: OrganizationService,
        capture: ProfileCaptureSettings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._organization = organization
        self.capture = capture

    async def get_profile(self, tenant_id: str, visitor_id: str) -> VisitorProfile:
        """What is known of a visitor; nothing is known of most."""
        async with self._database.reading(tenant_id) as uow:
            repository = ProfileRepository(uow)
            profile = await repository.find_profile(visitor_id)
            consents = await repository.list_consents(visitor_id)
        return VisitorProfile(visitor_id, profile, tuple(consents))

    async def get_for_turn(self, ticket: Pass) -> VisitorProfile:
        """The same for a turn, which needs the visitor's words on consent only where the site
        asks for consent."""
        asks = self.consent_of(ticket).required_before_storing
        asked = build_asked(ticket.visitor_id, with_consents=asks)
        found = await self._database.fetch(ticket.site.tenant_id, *asked)
        return build_visitor(ticket.visitor_id, *found)

    def consent_of(self, ticket: Pass) -> ConsentSettings:
        """What the site asks for before it stores what a visitor tells of themselves."""
        return self._organization.get_site_of(ticket.site).settings.consent

    async def store_told(
        self, uow: UnitOfWork, ticket: Pass, told: Told, message_id: str
    ) -> tuple[Profile, list[str]]:
        """Store what a message told, in the turn's own transaction. The profile as it is now,
        and the fields that changed."""
        now = self._clock.now()
        repository = ProfileRepository(uow)
        if not told.changes_profile:
            return await repository.find_profile(ticket.visitor_id), []
        site_id = ticket.site.site_id
        profile_id, before = await repository.lock_profile(ticket.visitor_id, site_id, now)
        if told.consent:
            await self._add_word(repository, ticket, told, message_id)
        after = merge_told(before, told, message_id=message_id, at=now)
        changed = await repository.save_profile(profile_id, before, after, now)
        return after, changed

    async def set_fields(
        self,
        uow: UnitOfWork,
        ticket: Pass,
        changes: Mapping[str, Any],
        *,
        set_by: SetBy,
        region: str | None = None,
    ) -> tuple[Profile, list[str]]:
        """Values entered on purpose; None takes one away.

        Raises:
            Invalid: a field does not exist, or its value does not fit.
        """
        now = self._clock.now()
        capture = self.capture
        checked = {
            name: None
            if value is None
            else check_value(name, value, capture.custom_fields, capture.default_region or region)
            for name, value in changes.items()
        }
        repository = ProfileRepository(uow)
        profile_id, before = await repository.lock_profile(
            ticket.visitor_id, ticket.site.site_id, now
        )
        after = before
        for name, value in checked.items():
            if value is None:
                after = clear_field(after, name)
            else:
                after = set_field(after, name, value, at=now, set_by=set_by)
        changed = await repository.save_profile(profile_id, before, after, now)
        return after, changed

    async def check_consent(self, uow: UnitOfWork, ticket: Pass) -> None:
        """Refuse to store where the site wants a yes first and has none.

        Raises:
            Conflict: with the words that the visitor would have to agree to.
        """
        consent = self.consent_of(ticket)
        if not consent.required_before_storing:
            return
        said = await ProfileRepository(uow).list_consents(ticket.visitor_id)
        word = VisitorProfile(ticket.visitor_id, Profile(), tuple(said)).consent_to("contact")
        if word is None or not word.holds:
            raise Conflict(
                "The visitor has not agreed that their details are kept. Send consent: true.",
                {"consent_text": consent.text, "consent_version": consent.version},
            )

    async def record_consent(
        self,
        uow: UnitOfWork,
        ticket: Pass,
        purpose: Purpose,
        *,
        how: Literal["chat", "form", "staff"],
        message_id: str | None = None,
    ) -> None:
        """A yes to the site's present words."""
        consent = self.consent_of(ticket)
        await ProfileRepository(uow).add_consent(
            site_id=ticket.site.site_id,
            visitor_id=ticket.visitor_id,
            conversation_id=ticket.conversation_id,
            message_id=message_id,
            purpose=purpose,
            text=consent.text,
            version=consent.version,
            how=how,
            given_at=self._clock.now(),
            refused_at=None,
            withdrawn_at=None,
        )

    async def withdraw_consent(self, ticket: Pass, purposes: tuple[Purpose, ...] = PURPOSES) -> int:
        """Take back every yes of a visitor to these purposes. How many there were."""
        async with self._database.unit_of_work(ticket.site.tenant_id) as uow:
            return await ProfileRepository(uow).withdraw_consents(
                ticket.visitor_id, list(purposes), self._clock.now()
            )

    async def _add_word(
        self, repository: ProfileRepository, ticket: Pass, told: Told, message_id: str
    ) -> None:
        now = self._clock.now()
        await repository.add_consent(
            site_id=ticket.site.site_id,
            visitor_id=ticket.visitor_id,
            conversation_id=ticket.conversation_id,
            message_id=message_id,
            purpose="contact",
            text=told.consent_text,
            version=told.consent_version,
            how="chat",
            given_at=now if told.consent == "given" else None,
            refused_at=now if told.consent == "refused" else None,
            withdrawn_at=None,
        )
