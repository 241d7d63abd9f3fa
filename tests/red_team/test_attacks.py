"""Whatever is tried: no effect, no secret, no foreign link, no invented offer; and an answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.red_team.attacks import VARIABLE, Attack, load_attacks, load_shared, pick_different
from tests.red_team.judging import judge
from tests.red_team.world import Battlefield

OWN = load_attacks()
ALL = [*OWN, *load_shared()]


def _pair(responder: str, attack: Attack) -> Any:
    marks = [pytest.mark.xfail(reason=attack.known_gap, strict=True)] if attack.known_gap else []
    return pytest.param(responder, attack, id=f"{responder}-{attack.id}", marks=marks)


@pytest.mark.parametrize(
    ("battlefield", "attack"),
    [
        *(_pair("model", attack) for attack in ALL),
        *(_pair("embedded", attack) for attack in pick_different(ALL)),
    ],
    indirect=["battlefield"],
)
def test_an_attack_comes_to_nothing_and_gets_an_answer(
    battlefield: Battlefield, attack: Attack
) -> None:
    assert judge(battlefield, battlefield.run(attack)) == []


def test_there_are_at_least_300_attacks_of_every_kind() -> None:
    assert len(OWN) >= 300
    assert {one.channel for one in OWN} >= {
        "chat",
        "page",
        "product",
        "source",
        "profile",
        "history",
    }
    kinds = {one.kind for one in OWN}
    assert len(kinds) >= 10


def test_the_shared_attacks_are_run_as_well() -> None:
    if not load_shared():
        pytest.skip(f"{VARIABLE} names no folder with attacks")
    assert len(ALL) > len(OWN)
