"""Templates, and what they can say about times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from core.clock import Clock
from portal.static_files import StaticFiles

# In this order: most browsers also name those they descend from.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
_AGES = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


class Renderer:
    """Renders templates. Everything is escaped; what is missing is an error."""

    def __init__(self, static: StaticFiles, clock: Clock) -> None:
        self._environment = Environment(
            loader=PackageLoader("portal"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["static"] = static.address_of
        self._environment.filters["device"] = describe_device
        self._environment.filters["moment"] = _show_moment
        self._environment.filters["clock"] = _show_clock
        self._environment.filters["span"] = describe_span
        self._environment.filters["ago"] = lambda at: _show_age(at, clock.now())

    def render(self, template: str, *, timezone: str, **values: Any) -> str:
        """The page as text. Times are shown in `timezone`."""
        found = self._environment.get_template(template)
        return found.render(timezone=timezone, **values)


def describe_span(length: timedelta) -> str:
    """`3 hours`: the largest unit is enough to see whether something is late."""
    seconds = length.total_seconds()
    for size, name in _AGES:
        count = int(seconds // size)
        if count >= 1:
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute" if seconds > 0 else "–"


def describe_device(user_agent: str) -> str:
    """`Firefox on Windows`, as far as a browser tells."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return " on ".join(part for part in (browser, system) if part) or "Unknown device"


@pass_context
def _show_moment(context: Context, at: datetime | None) -> Markup:
    """`<time>` in the viewer's own time zone, the zone named in the title."""
    if at is None:
        return Markup("–")
    zone = ZoneInfo(str(context.get("timezone", "UTC")))
    shown = at.astimezone(zone)
    text = f"{shown.day} {shown:%b %Y, %H:%M}"
    return Markup('<time datetime="{}" title="{} {}">{}</time>').format(
        at.astimezone(UTC).isoformat(), text, shown.tzname(), text
    )


@pass_context
def _show_clock(context: Context, at: datetime) -> str:
    """`14:30` in the viewer's own time zone."""
    return f"{at.astimezone(ZoneInfo(str(context.get('timezone', 'UTC')))):%H:%M}"


def _show_age(at: datetime | None, now: datetime) -> Markup:
    """`3 minutes ago`, the exact moment in the title."""
    if at is None:
        return Markup("never")
    seconds = (now - at).total_seconds()
    text = "just now"
    for length, name in _AGES:
        count = int(seconds // length)
        if count >= 1:
            text = f"{count} {name}{'s' if count > 1 else ''} ago"
            break
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{:%Y-%m-%d %H:%M} UTC">{}</time>').format(
        utc.isoformat(), utc, text
    )
