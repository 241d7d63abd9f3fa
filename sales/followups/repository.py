"""Reads and writes mails, summaries and suppressed addresses, in the caller's unit of work."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.db import UnitOfWork
from core.ids import new_id
from sales.followups.models import Mail, MailSuppression, Summary
from sales.followups.schemas import (
    DeliveryCount,
    MailAbstract,
    MailFilter,
    Reason,
    StoredMail,
    StoredSummary,
)

_INSERT = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_ABSTRACT = (
    Mail.id,
    Mail.kind,
    Mail.recipients,
    Mail.subject,
    Mail.state,
    Mail.error,
    Mail.conversation_id,
    Mail.lead_id,
    Mail.appointment_id,
    Mail.created_at,
    Mail.sent_at,
    Mail.resend_of,
    Mail.requested_by,
    Mail.delivery,
    Mail.delivery_note,
    Mail.delivery_at,
)
_SUMMARY = tuple(getattr(Summary, name) for name in StoredSummary.__dataclass_fields__)


class FollowupRepository:
    """Mails, summaries and suppressions of one tenant."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def add_once(self, table: type[Mail | Summary | MailSuppression], **values: Any) -> bool:
        """A new row, unless one with its unique values stands already. Whether it was added.

        Of two transactions that try at once, the second waits for the first.
        """
        row = {**values, "tenant_id": self._uow.tenant_id}
        insert: Any = _INSERT[self._uow.dialect](table)
        statement = insert.on_conflict_do_nothing().returning(table.id)
        added = await self._session.execute(statement, [row])
        return added.first() is not None

    async def has_summary(self, conversation_id: str, audience: str) -> bool:
        """Whether this summary was made."""
        query = select(Summary.id).where(
            Summary.conversation_id == conversation_id, Summary.audience == audience
        )
        return (await self._session.execute(query)).first() is not None

    async def list_summaries(self, conversation_id: str) -> list[StoredSummary]:
        """The summaries of a conversation, at most one for each audience."""
        query = (
            select(*_SUMMARY)
            .where(Summary.conversation_id == conversation_id)
            .order_by(Summary.audience)
        )
        return [StoredSummary(*row) for row in await self._session.execute(query)]

    async def find_mail(self, mail_id: str) -> StoredMail | None:
        """The whole mail of that id."""
        query = select(Mail).where(Mail.id == mail_id)
        row = (await self._session.execute(query)).scalar()
        return None if row is None else _describe(row)

    async def list_mails(self, wanted: MailFilter) -> tuple[list[MailAbstract], int]:
        """Mails, the newest first, and how many there are in all."""
        conditions, order = list(_conditions(wanted)), (Mail.created_at.desc(), Mail.id.desc())
        # The part is chosen in an index: rows hold whole mails, and those before it are not read.
        chosen = select(Mail.id).where(*conditions).order_by(*order)
        part = chosen.limit(wanted.limit).offset(wanted.offset).subquery()
        query = select(*_ABSTRACT).join(part, part.c.id == Mail.id).order_by(*order)
        rows = [_abstract(row) for row in await self._session.execute(query)]
        total = await self._session.execute(
            select(func.count()).select_from(Mail).where(*conditions)
        )
        return rows, int(total.scalar_one())

    async def set_state(
        self, mail_id: str, state: str, *, error: str = "", sent_at: datetime | None = None
    ) -> None:
        """What became of a mail. One that was sent stays sent."""
        await self._session.execute(
            update(Mail)
            .where(Mail.id == mail_id, Mail.state != "sent")
            .values(state=state, error=error, sent_at=sent_at)
            .execution_options(synchronize_session=False)
        )

    async def find_suppression(self, address: str) -> str | None:
        """Why an address is written to no more; None: it is."""
        query = select(MailSuppression.reason).where(MailSuppression.address == address)
        return (await self._session.execute(query)).scalar()

    async def suppress(
        self, address: str, mail_id: str | None, at: datetime, reason: Reason = "unsubscribed"
    ) -> bool:
        """Write there no more. Whether that is new. Nobody comes back from a bounce by
        unsubscribing; but who unsubscribed may turn out not to exist."""
        added = await self.add_once(
            MailSuppression,
            id=new_id(),
            address=address,
            reason=reason,
            mail_id=mail_id,
            created_at=at,
        )
        if not added and reason == "bounced":
            await self._session.execute(
                update(MailSuppression)
                .where(MailSuppression.address == address)
                .values(reason=reason, mail_id=mail_id, created_at=at)
                .execution_options(synchronize_session=False)
            )
        return added

    async def find_mail_by_key(self, key: str) -> Mail | None:
        """The row of a key, held until the commit."""
        query = select(Mail).where(Mail.idempotency_key == key).with_for_update()
        return (await self._session.execute(query)).scalar()

    async def count_deliveries(self, start: datetime, end: datetime) -> list[DeliveryCount]:
        """Mails written in [start, end) by kind and state, those sent again apart."""
        query = (
            select(Mail.kind, Mail.state, func.count())
            .where(Mail.created_at >= start, Mail.created_at < end, Mail.resend_of.is_(None))
            .group_by(Mail.kind, Mail.state)
            .order_by(Mail.kind, Mail.state)
        )
        return [DeliveryCount(*row) for row in await self._session.execute(query)]


def _conditions(wanted: MailFilter) -> list[ColumnElement[bool]]:
    names = ("kind", "state", "conversation_id", "lead_id", "appointment_id")
    return [
        getattr(Mail, name) == getattr(wanted, name)
        for name in names
        if getattr(wanted, name) is not None
    ]


def _abstract(row: Any) -> MailAbstract:
    return MailAbstract(
        id=row.id,
        kind=row.kind,
        recipients=tuple(person["email"] for person in row.recipients),
        subject=row.subject,
        state=row.state,
        error=row.error,
        conversation_id=row.conversation_id,
        lead_id=row.lead_id,
        appointment_id=row.appointment_id,
        created_at=row.created_at,
        sent_at=row.sent_at,
        resend_of=row.resend_of,
        requested_by=row.requested_by,
        delivery=row.delivery,
        delivery_note=row.delivery_note,
        delivery_at=row.delivery_at,
    )


def _describe(row: Mail) -> StoredMail:
    return StoredMail(
        abstract=_abstract(row),
        idempotency_key=row.idempotency_key,
        sender=(row.sender["email"], row.sender["name"]),
        reply_to=row.reply_to,
        recipients=tuple((person["email"], person["name"]) for person in row.recipients),
        html=row.html,
        text=row.text,
        language=row.language,
        calendar=row.calendar,
        calendar_method=row.calendar_method,
        unsubscribe_url=row.unsubscribe_url,
    )
