"""The same attacks where no model answers: those of them that look different from outside."""

from __future__ import annotations

import pytest

from tests.red_team.attacks import (
    Attack,
    list_parameters,
    load_attacks,
    load_shared,
    pick_different,
)
from tests.red_team.judging import judge
from tests.red_team.world import Battlefield

DIFFERENT = pick_different([*load_attacks(), *load_shared()])


@pytest.mark.parametrize("attack", list_parameters(DIFFERENT))
def test_an_attack_without_a_model_comes_to_nothing_and_gets_an_answer(
    embedded_battlefield: Battlefield, attack: Attack
) -> None:
    assert judge(embedded_battlefield, embedded_battlefield.run(attack)) == []
