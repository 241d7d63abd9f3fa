"""Calls that come together are done together, and none is answered for by another's fault."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from core.batching import Batcher


class Kitchen:
    """Cooks dishes; each round waits until it is told to go on."""

    def __init__(self, most: int = 100) -> None:
        self.rounds: list[tuple[str, list[str]]] = []
        self.fire = asyncio.Event()
        self.fire.set()
        self.is_shut = False
        self.batcher: Batcher[str, str] = Batcher(self.cook, most)

    async def cook(self, table: str, dishes: list[str]) -> list[str]:
        self.rounds.append((table, dishes))
        await self.fire.wait()
        if self.is_shut:
            raise OperationalError("cook", {}, Exception("shut"))
        if "burnt" in dishes:
            raise ValueError("burnt")
        return [f"{dish} for {table}" for dish in dishes]

    def order(self, dish: str, table: str = "one") -> asyncio.Task[str]:
        return asyncio.create_task(self.batcher.ask(table, dish))


async def let_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_comes_while_others_are_done_is_done_together_after_them() -> None:
    kitchen = Kitchen()
    kitchen.fire.clear()
    first = kitchen.order("soup")
    await let_run()
    later = [kitchen.order(dish) for dish in ("rice", "fish", "cake")]
    await let_run()
    assert kitchen.rounds == [("one", ["soup"])]
    kitchen.fire.set()
    assert await asyncio.gather(first, *later) == [
        "soup for one",
        "rice for one",
        "fish for one",
        "cake for one",
    ]
    assert kitchen.rounds[1:] == [("one", ["rice", "fish", "cake"])]


async def test_groups_do_not_wait_for_each_other() -> None:
    kitchen = Kitchen()
    kitchen.fire.clear()
    orders = [kitchen.order("soup", table) for table in ("one", "two")]
    await let_run()
    assert kitchen.rounds == [("one", ["soup"]), ("two", ["soup"])]
    kitchen.fire.set()
    assert await asyncio.gather(*orders) == ["soup for one", "soup for two"]


async def test_no_more_than_so_many_are_done_together() -> None:
    kitchen = Kitchen(most=2)
    orders = [kitchen.order(str(number)) for number in range(5)]
    await asyncio.gather(*orders)
    assert [len(dishes) for _, dishes in kitchen.rounds] == [2, 2, 1]


async def test_one_that_cannot_be_done_stands_in_nobodys_way() -> None:
    kitchen = Kitchen()
    orders = [kitchen.order(dish) for dish in ("rice", "burnt", "cake")]
    found = await asyncio.gather(*orders, return_exceptions=True)
    assert found[0] == "rice for one"
    assert isinstance(found[1], ValueError)
    assert found[2] == "cake for one"


async def test_a_database_that_is_away_is_asked_once_for_all() -> None:
    kitchen = Kitchen()
    kitchen.is_shut = True
    orders = [kitchen.order(dish) for dish in ("rice", "fish")]
    found = await asyncio.gather(*orders, return_exceptions=True)
    assert [type(one) for one in found] == [OperationalError, OperationalError]
    assert len(kitchen.rounds) == 1


async def test_who_gives_up_takes_nobody_along() -> None:
    kitchen = Kitchen()
    kitchen.fire.clear()
    first = kitchen.order("soup")
    await let_run()
    impatient, patient = kitchen.order("rice"), kitchen.order("fish")
    await let_run()
    impatient.cancel()
    kitchen.fire.set()
    assert await patient == "fish for one"
    assert await first == "soup for one"
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert kitchen.rounds[1:] == [("one", ["fish"])]


async def test_a_group_that_is_served_begins_anew() -> None:
    kitchen = Kitchen()
    assert await kitchen.order("soup") == "soup for one"
    assert await kitchen.order("cake") == "cake for one"
    assert len(kitchen.rounds) == 2
