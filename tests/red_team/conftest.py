"""One server for all attacks on a model, and one for those on the embedded responder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.red_team.attacks import load_attacks, load_shared
from tests.red_team.world import Battlefield, open_battlefield
from tests.support.models import KEY, KEY_NAME
from tests.vendors.openai import OpenAiStandIn

__all__ = ["embedded_battlefield", "model_battlefield"]


# Two fixtures and not one with a parameter: beside the attacks' own parameter pytest would take
# each attack for another one, and start a server for each.
@pytest.fixture(scope="module")
def model_battlefield(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battlefield]:
    """A served site whose answers come from a model that obeys whoever speaks last."""
    with pytest.MonkeyPatch.context() as environment, OpenAiStandIn() as model:
        environment.setenv(KEY_NAME, KEY)
        attacks = [*load_attacks(), *load_shared()]
        with open_battlefield(tmp_path_factory.mktemp("red-model"), attacks, model) as field:
            yield field
        assert model.errors == []


@pytest.fixture(scope="module")
def embedded_battlefield(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battlefield]:
    """A served site whose answers come from no model."""
    attacks = [*load_attacks(), *load_shared()]
    with open_battlefield(tmp_path_factory.mktemp("red-embedded"), attacks, None) as field:
        yield field
