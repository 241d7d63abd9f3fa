"""One message of a dialogue about a meeting, and what the agent does and says then."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta, tzinfo

from agent.answers import Card, Draft, Sentence
from agent.booking import BookingMessage, BookingState, BookingStep, Kind, Stage, choose_slot
from agent.booking_cards import (
    build_appointment_card,
    build_cancellation_card,
    build_contact_card,
    build_proposal_card,
    build_slots_card,
)
from agent.booking_contact import Contact
from agent.booking_words import say_booking
from core.errors import Conflict, Invalid, ProviderError
from sales.appointments.errors import SlotRefused, SlotTaken
from sales.appointments.rules import find_zone, make_exact_wish, name_of_zone
from sales.appointments.schemas import Actor, BookedAppointment, BookingRequest
from sales.appointments.service import AppointmentService
from sales.appointments.slot_words import describe_slot
from sales.appointments.slots import Refusal, Slot
from sales.conversations.service import Pass


@dataclass(frozen=True, slots=True)
class Talk:
    """One message of a dialogue, and how to answer it."""

    appointments: AppointmentService
    ticket: Pass
    message_id: str
    language: str
    message: BookingMessage
    contact: Contact

    @property
    def zone(self) -> tzinfo:
        """The visitor's, or the one that the message names."""
        return self.message.zone

    @property
    def zone_name(self) -> str:
        """The same by its name."""
        return name_of_zone(self.zone)

    async def carry_out(self, step: BookingStep) -> Draft:
        """Do what the step says, and tell what became of it."""
        doers: dict[Kind, Callable[[BookingStep], Awaitable[Draft]]] = {
            Kind.OFFER: self._offer,
            Kind.CONFIRM: self._confirm,
            Kind.BOOK: self._book,
            Kind.MOVE: self._move,
            Kind.CANCEL: self._cancel,
        }
        try:
            if step.kind in doers:
                return await doers[step.kind](step)
        except (SlotTaken, SlotRefused) as refused:
            return self._offer_others(refused.refusal, refused.alternatives, step.appointment)
        except (Conflict, ProviderError):
            # Too many meetings, one that is over, or a calendar that does not answer.
            coming = self.message.appointments
            if coming and step.kind is Kind.BOOK:
                return self._show(step.kind, coming[0], "show")
            return self._draft(step.kind, [self._say("unavailable")], keep=self.message.state)
        return self._answer(step)

    def _answer(self, step: BookingStep) -> Draft:
        """The steps that need nobody else."""
        slot, appointment = step.slot, step.appointment
        if step.kind is Kind.ASK_CONTACT and slot is not None:
            return self._ask_contact(slot)
        if step.kind is Kind.ASK_WHICH and step.shown:
            return self._show_slots(step.kind, ["which"], step.shown, appointment)
        if step.kind is Kind.CANCEL_CONFIRM and appointment is not None:
            card = build_cancellation_card(appointment, self._zone_of(appointment), self.language)
            text = self._tell("cancel_confirm", appointment)
            state = BookingState(Stage.CANCELLATION, moving=appointment.id)
            return self._draft(step.kind, [text], [card], state)
        if step.kind in (Kind.SHOW, Kind.KEEP) and appointment is not None:
            return self._show(step.kind, appointment, "show" if step.kind is Kind.SHOW else "kept")
        key = "dropped" if step.kind is Kind.KEEP else "nothing"
        return self._draft(step.kind, [self._say(key)])

    async def _offer(self, step: BookingStep) -> Draft:
        moving = step.appointment
        found = await self.appointments.slots.find(
            self.ticket.site, self.zone_name, step.wish, shown=step.shown, moving=moving
        )
        if found.is_met and len(found.slots) == 1 and step.wish.options:
            # Exactly what was asked for: no need to choose among one.
            chosen = choose_slot(self.message, found.slots[0], moving)
            return await self.carry_out(chosen)
        if not found.slots:
            return self._draft(step.kind, [self._say("no_slots")])
        keys = ["offer"]
        if not found.is_met:
            keys = [str(found.refusal or "unmet"), "nearest"]
        elif moving is not None and not step.shown:
            keys = ["offer_move"]
        minutes = found.duration // timedelta(minutes=1) if step.wish.duration else None
        return self._show_slots(step.kind, keys, found.slots, moving, minutes)

    def _offer_others(
        self, refusal: Refusal, slots: Sequence[Slot], moving: BookedAppointment | None
    ) -> Draft:
        key = "gone" if refusal is Refusal.TAKEN else str(refusal)
        if not slots:
            return self._draft(Kind.OFFER, [self._say(key), self._say("no_slots")])
        return self._show_slots(Kind.OFFER, [key, "nearest"], slots, moving)

    def _ask_contact(self, slot: Slot) -> Draft:
        name = self.contact.values.get("name", "")
        words = self._describe(slot, self.zone)
        texts = [self._say("ask_email" if name else "ask_contact", slot=words)]
        if self.contact.has_problem:
            texts.insert(0, self._say("bad_email"))
        card = build_contact_card(slot, name, self.language)
        return self._draft(Kind.ASK_CONTACT, texts, [card], self._next(Stage.CONTACT, slot))

    async def _confirm(self, step: BookingStep) -> Draft:
        """Show the slot back, with whom it would be; other ones where it is gone meanwhile."""
        slot, moving = step.slot, step.appointment
        if slot is None:
            return self._draft(step.kind, [self._say("nothing")])
        wish = make_exact_wish(slot, self.zone)
        found = await self.appointments.slots.find(
            self.ticket.site, self.zone_name, wish, moving=moving
        )
        open_slot = next((one for one in found.slots if one.starts_at == slot.starts_at), None)
        tenant_id = self.ticket.site.tenant_id
        rep = await self.appointments.choose_rep(tenant_id, open_slot) if open_slot else None
        if open_slot is None or rep is None:
            return self._offer_others(found.refusal or Refusal.TAKEN, found.slots, moving)
        email = self.contact.values.get("email", "")
        words = self._describe(open_slot, self.zone)
        if moving is not None:
            before = self._describe(moving.slot, self.zone)
            texts = [self._say("confirm_move", slot=words, rep=rep.name, before=before)]
        else:
            texts = [self._say("confirm", slot=words, rep=rep.name)]
            texts.append(self._say("confirm_to", email=email))
        card = build_proposal_card(
            open_slot, self.zone, rep.name, self.language, is_move=moving is not None
        )
        state = self._next(
            Stage.CONFIRMATION,
            open_slot,
            rep_id=rep.key,
            email=email,
            moving=moving.id if moving else "",
        )
        return self._draft(step.kind, texts, [card], state)

    async def _book(self, step: BookingStep) -> Draft:
        slot = step.slot
        if slot is None:
            return self._draft(step.kind, [self._say("dropped")])
        wanted = BookingRequest(
            site=self.ticket.site,
            conversation_id=self.ticket.conversation_id,
            visitor_id=self.ticket.visitor_id,
            # The same message again, after a crash or twice at once, books nothing more.
            request_key=f"message:{self.message_id}",
            starts_at=slot.starts_at,
            duration=slot.ends_at - slot.starts_at,
            timezone=self.zone_name,
            locale=self.language,
            name=self.contact.values.get("name", ""),
            email=self.contact.values.get("email", ""),
            phone=self.contact.values.get("phone", ""),
            rep_id=step.rep_id or None,
        )
        try:
            booked = await self.appointments.book(wanted)
        except Invalid as error:
            if isinstance(error, SlotRefused):
                raise
            return self._ask_contact(slot)
        draft = self._show(step.kind, booked, "booked")
        return self._add(draft, self._say("mail", email=booked.email))

    async def _move(self, step: BookingStep) -> Draft:
        if step.slot is None or step.appointment is None:
            return self._draft(step.kind, [self._say("nothing")])
        actor = Actor("visitor", self.ticket.visitor_id)
        moved = await self.appointments.reschedule(step.appointment, step.slot.starts_at, actor)
        draft = self._show(step.kind, moved, "moved")
        return self._add(draft, self._say("mail", email=moved.email)) if moved.email else draft

    async def _cancel(self, step: BookingStep) -> Draft:
        if step.appointment is None:
            return self._draft(step.kind, [self._say("nothing")])
        actor = Actor("visitor", self.ticket.visitor_id)
        cancelled = await self.appointments.cancel(step.appointment, actor)
        return self._show(step.kind, cancelled, "cancelled")

    def _show_slots(
        self,
        kind: Kind,
        keys: Sequence[str],
        slots: Sequence[Slot],
        moving: BookedAppointment | None,
        minutes: int | None = None,
    ) -> Draft:
        values = {}
        if moving is not None:
            values = {"slot": self._describe(moving.slot, self.zone), "rep": moving.rep_name}
        texts = [self._say(key, **values) for key in keys]
        previous = self.message.state
        state = BookingState(
            Stage.CHOICE,
            slots=tuple(slot.id for slot in slots),
            minutes=minutes or (previous.minutes if previous else None),
            moving=moving.id if moving else "",
        )
        return self._draft(kind, texts, [build_slots_card(slots, self.zone, self.language)], state)

    def _show(self, kind: Kind, appointment: BookedAppointment, key: str) -> Draft:
        card = build_appointment_card(appointment, self._zone_of(appointment), self.language)
        texts = [self._tell(key, appointment)]
        if appointment.links.join_url and appointment.status == "booked":
            texts.append(self._say("join", url=appointment.links.join_url))
        is_vendors = self.appointments.slots.settings.calendar_provider != "local"
        if is_vendors and appointment.status == "booked" and not appointment.is_placed:
            texts.append(self._say("unconfirmed"))
        return self._draft(kind, texts, [card])

    def _next(
        self, stage: Stage, slot: Slot, *, rep_id: str = "", email: str = "", moving: str = ""
    ) -> BookingState:
        """The slot waits for an answer; the offers it came from stay on the table."""
        previous = self.message.state or BookingState(stage)
        name = self.contact.values.get("name", "")
        return replace(
            previous,
            stage=stage,
            slot=slot.id,
            rep_id=rep_id,
            name=name,
            email=email,
            moving=moving,
        )

    def _tell(self, key: str, appointment: BookedAppointment) -> str:
        words = self._describe(appointment.slot, self._zone_of(appointment))
        return self._say(key, slot=words, rep=appointment.rep_name)

    def _say(self, key: str, **values: str) -> str:
        return say_booking(key, self.language, **values)

    def _describe(self, slot: Slot, zone: tzinfo) -> str:
        today = self.appointments.clock.now().astimezone(zone).date()
        return describe_slot(slot, zone, self.language, today)

    def _zone_of(self, appointment: BookedAppointment) -> tzinfo:
        return find_zone(appointment.timezone) or self.zone

    def _add(self, draft: Draft, text: str) -> Draft:
        sentences = (*draft.sentences, Sentence(text))
        return replace(draft, sentences=sentences, facts=(*draft.facts, text))

    def _draft(
        self,
        kind: Kind,
        texts: Sequence[str],
        cards: Sequence[Card] = (),
        state: BookingState | None = None,
        keep: BookingState | None = None,
    ) -> Draft:
        state = state or keep
        if state is not None:
            state = replace(state, timezone=self.zone_name, language=self.language)
        return Draft(
            sentences=tuple(Sentence(text) for text in texts),
            cards=tuple(cards),
            trace={
                "responder": "scheduler",
                "intent": "meeting",
                "step": str(kind),
                "booking": state.to_trace() if state else None,
            },
            facts=tuple(texts),
        )
