"""Handoffs on their way at the same time share trips to the database, and no more than that."""

from __future__ import annotations

import asyncio

from core.db import Database
from core.errors import NotFound, Unavailable
from core.ids import new_id
from core.protocols.sales_system import Acknowledgement
from sales.handoffs.sending import Sent
from tests.sales.handoffs.test_sending import open_desk
from tests.sales.handoffs.world import HandoffDesk

COUNT = 8


async def hand_over_many(desk: HandoffDesk) -> dict[str, str]:
    """Handoffs that wait to be sent, and their leads."""
    leads = [await desk.enter(f"lead{number}@acme.example") for number in range(COUNT)]
    return {await desk.hand_over(lead_id): lead_id for lead_id in leads}


async def test_those_that_go_together_are_each_sent_and_acknowledged_once(
    database: Database,
) -> None:
    desk, primary, _ = await open_desk(database)
    handed = await hand_over_many(desk)
    pushes = [desk.workflow.push(desk.tenant_id, handoff_id, 1) for handoff_id in handed]
    await asyncio.gather(*pushes)
    assert sorted(one.lead_id for one in primary.pushed) == sorted(handed.values())
    for handoff_id, lead_id in handed.items():
        row = await desk.row(handoff_id)
        assert (row.state, row.attempts, row.acknowledged_revision) == ("accepted", 1, 1)
        steps = [step for _, step in await desk.steps(handoff_id)]
        assert steps == ["package_built", "queued", "pushed", "acknowledged"]
        detail = await desk.leads.get_lead(desk.principal(), lead_id)
        assert detail.lead.handoff_state == "accepted"
        assert [one.kind for one in detail.history].count("handed_over") == 1


async def test_one_that_fails_holds_up_no_other(database: Database) -> None:
    desk, primary, _ = await open_desk(database)
    handed = await hand_over_many(desk)
    # Three of one package's fast attempts, or one of several: whoever is refused is tried again.
    primary.errors = [Unavailable("sales system", "push", "500")] * 3
    pushes = [desk.workflow.push(desk.tenant_id, handoff_id, 1) for handoff_id in handed]
    ended = await asyncio.gather(*pushes, return_exceptions=True)
    failed = [one for one in ended if one is not None]
    assert all(isinstance(one, Unavailable) for one in failed)
    states = [(await desk.row(handoff_id)).state for handoff_id in handed]
    assert states.count("accepted") == COUNT - len(failed)


async def test_a_word_on_a_handoff_that_is_gone_holds_up_no_other(database: Database) -> None:
    desk, _, _ = await open_desk(database)
    handed = await hand_over_many(desk)
    now = desk.clock.now()
    words = {
        handoff_id: Acknowledgement(lead_id, "accepted", now, "S-1")
        for handoff_id, lead_id in [*handed.items(), (new_id(), "nobody")]
    }
    heard = await asyncio.gather(
        *(
            desk.service.acknowledge(desk.tenant_id, handoff_id, 1, Sent(ack, "sync", 0, 0))
            for handoff_id, ack in words.items()
        ),
        return_exceptions=True,
    )
    assert [type(one) for one in heard if isinstance(one, Exception)] == [NotFound]
    assert {(await desk.row(handoff_id)).state for handoff_id in handed} == {"accepted"}


async def test_two_words_on_one_handoff_at_the_same_time_are_one_piece_of_news(
    database: Database,
) -> None:
    desk, _, _ = await open_desk(database)
    [(handoff_id, lead_id), *_] = (await hand_over_many(desk)).items()
    ack = Acknowledgement(lead_id, "accepted", desk.clock.now(), "S-1")
    sent = Sent(ack, "sync", 0, 0)
    await asyncio.gather(
        *(desk.service.acknowledge(desk.tenant_id, handoff_id, 1, sent) for _ in range(3))
    )
    trail = await desk.service.reader.list_trail(desk.principal(), handoff_id)
    assert [one.data["news"] for one in trail if one.step == "acknowledged"] == [True, False, False]
