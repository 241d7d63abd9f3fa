"""The registry of pages: a page module names its entry in the navigation and its routes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter

from portal.desk import Desk
from portal.navigation import NavEntry


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the portal. Its routes begin with `nav.path`, less /portal."""

    nav: NavEntry
    build_router: Callable[[Desk], APIRouter]
