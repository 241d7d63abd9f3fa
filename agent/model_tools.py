"""What a model may propose beside its answer: typed actions, each checked by code before it counts.

Nothing here changes the world. Details of the visitor pass the validators of the rules that read
messages; meetings go through the scheduler, which asks the visitor; a question for the team is
offered, and passed on only after the visitor's yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Argument

from agent.answers import Proposal
from agent.model_call import ToolCall
from agent.profiling import Listening
from sales.leads.fields import Field, Noticed
from sales.leads.noticing import notice_profile
from sales.leads.sentences import Stance, split_clauses

# Read by the rules, which see e-mail addresses and numbers better than any model; and never shown.
_RULES_ONLY = (Field.EMAIL, Field.PHONE)
_CONFIDENCE = 0.6
_MOST_DETAILS = 6


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Detail(_Arguments):
    field: str = Argument(max_length=60)
    quote: str = Argument(min_length=1, max_length=200)


class _NoteDetails(_Arguments):
    details: list[_Detail] = Argument(max_length=20)


class _ProposeMeeting(_Arguments):
    kind: str = Argument(pattern="^(book|move|cancel|show)$")
    when: str = Argument(default="", max_length=200)


class _RecommendProducts(_Arguments):
    need: str = Argument(min_length=2, max_length=300)


class _HandToPerson(_Arguments):
    question: str = Argument(min_length=2, max_length=500)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a model proposed, read and checked. `need`: look up products for it and answer then.
    `refused`: calls with an unknown name or arguments that fit no tool."""

    details: tuple[_Detail, ...] = ()
    proposal: Proposal | None = None
    need: str = ""
    question: str = ""
    refused: tuple[str, ...] = field(default=())


def describe_tools(fields: Sequence[str], *, has_meetings: bool) -> list[dict[str, Any]]:
    """The tools in the form that `bind_tools` takes. `fields`: what a profile may hold."""
    detail = _build_object(
        {
            "field": {"type": "string", "enum": [one for one in fields if one not in _RULES_ONLY]},
            "quote": {"type": "string", "description": "the visitor's exact words that say so"},
        }
    )
    tools = [
        _describe(
            "note_details",
            "Note what the visitor says of themselves or their company in this message. Call it "
            "beside your answer. Never for other people, wishes or guesses.",
            {"details": {"type": "array", "items": detail}},
        ),
        _describe(
            "recommend_products",
            "Look up products for a need where the passages hold none that fits. Call it instead "
            "of answering; you then get passages to answer from.",
            {"need": {"type": "string", "description": "the need, in the website's words"}},
        ),
        _describe(
            "hand_to_person",
            "Offer to pass a question on to the team: when the visitor wants a person, or the "
            "passages do not answer.",
            {"question": {"type": "string", "description": "the question, whole"}},
        ),
    ]
    if has_meetings:
        tools.append(
            _describe(
                "propose_meeting",
                "Show the visitor free times for a meeting, or their booked one, or ask about "
                "moving or cancelling it. Instead of an answer about times: you know none.",
                {
                    "kind": {"type": "string", "enum": ["book", "move", "cancel", "show"]},
                    "when": {
                        "type": "string",
                        "description": "the visitor's own words on the time; empty without",
                    },
                },
            )
        )
    return tools


def _describe(name: str, description: str, properties: dict[str, Any]) -> dict[str, Any]:
    function = {
        "name": name,
        "description": description,
        "parameters": _build_object(properties),
        # The vendor then lets no other arguments out, where it knows how.
        "strict": True,
    }
    return {"type": "function", "function": function}


def _build_object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def read_wishes(calls: Sequence[ToolCall]) -> Wishes:
    """What the calls mean; of each kind the first counts, details add up."""
    details: list[_Detail] = []
    proposal: Proposal | None = None
    need = question = ""
    refused: list[str] = []
    for call in calls:
        arguments = _read(call)
        match arguments:
            case _NoteDetails():
                details += arguments.details
            case _ProposeMeeting():
                proposal = proposal or Proposal(arguments.kind, arguments.when)
            case _RecommendProducts():
                need = need or arguments.need
            case _HandToPerson():
                question = question or arguments.question
            case _:
                refused.append(call.name[:60])
    return Wishes(tuple(details[:_MOST_DETAILS]), proposal, need, question, tuple(refused))


_KINDS: Mapping[str, type[_Arguments]] = {
    "note_details": _NoteDetails,
    "propose_meeting": _ProposeMeeting,
    "recommend_products": _RecommendProducts,
    "hand_to_person": _HandToPerson,
}


def _read(call: ToolCall) -> _Arguments | None:
    kind = _KINDS.get(call.name)
    if kind is None:
        return None
    try:
        return kind.model_validate(dict(call.arguments))
    except ValidationError:
        return None


def check_details(
    wishes: Wishes, text: str, listening: Listening, locale: str
) -> tuple[Noticed, ...]:
    """The details that may be noted: their quote stands in the message, is said of the visitor,
    and the rules read a value of that field out of it, as if the agent had asked for it. The
    model's own value is never taken."""
    clauses = split_clauses(text)
    found: dict[str, Noticed] = {}
    for detail in wishes.details:
        start = text.lower().find(detail.quote.lower())
        if start < 0 or detail.field in _RULES_ONLY or detail.field in found:
            continue
        end = start + len(detail.quote)
        inside = [one for one in clauses if one.start < end and start < one.end]
        if any(one.stance is not Stance.STATED for one in inside):
            continue
        noticed = _read_detail(detail, text[start:end], listening, locale)
        if noticed is not None:
            found[detail.field] = _place(noticed, start)
    return tuple(found.values())


def _read_detail(detail: _Detail, quote: str, listening: Listening, locale: str) -> Noticed | None:
    capture = listening.capture
    noticed = notice_profile(
        quote,
        asked_for=detail.field,
        custom_fields=capture.custom_fields,
        default_region=capture.default_region,
        locale=locale,
    )
    fitting = (one for one in noticed if one.field == detail.field and one.problem is None)
    return next(fitting, None)


def _place(noticed: Noticed, start: int) -> Noticed:
    return Noticed(
        field=noticed.field,
        value=noticed.value,
        quote=noticed.quote,
        start=start + noticed.start,
        end=start + noticed.end,
        confidence=min(noticed.confidence, _CONFIDENCE),
    )
