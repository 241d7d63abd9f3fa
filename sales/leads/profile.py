"""A visitor's profile: every value with its proof, and what it replaced. Pure.

Nothing is forgotten: a value that a later one replaces, or that was not believed, stays in the
field's history with its quote, its message and who set it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sales.leads.fields import Noticed, Value


class SetBy(StrEnum):
    """Who set a value."""

    STAFF = "staff"
    FORM = "form"
    VISITOR = "visitor"
    AGENT_RULE = "agent_rule"
    MODEL = "model"


# Who is believed over whom. A visitor's own entry in a form or in their shown profile was made
# on purpose; what a rule or a model read from talk was not.
_TRUST = {SetBy.STAFF: 4, SetBy.FORM: 3, SetBy.VISITOR: 3, SetBy.AGENT_RULE: 2, SetBy.MODEL: 1}
# A correction in the visitor's own words this sure outranks even what staff entered.
STRONG = 0.9
# A reading this much less sure than the present value does not replace it.
MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class Evidence:
    """One value of one field and its proof. `confidence` is 0 to 1; `at` is UTC."""

    value: Value
    quote: str
    message_id: str | None
    confidence: float
    at: datetime
    set_by: SetBy
    is_correction: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The visitor's no to a field."""

    quote: str
    message_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A field: its present value, earlier and disbelieved ones in order, and a no."""

    current: Evidence | None = None
    history: tuple[Evidence, ...] = ()
    declined: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything known of one visitor."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def value(self, name: str) -> Value | None:
        """The present value of a field."""
        entry = self.entries.get(name)
        return entry.current.value if entry and entry.current else None

    def evidence(self, name: str) -> Evidence | None:
        """The proof of the present value."""
        entry = self.entries.get(name)
        return entry.current if entry else None

    def is_declined(self, name: str) -> bool:
        """Whether the visitor said no to it and has not told it since."""
        entry = self.entries.get(name)
        return bool(entry and entry.declined and entry.current is None)

    def values(self) -> dict[str, Value]:
        """The present values, in the order in which they were set."""
        known = [(name, entry.current) for name, entry in self.entries.items() if entry.current]
        known.sort(key=lambda item: item[1].at)
        return {name: evidence.value for name, evidence in known}


def merge_noticed(
    profile: Profile,
    noticed: Iterable[Noticed],
    *,
    message_id: str | None,
    at: datetime,
    set_by: SetBy = SetBy.AGENT_RULE,
) -> Profile:
    """The profile with what a message told. Values with a problem are left out.

    The same message twice changes nothing, so that a turn may be played again.
    """
    for item in noticed:
        if item.problem is None:
            evidence = Evidence(
                item.value, item.quote, message_id, item.confidence, at, set_by, item.is_correction
            )
            profile = merge_evidence(profile, item.field, evidence)
    return profile


def set_field(
    profile: Profile, name: str, value: Value, *, at: datetime, set_by: SetBy, quote: str = ""
) -> Profile:
    """A value entered on purpose: by staff, in a form, or by the visitor in their profile."""
    return merge_evidence(profile, name, Evidence(value, quote, None, 1.0, at, set_by, True))


def clear_field(profile: Profile, name: str) -> Profile:
    """Without a present value; what it was stays in the history."""
    entry = profile.entries.get(name, Entry())
    if entry.current is None:
        return profile
    return _with(
        profile, name, replace(entry, current=None, history=(*entry.history, entry.current))
    )


def merge_evidence(profile: Profile, name: str, new: Evidence) -> Profile:
    """The profile after one more piece of evidence for one field."""
    entry = profile.entries.get(name, Entry())
    old = entry.current
    if old is None:
        return _with(profile, name, replace(entry, current=new))
    if _is_same(old, new) or any(_is_same(past, new) for past in entry.history):
        return profile
    if old.value == new.value and not _is_surer(new, old):
        return profile
    if old.value == new.value or wins(new, old):
        return _with(profile, name, replace(entry, current=new, history=(*entry.history, old)))
    return _with(profile, name, replace(entry, history=(*entry.history, new)))


def wins(new: Evidence, old: Evidence) -> bool:
    """Whether a later, different value replaces the present one."""
    if new.set_by in (SetBy.STAFF, SetBy.FORM, SetBy.VISITOR):
        return True
    if new.is_correction:
        return old.set_by is not SetBy.STAFF or new.confidence >= STRONG
    if _TRUST[new.set_by] < _TRUST[old.set_by]:
        return False
    return new.confidence >= old.confidence - MARGIN


def _is_surer(new: Evidence, old: Evidence) -> bool:
    return (_TRUST[new.set_by], new.confidence) > (_TRUST[old.set_by], old.confidence)


def _is_same(one: Evidence, other: Evidence) -> bool:
    """Whether both are one reading of one message, or one entry of one person at one time."""
    same = one.value == other.value and one.set_by is other.set_by
    return (
        same
        and one.message_id == other.message_id
        and (one.message_id is not None or one.at == other.at)
    )


def decline(
    profile: Profile, name: str, *, quote: str, message_id: str | None, at: datetime
) -> Profile:
    """The profile with a no to a field; a value that is known stays."""
    entry = profile.entries.get(name, Entry())
    if entry.declined is not None:
        return profile
    return _with(profile, name, replace(entry, declined=Refusal(quote, message_id, at)))


def _with(profile: Profile, name: str, entry: Entry) -> Profile:
    return Profile({**profile.entries, name: entry})


_REFUSES = re.compile(
    r"\b(?:(?:i['’]?d |i would |i['’]?ll |i )?(?:much )?(?:rather|prefer) (?:not|to "
    r"not|keep)|(?:i['’]?d |i would )?(?:prefer|rather) (?:to )?(?:stay|remain) "
    r"anonymous|"
    r"(?:not|won['’]?t|will not|don['’]?t want to|do not want to|not going to|not "
    r"comfortable|not willing to|no need to|"
    r"can['’]?t|cannot|don['’]?t like to|don['’]?t feel like|refuse to|decline to) "
    r"(?:really )?(?:telling|tell|say|saying|share|sharing|give|giving|provide|"
    r"providing|disclose|leave|hand)|"
    r"none of your business|that['’]?s (?:private|personal|confidential|secret)|"
    r"it['’]?s (?:private|personal|confidential|secret)|"
    r"mind your own|i['’]?d skip|skip (?:it|this|that)|pass on that|no need to know|"
    r"stop asking|don['’]?t ask|"
    r"why (?:do|would|should) (?:you|i) (?:need|want|give|tell|ask)|you don['’]?t need "
    r"(?:it|that|my)|is not important|not important|"
    r"i don['’]?t give (?:out )?my|keep (?:it|that) to myself|no thanks|no,? thank you|"
    r"not now|not yet)\b|"
    r"^\W*(?:no|nope|nah|pass|skip|never|n/?a|private|anonymous|confidential)\W*$",
    re.IGNORECASE,
)
_POSTPONES = re.compile(
    r"\b(?:maybe )?(?:later|not now|not yet|another time|first (?:tell|answer))\b", re.IGNORECASE
)


def detect_refusal(text: str, asked_for: str | None, *, is_yes_no: bool = False) -> str | None:
    """The words with which the visitor refuses what was asked, or None.

    After a question that yes or no answers (`is_yes_no`, e.g. `decision_maker`) a bare no is an
    answer. "Later" counts as a no as well: who postpones tells it unasked, or not at all.
    """
    if asked_for is None:
        return None
    match = _REFUSES.search(text) or _POSTPONES.search(text)
    if match is None or (is_yes_no and re.fullmatch(r"\W*(?:no|nope|nah)\W*", text, re.IGNORECASE)):
        return None
    return match[0].strip()
