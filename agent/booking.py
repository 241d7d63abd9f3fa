"""The dialogue about a meeting: what to do next with a message. Pure.

Nothing is booked, moved or cancelled that was not shown back and confirmed. What lies on the
table is a `BookingState` in the trace of the agent's last answer, so a dialogue goes on after a
restart, on another server, and in the order in which it is read back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta, tzinfo
from enum import StrEnum
from typing import Any

from agent.booking_intents import Wish, find_wish, is_no, is_yes, wants_another, wants_talk
from sales.appointments.offers import find_chosen
from sales.appointments.rules import find_slot
from sales.appointments.schemas import BookedAppointment
from sales.appointments.slots import Slot
from sales.appointments.time_wish import NO_OFFER, Preference, TimeWish


class Kind(StrEnum):
    """What the agent does next."""

    OFFER = "offer"
    ASK_WHICH = "ask_which"
    ASK_CONTACT = "ask_contact"
    CONFIRM = "confirm"
    BOOK = "book"
    MOVE = "move"
    CANCEL_CONFIRM = "cancel_confirm"
    CANCEL = "cancel"
    SHOW = "show"
    KEEP = "keep"
    NOTHING = "nothing"
    """There is no meeting that could be moved or cancelled."""


class Stage(StrEnum):
    """What the agent waits for."""

    CHOICE = "choice"
    CONTACT = "contact"
    CONFIRMATION = "confirmation"
    CANCELLATION = "cancellation"


@dataclass(frozen=True, slots=True)
class BookingState:
    """What lies on the table after an answer. `moving` is the appointment to be moved, or to be
    cancelled; `name` and `email` are those that the visitor confirms along with the slot."""

    stage: Stage
    slots: tuple[str, ...] = ()
    slot: str = ""
    rep_id: str = ""
    timezone: str = ""
    minutes: int | None = None
    moving: str = ""
    name: str = ""
    email: str = ""
    language: str = ""

    def to_trace(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def from_trace(cls, stored: Any) -> BookingState | None:
        """Back from a trace; None when there is nothing, or it is not of this version."""
        if not isinstance(stored, dict):
            return None
        try:
            values = {**stored, "slots": tuple(stored.get("slots", ()))}
            return cls(**{**values, "stage": Stage(stored["stage"])})
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Action:
    """A button that was pressed, or a form that was sent."""

    kind: str
    id: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BookingMessage:
    """All that the next step may depend on.

    `is_fresh`: the state is that of the agent's last answer, so that a bare "yes" or "2" is
    meant for it. `contact` holds name, email and phone, as far as they are known.
    """

    text: str
    wish: TimeWish
    zone: tzinfo
    state: BookingState | None = None
    is_fresh: bool = False
    action: Action | None = None
    appointments: Sequence[BookedAppointment] = ()
    contact: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BookingStep:
    """What to do next, and with what."""

    kind: Kind
    wish: TimeWish = field(default_factory=TimeWish)
    shown: tuple[Slot, ...] = ()
    slot: Slot | None = None
    rep_id: str = ""
    appointment: BookedAppointment | None = None
    """The one that is moved, cancelled or shown."""


def choose_step(message: BookingMessage) -> BookingStep | None:
    """The next step; None when the message is not about a meeting."""
    step = None
    if message.action is not None:
        step = _follow_action(message, message.action)
    if step is None and message.state is not None and message.is_fresh:
        for rule in _REPLIES:
            step = step or rule(message, message.state)
    return step or _follow_wish(message)


def _follow_action(message: BookingMessage, action: Action) -> BookingStep | None:
    state, step = message.state, None
    if action.kind in _ON_APPOINTMENT:
        target = _find_appointment(message, action.id)
        kind = _ON_APPOINTMENT[action.kind] if target else Kind.NOTHING
        step = BookingStep(kind, appointment=target)
    elif action.kind == "other":
        step = _offer(message, TimeWish(preference=Preference.OTHER))
    elif action.kind == "contact" and state is not None:
        step = _choose(message, find_slot(state.slot))
    elif action.kind in ("slot", "confirm"):
        # A button of an answer long ago: what it says is shown again, and asked again.
        asked = state and state.stage is Stage.CONFIRMATION and state.slot == action.id
        is_answer = action.kind == "confirm" and asked
        if state is not None and is_answer:
            step = _carry_out(message, state)
        else:
            step = _choose(message, find_slot(action.id))
    return step


_ON_APPOINTMENT = {
    "move": Kind.OFFER,
    "cancel": Kind.CANCEL_CONFIRM,
    "cancel_yes": Kind.CANCEL,
    "keep": Kind.KEEP,
}


def _follow_cancellation(message: BookingMessage, state: BookingState) -> BookingStep | None:
    """Yes or no to "Shall I cancel it?"."""
    target = _find_appointment(message, state.moving)
    if state.stage is not Stage.CANCELLATION or target is None:
        return None
    if is_yes(message.text):
        return BookingStep(Kind.CANCEL, appointment=target)
    return BookingStep(Kind.KEEP, appointment=target) if is_no(message.text) else None


def _follow_confirmation(message: BookingMessage, state: BookingState) -> BookingStep | None:
    """Yes to "Shall I book it?"; not with another time or address in the same breath."""
    if state.stage is not Stage.CONFIRMATION or not is_yes(message.text):
        return None
    slot, wish = find_slot(state.slot), message.wish
    other_time = wish.options and slot and not find_chosen(wish, (slot,), message.zone)
    other_address = not state.moving and message.contact.get("email", "") != state.email
    return None if other_time or other_address else _carry_out(message, state)


def _follow_details(message: BookingMessage, state: BookingState) -> BookingStep | None:
    """A name, an address, or another zone, while a slot waits to be confirmed."""
    slot = find_slot(state.slot)
    if slot is None or state.stage not in (Stage.CONFIRMATION, Stage.CONTACT):
        return None
    if message.wish.choice is not None or message.wish.duration is not None:
        # "Rather the first one": another of the offers is meant, or none of them.
        return None
    email = message.contact.get("email", "")
    zone_only = message.wish.zone is not None and not message.wish.options
    if zone_only or (email and email != state.email and not _has_time(message.wish)):
        return _choose(message, slot)
    short = len(message.text.split()) <= _SHORT and "?" not in message.text
    name = message.contact.get("name", "")
    if short and name and name.lower() in message.text.lower():
        return _choose(message, slot)
    if state.stage is Stage.CONTACT and short and not _has_time(message.wish):
        return BookingStep(Kind.KEEP) if is_no(message.text) else _choose(message, slot)
    return None


def _follow_choice(message: BookingMessage, state: BookingState) -> BookingStep | None:
    """Which of the offers, or what else, while offers are on the table."""
    wish, shown = message.wish, _list_slots(state)
    if state.stage is Stage.CANCELLATION or _wants_cancel(message):
        return None
    chosen = find_chosen(wish, shown, message.zone)
    if chosen is None and is_yes(message.text) and len(shown) == 1 and not _has_time(wish):
        chosen = shown[0]
    if chosen is not None:
        return _choose(message, chosen)
    if wish.choice == NO_OFFER:
        return _offer(message, replace(wish, choice=None, preference=Preference.OTHER))
    unclear = wish.choice is not None or wish.zone is not None or is_yes(message.text)
    if shown and unclear and not _has_time(wish):
        return BookingStep(Kind.ASK_WHICH, shown=shown, appointment=_moved(message))
    return None


def _follow_other_time(message: BookingMessage, state: BookingState) -> BookingStep | None:
    """Another time than those that were offered, or none."""
    if state.stage is Stage.CANCELLATION or _wants_cancel(message):
        return None
    if _has_time(message.wish) or message.wish.duration is not None:
        return _offer(message, message.wish)
    return BookingStep(Kind.KEEP, appointment=_moved(message)) if is_no(message.text) else None


_REPLIES = (
    _follow_cancellation,
    _follow_confirmation,
    _follow_details,
    _follow_choice,
    _follow_other_time,
)
_SHORT = 8


def _wants_cancel(message: BookingMessage) -> bool:
    has_appointment = bool(message.appointments)
    return find_wish(message.text, has_appointment=has_appointment) is Wish.CANCEL


def _follow_wish(message: BookingMessage) -> BookingStep | None:
    """What a message wants by itself."""
    text, wish, coming = message.text, message.wish, message.appointments
    wanted = find_wish(text, has_appointment=bool(coming))
    if wanted is None and wants_talk(text) and _has_time(wish):
        wanted = Wish.MEET
    if wanted is Wish.MEET and coming and not wants_another(text):
        wanted = Wish.SHOW
    step = None
    if wanted is Wish.CANCEL:
        step = _ask_cancellation(message)
    elif wanted is Wish.MOVE:
        step = BookingStep(Kind.OFFER, wish=wish, appointment=_pick(coming, message))
    elif wanted is Wish.SHOW:
        step = BookingStep(Kind.SHOW, appointment=coming[0])
    elif wanted is Wish.MEET:
        step = BookingStep(Kind.OFFER, wish=wish)
    elif message.state is not None:
        step = _go_back(message, message.state)
    return step


def _go_back(message: BookingMessage, state: BookingState) -> BookingStep | None:
    """A message that belongs to an earlier answer: something else was asked in between."""
    if state.stage is Stage.CHOICE and message.wish.options:
        return _choose(message, find_chosen(message.wish, _list_slots(state), message.zone))
    if state.stage is Stage.CONTACT and message.contact.get("email"):
        return _choose(message, find_slot(state.slot))
    return None


def choose_proposed(message: BookingMessage, kind: str) -> BookingStep:
    """The next step towards what somebody else than the visitor proposes: it only ever asks."""
    coming = message.appointments
    if kind == "cancel":
        return _ask_cancellation(message)
    if kind in ("move", "show") and not coming:
        return BookingStep(Kind.NOTHING)
    if kind == "move":
        return BookingStep(Kind.OFFER, wish=message.wish, appointment=_pick(coming, message))
    if kind == "show":
        return BookingStep(Kind.SHOW, appointment=coming[0])
    return BookingStep(Kind.OFFER, wish=message.wish)


def _ask_cancellation(message: BookingMessage) -> BookingStep:
    if not message.appointments:
        return BookingStep(Kind.NOTHING)
    return BookingStep(Kind.CANCEL_CONFIRM, appointment=_pick(message.appointments, message))


def _pick(coming: Sequence[BookedAppointment], message: BookingMessage) -> BookedAppointment:
    """The meeting that is meant: the one at a time the message names, else the next."""
    chosen = find_chosen(message.wish, [one.slot for one in coming], message.zone)
    return next((one for one in coming if chosen and one.slot == chosen), coming[0])


def choose_slot(
    message: BookingMessage, slot: Slot, moved: BookedAppointment | None
) -> BookingStep:
    """A slot was chosen: who is it for, and is it really meant?"""
    if moved is None and not message.contact.get("email"):
        return BookingStep(Kind.ASK_CONTACT, slot=slot)
    return BookingStep(Kind.CONFIRM, slot=slot, appointment=moved)


def _choose(message: BookingMessage, slot: Slot | None) -> BookingStep | None:
    return choose_slot(message, slot, _moved(message)) if slot else None


def _carry_out(message: BookingMessage, state: BookingState) -> BookingStep:
    """What was shown back was confirmed."""
    slot, moved = find_slot(state.slot), _moved(message)
    if moved is not None:
        return BookingStep(Kind.MOVE, slot=slot, appointment=moved)
    if state.moving:
        return BookingStep(Kind.NOTHING)
    return BookingStep(Kind.BOOK, slot=slot, rep_id=state.rep_id)


def _offer(message: BookingMessage, wish: TimeWish) -> BookingStep:
    """Other slots than those on the table, of the same length unless another is wished."""
    state = message.state
    if state is not None and wish.duration is None and state.minutes:
        wish = replace(wish, duration=timedelta(minutes=state.minutes))
    shown = _list_slots(state) if state else ()
    wish = _keep_day(wish, message, shown)
    return BookingStep(Kind.OFFER, wish=wish, shown=shown, appointment=_moved(message))


def _keep_day(wish: TimeWish, message: BookingMessage, shown: Sequence[Slot]) -> TimeWish:
    """Who says only "at 3 instead" means the day that was spoken of."""
    slot = find_slot(message.state.slot) if message.state else None
    spoken = (slot,) if slot else shown
    days = {one.starts_at.astimezone(message.zone).date() for one in spoken}
    if len(days) != 1 or not wish.options or any(option.days for option in wish.options):
        return wish
    options = tuple(replace(option, days=tuple(days)) for option in wish.options)
    return replace(wish, options=options)


def _moved(message: BookingMessage) -> BookedAppointment | None:
    return _find_appointment(message, message.state.moving if message.state else "")


def _find_appointment(message: BookingMessage, appointment_id: str) -> BookedAppointment | None:
    return next((one for one in message.appointments if one.id == appointment_id), None)


def _list_slots(state: BookingState) -> tuple[Slot, ...]:
    found = [find_slot(slot_id) for slot_id in state.slots]
    return tuple(slot for slot in found if slot is not None)


def _has_time(wish: TimeWish) -> bool:
    return bool(
        wish.options
        or wish.preference
        or wish.excluded_days
        or wish.excluded_weekdays
        or wish.excluded_windows
        or wish.excluded_options
    )
