"""Who a meeting is for, as far as the conversation tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.booking import Action, BookingState, Stage
from core.errors import Invalid
from sales.conversations.schemas import StoredMessage
from sales.leads.fields import Field
from sales.leads.noticing import notice_profile
from sales.organization.rules import read_email

_FIELDS = {"name": Field.CUSTOMER_NAME, "email": Field.EMAIL, "phone": Field.PHONE}


@dataclass(frozen=True, slots=True)
class Contact:
    """Name, e-mail and phone; `has_problem` when an address was given that is none."""

    values: dict[str, str]
    has_problem: bool = False


def read_contact(
    messages: Sequence[StoredMessage],
    text: str,
    *,
    action: Action | None,
    profile: Mapping[str, str],
    locale: str,
) -> Contact:
    """What the visitor has said of themselves, the latest word last.

    `profile` holds what is known of the visitor by field, this message included; it wins over
    what is read again here, which serves where nothing may be stored.
    """
    found = dict.fromkeys(_FIELDS, "")
    asked: str | None = None
    told = [(message.role, message.text, message.trace) for message in messages]
    for role, said, trace in (*told, ("visitor", text, {})):
        if role == "agent":
            state = BookingState.from_trace(trace.get("booking"))
            asks = state is not None and state.stage is Stage.CONTACT
            asked = Field.CUSTOMER_NAME if asks else None
            # What came by a form and was shown back.
            given = {"name": state.name, "email": state.email} if state else {}
            found.update({name: value for name, value in given.items() if value})
        elif role == "visitor":
            found.update(_notice(said, asked, locale))
    known = {name: profile.get(field, "") for name, field in _FIELDS.items()}
    found.update({name: value for name, value in known.items() if value})
    return _add_form(found, action)


def _notice(text: str, asked: str | None, locale: str) -> dict[str, str]:
    noticed = notice_profile(text, asked_for=asked, locale=locale)
    values = {item.field: str(item.value) for item in noticed if item.problem is None}
    return {name: values[field] for name, field in _FIELDS.items() if field in values}


def _add_form(found: dict[str, str], action: Action | None) -> Contact:
    """What was typed into the form's fields needs no guessing."""
    if action is None or action.kind != "contact":
        return Contact(found)
    for name in ("name", "phone"):
        given = " ".join(action.values.get(name, "").split())[:120]
        found[name] = given or found[name]
    given = action.values.get("email", "").strip()
    if not given:
        return Contact(found)
    try:
        found["email"] = read_email(given)
    except Invalid:
        return Contact({**found, "email": ""}, has_problem=True)
    return Contact(found)
