"""What one message told about its visitor, and how the answer's trace keeps it. Pure.

The trace is what the profile is stored from, in the same commit as the message, so that a
stored conversation can be played again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sales.leads.fields import Noticed
from sales.leads.profile import Profile, decline, merge_noticed

TRACE_KEY = "profile"


@dataclass(frozen=True, slots=True)
class EarlierMessage:
    """An earlier message whose profile had to wait for the visitor's consent."""

    message_id: str
    at: datetime
    noticed: tuple[Noticed, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """The fields of one message; the field refused in it; the word on consent.

    `is_withheld`: the site wants consent first, so that `noticed` is not stored yet.
    """

    noticed: tuple[Noticed, ...] = ()
    declined: str | None = None
    declined_quote: str = ""
    consent: Literal["given", "refused"] | None = None
    consent_text: str = ""
    consent_version: str = ""
    earlier: tuple[EarlierMessage, ...] = ()
    is_withheld: bool = False

    @property
    def usable(self) -> tuple[Noticed, ...]:
        """What can be stored as it stands."""
        return tuple(item for item in self.noticed if item.problem is None)

    @property
    def changes_profile(self) -> bool:
        """Whether there is anything to be stored."""
        said = self.usable or self.earlier or self.declined or self.consent
        return bool(said) and not self.is_withheld


def merge_told(profile: Profile, told: Told, *, message_id: str | None, at: datetime) -> Profile:
    """The profile with what the message told."""
    if told.is_withheld:
        return profile
    for message in told.earlier:
        profile = merge_noticed(
            profile, message.noticed, message_id=message.message_id, at=message.at
        )
    profile = merge_noticed(profile, told.noticed, message_id=message_id, at=at)
    if told.declined:
        quote = told.declined_quote
        profile = decline(profile, told.declined, quote=quote, message_id=message_id, at=at)
    return profile


def write_told(told: Told) -> dict[str, Any]:
    """As JSON values; what is withheld is not among them."""
    if told.is_withheld:
        return {"is_withheld": True}
    content: dict[str, Any] = {}
    if told.noticed:
        content["noticed"] = [asdict(item) for item in told.noticed]
    if told.declined:
        content |= {"declined": told.declined, "declined_quote": told.declined_quote}
    if told.consent:
        content |= {
            "consent": told.consent,
            "consent_text": told.consent_text,
            "consent_version": told.consent_version,
        }
    if told.earlier:
        content["earlier"] = [
            {
                "message_id": message.message_id,
                "at": message.at.isoformat(),
                "noticed": [asdict(item) for item in message.noticed],
            }
            for message in told.earlier
        ]
    return content


def read_told(trace: Mapping[str, Any]) -> Told:
    """Back from an answer's trace."""
    content = trace.get(TRACE_KEY) or {}
    return Told(
        noticed=tuple(Noticed(**item) for item in content.get("noticed", ())),
        declined=content.get("declined"),
        declined_quote=content.get("declined_quote", ""),
        consent=content.get("consent"),
        consent_text=content.get("consent_text", ""),
        consent_version=content.get("consent_version", ""),
        earlier=tuple(
            EarlierMessage(
                one["message_id"],
                datetime.fromisoformat(one["at"]),
                tuple(Noticed(**item) for item in one["noticed"]),
            )
            for one in content.get("earlier", ())
        ),
        is_withheld=bool(content.get("is_withheld")),
    )
