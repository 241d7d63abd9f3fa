"""What was said before, as a model is shown it: short, and of the same length at any time. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sales.conversations.schemas import StoredMessage

LATEST = 4
"""Messages shown word for word: the last two turns."""
_MESSAGE_CHARACTERS = 400
_TOPICS = 8
_TOPIC_CHARACTERS = 70
TRACE_KEY = "topics"

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(r"(?<![\w.])\+?\d(?:[ ()./-]{0,2}\d){8,14}(?![\w.]\d)")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{4}")


def mask_contacts(text: str) -> str:
    """`text` without e-mail addresses and phone numbers: no model needs them."""
    return _PHONE.sub(_mask_phone, _EMAIL.sub("[e-mail]", text))


def _mask_phone(match: re.Match[str]) -> str:
    return match.group() if _DATE.search(match.group()) else "[phone]"


def take_latest(messages: Sequence[StoredMessage]) -> list[tuple[str, str]]:
    """The last messages as (role, text), roles user and assistant; none without a text."""
    roles = {"visitor": "user", "agent": "assistant", "staff": "assistant"}
    spoken = [one for one in messages if one.text.strip() and one.role in roles]
    return [
        (roles[one.role], mask_contacts(_shorten(one.text, _MESSAGE_CHARACTERS)))
        for one in spoken[-LATEST:]
    ]


def roll_topics(messages: Sequence[StoredMessage], asked: Sequence[str]) -> list[str]:
    """The topics to remember after a turn in which `asked` was asked: the first one, which says
    why the visitor came, and the last ones. Kept in the answer's trace, so that they outlive the
    messages that a turn loads."""
    topics = [*_known_topics(messages), *(_shorten(one, _TOPIC_CHARACTERS) for one in asked)]
    unique = list(dict.fromkeys(topic for topic in topics if topic))
    if len(unique) <= _TOPICS:
        return unique
    return [unique[0], *unique[-(_TOPICS - 1) :]]


def summarise(messages: Sequence[StoredMessage]) -> str:
    """What was spoken of so far, in one line of fixed length."""
    return mask_contacts("; ".join(_known_topics(messages)))


def _known_topics(messages: Sequence[StoredMessage]) -> list[str]:
    for message in reversed(messages):
        if message.role == "agent" and TRACE_KEY in message.trace:
            return [str(topic) for topic in message.trace[TRACE_KEY]]
    return []


def _shorten(text: str, limit: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + "…"
