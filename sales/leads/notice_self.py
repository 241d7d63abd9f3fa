"""Openings in which visitors say who they are and of what. Pure."""

from __future__ import annotations

import re

from sales.leads.notice_names import opens_like_name

_NAMES_SELF = re.compile(
    r"^\W*(?:(?:hi+|hello|hey|yes|morning|good \w+)\b[\s,!.]*)*(?:i['’]?m|i am|this is|my name is)"
    r"[ \t]+(?P<name>[^,.!?;]+?)[ \t]+(?=of\b)",
    re.IGNORECASE,
)


def names_self(text: str) -> bool:
    """Whether the visitor opens with their full name and "of": "I'm Mallory Jones of Acme"."""
    match = _NAMES_SELF.match(text)
    return bool(match and " " in match["name"] and opens_like_name(match["name"]))
