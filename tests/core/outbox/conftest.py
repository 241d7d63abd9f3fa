"""A world for each kind of runner on each kind of database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.db import Database
from tests.core.outbox.world import RUNNERS, World


@pytest.fixture(params=sorted(RUNNERS))
async def world(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[World]:
    made = World(database, RUNNERS[request.param])
    yield made
    await made.close()
