"""What summaries and mails may hold, and to whom they may go. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import get_args
from zoneinfo import ZoneInfo

from sales.appointments.slot_words import describe_day, name_zone
from sales.followups.schemas import Delivery, DeliveryCount, MailKind, Reason
from sales.organization.settings import LinkSettings

LANGUAGES = ("en", "de", "es")
MAX_TEXT = 600
# What somebody can unsubscribe from. The others are what they asked for themselves: the
# confirmation of a meeting they booked a minute ago.
_OPTIONAL: tuple[MailKind, ...] = ("summary_visitor",)


def is_optional(kind: str) -> bool:
    """Whether an unsubscribed address goes without it."""
    return kind in _OPTIONAL


def count_summaries(mails: Iterable[DeliveryCount]) -> tuple[int, int]:
    """How many summaries were written, and how many of them were sent (S1: summary delivery)."""
    summaries = [one for one in mails if one.kind.startswith("summary")]
    written = sum(one.mails for one in summaries)
    return written, sum(one.mails for one in summaries if one.state == "sent")


# What is told later need not have happened later: of two, the one that says more stays.
_DELIVERIES: tuple[Delivery, ...] = get_args(Delivery)
_REASONS: dict[str, Reason] = {
    "bounced": "bounced",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}


def choose_delivery(known: str, told: str) -> str:
    """What is known of a mail after a vendor told something, in whatever order it comes."""
    if told not in _DELIVERIES:
        return known
    ranks = {name: rank for rank, name in enumerate(_DELIVERIES)}
    return max(known, told, key=lambda name: ranks.get(name, 0))


SEEN: tuple[Delivery, ...] = ("opened", "clicked")


def is_seen(delivery: str) -> bool:
    """Whether somebody looked at a mail."""
    return delivery in SEEN


def choose_reason(told: str) -> Reason | None:
    """Why an address is written to no more, after a vendor told something; None: it still is."""
    return _REASONS.get(told)


def is_unwanted(kind: str, reason: str | None) -> bool:
    """Whether a mail of this kind may not go to an address that is suppressed for `reason`."""
    if reason is None:
        return False
    return reason == "bounced" or is_optional(kind)


def choose_language(*wanted: str) -> str:
    """The first of the tags that mails are written in, else English."""
    for tag in wanted:
        language = tag[:2].lower()
        if language in LANGUAGES and tag[2:3] in ("", "-", "_"):
            return language
    return LANGUAGES[0]


def one_line(text: str, limit: int = MAX_TEXT) -> str:
    """Text from outside as one line of signs that can be printed: it can neither break out of
    a header nor pretend to be a line of ours."""
    visible = "".join(sign if sign.isprintable() else " " for sign in text)
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def open_link(url: str, links: LinkSettings | None, public_url: str) -> str:
    """Where a page is opened that was read at `url`; nothing for what is no web address."""
    if not url.startswith(("https://", "http://")) or any(sign.isspace() for sign in url):
        return ""
    if links is None or not url.startswith(links.replace):
        return url
    base = public_url + links.by if links.by.startswith("/") else links.by
    return base + url[len(links.replace) :]


def read_zone(name: str) -> tzinfo:
    """The time zone of that name, else UTC."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, KeyError):
        return UTC


def describe_moment(at: datetime, zone: tzinfo, language: str) -> str:
    """Day, time and zone: "Thursday 3 December, 14:00 (Europe/Berlin, UTC+1)"."""
    local = at.astimezone(zone)
    return f"{describe_day(local.date(), language)}, {local:%H:%M} ({name_zone(zone, local)})"


def clean_address(email: str) -> str:
    """An address in the form in which it is compared."""
    return email.strip().lower()


def build_summary_key(conversation_id: str, audience: str) -> str:
    """The mail of a summary is the same mail for ever."""
    return f"summary-{audience}.{conversation_id}"


def build_appointment_key(appointment_id: str, sequence: int, audience: str) -> str:
    """One mail for each state of an appointment and each of its people."""
    return f"appointment-{audience}.{appointment_id}.{sequence}"


def build_resend_key(mail_id: str) -> str:
    """A mail sent again is another mail."""
    return f"again.{mail_id}"


def keep_first(values: Iterable[str]) -> list[str]:
    """Without repeats, in order."""
    return list(dict.fromkeys(value for value in values if value))
