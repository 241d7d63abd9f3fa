"""What a test of mails needs at hand: the real services on a database, and conversations."""

from __future__ import annotations

import email.policy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.places import Places
from app.services import Services
from app.settings import AppSettings
from app.wiring import Resources, build_resources, build_services
from core.clock import FixedClock
from core.ids import new_id
from core.outbox import measure_depth
from core.settings import parse_settings
from sales.conversations.rules import read_page_source
from sales.conversations.schemas import CitationContent, TurnRecord
from sales.conversations.service import Pass
from sales.leads.noticing import notice_profile
from sales.leads.told import TRACE_KEY, Told, write_told

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SETTINGS = """
sites:
  - {key: acme, name: Acme Cooling, allowed_origins: [self]}
database: {url: '${TEST_DATABASE_URL}'}
server: {public_url: 'https://chat.acme.example'}
email: {from_address: hello@acme.example, sales_team: [sales@acme.example, boss@acme.example]}
sales_agent:
  conversation_summaries: {template_style: STYLE}
  appointment_scheduling:
    enabled: true
    wait_seconds: 0
    reps:
      - key: rosa
        name: Rosa Lind
        email: rosa@acme.example
        timezone: Europe/Berlin
        working_hours: {mon-fri: '9:00-17:00'}
"""


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of a made conversation."""

    question: str
    answer: str = "We will see."
    outcome: str = "talk"
    passes_on: bool = False
    says_goodbye: bool = False


ASKED = (
    Said("Hi, I'm Ana Silva from Nordlicht Apotheken", "Hello!"),
    Said("How much does the Team plan cost?", "It costs $49 a month.", "answered"),
    Said("Do you fit <script>alert(1)</script> fridges?", "No page says so.", "not_found"),
    Said("yes please", "Passed on.", passes_on=True),
    Said("My email is ana@nordlicht.example, that sounds expensive", "Thanks!"),
)


# Retries come within seconds.
SOON = timedelta(minutes=1)


@dataclass
class World:
    """Real services on a real database, under a clock that stands still."""

    resources: Resources
    settings: AppSettings
    services: Services
    clock: FixedClock
    folder: Path

    @property
    def tenant_id(self) -> str:
        return self.resources.organization.get_site("acme").ref.tenant_id

    @property
    def mail_folder(self) -> Path:
        return self.resources.places.mail

    async def close(self) -> None:
        await self.resources.outbox_runner.stop(timedelta(seconds=5))
        await self.resources.close()

    async def talk(
        self, said: Sequence[Said] = ASKED, *, locale: str = "en-GB", **page: str
    ) -> Pass:
        """A conversation with these turns, a minute each."""
        source = read_page_source(
            url=page.get("url", "https://acme.example/pricing?utm_campaign=cold-chain"),
            title=page.get("title", "Plans & prices"),
            referrer="https://www.google.com/",
            params={},
            track_utm=True,
            track_referrer=True,
        )
        conversations = self.services.conversations
        started = await conversations.start(
            self.resources.organization.get_site("acme").ref,
            source,
            visitor_token=None,
            channel="widget",
            timezone="Europe/Berlin",
            locale=locale,
        )
        ticket = conversations.check_token(started.conversation_id, started.token)
        for one in said:
            self.clock.set(self.clock.now() + timedelta(minutes=1))
            await conversations.record_turn(ticket, self.build_turn(one))
        return ticket

    def build_turn(self, said: Said) -> TurnRecord:
        now = self.clock.now()
        cited = said.outcome == "answered"
        citation = CitationContent(
            new_id(), 1, 1, "hash", "https://acme.example/pricing", "Prices", "", said.answer, 0, 9
        )
        payload: dict[str, Any] = {
            "outcome": said.outcome,
            "sentences": [{"text": said.answer, "citations": [1] if cited else []}],
            "citations": [
                {"n": 1, "url": citation.url, "title": citation.title, "quote": citation.quote}
            ]
            if cited
            else [],
        }
        return TurnRecord(
            client_message_id=new_id(),
            visitor_text=said.question,
            answer_text=said.answer,
            payload=payload,
            trace={TRACE_KEY: write_told(Told(noticed=tuple(notice_profile(said.question))))},
            citations=(citation,) if cited else (),
            started_at=now,
            answered_at=now,
            unanswered=(said.question,) if said.outcome == "not_found" else (),
            passes_on=said.passes_on,
            says_goodbye=said.says_goodbye,
        )

    async def settle(self) -> None:
        """Run the outbox until nothing is left to do now; what is due tomorrow is left alone,
        e.g. the look at a handoff's SLA."""
        await self.resources.outbox_runner.start()
        while True:
            async with self.resources.database.reading(None) as uow:
                depths = await measure_depth(uow, datetime.now(UTC) + SOON)
            if not any(depth.due or depth.running for depth in depths):
                break
        await self.resources.outbox_runner.stop(timedelta(seconds=5))

    async def count(self, statement: str) -> int:
        async with self.resources.database.reading(None) as uow:
            return int((await uow.session.execute(text(statement))).scalar_one())

    def read_mails(self) -> dict[str, EmailMessage]:
        """What was sent, by file name."""
        paths = sorted(self.mail_folder.iterdir()) if self.mail_folder.exists() else []
        return {
            path.name: message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in paths
        }


def prepare_places(folder: Path) -> Places:
    """The data folder, made."""
    folder.mkdir(parents=True, exist_ok=True)
    return Places(folder / "app.yaml", folder)


async def open_world(
    database_url: str,
    folder: Path,
    *,
    style: str = "professional",
    changes: str = "",
    secrets: Mapping[str, str] | None = None,
) -> World:
    """The services on this database; their clock stands at NOW."""
    content = SETTINGS.replace("STYLE", style) + changes
    environment = {"TEST_DATABASE_URL": database_url, **(secrets or {})}
    settings = parse_settings(AppSettings, content, "app.yaml", environment)
    clock = FixedClock(NOW)
    opened = await build_resources(settings, prepare_places(folder), None)
    resources = replace(opened, clock=clock)
    return World(resources, settings, build_services(resources, settings), clock, folder)


def body_of(mail: EmailMessage, kind: str) -> str:
    """The HTML ("html") or the text ("plain") of a mail."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())
