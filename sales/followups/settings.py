"""The sections `sales_agent.conversation_summaries` and `email` of `app.yaml`."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from core.settings import Section

Style = Literal["professional", "casual", "detailed"]
_EMAIL = re.compile(r"^[^\s@<>\"',;]+@[^\s@<>\"',;]+$")


class ConversationSummarySettings(Section):
    """What is told of a conversation once it is over, and to whom (S1-003)."""

    auto_generate: bool = True
    """Whether a summary is made when a conversation ends."""
    email_enabled: bool = True
    """Whether summaries are mailed. Off: they stand in the portal only."""
    send_to_customer: bool = True
    """Whether the visitor gets one, where an e-mail address is known."""
    send_to_sales_team: bool = True
    """Whether the addresses of email.sales_team get one."""
    template_style: Style = "professional"
    """professional: complete and formal. casual: short and friendly. detailed: with every quote
    and the whole transcript."""


class EmailSettings(Section):
    """Who mails come from, and who gets those for the company."""

    provider: str = "local"
    """Who delivers mail. local: standard .eml files in the data folder, shown in the portal; else
    a vendor of `integrations`."""
    from_address: str = "sales-agent@localhost"
    """The sender of every mail."""
    from_name: str = Field(default="", max_length=120)
    """The sender's name. Unset: the site's."""
    reply_to: str | None = None
    """Where answers of visitors go. Unset: the first address of sales_team, else the sender."""
    sales_team: tuple[str, ...] = Field(default=(), max_length=20)
    """Who gets the summaries for the sales team."""

    @field_validator("from_address", "reply_to")
    @classmethod
    def _check_address(cls, value: str | None) -> str | None:
        return None if value is None else _check(value)

    @field_validator("sales_team")
    @classmethod
    def _check_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_check(address) for address in value))

    @property
    def answers_to(self) -> str:
        """Where answers of visitors go."""
        return self.reply_to or (self.sales_team[0] if self.sales_team else self.from_address)


def _check(address: str) -> str:
    if not _EMAIL.match(address) or not address.isprintable():
        raise ValueError("this is no e-mail address. Write one like sales@acme.example")
    return address
