"""Tables of mails, summaries and addresses that want none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class Mail(TenantRow, Base):
    """One mail, whole: what is needed to send it, and what became of it.

    `recipients` are `{"email", "name"}`. `calendar` is the text of an .ics and
    `calendar_method` what it asks. `state`: waiting, sent, failed or suppressed.
    `resend_of` and `requested_by` tell which mail staff sent again, and who it was. `delivery`:
    what its vendor told of it since it left (`sales.followups.schemas.Delivery`), with its words.
    """

    __tablename__ = "mails"
    __table_args__ = (
        UniqueConstraint("idempotency_key"),
        # With all that deliveries are counted by: rows hold whole mails.
        Index(
            "ix_mails_tenant_id_created_at",
            "tenant_id",
            "created_at",
            "id",
            "kind",
            "state",
            "resend_of",
        ),
        Index("ix_mails_tenant_id_state", "tenant_id", "state", "created_at", "id"),
        Index("ix_mails_tenant_id_kind", "tenant_id", "kind", "created_at", "id"),
        Index("ix_mails_conversation_id", "conversation_id"),
        Index("ix_mails_lead_id", "lead_id"),
        Index("ix_mails_appointment_id", "appointment_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]
    idempotency_key: Mapped[str]
    conversation_id: Mapped[str | None] = mapped_column(Id)
    lead_id: Mapped[str | None] = mapped_column(Id)
    appointment_id: Mapped[str | None] = mapped_column(Id)
    sender: Mapped[dict[str, Any]]
    reply_to: Mapped[str]
    recipients: Mapped[list[Any]]
    subject: Mapped[str]
    html: Mapped[str]
    text: Mapped[str]
    language: Mapped[str]
    calendar: Mapped[str]
    calendar_method: Mapped[str]
    unsubscribe_url: Mapped[str]
    state: Mapped[str]
    error: Mapped[str]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    resend_of: Mapped[str | None] = mapped_column(Id)
    requested_by: Mapped[str | None] = mapped_column(Id)
    delivery: Mapped[str] = mapped_column(server_default="")
    delivery_note: Mapped[str] = mapped_column(server_default="")
    delivery_at: Mapped[datetime | None]


class Summary(TenantRow, Base):
    """What was told of one conversation to the visitor or to the sales team, once each."""

    __tablename__ = "summaries"
    __table_args__ = (UniqueConstraint("conversation_id", "audience"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(Id)
    audience: Mapped[str]
    style: Mapped[str]
    language: Mapped[str]
    # What was said, as values: for pages that show it in their own way.
    content: Mapped[dict[str, Any]]
    # None: nobody to send it to, or mail is switched off. It can be read all the same.
    mail_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime]


class MailSuppression(TenantRow, Base):
    """An address that is written to no more. `reason`: unsubscribed or complained (from
    summaries), bounced (from everything: there is nobody)."""

    __tablename__ = "mail_suppressions"
    __table_args__ = (UniqueConstraint("tenant_id", "address"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    address: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="unsubscribed")
    mail_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime]
