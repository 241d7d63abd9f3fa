"""Who comes back is one lead: it counts for more, sales gets the news, the rep is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from core.db import Database
from core.outbox import NotBefore
from sales.feedback.effects import FeedbackEffects
from sales.feedback.events import LeadCameBack
from sales.feedback.returning import HandOverAgain, ReturnService
from sales.feedback.rules import RETURNING
from sales.feedback.telling import OutcomeTeller
from sales.followups.mail_service import MailService
from sales.followups.schemas import MailDraft
from tests.sales.feedback.test_feedback import FeedbackDesk


class ReturnDesk(FeedbackDesk):
    """Feedback with its effects. Mails are kept by hand."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.mails: dict[str, MailDraft] = {}
        self.told_elsewhere: list[tuple[str, str]] = []
        self.returns = ReturnService(
            database=database,
            clock=self.clock,
            outbox=self.outbox,
            feedback=self.feedback,
            resend=HandOverAgain(self.workflow.hand_over),
            mails=cast(MailService, Mails(self.mails)),
            sales_team=("team@acme.example",),
            public_url=lambda: "https://chat.acme.example",
        )
        teller = OutcomeTeller(database, self.feedback, Listener(self.told_elsewhere))
        self.effects.add(FeedbackEffects(lambda: self.returns, lambda: teller))

    async def meet(self, email: str, text: str = "hello") -> Any:
        """A new visitor says who they are; their lead."""
        ticket, _ = await self.leads_desk.arrive(page="https://x.example/docs")
        await self.leads_desk.say(ticket, f"{text}, my email is {email}")
        found = await self.leads.find_lead_of(self.tenant_id, ticket.conversation_id)
        assert found is not None
        return found


class Mails:
    def __init__(self, kept: dict[str, MailDraft]) -> None:
        self.kept = kept

    async def write(self, _uow: object, draft: MailDraft) -> str:
        self.kept[draft.idempotency_key] = draft
        return "mail"


class Listener:
    def __init__(self, told: list[tuple[str, str]]) -> None:
        self.told = told

    async def tell(self, message_id: str, body: str) -> None:
        self.told.append((message_id, body))


@pytest.fixture
async def desk(database: Database) -> ReturnDesk:
    opened = await ReturnDesk.open(database)
    assert isinstance(opened, ReturnDesk)
    return opened


async def test_who_writes_again_while_sales_works_on_them_stays_one_lead(desk: ReturnDesk) -> None:
    rep = await desk.leads_desk.hire("Robin")
    lead_id = (await desk.meet("ada@acme.example")).lead.id
    await desk.hand_over(lead_id)
    await desk.work()
    before = (await desk.lead(lead_id)).lead
    assert before.assigned_to.id == rep.id
    received = await desk.count("received_leads")
    assert (await desk.meet("ada@acme.example")).lead.id == lead_id
    done = await desk.work()
    assert "feedback.count_return done" in done
    after = await desk.lead(lead_id)
    assert "returned" in [entry.kind for entry in after.history]
    assert after.lead.score == min(before.score + 10, 100)
    assert after.lead.flag is None
    assert len(after.touches) == 2
    assert await desk.count("sales_leads") == 1
    assert await desk.count("received_leads") == received
    assert await desk.count("handoffs") == 2
    (mail,) = desk.mails.values()
    assert mail.recipients == (("robin@larkmere.example", "Robin"),)
    assert after.lead.handoff_state == "accepted"
    assert await desk.work() == []


async def test_who_was_not_ready_comes_back_with_a_flag_and_the_history(desk: ReturnDesk) -> None:
    lead_id = (await desk.meet("ada@acme.example")).lead.id
    await desk.hand_over(lead_id)
    await desk.work()
    attempt = {
        "attemptedAt": desk.ago(seconds=1),
        "method": "phone",
        "outcome": "contacted",
        "notes": "call in spring",
    }
    await desk.tell(lead_id, contactAttempts=[attempt], qualificationStatus="nurture")
    assert (await desk.lead(lead_id)).lead.status == "unqualified"
    await desk.meet("ada@acme.example", "I am back")
    await desk.work()
    after = await desk.lead(lead_id)
    assert after.lead.flag == RETURNING
    assert after.lead.status == "qualified"
    notes = [entry.data.get("notes") for entry in after.history]
    assert "call in spring" in notes
    facts = await desk.facts(lead_id)
    from sales.handoffs.package import build_package  # noqa: PLC0415

    rules = desk.workflow.gatherer.choose_rules(desk.tenant_id, after.lead.site_id)
    package = build_package(facts, rules, desk.clock.at)
    assert package["reEngagement"]["flag"] == RETURNING
    assert [mail.subject for mail in desk.mails.values()] == [RETURNING]
    assert await desk.count("received_leads") == 1


async def test_another_channel_is_a_touch_of_the_same_lead(desk: ReturnDesk) -> None:
    lead_id = (await desk.meet("ada@acme.example")).lead.id
    await desk.hand_over(lead_id)
    await desk.work()
    assert await desk.enter("ada@acme.example", source="web-form") == lead_id
    await desk.work()
    after = await desk.lead(lead_id)
    assert [one.channel for one in after.touches] == ["widget", "web-form"]
    assert len(desk.mails) == 1


async def test_a_return_that_is_taken_twice_counts_once(desk: ReturnDesk) -> None:
    lead_id = (await desk.meet("ada@acme.example")).lead.id
    await desk.hand_over(lead_id)
    await desk.work()
    await desk.meet("ada@acme.example")
    await desk.work()
    score = (await desk.lead(lead_id)).lead.score
    async with desk.database.unit_of_work(None) as uow:
        from sqlalchemy import text  # noqa: PLC0415

        await uow.session.execute(
            text("UPDATE outbox_entries SET state='pending' WHERE effect LIKE 'feedback.%'")
        )
    await desk.work()
    assert (await desk.lead(lead_id)).lead.score == score
    assert await desk.count("handoffs") == 2


async def test_news_of_a_lead_that_is_still_on_its_way_go_after_it(desk: ReturnDesk) -> None:
    lead_id = (await desk.meet("ada@acme.example")).lead.id
    await desk.hand_over(lead_id)
    event = LeadCameBack(lead_id=lead_id, channel="web-form", returned_at=desk.clock.at)
    with pytest.raises(NotBefore):
        await desk.returns.send(desk.tenant_id, event)
    await desk.work()
    for _ in range(2):
        await desk.returns.send(desk.tenant_id, event)
        desk.clock.at += timedelta(seconds=1)
        await desk.work()
    # By now it is known: the news were sent once.
    assert await desk.count("handoffs") == 2
    assert await desk.count("received_leads") == 1


async def test_a_status_that_a_rep_sets_is_feedback_like_any_other(desk: ReturnDesk) -> None:
    lead_id = await desk.accepted()
    await desk.leads.update_lead(desk.principal(), lead_id, {"status": "converted"})
    await desk.work()
    outcome = await desk.feedback.find_outcome(desk.tenant_id, lead_id)
    assert outcome is not None
    assert outcome.lifecycle == "won"
    standing = await desk.reception.find_standing(desk.tenant_id, lead_id)
    assert standing is not None
    assert standing.status == "won"
    # It was handed over by this very installation: nobody else is to be told.
    assert desk.told_elsewhere == []


async def test_whoever_handed_a_lead_over_is_told_what_became_of_it(desk: ReturnDesk) -> None:
    from sales.handoffs.receiving import Arrival  # noqa: PLC0415
    from tests.contracts.sales_system import build_package  # noqa: PLC0415

    package = build_package()
    arrival = Arrival(package.body, package.idempotency_key, "t-1", package.body_hash)
    await desk.reception.receive(desk.machine(), arrival)
    received = await desk.reception.find_standing(desk.tenant_id, package.lead_id)
    assert received is not None
    page = await desk.leads.list_leads(desk.principal())
    own = page.leads[0].id
    await desk.tell(own, "staff", caseCompleted=True, revenue=5)
    await desk.work()
    ((_, body),) = desk.told_elsewhere
    assert package.lead_id in body
    assert '"revenue":5' in body
    assert '"transactionId":"t-1"' in body
