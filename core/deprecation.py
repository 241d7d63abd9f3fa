"""An operation that will go away says so itself, in every answer, errors included.

`Deprecation` is RFC 9745: a structured date (RFC 9651, 3.3.7), `@` and seconds since 1970.
`Sunset` is RFC 8594: the HTTP date after which the operation may be gone. `Link` points at what to
do (`rel="deprecation"`) and to what comes instead (`rel="successor-version"`, RFC 5829).
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import Any

from core.errors import BugError

SINCE, SUNSET = "x-deprecated-since", "x-sunset"
_GUIDE, _SUCCESSOR = "x-deprecation-guide", "x-successor"
# S0 4.3: what worked goes on working for twelve months.
SHORTEST_NOTICE = timedelta(days=365)


def deprecate(
    *,
    since: date,
    sunset: date,
    guide: str,
    successor: str = "",
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Arguments that mark a route: `@router.get("/old", **deprecate(…))`.

    `guide` and `successor` are addresses: what to do, and the operation that comes instead.
    `extra`: the route's own `openapi_extra`.

    Raises:
        BugError: between `since` and `sunset` lie less than twelve months.
    """
    if sunset - since < SHORTEST_NOTICE:
        raise BugError(f"{guide}: twelve months lie between a deprecation and its sunset")
    told = {SINCE: since.isoformat(), SUNSET: sunset.isoformat(), _GUIDE: guide}
    if successor:
        told[_SUCCESSOR] = successor
    return {"deprecated": True, "openapi_extra": {**(extra or {}), **told}}


def build_deprecation_headers(scope: MutableMapping[str, Any]) -> dict[str, str]:
    """The headers of an answer to the request of this scope; none for an operation that stays."""
    told = getattr(scope.get("route"), "openapi_extra", None) or {}
    if SINCE not in told:
        return {}
    links = [f'<{told[_GUIDE]}>; rel="deprecation"; type="text/html"']
    if _SUCCESSOR in told:
        links.append(f'<{told[_SUCCESSOR]}>; rel="successor-version"')
    return {
        "deprecation": f"@{int(_midnight(told[SINCE]).timestamp())}",
        "sunset": format_datetime(_midnight(told[SUNSET]), usegmt=True),
        "link": ", ".join(links),
    }


def _midnight(text: str) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(), UTC)
