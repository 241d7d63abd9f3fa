"""Mails as rows: written once, sent once, sent again on demand, unsubscribed from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import Conflict, NotFound, Unauthorized
from core.ids import is_id, new_id
from core.logging import redact
from core.outbox import Outbox
from core.security import TokenSigner
from sales.connections.schemas import StoredEvent
from sales.followups.events import MailWritten
from sales.followups.models import Mail
from sales.followups.repository import FollowupRepository
from sales.followups.rules import (
    build_resend_key,
    choose_delivery,
    choose_reason,
    clean_address,
    is_seen,
    is_unwanted,
)
from sales.followups.schemas import (
    DeliveryCount,
    MailAbstract,
    MailDraft,
    MailFilter,
    MailState,
    StoredMail,
)
from sales.followups.settings import EmailSettings

FOR_UNSUBSCRIBING = "unsubscribe"
# A mail may be opened years later; its link should still work then.
_LINK_LIFETIME = timedelta(days=3650)
_LONGEST_NOTE = 300
_WHY = {
    "unsubscribed": "This recipient has unsubscribed and gets no more summaries.",
    "complained": "This recipient called our mail unwanted and gets no more summaries.",
    "bounced": "There is nobody at this address: an earlier mail came back.",
}


HashAddress = Callable[[str, str], Awaitable[str]]
"""An address of a tenant as what is kept of it when its person was erased."""


@dataclass(frozen=True, slots=True)
class MailService:
    """The mails of all tenants. `public_url` tells where visitors reach this server."""

    database: Database
    clock: Clock
    outbox: Outbox
    signer: TokenSigner
    settings: EmailSettings
    public_url: Callable[[], str]
    hash_address: HashAddress | None = None

    async def write(self, uow: UnitOfWork, draft: MailDraft) -> str | None:
        """Keep a mail and promise to send it, in the caller's transaction. Its id; None when
        the mail of this key stands already, and then nothing happens."""
        return await self._add(uow, draft, self.settings.from_address)

    def build_unsubscribe_url(self, tenant_id: str, mail_id: str) -> str:
        """The address where the recipient of a mail unsubscribes with one click (RFC 8058)."""
        token = self.signer.sign(
            FOR_UNSUBSCRIBING,
            f"{tenant_id}|{mail_id}",
            now=self.clock.now(),
            lifetime=_LINK_LIFETIME,
        )
        return f"{self.public_url()}/u/{token}"

    async def find_unsent(self, tenant_id: str, mail_id: str) -> StoredMail | None:
        """The mail, if it is to be sent: not when it was, and not to those who unsubscribed
        meanwhile, which is noted."""
        async with self.database.reading(tenant_id) as uow:
            repository = FollowupRepository(uow)
            mail = await repository.find_mail(mail_id)
            if mail is None or mail.abstract.state in ("sent", "suppressed"):
                return None
            reason = await self._find_reason(uow, mail)
        if reason is not None:
            await self._set_state(tenant_id, mail_id, "suppressed", error=_WHY[reason])
            return None
        return mail

    async def note_sent(self, tenant_id: str, mail_id: str) -> None:
        """It has left."""
        await self._set_state(tenant_id, mail_id, "sent", sent_at=self.clock.now())

    async def note_failure(
        self, tenant_id: str, mail_id: str, error: str, *, is_final: bool
    ) -> None:
        """It could not leave: for now, or for good."""
        await self._set_state(tenant_id, mail_id, "failed" if is_final else "waiting", error=error)

    async def get_mail(self, tenant_id: str, mail_id: str) -> StoredMail:
        """A whole mail, for staff.

        Raises:
            NotFound: there is none of that id.
        """
        if is_id(mail_id):
            async with self.database.reading(tenant_id) as uow:
                mail = await FollowupRepository(uow).find_mail(mail_id)
            if mail is not None:
                return mail
        raise NotFound("There is no such mail.")

    async def list_mails(
        self, tenant_id: str, wanted: MailFilter
    ) -> tuple[list[MailAbstract], int]:
        """Mails for staff, the newest first, and how many there are in all."""
        async with self.database.reading(tenant_id) as uow:
            return await FollowupRepository(uow).list_mails(wanted)

    async def count_deliveries(
        self, tenant_id: str, start: datetime, end: datetime
    ) -> list[DeliveryCount]:
        """Mails written in [start, end) by kind and state (S1: summary delivery)."""
        async with self.database.reading(tenant_id) as uow:
            return await FollowupRepository(uow).count_deliveries(start, end)

    async def resend_mail(
        self, tenant_id: str, mail_id: str, requested_by: str | None, request_key: str = ""
    ) -> str:
        """Send a mail again, as it was, as a new one; its id. `requested_by` is the member of
        staff; the same `request_key` again changes nothing.

        Raises:
            NotFound: there is no such mail.
            Conflict: it has not been sent yet, or its recipient unsubscribed.
        """
        mail = await self.get_mail(tenant_id, mail_id)
        if mail.abstract.state == "waiting":
            raise Conflict("This mail is about to be sent. Look again in a moment.")
        copied_id = new_id()
        key = build_resend_key(f"{mail_id}.{request_key or copied_id}")
        async with self.database.unit_of_work(tenant_id) as uow:
            reason = await self._find_reason(uow, mail)
            if reason is not None:
                raise Conflict(_WHY[reason])
            draft = replace(_copy(mail), id=copied_id, idempotency_key=key)
            await self._add(
                uow, draft, mail.sender[0], resend_of=mail_id, requested_by=requested_by
            )
        return copied_id

    async def read_unsubscribe_link(self, token: str) -> tuple[str, str]:
        """The tenant and the address that a link is about.

        Raises:
            Unauthorized: forged, or the mail is gone.
        """
        subject = self.signer.read(FOR_UNSUBSCRIBING, token, now=self.clock.now())
        tenant_id, _, mail_id = subject.partition("|")
        async with self.database.reading(tenant_id) as uow:
            mail = await FollowupRepository(uow).find_mail(mail_id)
        if mail is None or not mail.recipients:
            raise Unauthorized("This link is not valid any more.")
        return tenant_id, clean_address(mail.recipients[0][0])

    async def unsubscribe(self, token: str) -> str:
        """Send no more summaries to the recipient of the link. Twice is no error.

        Raises:
            Unauthorized: forged, or the mail is gone.
        """
        tenant_id, address = await self.read_unsubscribe_link(token)
        async with self.database.unit_of_work(tenant_id) as uow:
            await FollowupRepository(uow).suppress(address, None, self.clock.now())
        return address

    async def is_suppressed(self, tenant_id: str, email: str) -> bool:
        """Whether an address wants no summaries."""
        async with self.database.reading(tenant_id) as uow:
            return await self._find_suppression(uow, email) is not None

    async def _find_suppression(self, uow: UnitOfWork, email: str) -> str | None:
        """Also of an address that is kept as a hash only."""
        repository, address = FollowupRepository(uow), clean_address(email)
        reason = await repository.find_suppression(address)
        if reason is None and self.hash_address is not None:
            reason = await repository.find_suppression(
                await self.hash_address(uow.tenant_id, address)
            )
        return reason

    async def _find_reason(self, uow: UnitOfWork, mail: StoredMail) -> str | None:
        """Why this mail may not be sent; None: it may."""
        reason = await self._find_suppression(uow, mail.recipients[0][0])
        return reason if is_unwanted(mail.abstract.kind, reason) else None

    async def note_delivery(self, tenant_id: str, event: StoredEvent) -> None:
        """Keep what a vendor told of a mail. In any order, and as often as it comes: the same
        events end in the same state. Of a mail that is not ours nothing is kept."""
        async with self.database.unit_of_work(tenant_id) as uow:
            repository = FollowupRepository(uow)
            mail = await repository.find_mail_by_key(str(event.payload.get("mail_key", "")))
            if mail is None:
                return
            chosen = choose_delivery(mail.delivery, event.kind)
            if chosen != mail.delivery:
                note = redact(str(event.payload.get("reason", "")))[:_LONGEST_NOTE]
                mail.delivery, mail.delivery_note = chosen, note
                mail.delivery_at = event.happened_at or event.received_at
            elif is_seen(event.kind) and is_seen(mail.delivery):
                # Opened again: of what was seen the latest time is kept.
                told_at = event.happened_at or event.received_at
                mail.delivery_at = max(told_at, mail.delivery_at or told_at)
            reason = choose_reason(event.kind)
            address = clean_address(str(event.payload.get("recipient", "")))
            known = {clean_address(str(person["email"])) for person in mail.recipients}
            # Only an address that the mail went to: an event cannot silence another one.
            if reason is not None and address in known:
                await repository.suppress(address, mail.id, self.clock.now(), reason)

    async def find_suppression(self, tenant_id: str, address: str) -> str | None:
        """Why an address is written to no more: unsubscribed, complained or bounced."""
        async with self.database.reading(tenant_id) as uow:
            return await self._find_suppression(uow, address)

    async def _set_state(
        self,
        tenant_id: str,
        mail_id: str,
        state: MailState,
        *,
        error: str = "",
        sent_at: datetime | None = None,
    ) -> None:
        async with self.database.unit_of_work(tenant_id) as uow:
            repository = FollowupRepository(uow)
            await repository.set_state(mail_id, state, error=error, sent_at=sent_at)

    async def _add(
        self,
        uow: UnitOfWork,
        draft: MailDraft,
        sender: str,
        *,
        resend_of: str | None = None,
        requested_by: str | None = None,
    ) -> str | None:
        mail_id = draft.id or new_id()
        added = await FollowupRepository(uow).add_once(
            Mail,
            id=mail_id,
            kind=draft.kind,
            idempotency_key=draft.idempotency_key,
            conversation_id=draft.conversation_id,
            lead_id=draft.lead_id,
            appointment_id=draft.appointment_id,
            sender={"email": sender, "name": draft.sender_name},
            reply_to=draft.reply_to,
            recipients=[{"email": email, "name": name} for email, name in draft.recipients],
            subject=draft.subject,
            html=draft.html,
            text=draft.text,
            language=draft.language,
            calendar=draft.calendar,
            calendar_method=draft.calendar_method,
            unsubscribe_url=draft.unsubscribe_url,
            state="waiting",
            error="",
            created_at=self.clock.now(),
            sent_at=None,
            resend_of=resend_of,
            requested_by=requested_by,
        )
        if not added:
            return None
        about = draft.appointment_id and f"{draft.appointment_id}:{draft.recipients[0][0]}"
        event = MailWritten(mail_id=mail_id, about=about)
        await self.outbox.record(uow, event, once=draft.idempotency_key)
        return mail_id


def _copy(mail: StoredMail) -> MailDraft:
    abstract = mail.abstract
    return MailDraft(
        kind=abstract.kind,  # type: ignore[arg-type]
        idempotency_key="",
        recipients=mail.recipients,
        subject=abstract.subject,
        html=mail.html,
        text=mail.text,
        language=mail.language,
        sender_name=mail.sender[1],
        reply_to=mail.reply_to,
        conversation_id=abstract.conversation_id,
        lead_id=abstract.lead_id,
        appointment_id=abstract.appointment_id,
        calendar=mail.calendar,
        calendar_method=mail.calendar_method,
        unsubscribe_url=mail.unsubscribe_url,
    )
