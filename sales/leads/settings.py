"""The sections `sales_agent.profile_capture` and `qualification` of `app.yaml`.

A misspelt field, signal or rule is an error that names its path and the nearest known name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Annotated, Literal

import phonenumbers
from pydantic import Field, field_validator, model_validator

from core.settings import Section
from sales.leads import fields
from sales.leads.scoring_defaults import DEFAULT_RULES
from sales.leads.signal_ids import OBJECTIONS, SIGNALS

_ID = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
# A group that repeats inside a repeated group: on a long message it may not come to an end.
_RUNAWAY = re.compile(r"\([^()]*[+*][^()]*\)\s*[+*{]")
MAX_PATTERN = 200

Part = Literal["completeness", "engagement", "readiness", "source_quality"]
PARTS: tuple[Part, ...] = ("completeness", "engagement", "readiness", "source_quality")
Count = Literal[
    "messages", "pages_viewed", "answered_questions", "previous_conversations", "appointments"
]
SourceKey = Literal[
    "referrer_domain", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "page"
]


def explain_unknown(what: str, name: str, known: Iterable[str]) -> str:
    """ "there is no field emial. Did you mean email?\""""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(names)}"
    return f"there is no {what} {name}. {hint}"


def _check_id(value: str) -> str:
    if not _ID.match(value):
        raise ValueError(f"{value} is no id. Use small letters, digits and _, at most 40")
    return value


def _check_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern} is no regular expression ({error}). Mend it") from None
    if len(pattern) > MAX_PATTERN or _RUNAWAY.search(pattern):
        raise ValueError(
            f"{pattern[:40]} may take for ever: a repeated group must hold no + or *. Simplify it"
        )
    return pattern


class CustomFieldSettings(Section):
    """A profile field of your own."""

    id: str
    """A short name in small letters, e.g. locations."""
    label: str = ""
    """What staff and visitors read."""
    type: Literal["text", "number", "choice", "boolean"] = "text"
    """What its values are."""
    keywords: tuple[str, ...] = ()
    """Words beside which the value stands: "12 locations". A boolean is true where one is said."""
    patterns: tuple[str, ...] = ()
    """Regular expressions; the first group is the value. Case does not matter."""
    choices: tuple[str, ...] = ()
    """The values that a choice may have."""
    question: str | None = None
    """How the agent asks for it."""
    reason: str | None = None
    """Why, in words for the visitor."""

    @field_validator("id")
    @classmethod
    def _check_own_id(cls, value: str) -> str:
        if value in set(fields.Field):
            raise ValueError(f"{value} is a field already. Give yours another id")
        return _check_id(value)

    @field_validator("patterns")
    @classmethod
    def _check_patterns(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_check_pattern(pattern) for pattern in value)

    @model_validator(mode="after")
    def _check_choices(self) -> CustomFieldSettings:
        if (self.type == "choice") != bool(self.choices):
            raise ValueError(f"{self.id}: choices belong to type choice. Add or remove them")
        return self


class ProfileCaptureSettings(Section):
    """What the agent wants to know of a visitor (S1)."""

    required_fields: tuple[str, ...] = ("customer_name", "email")
    """What is asked for, one thing at a time, until it is known or refused."""
    optional_fields: tuple[str, ...] = ("phone", "company", "industry")
    """What is asked for where interest shows."""
    custom_fields: tuple[CustomFieldSettings, ...] = ()
    """Fields of your own."""
    default_region: str | None = None
    """Whose telephone numbers need no country code, as ISO 3166: GB, US. Unset: the region of
    the visitor's browser."""
    max_questions: int = Field(default=4, ge=0, le=20)
    """How many questions for the profile one conversation may hold, booking apart."""

    @field_validator("default_region")
    @classmethod
    def _check_region(cls, value: str | None) -> str | None:
        if value is not None and value.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"{value} is no country. Write two letters as in ISO 3166, e.g. GB")
        return value.upper() if value else None

    @model_validator(mode="after")
    def _check_fields(self) -> ProfileCaptureSettings:
        own = [field.id for field in self.custom_fields]
        twice = sorted({name for name in own if own.count(name) > 1})
        if twice:
            raise ValueError(f"custom_fields: two have the id {twice[0]}. Give each its own")
        known = {*fields.Field, *own}
        for place in ("required_fields", "optional_fields"):
            for name in getattr(self, place):
                if name not in known:
                    raise ValueError(f"{place}: {explain_unknown('field', name, known)}")
        both = sorted({*self.required_fields} & {*self.optional_fields})
        if both:
            raise ValueError(f"{both[0]} is both required and optional. Choose one")
        return self


class _Rule(Section):
    id: str
    """Names the rule in reasons; unique."""
    part: Part
    """The part of the score that it adds to."""
    points: int = Field(ge=-100, le=100)
    """Per cent of that part. Below zero it takes away."""
    text: str = ""
    """The reason, in words for staff."""

    _id = field_validator("id")(_check_id)


class FieldRule(_Rule):
    """Counts where a profile field is known, or has one of `values`."""

    kind: Literal["field_known"]
    field: str
    """A profile field, a custom one included."""
    values: tuple[str | bool | float, ...] = ()
    """Only these values count. Of `timeline`: immediate, 1-month, 3-months, 6-months, exploring."""


class SignalRule(_Rule):
    """Counts where a signal was found in the visitor's messages."""

    kind: Literal["signal_seen"]
    signal: str
    """A signal, e.g. pricing_asked."""

    @field_validator("signal")
    @classmethod
    def _check_signal(cls, value: str) -> str:
        if value not in SIGNALS and value not in OBJECTIONS and value != "competitor":
            known = (*SIGNALS, *OBJECTIONS, "competitor")
            raise ValueError(explain_unknown("signal", value, known))
        return value


class PhraseRule(_Rule):
    """Counts where the visitor wrote one of the phrases, as whole words in any case."""

    kind: Literal["phrase_said"]
    phrases: tuple[str, ...] = Field(min_length=1)
    """Words to look for."""


class CountRule(_Rule):
    """Counts where something happened often enough."""

    kind: Literal["count_reached"]
    what: Count
    """What is counted."""
    at_least: int = Field(ge=1)
    """From how many on."""


class PageRule(_Rule):
    """Counts where a page was opened whose path begins with one of `paths`."""

    kind: Literal["page_opened"]
    paths: tuple[str, ...] = Field(min_length=1)
    """Beginnings of paths, e.g. /pricing."""


class SourceRule(_Rule):
    """Counts where the visitor came from one of `values`."""

    kind: Literal["source_is"]
    key: SourceKey
    """What is compared; page is the path of the page the conversation began on."""
    values: tuple[str, ...] = ()
    """Any of these, in any case; `*` stands for anything. None: that it is known at all."""


Rule = Annotated[
    FieldRule | SignalRule | PhraseRule | CountRule | PageRule | SourceRule,
    Field(discriminator="kind"),
]


class Weights(Section):
    """What each part of the score may reach. Together 100."""

    completeness: int = Field(default=25, ge=0, le=100)
    """How much of the profile is known."""
    engagement: int = Field(default=25, ge=0, le=100)
    """How much they took part."""
    readiness: int = Field(default=25, ge=0, le=100)
    """How near to buying they are."""
    source_quality: int = Field(default=25, ge=0, le=100)
    """How good their source has proved."""

    @model_validator(mode="after")
    def _check_sum(self) -> Weights:
        total = self.completeness + self.engagement + self.readiness + self.source_quality
        if total != 100:
            raise ValueError(f"the four weights make {total}. Let them make 100")
        return self


class Tiers(Section):
    """From which score on a lead is hot, warm or cool; below that it is cold (S0)."""

    hot: int = Field(default=70, ge=0, le=100)
    warm: int = Field(default=45, ge=0, le=100)
    cool: int = Field(default=20, ge=0, le=100)

    @model_validator(mode="after")
    def _check_order(self) -> Tiers:
        if not self.hot > self.warm > self.cool:
            raise ValueError("hot must be above warm, and warm above cool. Put them in order")
        return self


class PhraseList(Section):
    """A name and the phrases that stand for it."""

    name: str
    """As staff reads it."""
    phrases: tuple[str, ...] = Field(min_length=1)
    """Words to look for, in any case."""


class QualificationSettings(Section):
    """How a conversation is scored (S0 3.1: four parts, tier, priority)."""

    weights: Weights = Weights()
    tiers: Tiers = Tiers()
    qualify_at: int = Field(default=45, ge=0, le=100)
    """From which score on a conversation becomes a qualified lead."""
    rules: tuple[Rule, ...] = Field(default=DEFAULT_RULES, validate_default=True)
    """What gives points. Yours replace the built-in ones."""
    competitors: tuple[str, ...] = ()
    """Names whose mention staff should see."""
    topics: tuple[PhraseList, ...] = ()
    """Interests to recognise beside the built-in signals."""
    objections: tuple[PhraseList, ...] = ()
    """Objections of your trade to recognise beside the built-in ones."""

    @model_validator(mode="after")
    def _check_rules(self) -> QualificationSettings:
        ids = [rule.id for rule in self.rules]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"rules: two have the id {twice[0]}. Give each its own")
        return self


def check_rule_fields(rules: QualificationSettings, capture: ProfileCaptureSettings) -> None:
    """Whether every field that a rule names exists.

    Raises:
        ValueError: names the rule's place and the nearest known field.
    """
    known = {*fields.Field, *(field.id for field in capture.custom_fields)}
    for number, rule in enumerate(rules.rules):
        if isinstance(rule, FieldRule) and rule.field not in known:
            raise ValueError(
                f"qualification.rules[{number}].field: "
                f"{explain_unknown('field', rule.field, known)}"
            )
