"""Carries out the dialogue about a meeting: finds slots, books, moves, cancels, and says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from agent.answers import Draft, Proposal
from agent.booking import (
    Action,
    BookingMessage,
    BookingState,
    choose_proposed,
    choose_step,
)
from agent.booking_contact import read_contact
from agent.booking_intents import is_about_meeting
from agent.meeting_talk import Talk
from agent.responder import TurnContext
from agent.wording import choose_language
from sales.appointments.rules import find_slot, find_zone, name_of_zone
from sales.appointments.schemas import BookedAppointment
from sales.appointments.service import AppointmentService
from sales.appointments.time_phrases import read_time_phrases
from sales.conversations.schemas import StoredMessage
from sales.conversations.service import Pass

# So many answers later the buttons of an offer still count, and "Thursday at 2" is still a choice.
_REMEMBERED = 3
_FEW_WORDS = 3


@dataclass(frozen=True, slots=True)
class Scheduler:
    """The part of the agent that holds a calendar."""

    appointments: AppointmentService

    async def reply(
        self,
        context: TurnContext,
        ticket: Pass,
        message_id: str,
        action: Action | None = None,
    ) -> Draft | None:
        """The answer to a message about a meeting; None when it is about something else."""
        if not self.appointments.slots.settings.enabled:
            return None
        state, is_fresh = find_state(context.state.messages)
        if not (action or state or is_about_meeting(context.text)):
            return None
        listed = await self.appointments.list_upcoming(ticket.site.tenant_id, ticket.visitor_id)
        talk = self._listen(context, ticket, message_id, state, action, listed)
        talk = replace(talk, message=replace(talk.message, is_fresh=is_fresh))
        step = choose_step(talk.message)
        return None if step is None else await talk.carry_out(step)

    async def propose(
        self, context: TurnContext, ticket: Pass, message_id: str, proposal: Proposal
    ) -> Draft | None:
        """What a model would like to do about a meeting, as the next question to the visitor:
        times to choose from, or "Shall I cancel it?". Nothing is done without the visitor's own
        yes to it. None when there are no meetings here."""
        if not self.appointments.slots.settings.enabled:
            return None
        listed = await self.appointments.list_upcoming(ticket.site.tenant_id, ticket.visitor_id)
        meant = replace(context, text=proposal.when)
        talk = self._listen(meant, ticket, message_id, None, None, listed)
        return await talk.carry_out(choose_proposed(talk.message, proposal.kind))

    def _listen(
        self,
        context: TurnContext,
        ticket: Pass,
        message_id: str,
        state: BookingState | None,
        action: Action | None,
        listed: Sequence[BookedAppointment],
    ) -> Talk:
        slots = self.appointments.slots
        reps = slots.list_reps(ticket.site, context.state.timezone)
        business = reps[0].zone if reps else ZoneInfo("UTC")
        zone = find_zone(state.timezone if state else "") or find_zone(context.state.timezone)
        offered = [found for one in (state.slots if state else ()) if (found := find_slot(one))]
        language = _choose_language(context, state)
        wish = read_time_phrases(
            context.text,
            self.appointments.clock.now(),
            zone or business,
            locale=_choose_locale(context, language),
            offered=[slot.starts_at for slot in offered],
            business_zone=business,
        )
        named = find_zone(name_of_zone(wish.zone)) if wish.zone else None
        contact = read_contact(
            context.state.messages,
            context.text,
            action=action,
            profile=context.listening.known,
            locale=context.state.locale,
        )
        message = BookingMessage(
            text=context.text,
            wish=wish,
            zone=named or zone or business,
            state=state,
            action=action,
            appointments=listed,
            contact=contact.values,
        )
        return Talk(self.appointments, ticket, message_id, language, message, contact)


def find_state(messages: Sequence[StoredMessage]) -> tuple[BookingState | None, bool]:
    """What lies on the table, and whether the agent's last answer laid it there."""
    answers = [message for message in messages if message.role == "agent"][::-1]
    for age, message in enumerate(answers[:_REMEMBERED]):
        if "booking" in message.trace:
            return BookingState.from_trace(message.trace["booking"]), age == 0
    return None, False


def _choose_language(context: TurnContext, state: BookingState | None) -> str:
    """The dialogue's: "ok" and "2" are words of many languages."""
    spoken = context.noticed.language
    if state is not None and state.language and len(context.text.split()) <= _FEW_WORDS:
        return state.language
    return choose_language(spoken, state.language if state else None, context.site.language)


def _choose_locale(context: TurnContext, language: str) -> str:
    locale = context.state.locale
    return locale if locale[:2].lower() == language else language
