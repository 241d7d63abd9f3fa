"""The links that staff go by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sales.organization.rules import Action, may
from sales.organization.schemas import Principal


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A link in the navigation. `icon` is a name in templates/icons.html; `needs` the action
    that a principal must be allowed to see it, None: everybody."""

    label: str
    path: str
    icon: str
    needs: Action | None = None
    group: Literal["work", "settings"] = "work"


def list_entries(entries: Iterable[NavEntry], principal: Principal) -> list[NavEntry]:
    """What the principal may go to, in the given order."""
    return [entry for entry in entries if entry.needs is None or may(principal, entry.needs)]
