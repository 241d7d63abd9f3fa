"""Who may use a site key, what a role may do, which rows it sees, when a session ends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from core.errors import Forbidden, Invalid
from sales.organization.schemas import Principal, Role, Scope

ROLES: tuple[Role, ...] = ("admin", "manager", "rep")

Action = Literal[
    "see_leads",
    "change_leads",
    "assign_leads",
    "merge_leads",
    "see_conversations",
    "take_over",
    "see_appointments",
    "change_appointments",
    "see_mail",
    "send_mail",
    "see_analytics",
    "see_gaps",
    "change_gaps",
    "see_health",
    "hand_over",
    "override_handoffs",
    "see_audit",
    "receive_leads",
    "send_feedback",
    "replay_effects",
    "drop_effects",
    "manage_staff",
    "manage_access",
    "manage_integrations",
    "erase_people",
]

_EVERYBODY = frozenset(ROLES)
_LEADING = frozenset({"admin", "manager"})
_ADMIN = frozenset({"admin"})
_ALLOWED: dict[Action, frozenset[str]] = {
    "see_leads": _EVERYBODY,
    "change_leads": _EVERYBODY,
    "assign_leads": _LEADING,
    "merge_leads": _LEADING,
    "see_conversations": _EVERYBODY,
    "take_over": _EVERYBODY,
    "see_appointments": _EVERYBODY,
    "change_appointments": _EVERYBODY,
    "see_mail": _EVERYBODY,
    "send_mail": _EVERYBODY,
    "see_analytics": _EVERYBODY,
    "see_gaps": _EVERYBODY,
    "change_gaps": _LEADING,
    "see_health": _LEADING,
    "hand_over": _EVERYBODY,
    "override_handoffs": _LEADING,
    "see_audit": _LEADING,
    "receive_leads": _EVERYBODY,
    "send_feedback": _EVERYBODY,
    "replay_effects": _LEADING,
    "drop_effects": _ADMIN,
    "manage_staff": _ADMIN,
    "manage_access": _ADMIN,
    "manage_integrations": _ADMIN,
    "erase_people": _ADMIN,
}

IDLE_LIMIT = timedelta(minutes=30)
ABSOLUTE_LIMIT = timedelta(hours=12)
PASSWORD_LENGTH = 12
# Hashing takes time with length; nobody types more.
PASSWORD_LIMIT = 256
_EMAIL = re.compile(r"^[^\s@<>\"',;()\\]{1,64}@[^\s@<>\"',;()\\]+\.[^\s@.<>\"',;()\\]{2,63}$")
_EMAIL_LIMIT = 254


def may(principal: Principal, action: Action) -> bool:
    """Whether the role allows the action at all; `sees` says on which rows."""
    return principal.role in _ALLOWED[action]


def check_may(principal: Principal, action: Action) -> None:
    """Refuse what the role does not allow.

    Raises:
        Forbidden: with the role that would be needed.
    """
    if not may(principal, action):
        roles = " or ".join(role for role in ROLES if role in _ALLOWED[action])
        raise Forbidden(f"Your role is {principal.role}; this needs {roles}.")


def scope_of(principal: Principal) -> Scope:
    """Which rows a list may hold: an admin's all, a manager's team, a rep's own and the team's
    that nobody owns. Whoever is in no team shares the rows of no team."""
    if principal.role == "admin":
        return Scope(everything=True)
    return Scope(
        everything=False,
        staff_id=principal.staff_id,
        team_id=principal.team_id,
        unassigned_only=principal.role == "rep",
    )


def sees(principal: Principal, *, owner_id: str | None, team_id: str | None) -> bool:
    """Whether one row of the principal's own tenant is in its scope."""
    scope = scope_of(principal)
    if scope.everything:
        return True
    if owner_id is not None and owner_id == scope.staff_id:
        return True
    return team_id == scope.team_id and not (scope.unassigned_only and owner_id is not None)


def read_role(text: str) -> Role:
    """A role by its name.

    Raises:
        Invalid: there is no such role.
    """
    for role in ROLES:
        if role == text:
            return role
    raise Invalid(f"There is no such role. Choose {', '.join(ROLES)}.", {"field": "role"})


def read_email(text: str) -> str:
    """An address as accounts are found by: small letters, no space around.

    Raises:
        Invalid: it is no e-mail address.
    """
    email = text.strip().lower()
    if len(email) > _EMAIL_LIMIT or not _EMAIL.match(email):
        raise Invalid("Write an e-mail address like ada@acme.example.", {"field": "email"})
    return email


def check_password(password: str, email: str) -> None:
    """Long enough, and not what everybody would try first.

    Raises:
        Invalid: what is wrong with it.
    """
    problem = ""
    plain = password.strip().lower()
    if len(password) < PASSWORD_LENGTH:
        problem = f"The password needs at least {PASSWORD_LENGTH} characters."
    elif len(password) > PASSWORD_LIMIT:
        problem = f"The password may have at most {PASSWORD_LIMIT} characters."
    elif plain in (email, email.partition("@")[0]):
        problem = "The password must not be the e-mail address."
    elif len(set(plain)) < 4:
        problem = "The password repeats too few characters. Use a few words."
    if problem:
        raise Invalid(problem, {"field": "password"})


def session_ends_at(created_at: datetime, last_seen_at: datetime) -> datetime:
    """When a session ends if nothing more is asked: 30 minutes after the last request,
    12 hours after the first at the latest."""
    return min(last_seen_at + IDLE_LIMIT, created_at + ABSOLUTE_LIMIT)


def allows_origin(allowed: Iterable[str], origin: str | None, own_origin: str) -> bool:
    """Whether a browser page of `origin` may use a site.

    `None` is a request without an `Origin` header: a program, or a page of this very server.
    It is allowed because the header protects visitors of foreign pages, whose browsers always
    send it; programs could write anything into it.
    """
    if origin is None:
        return True
    if not origin:
        return False
    origin = origin.lower()
    for pattern in allowed:
        if pattern == "self":
            if origin == own_origin.lower():
                return True
        elif "://*." in pattern:
            scheme, _, host = pattern.partition("://*.")
            parts = urlsplit(origin)
            if parts.scheme == scheme and parts.netloc.endswith("." + host):
                return True
        elif origin == pattern:
            return True
    return False
