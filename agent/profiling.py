"""What a message tells of its visitor, and what the agent says about it.

`listen` reads the message; `thank` and `ask` put thanks before an answer, and one question or the
request for consent behind it, whoever worded it. What is to be stored travels in the answer's
trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from agent.answers import Draft, Sentence
from agent.booking import Action, BookingState, Stage
from agent.intents import Intent, detect_intent
from agent.noticing import Noticed
from agent.profile_words import say_ask, say_profile
from agent.questions import AskedQuestion
from sales.conversations.schemas import ConversationState, StoredMessage
from sales.conversations.service import Pass
from sales.leads.asking import Moment, TalkState, choose_next_question
from sales.leads.describing import describe_profile
from sales.leads.fields import Field, Value
from sales.leads.fields import Noticed as NoticedField
from sales.leads.noticing import notice_profile
from sales.leads.profile import Profile, detect_refusal
from sales.leads.profile_service import ProfileService
from sales.leads.schemas import VisitorProfile
from sales.leads.settings import ProfileCaptureSettings
from sales.leads.signals import VisitorMessage, detect_signals
from sales.leads.told import TRACE_KEY, EarlierMessage, Told, merge_told, write_told
from sales.organization.settings import ConsentSettings

_TALK = "talk"
_BUYING = {
    "pricing_asked",
    "quote_asked",
    "demo_asked",
    "trial_asked",
    "meeting_asked",
    "purchase_asked",
}
_BAD = (Intent.COMPLAINT, Intent.ABUSE, Intent.GOODBYE, Intent.NONSENSE)
_QUESTION_WORDS = (
    "what how when where who which why do does did can could is are will would should "
    "was wie wer wo wann welche können kann gibt haben qué cómo cuánto cuál puede"
).split()
_YES_NO = (Field.DECISION_MAKER,)


@dataclass(frozen=True, slots=True)
class Listening:
    """What is known of the visitor once this message was heard.

    `asked` holds the fields asked for, with the count of the visitor's messages at each;
    `is_data_only`: the message tells of the visitor and asks nothing.
    """

    told: Told = field(default_factory=Told)
    profile: Profile = field(default_factory=Profile)
    before: Profile = field(default_factory=Profile)
    capture: ProfileCaptureSettings = field(default_factory=ProfileCaptureSettings)
    consent: ConsentSettings = field(default_factory=ConsentSettings)
    needs_consent: bool = False
    messages: int = 1
    asked: tuple[tuple[str, int], ...] = ()
    is_data_only: bool = False
    has_buying_signal: bool = False

    @property
    def known(self) -> Mapping[str, str]:
        """The present values as text, by field."""
        return {name: str(value) for name, value in self.profile.values().items()}

    def remember(self) -> dict[str, Any]:
        """What the trace keeps of a turn in which the agent says nothing."""
        told = write_told(self.told)
        talk = {"messages": self.messages, "asked": self.asked, "asked_for": None}
        return {_TALK: talk, **({TRACE_KEY: told} if told else {})}

    def describe(self) -> dict[str, Any]:
        """The profile as the visitor sees it."""
        return describe_profile(self.profile, self.capture)


async def hear(
    profiles: ProfileService,
    ticket: Pass,
    state: ConversationState,
    text: str,
    action: Action | None,
    now: datetime,
) -> Listening:
    """Listen to a message with what is stored of its visitor."""
    visitor = await profiles.get_for_turn(ticket)
    consent = profiles.consent_of(ticket)
    return listen(text, state, visitor, profiles.capture, consent, now=now, action=action)


def listen(
    text: str,
    state: ConversationState,
    visitor: VisitorProfile,
    capture: ProfileCaptureSettings,
    consent: ConsentSettings,
    *,
    now: datetime,
    action: Action | None = None,
) -> Listening:
    """Read a message for what it tells of the visitor."""
    intent = detect_intent(text)
    last = _last_answer(state.messages)
    talk = (last.trace.get(_TALK) or {}) if last else {}
    asked_for = _asked_for(last)
    noticed = _notice(text, asked_for, visitor.profile.values(), state, capture)
    refusal = detect_refusal(text, asked_for, is_yes_no=asked_for in _YES_NO)
    told = Told(
        noticed=tuple(noticed),
        declined=asked_for if refusal and not noticed else None,
        declined_quote=refusal or "",
    )
    word = visitor.consent_to("contact")
    holds = word is not None and word.holds
    needs = consent.required_before_storing and not holds
    if needs and talk.get("consent_asked") and intent in (Intent.YES, Intent.NO):
        told = _hear_consent(told, intent, state, consent, capture)
        needs = intent is Intent.NO
    elif needs:
        told = replace(told, is_withheld=True, declined=None)
    refused = word is not None and not word.holds
    message = VisitorMessage("", text, now)
    return Listening(
        told=told,
        profile=merge_told(visitor.profile, told, message_id=None, at=now),
        before=visitor.profile,
        capture=capture,
        consent=consent,
        needs_consent=needs and not refused and told.consent is None,
        messages=int(talk.get("messages", 0)) + 1,
        asked=tuple((name, at) for name, at in talk.get("asked", ())),
        is_data_only=action is None
        and bool(told.noticed or told.declined or (told.consent and intent is not Intent.QUESTION)),
        has_buying_signal=any(one.id in _BUYING for one in detect_signals(message)),
    )


def _last_answer(messages: Sequence[StoredMessage]) -> StoredMessage | None:
    return next((one for one in reversed(messages) if one.role == "agent"), None)


def _asked_for(answer: StoredMessage | None) -> str | None:
    """The field that an answer asked for."""
    if answer is None:
        return None
    booking = BookingState.from_trace(answer.trace.get("booking"))
    if booking is not None and booking.stage is Stage.CONTACT:
        return Field.CUSTOMER_NAME
    asked = (answer.trace.get(_TALK) or {}).get("asked_for")
    return str(asked) if asked else None


def _notice(
    text: str,
    asked_for: str | None,
    known: Mapping[str, Value],
    state: ConversationState,
    capture: ProfileCaptureSettings,
) -> list[NoticedField]:
    return notice_profile(
        text,
        asked_for=asked_for,
        known=known,
        custom_fields=capture.custom_fields,
        default_region=capture.default_region,
        locale=state.locale,
    )


def _hear_consent(
    told: Told,
    intent: Intent,
    state: ConversationState,
    consent: ConsentSettings,
    capture: ProfileCaptureSettings,
) -> Told:
    """A yes lets what was told before be stored as well; a no lets nothing be."""
    text, version = consent.text, consent.version
    if intent is Intent.NO:
        return Told(consent="refused", consent_text=text, consent_version=version)
    earlier = []
    asked_for: str | None = None
    for message in state.messages:
        if message.role == "agent":
            asked_for = _asked_for(message)
        elif message.role == "visitor":
            noticed = tuple(_notice(message.text, asked_for, {}, state, capture))
            if noticed:
                earlier.append(EarlierMessage(message.id, message.created_at, noticed))
    return Told(
        noticed=told.noticed,
        consent="given",
        consent_text=text,
        consent_version=version,
        earlier=tuple(earlier),
    )


def drop_data(noticed: Noticed, listening: Listening) -> Noticed:
    """The message without the parts that only tell of the visitor: nothing is to be looked up
    for them."""
    if not listening.is_data_only:
        return noticed
    quotes = [item.quote for item in listening.told.noticed]
    if listening.told.declined:
        quotes.append(listening.told.declined_quote)
    kept = tuple(one for one in noticed.questions if not _is_data(one, quotes))
    if noticed.intent is Intent.NONSENSE:
        return replace(noticed, intent=Intent.QUESTION, questions=())
    return replace(noticed, questions=kept)


def _is_data(question: AskedQuestion, quotes: Sequence[str]) -> bool:
    text = question.text.strip()
    words = text.lower().split()
    if "?" in text or not words or words[0].strip(",") in _QUESTION_WORDS:
        return False
    return any(quote in text or text in quote for quote in quotes if quote)


def learn(listening: Listening, noticed: Sequence[NoticedField], now: datetime) -> Listening:
    """What is known with details that the rules missed; what they read themselves stands."""
    heard = {item.field for item in listening.told.noticed}
    fresh = tuple(item for item in noticed if item.field not in heard)
    if not fresh:
        return listening
    told = replace(listening.told, noticed=(*listening.told.noticed, *fresh))
    profile = merge_told(listening.before, told, message_id=None, at=now)
    return replace(listening, told=told, profile=profile)


def thank(listening: Listening, language: str, *, is_booking: bool) -> Draft:
    """The words before an answer: thanks for what the visitor told of themselves."""
    sentences = _thank(listening, language, is_booking=is_booking)
    return Draft(tuple(sentences), facts=tuple(one.text for one in sentences))


def ask(draft: Draft, listening: Listening, intent: Intent, language: str) -> Draft:
    """The last piece of an answer: `draft` with the one question that is due."""
    is_booking = "booking" in draft.trace
    words: list[str] = []
    asked_for = str(draft.trace.get("asked_for") or "")
    asks_consent = False
    facts: tuple[str, ...] = ()
    if listening.needs_consent and listening.told.noticed and not draft.open_question:
        asks_consent = not is_booking
        words = [listening.consent.text] if asks_consent else []
        facts = (listening.consent.text,)
    elif not (listening.needs_consent or draft.open_question or asked_for or is_booking):
        asked_for, words = _ask(draft, listening, intent, language)
        facts = tuple(words)
    asked = listening.asked
    if asked_for:
        asked = (*asked, (asked_for, listening.messages))
    talk = {"messages": listening.messages, "asked": asked, "asked_for": asked_for or None}
    told = write_told(listening.told)
    return replace(
        draft,
        sentences=(*draft.sentences, *(Sentence(one) for one in words)),
        trace={
            **draft.trace,
            _TALK: {**talk, "consent_asked": asks_consent},
            **({TRACE_KEY: told} if told else {}),
        },
        facts=(*draft.facts, *facts),
    )


def _thank(listening: Listening, language: str, *, is_booking: bool) -> list[Sentence]:
    """A word for what was told. A dialogue about a meeting repeats it anyway."""
    told = listening.told
    if is_booking or told.is_withheld:
        return []
    if told.consent:
        return [Sentence(say_profile(f"consent_{told.consent}", language))]
    if told.declined:
        return [Sentence(say_profile("declined", language))]
    fresh = [
        item
        for item in told.usable
        if listening.before.value(item.field) != listening.profile.value(item.field)
    ]
    if not fresh:
        return [Sentence(say_profile("noted", language))] if _only_data(listening) else []
    corrected = any(listening.before.value(item.field) is not None for item in fresh)
    name = next((str(item.value) for item in fresh if item.field == Field.CUSTOMER_NAME), "")
    if name and not corrected:
        return [Sentence(say_profile("thanks_name", language, name=name.split()[0]))]
    return [Sentence(say_profile("corrected" if corrected else "thanks", language))]


def _only_data(listening: Listening) -> bool:
    return listening.is_data_only and bool(listening.told.usable)


def _ask(
    draft: Draft, listening: Listening, intent: Intent, language: str
) -> tuple[str, list[str]]:
    """The field to ask for now, and the words; both empty when the moment is not good."""
    wrong = next((item for item in listening.told.noticed if item.problem), None)
    ask = choose_next_question(
        listening.profile,
        listening.capture.required_fields,
        listening.capture.optional_fields,
        TalkState(
            messages=listening.messages,
            asked=listening.asked,
            answered_question=draft.outcome == "answered" or listening.is_data_only,
            buying_signal=listening.has_buying_signal and draft.outcome == "answered",
            invalid_field=wrong.field if wrong else None,
            is_bad_moment=intent in _BAD or draft.outcome == "not_found",
        ),
        max_questions=listening.capture.max_questions,
    )
    if ask is None:
        return "", []
    own = next((one for one in listening.capture.custom_fields if one.id == ask.field), None)
    words = say_ask(ask.field, ask.reason, language, own)
    if ask.moment is Moment.MEND and wrong is not None and wrong.problem:
        return ask.field, [wrong.problem, words]
    return ask.field, [words]
