"""Reports over a real database: kept once, and the lead moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.db import Database
from core.encryption import Cipher
from core.errors import Conflict, Invalid, NotFound
from sales.feedback.analytics import OutcomeAnalytics
from sales.feedback.schemas import MODELS, Confirmation, Report, Source
from sales.feedback.service import FeedbackService
from sales.feedback.settings import FeedbackSettings
from sales.handoffs.package_schema import write_moment
from sales.privacy.erasing import RowEraser
from sales.privacy.schemas import Wish
from sales.privacy.searching import SubjectSearch
from tests.sales.handoffs.world import SECRET, HandoffDesk


class FeedbackDesk(HandoffDesk):
    """Handoffs, and what is said of them."""

    def __init__(self, database: Database, **parts: Any) -> None:
        super().__init__(database, **parts)
        self.feedback = FeedbackService(
            database, self.clock, self.outbox, Cipher([SECRET]), FeedbackSettings()
        )
        self.figures = OutcomeAnalytics(database, timedelta(days=7))

    async def accepted(self, email: str = "ada@acme.example") -> str:
        """A lead that sales took over; its id."""
        lead_id = await self.enter(email)
        await self.hand_over(lead_id)
        await self.work()
        return lead_id

    async def tell(
        self, lead_id: str, source: Source = "api", key: str = "", **body: Any
    ) -> Confirmation:
        report = Report({"leadId": lead_id, **body}, source, key=key)
        return await self.feedback.take(self.tenant_id, report)

    async def lead(self, lead_id: str) -> Any:
        return await self.leads.get_lead_for_effects(self.tenant_id, lead_id)

    def ago(self, **span: float) -> str:
        return write_moment(self.clock.at - timedelta(**span))


@pytest.fixture
async def desk(database: Database) -> FeedbackDesk:
    opened = await FeedbackDesk.open(database)
    assert isinstance(opened, FeedbackDesk)
    return opened


async def test_a_contact_moves_the_lead_and_is_kept_in_its_history(desk: FeedbackDesk) -> None:
    lead_id = await desk.accepted()
    at = desk.ago(seconds=1)
    attempt = {"attemptedAt": at, "method": "phone", "outcome": "contacted", "notes": "nice"}
    done = await desk.tell(lead_id, contactAttempts=[attempt], somethingNew={"x": [1]})
    assert (done.lifecycle, done.lead_status, done.recorded) == ("contacted", "contacted", 1)
    detail = await desk.lead(lead_id)
    assert detail.lead.status == "contacted"
    assert write_moment(detail.lead.contacted_at) == at
    assert "feedback" in [entry.kind for entry in detail.history]
    outcome = await desk.feedback.find_outcome(desk.tenant_id, lead_id)
    assert outcome is not None
    assert outcome.time_to_first_contact is not None
    row, body = await desk.feedback.get_body(desk.tenant_id, done.feedback_id)
    assert body["somethingNew"] == {"x": [1]}
    assert "nice" not in row.body


async def test_the_same_report_twice_is_one_by_its_key_and_by_what_it_says(
    desk: FeedbackDesk,
) -> None:
    lead_id = await desk.accepted()
    body: dict[str, Any] = {"qualificationStatus": "qualified", "qualifiedAt": desk.ago(minutes=1)}
    first = await desk.tell(lead_id, key="k1", **body)
    again = await desk.tell(lead_id, key="k1", **body)
    other = await desk.tell(lead_id, key="k2", **body)
    unnamed = await desk.tell(lead_id, **body)
    assert not first.is_repeat
    assert again.is_repeat
    assert again.feedback_id == first.feedback_id
    assert other.is_repeat
    assert unnamed.is_repeat
    assert await desk.count("feedback_facts") == 1
    with pytest.raises(Conflict) as caught:
        await desk.tell(lead_id, key="k1", qualificationStatus="nurture")
    assert caught.value.details["code"] == "KEY_REUSED"


async def test_reports_that_arrive_late_change_no_later_word(desk: FeedbackDesk) -> None:
    lead_id = await desk.accepted()
    won: dict[str, Any] = {
        "caseCompleted": True,
        "revenue": 100,
        "completedAt": desk.ago(minutes=1),
    }
    await desk.tell(lead_id, **won)
    late = await desk.tell(
        lead_id, qualificationStatus="disqualified", qualifiedAt=desk.ago(minutes=9)
    )
    assert late.lifecycle == "won"
    assert (await desk.lead(lead_id)).lead.status == "converted"


async def test_a_body_that_does_not_fit_names_each_field_with_a_code(desk: FeedbackDesk) -> None:
    lead_id = await desk.accepted()
    with pytest.raises(Invalid) as caught:
        await desk.tell(
            lead_id,
            contactAttempts=[{"method": "fax", "outcome": "contacted"}],
            salesQualityRating=6,
            completedAt="yesterday",
            revenue=-1,
            qualifiedAt="2099-01-01T00:00:00Z",
        )
    codes = {one["field"]: one["code"] for one in caught.value.details["problems"]}
    assert codes == {
        "contactAttempts.0.attemptedAt": "MISSING_FIELD",
        "contactAttempts.0.method": "UNKNOWN_VALUE",
        "salesQualityRating": "OUT_OF_RANGE",
        "revenue": "OUT_OF_RANGE",
        "completedAt": "WRONG_FORMAT",
        "qualifiedAt": "OUT_OF_RANGE",
    }
    with pytest.raises(Invalid, match="nothing of S0"):
        await desk.tell(lead_id)
    assert await desk.count("feedback_reports") == 0


async def test_that_nothing_happened_yet_is_kept_and_moves_nothing(desk: FeedbackDesk) -> None:
    lead_id = await desk.accepted()
    said = await desk.tell(
        lead_id, contactAttempts=[], opportunityCreated=False, caseCompleted=False
    )
    assert (said.recorded, said.lifecycle) == (0, "handed_over")
    assert await desk.count("feedback_reports") == 1
    assert await desk.count("feedback_facts") == 0


async def test_a_corrected_amount_of_one_completion_replaces_what_was_said_before(
    desk: FeedbackDesk,
) -> None:
    lead_id, at = await desk.accepted(), desk.ago(hours=9)
    for hours, revenue in ((3, 1000), (1, 900), (2, 950)):
        # The middle one arrives last.
        await desk.tell(
            lead_id,
            timestamp=desk.ago(hours=hours),
            caseCompleted=True,
            completedAt=at,
            revenue=revenue,
        )
    start, end = desk.clock.at - timedelta(days=1), desk.clock.at + timedelta(days=1)
    for model in MODELS:
        found = await desk.figures.attribute(desk.tenant_id, model, "page", start, end)
        [total] = found.totals
        assert (total.booked_minor, total.attributed_minor) == (90_000, 90_000)


async def test_nobody_tells_of_leads_that_were_not_handed_over(desk: FeedbackDesk) -> None:
    lead_id = await desk.enter()
    for unknown in (lead_id, "no-such-lead", "0" * 36):
        with pytest.raises(NotFound) as caught:
            await desk.tell(unknown, qualificationStatus="qualified")
        assert caught.value.details["code"] == "UNKNOWN_LEAD"


async def _bring_by_campaign(desk: FeedbackDesk) -> str:
    """A lead that came by a page and a campaign, and is handed over."""
    ticket, _ = await desk.leads_desk.arrive(page="https://x.example/pricing?utm_campaign=spring")
    await desk.leads_desk.say(ticket, "I am Ada Byron, ada@acme.example")
    found = await desk.leads.find_lead_of(desk.tenant_id, ticket.conversation_id)
    assert found is not None
    await desk.hand_over(found.lead.id)
    await desk.work()
    return found.lead.id


async def test_opportunity_case_revenue_and_refund_go_back_to_the_page(
    desk: FeedbackDesk,
) -> None:
    lead_id = await _bring_by_campaign(desk)
    await desk.tell(lead_id, opportunityCreated=True, opportunityId="o1", estimatedValue=5000)
    await desk.tell(lead_id, caseCreated=True, caseId="c1", caseType="purchase", caseValue=900)
    for amount, currency in ((1000.01, "USD"), (500, "JPY")):
        await desk.tell(
            lead_id, caseCompleted=True, caseId=currency, revenue=amount, currency=currency
        )
    await desk.tell(lead_id, refund=0.02, refundId="r1", caseId="USD")
    await desk.tell(lead_id, refund=0.02, refundId="r1", caseId="USD")
    start, end = desk.clock.at - timedelta(days=1), desk.clock.at + timedelta(days=1)
    tenant = desk.tenant_id
    for model in MODELS:
        figures = await desk.figures.attribute(tenant, model, "page", start, end)
        assert [(one.value, one.currency, one.net_minor) for one in figures.credits] == [
            ("/pricing", "JPY", 500),
            ("/pricing", "USD", 99999),
        ]
        assert all(one.attributed_minor == one.net_minor for one in figures.totals)
    by_campaign = await desk.figures.attribute(tenant, "linear", "utm_campaign", start, end)
    assert {one.value for one in by_campaign.credits} == {"spring"}
    outcome = await desk.feedback.find_outcome(tenant, lead_id)
    assert outcome is not None
    assert (outcome.opportunity_id, outcome.estimated_minor) == ("o1", 500_000)


async def test_money_of_an_erased_person_still_counts_for_the_page_that_brought_it(
    desk: FeedbackDesk,
) -> None:
    lead_id = await _bring_by_campaign(desk)
    await desk.tell(lead_id, caseCompleted=True, caseId="c1", revenue=1000)
    start, end = desk.clock.at - timedelta(days=1), desk.clock.at + timedelta(days=1)
    before = await desk.figures.attribute(desk.tenant_id, "linear", "page", start, end)
    assert [one.value for one in before.credits] == ["/pricing"]
    async with desk.database.reading(desk.tenant_id) as uow:
        person = await SubjectSearch(uow).find(Wish(lead_id=lead_id))
    async with desk.database.unit_of_work(desk.tenant_id) as uow:
        await RowEraser(uow, person).erase("erased:1")
    after = await desk.figures.attribute(desk.tenant_id, "linear", "page", start, end)
    assert after == before


async def test_reasons_and_ratings_are_counted(desk: FeedbackDesk) -> None:
    for number, (reason, rating) in enumerate([("competitor", 1), ("competitor", 2), ("other", 4)]):
        lead_id = await desk.accepted(f"p{number}@acme.example")
        await desk.tell(
            lead_id,
            qualificationStatus="disqualified",
            disqualificationReason=reason,
            salesQualityRating=rating,
        )
    start, end = desk.clock.at - timedelta(days=1), desk.clock.at + timedelta(days=1)
    quality = await desk.figures.measure_quality(desk.tenant_id, start, end)
    assert quality.reasons == {"competitor": 2, "other": 1}
    assert quality.average_rating == pytest.approx(2.33)
    assert quality.lifecycles == {"disqualified": 3}


async def test_each_report_is_a_step_of_the_trail_without_personal_data(
    desk: FeedbackDesk,
) -> None:
    lead_id = await desk.accepted()
    attempt = {"attemptedAt": desk.ago(seconds=5), "method": "sms", "outcome": "no-answer"}
    await desk.tell(lead_id, contactAttempts=[{**attempt, "notes": "her dog is called Rex"}])
    trail = await desk.read_audit()
    assert any('"feedback"' in line for line in trail)
    assert "Rex" not in " ".join(trail)


async def test_what_people_wrote_is_forgotten_and_the_figures_stay(desk: FeedbackDesk) -> None:
    from sales.feedback.repository import FeedbackRepository  # noqa: PLC0415

    lead_id = await desk.accepted()
    attempt = {"attemptedAt": desk.ago(seconds=5), "method": "sms", "outcome": "contacted"}
    done = await desk.tell(lead_id, contactAttempts=[{**attempt, "notes": "private"}])
    async with desk.database.unit_of_work(desk.tenant_id) as uow:
        assert await FeedbackRepository(uow).forget([lead_id]) == 1
    with pytest.raises(NotFound):
        await desk.feedback.get_body(desk.tenant_id, done.feedback_id)
    outcome = await desk.feedback.find_outcome(desk.tenant_id, lead_id)
    assert outcome is not None
    assert outcome.lifecycle == "contacted"
