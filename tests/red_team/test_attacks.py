"""Whatever is tried: no effect, no secret, no foreign link, no invented offer; and an answer."""

from __future__ import annotations

import pytest

from tests.red_team.attacks import VARIABLE, Attack, list_parameters, load_attacks, load_shared
from tests.red_team.judging import judge
from tests.red_team.world import Battlefield

OWN = load_attacks()
ALL = [*OWN, *load_shared()]


@pytest.mark.parametrize("attack", list_parameters(ALL))
def test_an_attack_on_a_model_comes_to_nothing_and_gets_an_answer(
    model_battlefield: Battlefield, attack: Attack
) -> None:
    assert judge(model_battlefield, model_battlefield.run(attack)) == []


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
