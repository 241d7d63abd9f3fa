"""The ledger of calls to language models."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from core.db.tables import Base, Id, TenantRow


class ModelCall(TenantRow, Base):
    """One call: reserved with what it may cost at most, settled with what it did cost, or refused
    because a cap stood in the way. One that was never settled (its process was killed) keeps
    counting with what was reserved: the bill may hold it."""

    __tablename__ = "model_calls"
    __table_args__ = (
        Index("ix_model_calls_tenant_id_day", "tenant_id", "day", "site_id"),
        Index("ix_model_calls_conversation_id", "conversation_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    site_id: Mapped[str] = mapped_column(Id)
    conversation_id: Mapped[str] = mapped_column(Id)
    turn_id: Mapped[str]
    model: Mapped[str]
    state: Mapped[str]
    # Which cap refused it.
    cap: Mapped[str]
    day: Mapped[date]
    # Reserved, then what it was.
    tokens: Mapped[int]
    cost_micros: Mapped[int] = mapped_column(BigInteger)
    prompt_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    made_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
