"""Profiles over HTTP: the visitor's own by the conversation's token, any by staff."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from core.errors import Invalid
from core.http import describe_errors
from sales.conversations.service import Pass
from sales.leads.describing import describe_profile
from sales.leads.profile import SetBy
from sales.leads.profile_service import FIELD_LIMIT
from sales.leads.schemas import Purpose, VisitorProfile
from sales.leads.service import LeadService
from sales.organization.schemas import Principal

GetLeads = Callable[[], LeadService]
Admit = Callable[[Request, str], Pass]
Identify = Callable[[Request], Awaitable[Principal]]


class FieldOut(BaseModel):
    """A value and how sure it is, from 0 to 1."""

    value: JsonValue
    confidence: float


class ConsentOut(BaseModel):
    """What the visitor is asked to agree to, and whether they did."""

    required: bool
    given: bool
    text: str
    version: str


class ProfileOut(BaseModel):
    """What is known of the visitor, and what is still asked for."""

    fields: dict[str, FieldOut]
    missing: list[str]
    consent: ConsentOut


class ChangeProfile(BaseModel):
    """Values by field; null takes one away. `consent`: the visitor agrees to the site's words."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    fields: Annotated[dict[str, JsonValue], Field(max_length=FIELD_LIMIT)] = {}
    consent: bool | None = None


class WithdrawConsent(BaseModel):
    """The purposes for which consent is taken back; all when left out."""

    purposes: list[Purpose] = []


class StaffProfileOut(BaseModel):
    """A profile with the proof of every value, its history, and every word on consent."""

    conversation_id: str
    visitor_id: str
    fields: dict[str, Any]
    missing: list[str]
    consents: list[dict[str, Any]]


def build_visitor_profile_router(get_leads: GetLeads, admit: Admit) -> APIRouter:
    """The visitor's routes."""
    router = APIRouter(
        prefix="/api/v1/chat/conversations/{conversation_id}",
        tags=["chat"],
        responses=describe_errors(400, 401, 403),
    )

    @router.get("/profile", response_model=ProfileOut)
    async def get_own_profile(conversation_id: str, request: Request) -> dict[str, Any]:
        """What this website knows of the visitor."""
        return await _show(get_leads(), admit(request, conversation_id))

    @router.patch("/profile", response_model=ProfileOut, responses=describe_errors(409))
    async def change_own_profile(
        conversation_id: str, body: ChangeProfile, request: Request
    ) -> dict[str, Any]:
        """Correct what is known, or take it away."""
        leads, ticket = get_leads(), admit(request, conversation_id)
        await leads.change_profile(
            ticket, body.fields, set_by=SetBy.FORM, consent=body.consent, how="form"
        )
        return await _show(leads, ticket)

    @router.delete("/consent", response_model=ProfileOut)
    async def withdraw_consent(
        conversation_id: str, request: Request, body: WithdrawConsent | None = None
    ) -> dict[str, Any]:
        """Take consent back. From then on nothing more is kept of what the visitor tells."""
        leads, ticket = get_leads(), admit(request, conversation_id)
        if body and body.purposes:
            await leads.profiles.withdraw_consent(ticket, tuple(body.purposes))
        else:
            await leads.profiles.withdraw_consent(ticket)
        return await _show(leads, ticket)

    return router


def build_staff_profile_router(get_leads: GetLeads, identify: Identify) -> APIRouter:
    """The routes for staff and machines."""
    router = APIRouter(
        prefix="/api/v1/conversations/{conversation_id}/profile",
        tags=["leads"],
        responses=describe_errors(400, 401, 403, 404),
    )
    caller = Depends(identify)

    @router.get("", response_model=StaffProfileOut)
    async def get_profile(conversation_id: str, principal: Principal = caller) -> dict[str, Any]:
        """The profile of a conversation's visitor, with the proof of every value."""
        leads = get_leads()
        ticket = await leads.find_ticket(principal, conversation_id)
        found = await leads.profiles.get_profile(ticket.site.tenant_id, ticket.visitor_id)
        return describe_evidence(leads, conversation_id, found)

    @router.patch("", response_model=StaffProfileOut)
    async def change_profile(
        conversation_id: str, body: ChangeProfile, principal: Principal = caller
    ) -> dict[str, Any]:
        """Enter what staff learnt elsewhere; it outranks what is noticed in talk."""
        leads = get_leads()
        if body.consent is not None:
            raise Invalid("Only the visitor can consent.", {"field": "consent"})
        ticket = await leads.find_ticket(principal, conversation_id, changes=True)
        await leads.change_profile(ticket, body.fields, set_by=SetBy.STAFF, how="staff")
        found = await leads.profiles.get_profile(ticket.site.tenant_id, ticket.visitor_id)
        return describe_evidence(leads, conversation_id, found)

    return router


async def _show(leads: LeadService, ticket: Pass) -> dict[str, Any]:
    found = await leads.profiles.get_profile(ticket.site.tenant_id, ticket.visitor_id)
    settings, word = leads.profiles.consent_of(ticket), found.consent_to("contact")
    return {
        **describe_profile(found.profile, leads.capture),
        "consent": {
            "required": settings.required_before_storing,
            "given": word is not None and word.holds,
            "text": settings.text,
            "version": settings.version,
        },
    }


def describe_evidence(
    leads: LeadService, conversation_id: str, found: VisitorProfile
) -> dict[str, Any]:
    """A profile with proof and history, as JSON values."""
    fields = {}
    for name, entry in found.profile.entries.items():
        fields[name] = {
            "current": entry.current and asdict(entry.current),
            "history": [asdict(one) for one in entry.history],
            "declined": entry.declined and asdict(entry.declined),
        }
    return {
        "conversation_id": conversation_id,
        "visitor_id": found.visitor_id,
        "fields": fields,
        "missing": describe_profile(found.profile, leads.capture)["missing"],
        "consents": [asdict(one) for one in found.consents],
    }
