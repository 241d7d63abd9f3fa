"""A slot in words, always with its zone.

"Thursday 3 December, 14:00–14:30 (Europe/Berlin, UTC+1)"
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from sales.appointments.slots import Slot

_WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
}
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
}
_FORMS = {
    "en": "{weekday} {day} {month}{year}, {start}–{end} ({zone})",
    "de": "{weekday}, {day}. {month}{year}, {start}–{end} Uhr ({zone})",
    "es": "{weekday} {day} de {month}{year}, {start}–{end} ({zone})",
}
_DAYS = {
    "en": "{weekday} {day} {month}",
    "de": "{weekday}, {day}. {month}",
    "es": "{weekday} {day} de {month}",
}


def describe_slot(
    slot: Slot,
    zone: tzinfo,
    locale: str,
    today: date | None = None,
    *,
    with_zone: bool = True,
) -> str:
    """Day, hours, zone and offset of a slot in the visitor's zone; unknown locales are English.

    The year is named when it is not that of `today`. Without the zone only where it stands
    beside the words.
    """
    language = locale[:2].lower() if locale[:2].lower() in _FORMS else "en"
    start, end = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    year = ""
    if today is not None and start.year != today.year:
        year = f" de {start.year}" if language == "es" else f" {start.year}"
    form = _FORMS[language] if with_zone else _FORMS[language].removesuffix(" ({zone})")
    return form.format(
        weekday=_WEEKDAYS[language].split()[start.weekday()],
        day=start.day,
        month=_MONTHS[language].split()[start.month - 1],
        year=year,
        start=f"{start:%H:%M}",
        end=f"{end:%H:%M}",
        zone=name_zone(zone, start, end),
    )


def describe_moment(at: datetime) -> str:
    """A moment as the API writes it: "2026-12-03T13:00:00Z"."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def build_offer(
    slot: Slot,
    zone: tzinfo,
    locale: str = "en",
    today: date | None = None,
    *,
    with_zone: bool = True,
) -> dict[str, str]:
    """A slot as the API and the cards show it."""
    return {
        "id": slot.id,
        "starts_at": describe_moment(slot.starts_at),
        "ends_at": describe_moment(slot.ends_at),
        "label": describe_slot(slot, zone, locale, today, with_zone=with_zone),
    }


def describe_day(day: date, locale: str) -> str:
    """A day without its year: "Thursday 3 December"."""
    language = locale[:2].lower() if locale[:2].lower() in _DAYS else "en"
    return _DAYS[language].format(
        weekday=_WEEKDAYS[language].split()[day.weekday()],
        day=day.day,
        month=_MONTHS[language].split()[day.month - 1],
    )


def name_zone(zone: tzinfo, at: datetime, until: datetime | None = None) -> str:
    """Name and offset at a moment: "Europe/Berlin, UTC+1"; both offsets when clocks change."""
    offset = _name_offset(at.astimezone(zone).utcoffset() or timedelta())
    later = _name_offset((until or at).astimezone(zone).utcoffset() or timedelta())
    offsets = offset if offset == later else f"{offset} → {later}"
    name = getattr(zone, "key", "")
    return offsets if name in ("", "UTC", offset) else f"{name}, {offsets}"


def _name_offset(offset: timedelta) -> str:
    minutes = round(abs(offset) / timedelta(minutes=1))
    if not minutes:
        return "UTC"
    sign = "-" if offset < timedelta() else "+"
    hours, rest = divmod(minutes, 60)
    return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "")
