"""The section `notices` of `app.yaml`."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field, model_validator

from core.settings import Section

Occasion = Literal[
    "lead.qualified",
    "appointment.booked",
    "appointment.rescheduled",
    "appointment.cancelled",
    "handoff.alert",
    "promise.given_up",
]
OCCASIONS: tuple[Occasion, ...] = get_args(Occasion)
MAIL = "mail"


class NoticeSettings(Section):
    """Who is told of what, and where."""

    when: Occasion
    """lead.qualified: a conversation became a lead. appointment.*: what became of a meeting.
    handoff.alert: a handoff needs somebody. promise.given_up: something could not be done
    outside, after several tries."""
    via: str
    """mail, or a vendor of `integrations` that can notify: slack, webhook."""
    to: str = Field(min_length=1, max_length=300)
    """An e-mail address; a channel (#sales) or member of Slack; the address of a program."""
    tenant: str = "default"
    """The key of the tenant whose staff it is."""
    names: bool = True
    """Whether the notice names the person. False: score, reason and link only, so that nothing
    personal leaves for the vendor."""

    @model_validator(mode="after")
    def _check_recipient(self) -> NoticeSettings:
        if self.via == MAIL and "@" not in self.to:
            raise ValueError("via: mail needs an e-mail address. Write one after to:")
        if self.via == "webhook" and not self.to.startswith(("https://", "http://")):
            raise ValueError("via: webhook needs an address of http or https. Write one after to:")
        return self
