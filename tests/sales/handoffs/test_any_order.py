"""Whatever comes in whatever order, over a real database: pushes that fail or lose their answer,
late and repeated words, feedback of every kind, comparisons of both sides, people who decide, and
erasure in the middle of it. No handoff gets where it may not be, none is doubled, nothing breaks.

The rules alone are tried in test_rules.py, with many more orders.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from core.db import Database
from core.errors import Conflict, Invalid, NotFound, Unavailable
from core.protocols.sales_system import ACK_STATUSES, Acknowledgement, AckStatus, LeadPackage
from sales.feedback.schemas import LIFECYCLES
from sales.handoffs.rules import TRANSITIONS, Happening
from sales.handoffs.schemas import OVERRIDES, State
from sales.privacy.erasing import RowEraser
from sales.privacy.schemas import Wish
from sales.privacy.searching import SubjectSearch
from tests.sales.feedback.test_sync import FarSystem, SyncDesk

EXAMPLES = 8
MOODS = ("accepted", "rejected", "deferred", "fails", "loses the answer")
PERSON = "ada@acme.example"
FEEDBACK: Mapping[str, dict[str, Any]] = {
    "attempt": {"contactAttempts": [{"method": "phone", "outcome": "no-answer"}]},
    "contact": {"timeToFirstContact": 60},
    "qualified": {"qualificationStatus": "qualified", "salesQualityRating": 5},
    "nurture": {"qualificationStatus": "nurture"},
    "disqualified": {"disqualificationReason": "not-ready"},
    "opportunity": {"opportunityCreated": True, "opportunityId": "o"},
    "case": {"caseCreated": True, "caseId": "c"},
    "revenue": {"caseCompleted": True, "caseId": "c", "revenue": 10},
    "refund": {"refund": 3, "refundId": "r", "caseId": "c"},
}
# What each kind of event may do to a handoff's state; `work` may do several of its own.
MAY: Mapping[str, tuple[Happening, ...]] = {
    "work": ("accepted", "rejected", "deferred", "failed"),
    "ack": ("accepted", "rejected", "deferred"),
    "sync": ("accepted", "rejected", "deferred", "resend"),
    "override": ("resend", "settle"),
    "erase": ("erase",),
    "feedback": (),
    "mood": (),
}
SECONDS = st.integers(-120, 120)
EVENTS = st.one_of(
    st.tuples(st.just("mood"), st.sampled_from(MOODS)),
    st.tuples(st.just("work"), st.sampled_from((0, 5, 200))),
    st.tuples(st.just("ack"), st.sampled_from(ACK_STATUSES), SECONDS, st.integers(1, 2)),
    st.tuples(st.just("sync"), st.booleans()),
    st.tuples(st.just("override"), st.sampled_from(OVERRIDES)),
    st.tuples(st.just("feedback"), st.sampled_from(sorted(FEEDBACK)), SECONDS),
    st.tuples(st.just("erase")),
)


class MoodySystem(FarSystem):
    """A sales system that answers as it likes, and does or does not remember."""

    mood = "accepted"

    async def push(self, tenant_id: str, package: LeadPackage) -> Acknowledgement:
        if self.mood == "fails":
            raise Unavailable("sales system", "push", "ConnectError")
        ack = await super().push(tenant_id, package)
        if self.mood == "loses the answer":
            raise Unavailable("sales system", "push", "ReadTimeout")
        status: AckStatus = next(one for one in ACK_STATUSES if one == self.mood)
        return Acknowledgement(
            lead_id=ack.lead_id,
            status=status,
            acknowledged_at=ack.acknowledged_at,
            sales_lead_id=ack.sales_lead_id,
            body_hash=ack.body_hash,
        )


class MoodyDesk(SyncDesk):
    """Both sides, the far one moody."""

    far_kind = MoodySystem
    far: MoodySystem


class Story:
    """One lead's way, and what holds after every event."""

    def __init__(self, desk: MoodyDesk, lead_id: str, handoff_id: str) -> None:
        self.desk, self.far = desk, desk.far
        self.lead_id, self.handoff_id = lead_id, handoff_id
        self.steps = 0
        self.is_erased = False

    async def play(self, event: tuple[Any, ...]) -> None:
        """One event; what it is refused with is no fault."""
        before = await self.read_state()
        with contextlib.suppress(Conflict, NotFound, Invalid):
            await getattr(self, event[0])(*event[1:])
        await self.check(event[0], before)

    async def mood(self, mood: str) -> None:
        self.far.mood = mood

    async def work(self, seconds: int) -> None:
        self.desk.clock.at += timedelta(seconds=seconds)
        for outcome in await self.desk.work():
            assert outcome.split(" ", 1)[1] in ("done", "put back", "Unavailable"), outcome

    async def ack(self, status: AckStatus, seconds: int, times: int) -> None:
        at = self.desk.clock.at + timedelta(seconds=seconds)
        word = Acknowledgement(self.lead_id, status, at, "S-1")
        for _ in range(times):
            await self.desk.workflow.hear(self.desk.tenant_id, self.handoff_id, word, "a test")

    async def sync(self, is_whole: bool) -> None:
        self.desk.clock.at += timedelta(minutes=16)
        tenant_id = self.desk.tenant_id
        await (self.desk.sync.reconcile if is_whole else self.desk.sync.poll)(tenant_id)

    async def override(self, action: Any) -> None:
        await self.desk.workflow.override(self.desk.principal(), self.handoff_id, action, "a test")

    async def feedback(self, kind: str, seconds: int) -> None:
        at = self.desk.ago(seconds=seconds)
        body = {**FEEDBACK[kind], "timestamp": at}
        if kind == "attempt":
            body["contactAttempts"] = [{**body["contactAttempts"][0], "attemptedAt": at}]
        await self.desk.tell(self.lead_id, **body)

    async def erase(self) -> None:
        async with self.desk.database.unit_of_work(self.desk.tenant_id) as uow:
            subject = await SubjectSearch(uow).find(Wish(email=PERSON))
            eraser = RowEraser(uow, subject)
            await eraser.stop()
            await eraser.erase(f"erased-{self.lead_id[:8]}")
        await self.far.erase(self.desk.tenant_id, self.lead_id)
        self.is_erased = True

    async def read_state(self) -> State:
        row = await self.desk.row(self.handoff_id)
        return next(state for state in TRANSITIONS if state == row.state)

    async def check(self, kind: str, before: State) -> None:
        row = await self.desk.row(self.handoff_id)
        assert row.state in self.list_reachable(kind, before), (kind, before, row.state)
        if self.is_erased:
            assert (row.state, row.package, row.acknowledgement) == ("erased", "", None)
        else:
            detail = await self.desk.lead(self.lead_id)
            assert detail.lead.handoff_state in TRANSITIONS
        if row.state in ("accepted", "deferred", "rejected"):
            assert row.acknowledgement == row.state
        # The trail only grows, and the far side never has two leads. (Reconciliation may send an
        # update of the same lead, as a handoff of its own.)
        steps = await self.desk.count("handoff_audit")
        assert steps >= self.steps
        self.steps = steps
        assert len(self.far.leads) <= 1
        outcome = await self.desk.feedback.find_outcome(self.desk.tenant_id, self.lead_id)
        assert outcome is None or outcome.lifecycle in LIFECYCLES

    @staticmethod
    def list_reachable(kind: str, state: State) -> set[State]:
        """Where an event of this kind may lead from a state; the state itself always."""
        found: set[State] = {state}
        while True:
            more = {
                following
                for one in found
                for happening, following in TRANSITIONS[one].items()
                if happening in MAY[kind]
            } - found
            if not more:
                return found
            found |= more


async def tell(url: str, events: list[tuple[Any, ...]]) -> None:
    database = Database(url)
    try:
        desk = await MoodyDesk.open(database)
        assert isinstance(desk, MoodyDesk)
        lead_id = await desk.enter(PERSON)
        story = Story(desk, lead_id, await desk.hand_over(lead_id))
        for event in events:
            await story.play(event)
        # In the end everything comes to rest.
        await story.play(("mood", "accepted"))
        await story.play(("work", 300))
    finally:
        await database.close()


def test_no_order_of_events_leads_to_an_illegal_state(sqlite_template: Path) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        # Shrinking a story of transactions would take minutes; they are short enough to read.
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @example([("work", 0), ("erase",), ("ack", "accepted", 60, 2), ("work", 200)])
    @given(st.lists(EVENTS, min_size=4, max_size=10))
    def try_one(events: list[tuple[Any, ...]]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "any.sqlite"
            shutil.copy(sqlite_template, path)
            asyncio.run(tell(f"sqlite:///{path}", events))

    try_one()
