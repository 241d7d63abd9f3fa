"""Writes mails: subject, HTML and text of a summary or a meeting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sales.appointments.calendar_file import (
    CalendarEvent,
    Method,
    Person,
    build_calendar_file,
    make_uid,
)
from sales.appointments.schemas import BookedAppointment
from sales.appointments.slot_words import describe_slot
from sales.appointments.slots import Slot
from sales.followups.rendering import MailTemplates
from sales.followups.rules import (
    build_appointment_key,
    build_summary_key,
    one_line,
    read_zone,
)
from sales.followups.schemas import (
    MailDraft,
    MailKind,
    MeetingLine,
    SalesSummary,
    Statement,
    VisitorSummary,
)
from sales.followups.settings import EmailSettings, Style
from sales.followups.wording import word

_LONGEST_SUBJECT = 150
_REP_SUBJECTS: dict[MailKind, str] = {
    "appointment_booked": "New meeting",
    "appointment_rescheduled": "Meeting moved",
    "appointment_cancelled": "Meeting cancelled",
}


@dataclass(frozen=True, slots=True)
class MeetingMail:
    """One state of an appointment, as its two mails tell it. `previous` is the time before."""

    kind: MailKind
    appointment: BookedAppointment
    previous: Slot | None
    site_name: str
    language: str
    rep_timezone: str
    change_url: str
    transcript_url: str
    host: str


class MailWriter:
    """Makes drafts out of what is to be told."""

    def __init__(self, templates: MailTemplates, settings: EmailSettings) -> None:
        self._templates, self._settings = templates, settings

    def write_visitor_summary(
        self,
        summary: VisitorSummary,
        conversation_id: str,
        *,
        language: str,
        style: Style,
        mail_id: str,
        unsubscribe_url: str,
    ) -> MailDraft:
        """The visitor's summary, in their language."""
        subject = word("subject", language, style, site=summary.site_name)[:_LONGEST_SUBJECT]
        html, text = self._templates.render(
            f"visitor_{style}",
            language=language,
            style=style,
            subject=subject,
            summary=summary,
            next=_list_next(summary, language, style),
            unsubscribe_url=unsubscribe_url,
        )
        return MailDraft(
            id=mail_id,
            kind="summary_visitor",
            idempotency_key=build_summary_key(conversation_id, "visitor"),
            recipients=((summary.email, summary.name),),
            subject=subject,
            html=html,
            text=text,
            language=language,
            sender_name=self._settings.from_name or summary.site_name,
            reply_to=self._settings.answers_to,
            conversation_id=conversation_id,
            unsubscribe_url=unsubscribe_url,
        )

    def write_sales_summary(
        self,
        summary: SalesSummary,
        conversation_id: str,
        *,
        style: Style,
        mail_id: str,
        lead_id: str | None,
        visitor_email: str,
    ) -> MailDraft:
        """The sales team's summary. An answer goes to the visitor where there is an address."""
        subject = f"{summary.tier.capitalize()} lead, {summary.score}/100: {summary.who}"
        html, text = self._templates.render(
            f"sales_{style}", language="en", style=style, subject=subject, summary=summary
        )
        return MailDraft(
            id=mail_id,
            kind="summary_sales",
            idempotency_key=build_summary_key(conversation_id, "sales"),
            recipients=tuple((address, "") for address in self._settings.sales_team),
            subject=one_line(subject, _LONGEST_SUBJECT),
            html=html,
            text=text,
            language="en",
            sender_name=self._settings.from_name or summary.site_name,
            reply_to=visitor_email,
            conversation_id=conversation_id,
            lead_id=lead_id,
        )

    def write_meeting_mails(self, mail: MeetingMail) -> list[MailDraft]:
        """The mails of one state of an appointment: to the visitor, where an address is known,
        and to the rep."""
        drafts = [self._write_for_rep(mail)]
        if mail.appointment.email:
            drafts.insert(0, self._write_for_visitor(mail))
        return drafts

    def _write_for_visitor(self, mail: MeetingMail) -> MailDraft:
        one, language = mail.appointment, mail.language
        zone = read_zone(one.timezone)
        line = _describe_line(mail, describe_slot(one.slot, zone, language))
        key = mail.kind.removeprefix("appointment_")
        subject = word(f"{key}_subject", language, site=mail.site_name, when=line.when)
        before = mail.previous and describe_slot(mail.previous, zone, language)
        html, text = self._templates.render(
            "appointment_visitor",
            language=language,
            subject=subject,
            kind=key,
            line=line,
            before=before,
            name=one_line(one.name, 80),
            email=one_line(one.email, 254),
            topic=one_line(one.topic, 300),
            join_url=one.links.join_url,
            site_name=mail.site_name,
        )
        return self._draft(mail, "visitor", (one.email, one.name), subject, (html, text))

    def _write_for_rep(self, mail: MeetingMail) -> MailDraft:
        one = mail.appointment
        zone = read_zone(mail.rep_timezone)
        line = _describe_line(mail, describe_slot(one.slot, zone, "en"))
        who = one_line(one.name or one.email or one.phone or "a visitor", 80)
        heading = f"{_REP_SUBJECTS[mail.kind]}: {who}"
        before = mail.previous and describe_slot(mail.previous, zone, "en")
        html, text = self._templates.render(
            "appointment_rep",
            language="en",
            subject=heading,
            heading=heading,
            line=line,
            before=before,
            visitor_when=describe_slot(one.slot, read_zone(one.timezone), "en"),
            facts=_list_facts(one),
            site_name=mail.site_name,
            transcript_url=mail.transcript_url,
        )
        subject = f"{heading}, {line.when}"
        return self._draft(mail, "rep", (one.rep_email, one.rep_name), subject, (html, text))

    def _draft(
        self,
        mail: MeetingMail,
        audience: str,
        recipient: tuple[str, str],
        subject: str,
        body: tuple[str, str],
    ) -> MailDraft:
        one = mail.appointment
        is_cancelled = one.status == "cancelled"
        method = Method.CANCEL if is_cancelled else Method.REQUEST
        return MailDraft(
            kind=mail.kind,
            idempotency_key=build_appointment_key(one.id, one.sequence, audience),
            recipients=((recipient[0], one_line(recipient[1], 80)),),
            subject=one_line(subject, _LONGEST_SUBJECT),
            html=body[0],
            text=body[1],
            language=mail.language if audience == "visitor" else "en",
            sender_name=self._settings.from_name or mail.site_name,
            reply_to=one.rep_email if audience == "visitor" else one.email,
            conversation_id=one.conversation_id,
            appointment_id=one.id,
            calendar=build_calendar_file(self._build_event(mail), method).decode(),
            calendar_method=method.value,
        )

    def _build_event(self, mail: MeetingMail) -> CalendarEvent:
        one = mail.appointment
        # Without the visitor's address the rep alone attends, so that the file is a valid one.
        attendees = [Person(one.rep_email, one.rep_name)]
        if one.email:
            attendees.insert(0, Person(one.email, one.name))
        return CalendarEvent(
            uid=make_uid(one.id, mail.host),
            sequence=one.sequence,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            stamped_at=one.changed_at,
            organizer=Person(one.rep_email, one.rep_name),
            attendees=tuple(attendees),
            summary=word("event", mail.language, site=mail.site_name, rep=one.rep_name),
            description=one_line(one.topic, 1000),
            location=one_line(one.links.join_url, 500),
            url="" if one.status == "cancelled" else mail.change_url,
        )


def _describe_line(mail: MeetingMail, when: str) -> MeetingLine:
    one = mail.appointment
    return MeetingLine(
        when=when,
        rep_name=one_line(one.rep_name, 120),
        is_cancelled=one.status == "cancelled",
        url=mail.change_url,
    )


def _list_facts(one: BookedAppointment) -> Sequence[Statement]:
    facts = (
        ("Visitor", one.name),
        ("E-mail", one.email),
        ("Phone", one.phone),
        ("About", one.topic),
        ("Online room", one.links.join_url),
    )
    return [Statement(one_line(text), label=label) for label, text in facts if text]


def _list_next(summary: VisitorSummary, language: str, style: str) -> list[str]:
    """What happens next, as far as it is sure."""
    lines = [
        word("next_meeting", language, style, rep=one.rep_name)
        for one in summary.meetings
        if not one.is_cancelled
    ]
    if summary.passed_on:
        lines.append(word("next_passed_on", language, style, email=summary.email))
    return [*lines, word("next_reply", language, style)]
