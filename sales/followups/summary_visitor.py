"""What the visitor is told when a conversation is over: only what was said in it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sales.appointments.schemas import BookedAppointment
from sales.appointments.slot_words import describe_day, describe_slot
from sales.conversations.schemas import ConversationRecord, StoredMessage
from sales.followups.rules import one_line, read_zone
from sales.followups.schemas import AnsweredQuestion, Link, MeetingLine, VisitorSummary
from sales.leads.fields import Field
from sales.leads.profile import Profile

_MOST_ANSWERS = 12
_MOST_PAGES = 12
_LONGEST_ANSWER = 1500


def build_visitor_summary(
    record: ConversationRecord,
    profile: Profile,
    meetings: Sequence[MeetingLine],
    *,
    site_name: str,
    language: str,
    open_url: Callable[[str], str],
) -> VisitorSummary:
    """The summary for the visitor. `open_url` gives the address a page is opened at."""
    zone = read_zone(record.timezone)
    return VisitorSummary(
        name=one_line(str(profile.value(Field.CUSTOMER_NAME) or ""), 80),
        email=one_line(str(profile.value(Field.EMAIL) or ""), 254),
        site_name=one_line(site_name, 120),
        day=describe_day(record.started_at.astimezone(zone).date(), language),
        answered=tuple(list_answered(record, open_url)),
        passed_on=tuple(
            dict.fromkeys(one_line(item.text) for item in record.unanswered if item.passed_on_at)
        ),
        meetings=tuple(meetings),
        pages=tuple(list_pages(record, open_url)),
    )


def list_answered(
    record: ConversationRecord, open_url: Callable[[str], str]
) -> list[AnsweredQuestion]:
    """The questions that the website answered, once each, in order."""
    zone = read_zone(record.timezone)
    asked = {one.client_message_id: one for one in record.messages if one.role == "visitor"}
    found: dict[str, AnsweredQuestion] = {}
    for answer in record.messages:
        question = asked.get(answer.client_message_id)
        if answer.role != "agent" or question is None:
            continue
        if answer.payload.get("outcome") != "answered":
            continue
        text = _join_cited(answer)
        if text:
            citations = answer.payload.get("citations", [])
            found[one_line(question.text).casefold()] = AnsweredQuestion(
                question=one_line(question.text),
                answer=one_line(text, _LONGEST_ANSWER),
                sources=tuple(_list_sources(citations, open_url)),
                quotes=tuple(_list_quotes(citations, text)),
                asked_at=f"{question.created_at.astimezone(zone):%H:%M}",
            )
    return list(found.values())[-_MOST_ANSWERS:]


def list_pages(record: ConversationRecord, open_url: Callable[[str], str]) -> list[Link]:
    """The pages that were open, the first one first, each once."""
    pages = [(record.page_url, record.page_title, record.page_path)]
    pages += [(page.url, page.title, page.path) for page in record.pages]
    links: dict[str, Link] = {}
    for url, title, path in pages:
        opened = open_url(url)
        links.setdefault(path, Link(opened, one_line(title or path, 160)))
    return list(links.values())[:_MOST_PAGES]


def describe_meeting(appointment: BookedAppointment, language: str, url: str) -> MeetingLine:
    """A meeting in words, in the visitor's time zone."""
    zone = read_zone(appointment.timezone)
    return MeetingLine(
        when=describe_slot(appointment.slot, zone, language),
        rep_name=one_line(appointment.rep_name, 120),
        is_cancelled=appointment.status == "cancelled",
        url=url,
    )


def _join_cited(answer: StoredMessage) -> str:
    """The sentences that rest on a page; not the courtesies around them."""
    sentences = answer.payload.get("sentences", [])
    return " ".join(str(one["text"]) for one in sentences if one.get("citations"))


def _list_quotes(citations: Sequence[dict[str, str]], answer: str) -> list[str]:
    """The pages' own words, where the answer does not hold them already."""
    quotes = (str(one.get("quote", "")).strip() for one in citations)
    return list(dict.fromkeys(one_line(quote) for quote in quotes if quote and quote not in answer))


def _list_sources(
    citations: Sequence[dict[str, str]], open_url: Callable[[str], str]
) -> list[Link]:
    links: dict[str, Link] = {}
    for citation in citations:
        url = open_url(str(citation.get("url", "")))
        if url:
            title = one_line(str(citation.get("title", "")), 160)
            links.setdefault(url, Link(url, title or url))
    return list(links.values())
