"""What a turn leaves behind while a person speaks instead of the agent. Pure."""

from __future__ import annotations

from datetime import datetime

from agent.profiling import Listening
from agent.wording import choose_language, say
from sales.conversations.schemas import ConversationState, TurnRecord
from sales.organization.settings import SiteSettings


def build_silence(
    state: ConversationState,
    site: SiteSettings,
    message_id: str,
    text: str,
    at: datetime,
    listening: Listening,
) -> TurnRecord:
    """The visitor's message; and once, so that the silence is no riddle, that somebody is there."""
    since = state.taken_over_at
    is_told = any(
        message.role in ("visitor", "staff") and (since is None or message.created_at >= since)
        for message in state.messages
    )
    notice = "" if is_told else say("taken_over", choose_language(state.locale, site.language))
    return TurnRecord(
        client_message_id=message_id,
        visitor_text=text,
        answer_text=notice,
        payload={
            "sentences": [{"text": notice, "citations": []}] if notice else [],
            "outcome": "talk",
            "awaits_staff": True,
            "profile": listening.describe(),
        },
        trace={"taken_over_by": state.taken_over_by, **listening.remember()},
        citations=(),
        started_at=at,
        answered_at=at,
    )
