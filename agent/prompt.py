"""What a model is shown in a turn. Pure: the same context and fence give the same prompt.

Its length does not grow with the conversation: a few last messages, a summary of fixed length,
and passages up to a limit. No e-mail address, no phone number, nothing of other visitors and no
credential is in it. What others wrote stands between lines with a fence that is new in every
turn, so that no text can close it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.prompt_history import mask_contacts, summarise, take_latest
from agent.recalling import RecalledQuestion
from agent.responder import TurnContext
from agent.wording import name_language
from sales.knowledge.schemas import StoredPassage

PASSAGE_CHARACTERS = 1200
ALL_PASSAGES_CHARACTERS = 6000
MESSAGE_CHARACTERS = 4000
_VALUE_CHARACTERS = 60
_HIDDEN = ("email", "phone")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class PromptTemplates:
    """The texts that an admin may change. `system` knows {agent}, {company}, {language}; `turn`
    knows {stage}, {known}, {summary}, {fence}, {passages}, {message}."""

    system: str
    turn: str


SYSTEM_NAMES = frozenset({"agent", "company", "language"})
TURN_NAMES = frozenset({"stage", "known", "summary", "fence", "passages", "message"})
NEEDED_TURN_NAMES = frozenset({"fence", "passages", "message"})


@dataclass(frozen=True, slots=True)
class Prompt:
    """`messages` as (role, text), roles system, user and assistant; `passages`: ids of the
    passages in the order of their numbers, from 1."""

    messages: tuple[tuple[str, str], ...]
    passages: tuple[int, ...]

    @property
    def characters(self) -> int:
        """Its whole length."""
        return sum(len(text) for _, text in self.messages)


def build_prompt(
    context: TurnContext, templates: PromptTemplates, agent_name: str, fence: str
) -> Prompt:
    """The prompt of a turn. `fence`: a text that nobody can guess."""
    chosen = choose_passages(context.questions)
    values = {
        "stage": describe_stage(context),
        "known": describe_known(context.listening.known),
        "summary": summarise(context.state.messages) or "none",
        "fence": fence,
        "passages": _show_passages(chosen, fence) or "(nothing was found for this message)",
        "message": _clean(mask_contacts(context.text)[:MESSAGE_CHARACTERS], fence),
    }
    system = fill(
        templates.system,
        {
            "agent": agent_name,
            "company": context.site.name,
            "language": name_language(context.site.language, "en"),
        },
    )
    history = ((role, _clean(text, fence)) for role, text in take_latest(context.state.messages))
    messages = (("system", system), *history, ("user", fill(templates.turn, values)))
    return Prompt(messages, tuple(passage.passage_id for passage in chosen))


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with its placeholders filled, in one pass: what is filled in is not read."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template).strip()


def find_placeholders(template: str) -> frozenset[str]:
    """The names in braces that a template uses."""
    return frozenset(_PLACEHOLDER.findall(template))


def choose_passages(questions: Sequence[RecalledQuestion]) -> list[StoredPassage]:
    """The passages of all questions, the best of each question before the second best of any, up
    to the limit of length."""
    chosen: dict[int, StoredPassage] = {}
    room = ALL_PASSAGES_CHARACTERS
    depth = max((len(question.recall.passages) for question in questions), default=0)
    for rank in range(depth):
        for question in questions:
            if rank >= len(question.recall.passages):
                continue
            passage = question.recall.stored[question.recall.passages[rank].passage_id]
            length = min(len(passage.text), PASSAGE_CHARACTERS)
            if passage.passage_id not in chosen and (length <= room or not chosen):
                chosen[passage.passage_id] = passage
                room -= length
    return list(chosen.values())


def describe_stage(context: TurnContext) -> str:
    """In a few words."""
    listening = context.listening
    if listening.has_buying_signal:
        return "the visitor shows interest in buying; a meeting may be proposed where it fits"
    if listening.messages <= 1:
        return "the first message"
    return "under way" if listening.messages < 4 else "well under way; help the visitor decide"


def describe_known(known: Mapping[str, str]) -> str:
    """What the visitor told, without what only a sender of mails needs."""
    shown = [
        f"{name.replace('_', ' ')}: {' '.join(value.split())[:_VALUE_CHARACTERS]}"
        for name, value in known.items()
        if name not in _HIDDEN
    ]
    return mask_contacts("; ".join(shown)) or "nothing yet"


def _show_passages(passages: Sequence[StoredPassage], fence: str) -> str:
    shown = []
    for number, passage in enumerate(passages, 1):
        where = " > ".join(dict.fromkeys(part for part in (passage.title, *passage.heading_path)))
        head = _clean(" ".join(where.split())[:200], fence)
        text = _clean(passage.text[:PASSAGE_CHARACTERS], fence)
        kind = ", a product" if passage.kind == "product" else ""
        shown.append(f"=== {fence} [{number}] {head}{kind}\n{text}")
    return "\n".join([*shown, f"=== {fence} end"]) if shown else ""


def _clean(text: str, fence: str) -> str:
    """`text` that cannot end its own frame, should it ever guess the fence."""
    return text.replace(fence, "").strip()
