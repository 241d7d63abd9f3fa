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
    mark = state.taken_over_at.isoformat() if state.taken_over_at else ""
    # Where the agent is not heard among the latest messages, the notice lies before them.
    heard = [message for message in state.messages if message.role == "agent"]
    is_told = any(message.payload.get("taken_over_at") == mark for message in heard)
    is_told = is_told or bool(state.messages and not heard)
    notice = "" if is_told else say("taken_over", choose_language(state.locale, site.language))
    return TurnRecord(
        client_message_id=message_id,
        visitor_text=text,
        answer_text=notice,
        payload={
            "sentences": [{"text": notice, "citations": []}] if notice else [],
            "outcome": "talk",
            "awaits_staff": True,
            "taken_over_at": mark,
            "profile": listening.describe(),
        },
        trace={"taken_over_by": state.taken_over_by, **listening.remember()},
        citations=(),
        started_at=at,
        answered_at=at,
    )
