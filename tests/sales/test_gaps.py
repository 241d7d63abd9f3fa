"""What visitors asked in vain stands together, and becomes golden questions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.clock import SystemClock
from core.db import Database
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from sales.conversations.gap_service import GapService
from sales.conversations.gaps import OpenQuestion, find_gaps
from sales.organization.models import SiteRef
from tests.agent.world import build_world

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _asked(*texts: str) -> list[OpenQuestion]:
    return [
        OpenQuestion(str(n), text, NOW - timedelta(minutes=n), f"conversation {n}")
        for n, text in enumerate(texts)
    ]


def test_the_same_question_in_other_words_is_one_gap() -> None:
    questions = _asked(
        "Can I pay by invoice?", "pay with an invoice", "Is there an Apple Watch app?", "invoice?"
    )
    gaps = find_gaps(questions)
    assert [gap.count for gap in gaps][:1] == [2]
    assert gaps[0].title == "Can I pay by invoice?"
    assert {one.text for gap in gaps for one in gap.questions} == {one.text for one in questions}


def test_vectors_join_what_words_keep_apart_but_not_two_names() -> None:
    texts = ("Do you deliver to Peru?", "Can it be sent to Peru?", "Do you deliver to Chile?")
    near = np.array([[1.0, 0.0], [0.9, 0.436], [0.99, 0.141]], dtype=np.float32)
    gaps = find_gaps(_asked(*texts), dict(zip(texts, near, strict=True)))
    assert sorted(len(gap.questions) for gap in gaps) == [1, 2]
    assert "Chile" in next(gap for gap in gaps if gap.count == 1).title


def test_what_one_visitor_repeats_counts_once() -> None:
    questions = [
        OpenQuestion(str(n), "Do you sell kayaks?", NOW, "the same conversation") for n in range(3)
    ]
    assert [gap.count for gap in find_gaps(questions)] == [1]


def test_nothing_asked_is_no_gap() -> None:
    assert find_gaps([]) == []


async def test_a_gap_becomes_a_golden_question_once_and_leaves_the_list(
    database_url: str, tmp_path: Path
) -> None:
    world = await build_world(database_url, tmp_path)
    site, gaps = world.site.ref, world.runtime.resources.gaps
    try:
        for text in ("Do you sell kayaks?", "do you sell kayaks"):
            await (await world.arrive()).ask(text)
        found = await gaps.list_gaps(site)
        assert [(gap.title, gap.count) for gap in found] == [("Do you sell kayaks?", 2)]

        entry = await gaps.make_golden(site, found[0].title, (), "Ada")
        assert entry.refuse
        with pytest.raises(Conflict):
            await gaps.make_golden(site, " Do you  sell kayaks? ", (), "Ada")
        changed = await gaps.change_golden(site, entry.id, ["kayaks from $300", ""])
        assert (changed.refuse, changed.expect) == (False, ("kayaks from $300",))
        assert await gaps.list_golden(site) == [changed]

        ids = [one.id for one in found[0].questions]
        assert await gaps.settle(site, ids) == 2
        assert await gaps.settle(site, ids) == 0
        assert await gaps.list_gaps(site) == []
        await gaps.remove_golden(site, entry.id)
        await gaps.remove_golden(site, entry.id)
        assert await gaps.list_golden(site) == []
    finally:
        await world.runtime.resources.close()


async def test_golden_questions_of_others_stay_theirs_and_bad_ones_are_refused(
    database: Database,
) -> None:
    gaps = GapService(database, SystemClock(), None)
    site, foreign = SiteRef(new_id(), new_id()), SiteRef(new_id(), new_id())
    entry = await gaps.make_golden(site, "Do you sell kayaks?", (), "Ada")
    for other in (foreign, SiteRef(site.tenant_id, new_id()), SiteRef(new_id(), site.site_id)):
        with pytest.raises(NotFound):
            await gaps.change_golden(other, entry.id, ["x"])
        await gaps.remove_golden(other, entry.id)
    assert len(await gaps.list_golden(site)) == 1
    for ask, expect in (("", ()), ("x" * 501, ()), ("Why?", ["y"] * 11)):
        with pytest.raises(Invalid):
            await gaps.make_golden(site, ask, expect, "Ada")
