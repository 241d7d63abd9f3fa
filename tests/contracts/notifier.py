"""What every `Notifier` promises. A vendor's tests subclass this and say how to look at what
arrived."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.protocols.notifier import Notice, NoticeAction, Notifier

TENANT = "tenant"
NOTICE = Notice(
    idempotency_key="lead.qualified:0199",
    kind="lead.qualified",
    title="Hot lead: Priya Raman",
    text="Wants 40 sensors before March. <script>alert(1)</script> *not bold* <!channel>",
    recipient="",
    happened_at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    level="warning",
    facts=(("Company", "Saltworks Bakery"), ("Score", "76")),
    link="https://chat.larkmere.example/portal/leads/0199",
    actions=(NoticeAction("acknowledge", "I have it", "lead:0199"),),
)


class NotifierContract:
    """Subclasses give `notifier`, `recipient`, and `arrived`, the text of each message as a
    person or program at the other end gets it."""

    @pytest.fixture
    def notifier(self) -> Notifier:
        raise NotImplementedError

    def recipient(self) -> str:
        raise NotImplementedError

    def arrived(self) -> list[str]:
        raise NotImplementedError

    def build(self, key: str = NOTICE.idempotency_key) -> Notice:
        return replace(NOTICE, recipient=self.recipient(), idempotency_key=key)

    async def test_a_notice_arrives_with_its_facts_and_link(self, notifier: Notifier) -> None:
        assert await notifier.notify(TENANT, self.build())
        (text,) = self.arrived()
        for part in (NOTICE.title, "Wants 40 sensors", "Saltworks Bakery", "76", NOTICE.link):
            assert part in text

    async def test_words_of_visitors_stay_words(self, notifier: Notifier) -> None:
        await notifier.notify(TENANT, self.build())
        assert "<script>alert(1)</script> *not bold* <!channel>" in self.arrived()[0]

    async def test_the_same_key_is_the_same_notice(self, notifier: Notifier) -> None:
        first = await notifier.notify(TENANT, self.build())
        again = await asyncio.gather(*(notifier.notify(TENANT, self.build()) for _ in range(3)))
        assert set(again) == {first}
        assert len(set(self.arrived())) == 1
        await notifier.notify(TENANT, self.build("another"))
        assert self.count_notices() == 2

    def count_notices(self) -> int:
        """How many different notices the other end knows of."""
        return len(self.arrived())

    async def test_a_long_notice_arrives(self, notifier: Notifier) -> None:
        facts = tuple((f"Fact {number}", "x" * 3000) for number in range(15))
        long = replace(self.build(), title="T" * 400, text="word " * 2000, facts=facts)
        assert await notifier.notify(TENANT, long)
