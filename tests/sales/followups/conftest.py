"""A world for each kind of database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sales.followups.world import World, open_world


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    opened = await open_world(database_url, tmp_path / "data")
    yield opened
    await opened.close()
