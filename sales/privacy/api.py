"""People's data over HTTP, for admins: erase, look, certificate, export, legal holds.

Whom it is about travels in the body, never in an address: addresses end up in logs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field

from core.http import describe_errors
from sales.organization.schemas import Principal
from sales.privacy.rules import write_certificate
from sales.privacy.schemas import ErasureView, State, Wish
from sales.privacy.service import PrivacyService

GetPrivacy = Callable[[], PrivacyService]
Identify = Callable[[Request], Awaitable[Principal]]


class PersonIn(BaseModel):
    """Whom: by exactly one of these."""

    email: str = Field(default="", max_length=320)
    phone: str = Field(default="", max_length=40)
    lead_id: str = Field(default="", max_length=36)

    def read(self) -> Wish:
        """As the service takes it."""
        return Wish(self.email.strip(), self.phone.strip(), self.lead_id.strip())


class ErasureIn(PersonIn):
    """`dry_run`: only count what would go."""

    dry_run: bool = False


class AnswerOut(BaseModel):
    """What one system said: erased, nothing held, refused (its words) or cannot."""

    system: str
    said: str
    words: str
    count: int
    attempts: int = Field(1, description="How often it had to be asked")


class ErasureOut(BaseModel):
    """How far an erasure got. `person` is a keyed hash. `waiting_for`: steps that are not over; a
    system that does not answer is asked again for about a day."""

    id: str
    state: State
    person: str
    answers: list[AnswerOut]
    waiting_for: list[str]
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None


class PreviewOut(BaseModel):
    """How many of each kind would go."""

    would_erase: dict[str, int]


class HitOut(BaseModel):
    """Where something still stands."""

    table: str
    column: str
    of: str
    whose: str
    rows: int


class ReadBackOut(BaseModel):
    """What was looked through afterwards."""

    tables: int
    columns: int
    files: int
    hits: list[HitOut]


class CertificateOut(BaseModel):
    """What everybody answered, and what was found afterwards."""

    erasure_id: str
    person: str
    state: State
    requested_at: datetime
    finished_at: datetime
    systems: list[AnswerOut]
    read_back: ReadBackOut
    kept: str


class ExportOut(BaseModel):
    """Everything that is held of a person. `held`: rows by table."""

    exported_at: datetime
    person: dict[str, list[str]]
    held: dict[str, list[dict[str, Any]]]


class HoldIn(BaseModel):
    """Why a lead may not be erased."""

    reason: str = Field(min_length=1, max_length=300)


class HoldOut(BaseModel):
    """A legal hold in force."""

    lead_id: str
    reason: str
    placed_by: str
    placed_at: datetime


class HoldsOut(BaseModel):
    """All of them."""

    holds: list[HoldOut]


def build_privacy_router(get_privacy: GetPrivacy, identify: Identify) -> APIRouter:
    """The routes."""
    router = APIRouter(
        prefix="/api/v1/privacy", tags=["privacy"], responses=describe_errors(400, 401, 403, 503)
    )
    caller: Any = Depends(identify)
    _add_erasures(router, get_privacy, caller)
    _add_certificate(router, get_privacy, caller)
    _add_holds(router, get_privacy, caller)

    @router.post("/exports", response_model=ExportOut)
    async def export_person(body: PersonIn, principal: Principal = caller) -> dict[str, Any]:
        """Everything held of a person, as one document. For admins."""
        return await get_privacy().export(principal, body.read())

    return router


def _add_erasures(router: APIRouter, get_privacy: GetPrivacy, caller: Any) -> None:
    @router.post(
        "/erasures",
        status_code=202,
        responses={200: {"model": PreviewOut}, **describe_errors(404, 409)},
        response_model=ErasureOut | PreviewOut,
    )
    async def erase_person(
        body: ErasureIn, response: Response, principal: Principal = caller
    ) -> Any:
        """Erase a person everywhere. Answered at once; the work goes on in the background, also
        after a crash. For admins."""
        privacy = get_privacy()
        if body.dry_run:
            response.status_code = 200
            return PreviewOut(would_erase=await privacy.preview(principal, body.read()))
        erasure_id = await privacy.request(principal, body.read())
        return _describe(await privacy.get_erasure(principal, erasure_id))

    @router.get("/erasures/{erasure_id}", responses=describe_errors(404))
    async def get_erasure(erasure_id: str, principal: Principal = caller) -> ErasureOut:
        """How far it got, and what each system answered."""
        return _describe(await get_privacy().get_erasure(principal, erasure_id))

    @router.post(
        "/erasures/{erasure_id}/retry", status_code=202, responses=describe_errors(404, 409)
    )
    async def retry_erasure(erasure_id: str, principal: Principal = caller) -> ErasureOut:
        """Ask again those who refused."""
        await get_privacy().retry(principal, erasure_id)
        return _describe(await get_privacy().get_erasure(principal, erasure_id))


def _add_certificate(router: APIRouter, get_privacy: GetPrivacy, caller: Any) -> None:
    @router.get(
        "/erasures/{erasure_id}/certificate",
        response_model=CertificateOut,
        responses={200: {"content": {"text/plain": {}}}, **describe_errors(404, 409)},
    )
    async def get_certificate(
        erasure_id: str,
        as_text: Annotated[bool, Query(description="Plain text instead of JSON")] = False,
        principal: Principal = caller,
    ) -> Any:
        """The certificate, once the erasure is over."""
        found = await get_privacy().get_certificate(principal, erasure_id)
        return PlainTextResponse(write_certificate(found)) if as_text else found


def _add_holds(router: APIRouter, get_privacy: GetPrivacy, caller: Any) -> None:
    @router.get("/holds")
    async def list_holds(principal: Principal = caller) -> HoldsOut:
        """Leads that may not be erased now."""
        found = await get_privacy().holds.list_holds(principal)
        return HoldsOut(
            holds=[HoldOut(**{n: getattr(one, n) for n in HoldOut.model_fields}) for one in found]
        )

    @router.put("/holds/{lead_id}", status_code=204, responses=describe_errors(404))
    async def place_hold(lead_id: str, body: HoldIn, principal: Principal = caller) -> None:
        """Let a lead not be erased."""
        await get_privacy().holds.place(principal, lead_id, body.reason)

    @router.delete("/holds/{lead_id}", status_code=204, responses=describe_errors(404))
    async def lift_hold(lead_id: str, principal: Principal = caller) -> None:
        """Let it be erased again."""
        await get_privacy().holds.lift(principal, lead_id)


def _describe(view: ErasureView) -> ErasureOut:
    return ErasureOut(
        id=view.id,
        state=view.state,
        person=view.subject_hash,
        answers=[AnswerOut(**one) for step in view.answers.values() for one in step],
        waiting_for=list(view.waiting_for),
        requested_by=view.requested_by,
        requested_at=view.requested_at,
        finished_at=view.finished_at,
    )
