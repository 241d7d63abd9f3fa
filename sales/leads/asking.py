"""What to ask a visitor next, if anything. Pure.

One thing at a time, at a good moment, with the reason; never twice in a row, and never again
after a no. A question that comes unasked-for costs trust, so the answer is "nothing" unless
the moment is good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sales.leads.fields import Field
from sales.leads.profile import Profile


class Moment(StrEnum):
    """Why now."""

    BOOKING = "booking"
    BUYING_SIGNAL = "buying_signal"
    ANSWERED = "answered"
    GIVEN = "given"
    MEND = "mend"


@dataclass(frozen=True, slots=True)
class Ask:
    """The field to ask for, why the visitor should tell it, and why now."""

    field: str
    reason: str
    moment: Moment


@dataclass(frozen=True, slots=True)
class TalkState:
    """Where the conversation stands, just before the agent speaks.

    `asked` holds the fields asked for so far, with the visitor's message count at each. Counts
    are of the visitor's messages.
    """

    messages: int
    asked: tuple[tuple[str, int], ...] = ()
    answered_question: bool = False
    buying_signal: bool = False
    about_to_book: bool = False
    # A field whose value could not be used as given, e.g. a telephone number too short.
    invalid_field: str | None = None
    # The visitor is upset, says goodbye, or staff has taken over.
    is_bad_moment: bool = False
    reasons: Mapping[str, str] = field(default_factory=dict)


REASONS: dict[str, str] = {
    Field.CUSTOMER_NAME: "so that I know how to address you",
    Field.EMAIL: "so that I can send you the answers and a confirmation",
    Field.PHONE: "so that a colleague can reach you if the line is better than a mail",
    Field.COMPANY: "so that a colleague can prepare for you",
    Field.JOB_TITLE: "so that I can point you to what matters in your role",
    Field.INDUSTRY: "so that I can show you what others in your field do",
    Field.COMPANY_SIZE: "so that I can point you to the plan that fits",
    Field.BUDGET_RANGE: "so that nobody offers you what does not fit",
    Field.TIMELINE: "so that we can tell you whether it can be ready in time",
    Field.DECISION_MAKER: "so that everyone who decides gets what they need",
    Field.PREFERRED_CONTACT_METHOD: "so that we reach you the way you like",
    Field.PREFERRED_CONTACT_TIME: "so that we do not disturb you",
}
# A meeting cannot be confirmed to nobody.
BOOKING_FIELDS = (Field.CUSTOMER_NAME, Field.EMAIL)
MAX_PER_FIELD = 2
# Messages between two questions for the same field.
PAUSE = 3


def choose_next_question(
    profile: Profile,
    required: Sequence[str],
    optional: Sequence[str],
    state: TalkState,
    *,
    max_questions: int = 4,
) -> Ask | None:
    """The one field to ask for now, or None.

    Required fields come first. Optional ones are asked for on a buying signal only, once the
    required are known. Before booking, name and e-mail may be asked for one after the other, as
    long as each is answered.
    """
    if state.is_bad_moment:
        return None
    moment = _moment(profile, state)
    if moment is None:
        return None
    if moment is not Moment.BOOKING and len(state.asked) >= max_questions:
        return None
    for name in _candidates(required, optional, profile, moment, state):
        if _may_ask(profile, name, state):
            reason = state.reasons.get(name) or REASONS.get(name, "so that we can help you better")
            return Ask(name, reason, moment)
    return None


def _moment(profile: Profile, state: TalkState) -> Moment | None:
    """Why now is a good moment. A question just asked and not answered is not pressed."""
    just_asked = [name for name, at in state.asked if at >= state.messages - 1]
    answered = all(profile.value(name) is not None for name in just_asked)
    if state.about_to_book:
        return Moment.BOOKING if answered or _mends(just_asked, state) else None
    if state.invalid_field:
        return Moment.MEND
    if just_asked:
        return None
    if state.buying_signal:
        return Moment.BUYING_SIGNAL
    return Moment.ANSWERED if state.answered_question else None


def _mends(just_asked: Sequence[str], state: TalkState) -> bool:
    return state.invalid_field is not None and state.invalid_field in just_asked


def _candidates(
    required: Sequence[str],
    optional: Sequence[str],
    profile: Profile,
    moment: Moment,
    state: TalkState,
) -> list[str]:
    if state.invalid_field and moment in (Moment.MEND, Moment.BOOKING):
        return [state.invalid_field]
    if moment is Moment.BOOKING:
        return list(dict.fromkeys((*BOOKING_FIELDS, *required)))
    open_required = [name for name in required if profile.value(name) is None]
    asking = [name for name in open_required if not profile.is_declined(name)]
    if asking or moment is not Moment.BUYING_SIGNAL:
        return asking
    return list(optional)


def _may_ask(profile: Profile, name: str, state: TalkState) -> bool:
    if profile.value(name) is not None or profile.is_declined(name):
        return False
    times = [at for field_name, at in state.asked if field_name == name]
    if len(times) >= MAX_PER_FIELD:
        return False
    if state.invalid_field == name:
        return True
    return not times or state.messages - times[-1] >= PAUSE
