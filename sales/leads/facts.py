"""What qualification knows of a conversation. Pure values, loaded by others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sales.leads.profile import Profile
from sales.leads.signals import VisitorMessage


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """A conversation as the rules see it.

    `messages` are the visitor's own, in order; `pages` the paths opened, the first included;
    `source` holds `referrer_domain`, the five utm keys and `page`, the path it began on.
    """

    profile: Profile = field(default_factory=Profile)
    messages: tuple[VisitorMessage, ...] = ()
    pages: tuple[str, ...] = ()
    answered_questions: int = 0
    previous_conversations: int = 0
    appointments: int = 0
    source: Mapping[str, str] = field(default_factory=dict)
