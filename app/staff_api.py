"""What staff may look at: what a question finds, and where conversations come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from app.runtime import Runtime
from app.staff import StaffCheck
from core.errors import Forbidden, Invalid
from core.http import describe_errors
from core.moments import find_moment
from sales.followups.rules import count_summaries
from sales.knowledge.ranking import RankedPassage
from sales.knowledge.service import Recall
from sales.organization.schemas import Principal
from sales.organization.service import KnownSite

_PERIOD = timedelta(days=30)


class FoundPassage(BaseModel):
    """A passage with its scores. `keyword_score`: BM25 as a share of the question's best.
    `vector_score`: cosine; null without a vector. `probability`: calibrated, that it helps."""

    passage_id: int
    url: str
    title: str
    heading_path: list[str]
    text: str
    bm25: float
    keyword_score: float
    vector_score: float | None
    fused_score: float
    probability: float


class SearchOut(BaseModel):
    """What a question finds, best first."""

    question: str
    site: str
    vectors_used: bool
    passages: list[FoundPassage]


class SourceReadingOut(BaseModel):
    """How a source was read in the last time: counts of pages. `outcome`: `done`, `failed`
    (`failed` says why) or `incomplete` (`kept` says why nothing was removed)."""

    source: str
    started_at: datetime
    ended_at: datetime
    outcome: Literal["done", "failed", "incomplete"]
    found: int
    new: int
    changed: int
    unchanged: int
    removed: int
    skipped: int
    unreachable: int
    passages: int
    failed: str | None
    kept: str | None


class SourceReadingsOut(BaseModel):
    """The sources of a site that were ever read in, by name."""

    site: str
    pages: int
    data: list[SourceReadingOut]


class LeadSourceOut(BaseModel):
    """Conversations of one page, referrer domain or campaign. `answered`: with a citation."""

    value: str
    conversations: int
    visitors: int
    answered: int


class LeadSourcesOut(BaseModel):
    """Where conversations came from in a period, the most frequent first."""

    group_by: str
    start: datetime
    end: datetime
    total_conversations: int
    data: list[LeadSourceOut]


class ConversionOut(BaseModel):
    """Conversations of one page, referrer domain or campaign, and how many became leads."""

    value: str
    conversations: int
    with_contact: int
    leads: int
    qualified: int


class ConversationTotalsOut(BaseModel):
    """All conversations of the period in which something was said. `complete`: every required
    field of the profile is known; `qualified_with_contact`: qualified, and can be reached."""

    conversations: int
    resolved: int
    unresolved: int
    unknown: int
    complete: int
    with_contact: int
    leads: int
    qualified: int
    qualified_with_contact: int


class SummariesOut(BaseModel):
    """Summaries written in the period, to visitors and to the sales team, and how many of them
    were sent."""

    written: int
    sent: int


class ConversionsOut(BaseModel):
    """What became of the conversations of a period. Rates are 0 to 1; null where there is
    nothing to count. `booked`: conversations whose meeting still stands."""

    group_by: str
    start: datetime
    end: datetime
    totals: ConversationTotalsOut
    booked: int
    booking_rate: float | None
    profile_completion_rate: float | None
    summaries: SummariesOut
    summary_delivery_rate: float | None
    data: list[ConversionOut]


def describe_found(passage: RankedPassage) -> dict[str, Any]:
    """A found passage as plain values, for HTTP and the command line."""
    return {
        "passage_id": passage.passage_id,
        "url": passage.url,
        "title": passage.title,
        "heading_path": list(passage.heading_path),
        "text": passage.text,
        "bm25": round(passage.bm25, 4),
        "keyword_score": round(passage.keyword_score, 4),
        "vector_score": None if passage.vector_score is None else round(passage.vector_score, 4),
        "fused_score": round(passage.fused_score, 4),
        "probability": round(passage.probability, 4),
    }


def describe_recall(recall: Recall, site: KnownSite) -> dict[str, Any]:
    """A search's result as plain values, for HTTP and the command line."""
    return {
        "question": recall.question,
        "site": site.settings.key,
        "vectors_used": recall.vectors_used,
        "passages": [describe_found(passage) for passage in recall.passages],
    }


def build_staff_router(get_runtime: Callable[[], Runtime], check: StaffCheck) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", responses=describe_errors(400, 401, 403, 404))
    # As a default, not within Annotated: FastAPI resolves annotations without our local names.
    caller = Depends(check)

    @router.get("/knowledge/search", response_model=SearchOut, tags=["knowledge"])
    async def search_knowledge(
        q: Annotated[str, Query(min_length=1, max_length=2000)],
        limit: Annotated[int, Query(ge=1, le=16)] = 5,
        site: Annotated[str, Query(max_length=64)] = "",
        staff: Principal | None = caller,
    ) -> dict[str, Any]:
        """The passages that a question finds, with every score. `site`: a site key; the first
        site of app.yaml when left out."""
        runtime = get_runtime()
        chosen = _choose_site(runtime, site, staff)
        recall = await runtime.resources.knowledge.recall(chosen.ref, q, limit)
        return describe_recall(recall, chosen)

    @router.get("/knowledge/sources", response_model=SourceReadingsOut, tags=["knowledge"])
    async def list_source_readings(
        site: Annotated[str, Query(max_length=64)] = "", staff: Principal | None = caller
    ) -> dict[str, Any]:
        """When each source of a site was last read in, and how that ended."""
        runtime = get_runtime()
        chosen = _choose_site(runtime, site, staff)
        knowledge = runtime.resources.knowledge
        readings = await knowledge.list_readings(chosen.ref)
        return {
            "site": chosen.settings.key,
            "pages": await knowledge.count_pages(chosen.ref),
            "data": [{**asdict(each), "outcome": each.outcome} for each in readings],
        }

    @router.get("/analytics/lead-sources", response_model=LeadSourcesOut, tags=["analytics"])
    async def list_lead_sources(
        start: Annotated[str, Query(alias="from", max_length=40)] = "",
        end: Annotated[str, Query(alias="to", max_length=40)] = "",
        group_by: Literal["page", "referrer_domain", "utm_campaign"] = "page",
        site: Annotated[str, Query(max_length=64)] = "",
        staff: Principal | None = caller,
    ) -> dict[str, Any]:
        """Conversations by the page, referrer domain or campaign they began with. `from` and
        `to` are dates (both included, UTC) or times; the last 30 days when left out."""
        runtime = get_runtime()
        tenant_id = _choose_site(runtime, site, staff).ref.tenant_id
        since, until = read_period(runtime, start, end)
        conversations = runtime.chat.conversations
        rows = await conversations.list_lead_sources(tenant_id, group_by, since, until)
        return {
            "group_by": group_by,
            "start": since,
            "end": until,
            "total_conversations": sum(row.conversations for row in rows),
            "data": [
                {
                    "value": row.value,
                    "conversations": row.conversations,
                    "visitors": row.visitors,
                    "answered": row.answered,
                }
                for row in rows
            ],
        }

    @router.get("/analytics/conversions", response_model=ConversionsOut, tags=["analytics"])
    async def list_conversions(
        start: Annotated[str, Query(alias="from", max_length=40)] = "",
        end: Annotated[str, Query(alias="to", max_length=40)] = "",
        group_by: Literal["page", "referrer_domain", "utm_campaign"] = "page",
        site: Annotated[str, Query(max_length=64)] = "",
        staff: Principal | None = caller,
    ) -> dict[str, Any]:
        """What became of conversations: by page, referrer domain or campaign, and in all.
        `unknown` are those of which nobody can say whether they helped: silence is no success."""
        runtime = get_runtime()
        tenant_id = _choose_site(runtime, site, staff).ref.tenant_id
        since, until = read_period(runtime, start, end)
        services = runtime.services
        analytics = services.leads.analytics
        rows = await analytics.list_conversions(tenant_id, group_by, since, until)
        totals = await analytics.measure(tenant_id, since, until)
        mails = await services.mails.count_deliveries(tenant_id, since, until)
        written, sent = count_summaries(mails)
        booked = await services.appointments.count_booked_conversations(tenant_id, since, until)
        return {
            "group_by": group_by,
            "start": since,
            "end": until,
            "totals": asdict(totals),
            "booked": booked,
            "booking_rate": _share(booked, totals.conversations),
            "profile_completion_rate": _share(totals.complete, totals.conversations),
            "summaries": {"written": written, "sent": sent},
            "summary_delivery_rate": _share(sent, written),
            "data": [asdict(row) for row in rows],
        }

    return router


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def read_period(runtime: Runtime, start: str, end: str) -> tuple[datetime, datetime]:
    """The period asked for; the last 30 days when nothing is said."""
    until = find_moment(end, "to", is_end=True) or runtime.resources.clock.now()
    since = find_moment(start, "from") or until - _PERIOD
    if since >= until:
        raise Invalid("from must be before to.", {"field": "from"})
    return since, until


def _choose_site(runtime: Runtime, key: str, staff: Principal | None) -> KnownSite:
    """The site of that key, or the caller's first."""
    organization = runtime.resources.organization
    if key:
        site = organization.get_site(key)
        if staff is not None and staff.tenant_id != site.ref.tenant_id:
            raise Forbidden("This site belongs to another tenant.")
        return site
    for site in organization.list_sites():
        if staff is None or staff.tenant_id == site.ref.tenant_id:
            return site
    raise Forbidden("Your tenant has no site in app.yaml.")
