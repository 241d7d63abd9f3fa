"""A conversation ends once: by button, goodbye or silence."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.sales.followups.world import ASKED, Said, World, open_world

_ENDS = "SELECT count(*) FROM outbox_entries WHERE effect = 'followups.summarise'"
_REASON = "SELECT count(*) FROM conversations WHERE status = 'ended' AND end_reason = '{}'"
BYE = (*ASKED, Said("Thanks, bye!", "Goodbye!", says_goodbye=True))


async def advance(world: World, **pause: float) -> int:
    world.clock.set(world.clock.now() + timedelta(**pause))
    return await world.services.conversations.end_due()


async def test_ending_twice_at_once_is_recorded_once(world: World) -> None:
    ticket = await world.talk()
    await asyncio.gather(*(world.services.conversations.end(ticket) for _ in range(5)))
    assert await world.count(_ENDS) == await world.count(_REASON.format("ended")) == 1


async def test_a_silent_conversation_ends_after_the_set_time(world: World) -> None:
    await world.talk()
    assert await advance(world, minutes=29) == 0
    assert await advance(world, minutes=1) == 1
    assert await advance(world, minutes=60) == 0
    assert await world.count(_ENDS) == await world.count(_REASON.format("idle")) == 1


async def test_one_without_a_message_never_ends_by_itself(world: World) -> None:
    await world.talk(said=())
    assert await advance(world, days=30) == 0


async def test_after_a_goodbye_it_ends_soon(world: World) -> None:
    await world.talk(BYE)
    assert await advance(world, seconds=59) == 0
    assert await advance(world, seconds=1) == 1
    assert await world.count(_ENDS) == await world.count(_REASON.format("goodbye")) == 1


async def test_who_writes_again_after_a_goodbye_goes_on(world: World) -> None:
    await world.talk((*BYE, Said("Wait, one more question")))
    assert await advance(world, minutes=2) == 0
    assert await advance(world, minutes=28) == 1
    assert await world.count(_REASON.format("idle")) == 1


async def test_two_servers_that_sweep_at_once_end_each_one_once(
    world: World, database_url: str, tmp_path: Path
) -> None:
    other = await open_world(database_url, tmp_path / "data")
    for _ in range(8):
        await world.talk(ASKED[:1])
    later = world.clock.now() + timedelta(hours=1)
    for one in (world, other):
        one.clock.set(later)
    ended = await asyncio.gather(
        *(one.services.conversations.end_due() for one in (world, other, world, other))
    )
    await other.close()
    assert sum(ended) == await world.count(_ENDS) == 8
