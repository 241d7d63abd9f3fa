"""When each source was last read in, and how that ended: one row a source."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy import select

from core.db import UnitOfWork
from sales.knowledge.models import KnowledgeReading
from sales.knowledge.schemas import SourceReading

_READINGS = select(
    *(getattr(KnowledgeReading, each.name) for each in fields(SourceReading))
).order_by(KnowledgeReading.source)


async def record_reading(uow: UnitOfWork, site_id: str, reading: SourceReading) -> None:
    """Keep how a source was read, in place of the time before."""
    row = KnowledgeReading(site_id=site_id, tenant_id=uow.tenant_id, **asdict(reading))
    await uow.session.merge(row)


async def list_readings(uow: UnitOfWork, site_id: str | None = None) -> list[SourceReading]:
    """How each source was read the last time, by name: of a site, or of all that the unit of
    work sees."""
    query = _READINGS if site_id is None else _READINGS.where(KnowledgeReading.site_id == site_id)
    return [SourceReading(*row) for row in await uow.session.execute(query)]
