"""Rows of a made tenant: conversations with what was said in them, and what came of them."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from benchmarks.portal_rows import FIRST, LAST, REASONS, RowBuilder, Rows
from core.ids import new_id
from sales.appointments.models import Appointment
from sales.conversations.models import (
    ChatSession,
    Citation,
    Conversation,
    Message,
    PageView,
    UnansweredQuestion,
    Visitor,
)
from sales.feedback.models import SyncState
from sales.followups.models import Mail
from sales.leads.models import (
    ConversationScore,
    LeadConversation,
    LeadTouch,
    ProfileValue,
    StoredProfile,
)
from sales.usage.models import ModelCall

PAGES = ("/", "/pricing", "/contact", *(f"/products/thing-{n}" for n in range(60)))
CAMPAIGNS = ("", "spring", "spring-search", "retargeting", "newsletter-12", "webinar")
REFERRERS = ("", "www.google.com", "www.bing.com", "partner.example", "news.example")
TALK = ("How much does the thing cost for forty people?", "It costs 59 euros a month.",
        "Can we try it before we buy?", "Yes, for 30 days.", "And does it work with our tools?",
        "It works with most of them.", "I am Ada, ada@acme.example", "Thank you!")  # fmt: skip
OPEN = ("Do you ship to {}?", "Is there a branch in {}?", "Who repairs it in {}?")
CITIES = ("Peru", "Chile", "Oslo", "Lagos", "Hanoi", "Porto", "Graz", "Kyoto", "Cork", "Quito")


class TalkMaker(RowBuilder):
    """Conversations, mails, meetings, open questions, calls of language models."""

    def __init__(self, *where: Any, leads: list[tuple[str, datetime]]) -> None:
        super().__init__(*where)
        self.leads = leads
        # Conversation, visitor and beginning of each that was made.
        self.talks: list[tuple[str, str, datetime]] = []

    def make_conversations(self) -> Rows:
        """Conversations with their messages; what they told, and what they came from."""
        for number in range(self.size.conversations):
            lead = self.leads[number % len(self.leads)]
            has_lead = number % 25 != 24
            visitor, session, talk = new_id(), new_id(), new_id()
            began = lead[1] - timedelta(minutes=5)
            is_open = number % 60 == 0
            # Ahead of time, so that silence ends none of them while this runs.
            ended = self.now + timedelta(hours=2) if is_open else lead[1]
            page, campaign = self.pick(PAGES), self.pick(CAMPAIGNS)
            came = {
                "page_path": page,
                "referrer_domain": self.pick(REFERRERS),
                "utm_campaign": campaign,
            }
            self.talks.append((talk, visitor, began))
            yield self.row(Visitor, id=visitor, created_at=began, last_seen_at=ended)
            yield self.row(
                ChatSession, id=session, visitor_id=visitor, started_at=began, last_seen_at=ended
            )
            yield self._make_conversation(talk, visitor, session, began, ended, is_open, came)
            told = yield from self._make_talk(talk, page, began)
            if has_lead:
                yield from self._link(lead[0], talk, visitor, told, began, came)
            yield self.row(
                ConversationScore,
                conversation_id=talk,
                visitor_id=visitor,
                lead_id=lead[0] if has_lead else None,
                score=number % 100,
                content={"reasons": REASONS},
                is_qualified=number % 2 == 0,
                has_contact=has_lead,
                outcome=self.pick(("resolved", "unresolved", "unknown")),
                started_at=began,
                updated_at=ended,
                **came,
            )

    def _make_conversation(
        self,
        talk: str,
        visitor: str,
        session: str,
        began: datetime,
        ended: datetime,
        is_open: bool,
        came: dict[str, str],
    ) -> Any:
        page = came["page_path"]
        return self.row(
            Conversation,
            id=talk,
            visitor_id=visitor,
            session_id=session,
            status="open" if is_open else "ended",
            end_reason="" if is_open else "idle",
            channel="widget",
            page_url=f"https://made.example{page}",
            page_title=page.strip("/").title(),
            timezone="Europe/Berlin",
            locale="en",
            started_at=began,
            last_message_at=ended,
            ended_at=None if is_open else ended,
            **came,
        )

    def _make_talk(self, talk: str, page: str, began: datetime) -> Generator[Any, None, str]:
        told, proof = "", ""
        yield self.row(
            PageView,
            conversation_id=talk,
            url=f"https://made.example{page}",
            path=page,
            title=page.strip("/").title(),
            viewed_at=began,
        )
        for place, text in enumerate(TALK):
            of_visitor = place % 2 == 0
            model, row = self.row(
                Message,
                conversation_id=talk,
                client_message_id=f"m{place // 2}",
                role="visitor" if of_visitor else "agent",
                text=text,
                payload={} if of_visitor else {"outcome": "answered"},
                created_at=began + timedelta(seconds=10 * place),
            )
            told = row["id"] if "@" in text else told
            proof = row["id"] if "59 euros" in text else proof
            yield model, row
        yield self.row(
            Citation,
            message_id=proof,
            n=1,
            url=f"https://made.example{page}",
            title="Prices",
            quote="59 euros",
            created_at=began,
        )
        return told

    def _link(
        self,
        lead_id: str,
        talk: str,
        visitor: str,
        told: str,
        at: datetime,
        came: dict[str, str],
    ) -> Rows:
        yield self.row(
            LeadConversation,
            conversation_id=talk,
            lead_id=lead_id,
            visitor_id=visitor,
            linked_at=at,
        )
        yield self.row(
            LeadTouch,
            lead_id=lead_id,
            conversation_id=talk,
            channel="widget",
            touched_at=at,
            **came,
        )
        profile = new_id()
        yield self.row(StoredProfile, id=profile, visitor_id=visitor, created_at=at, updated_at=at)
        for field, value in (("first_name", "Ada"), ("email", "ada@acme.example")):
            yield self.row(
                ProfileValue,
                profile_id=profile,
                field=field,
                state="current",
                value=value,
                quote=f"I am Ada, {value}",
                message_id=told,
                confidence=0.98,
                set_at=at,
                set_by="visitor",
            )

    def make_rest(self) -> Rows:
        """Mails, meetings, open questions, calls of language models."""
        yield from self._make_mails()
        yield from self._make_meetings()
        yield from self._make_questions()
        yield from self._make_calls()
        for name in ("poll", "reconcile"):
            # What compares both sides does not run beside what is measured.
            yield self.row(SyncState, name=name, due_at=self.now + timedelta(days=30))

    def _make_mails(self) -> Rows:
        for number in range(self.size.mails):
            talk, _, at = self.talks[number % len(self.talks)]
            lead_id = self.leads[number % len(self.leads)][0]
            yield self.row(
                Mail,
                kind=("summary_visitor", "summary_sales")[number % 2],
                idempotency_key=f"made-{number}",
                conversation_id=talk,
                lead_id=lead_id,
                sender={"email": "sales@made.example", "name": "Sales"},
                recipients=[{"email": f"person{number}@acme.example", "name": ""}],
                subject=f"What we talked about, number {number}",
                html="<p>" + "What was said. " * 200 + "</p>",
                text="What was said. " * 200,
                language="en",
                state="sent" if number % 20 else "failed",
                created_at=at,
                sent_at=at,
            )

    def _make_meetings(self) -> Rows:
        for number in range(self.size.appointments):
            talk, visitor, _ = self.talks[number]
            starts = self.now + timedelta(minutes=30 * (number - self.size.appointments // 2))
            yield self.row(
                Appointment,
                conversation_id=talk,
                visitor_id=visitor,
                request_key="made",
                rep_id=f"rep{number % 3}",
                rep_name="Rita",
                rep_email=f"rep{number % 3}@made.example",
                starts_at=starts,
                ends_at=starts + timedelta(minutes=30),
                timezone="Europe/Berlin",
                locale="en",
                name=f"{self.pick(FIRST)} {self.pick(LAST)}",
                email=f"person{number}@acme.example",
                status="cancelled" if number % 9 == 0 else "booked",
                created_at=starts - timedelta(days=3),
                changed_at=starts - timedelta(days=3),
                placed_sequence=0,
            )

    def _make_questions(self) -> Rows:
        for number in range(self.size.questions):
            talk, _, at = self.talks[number % len(self.talks)]
            yield self.row(
                UnansweredQuestion,
                conversation_id=talk,
                text=self.pick(OPEN).format(self.pick(CITIES)) + (f" ({number})" * (number % 2)),
                asked_at=at,
                passed_on_at=at if number % 7 == 0 else None,
            )

    def _make_calls(self) -> Rows:
        for number in range(self.size.calls):
            talk, _, at = self.talks[number % len(self.talks)]
            yield self.row(
                ModelCall,
                conversation_id=talk,
                turn_id=f"turn-{number}",
                model=("small-1", "large-1")[number % 2],
                state="refused" if number % 200 == 0 else "settled",
                cap="day" if number % 200 == 0 else "",
                day=at.date(),
                tokens=900,
                cost_micros=1200,
                prompt_tokens=800,
                completion_tokens=100,
                made_at=at,
                settled_at=at,
            )
