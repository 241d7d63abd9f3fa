"""One server for all attacks on a model, and one for those on the embedded responder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.red_team.attacks import load_attacks, load_shared
from tests.red_team.world import Battlefield, open_battlefield
from tests.support.models import KEY, KEY_NAME
from tests.vendors.openai import OpenAiStandIn

__all__ = ["battlefield"]


@pytest.fixture(scope="module")
def battlefield(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Battlefield]:
    """A served site, whose answers come from an obedient model or from no model."""
    monkeypatch = pytest.MonkeyPatch()
    attacks = [*load_attacks(), *load_shared()]
    folder = tmp_path_factory.mktemp(f"red-{request.param}")
    monkeypatch.setenv(KEY_NAME, KEY)
    with OpenAiStandIn() as model:
        used = model if request.param == "model" else None
        with open_battlefield(folder, attacks, used) as field:
            yield field
        assert model.errors == []
    monkeypatch.undo()
