"""`sales-agent outbox`: what waits, what failed, and what to do about it."""

from __future__ import annotations

import json

from rich.markup import escape
from rich.table import Table

from app.cli.console import console, notes
from app.places import Places
from app.settings import AppSettings
from app.wiring import build_resources
from core.errors import Invalid
from core.outbox import DeadLetters, NoRunner, measure_depth

_MOST = 100


async def list_outbox(settings: AppSettings, places: Places, effect: str, *, as_json: bool) -> int:
    """Print what each effect has before it, and the dead letters, newest first."""
    resources = await build_resources(settings, places, None)
    try:
        async with resources.database.reading(None) as uow:
            depths = await measure_depth(uow, resources.clock.now())
            letters = await DeadLetters(resources.clock, NoRunner()).list_dead_letters(
                uow, effect=effect or None, limit=_MOST
            )
    finally:
        await resources.close()
    if as_json:
        content = {
            "effects": [
                {**depth._asdict(), "oldest": depth.oldest.total_seconds()} for depth in depths
            ],
            "dead_letters": [letter._asdict() for letter in letters],
        }
        console.out(json.dumps(content, indent=2, default=str), highlight=False)
        return 0
    if not depths:
        notes.print("Nothing waits and nothing failed.")
        return 0
    table = Table("Effect", "Pending", "Due", "Running", "Dead", "Oldest due (s)")
    for depth in depths:
        counts = (depth.pending, depth.due, depth.running, depth.dead)
        table.add_row(depth.effect, *map(str, counts), f"{depth.oldest.total_seconds():.0f}")
    console.print(table)
    if letters:
        failed = Table("Id", "Effect", "Event", "Attempts", "Since (UTC)", "Error")
        for letter in letters:
            since = (letter.done_at or letter.created_at).strftime("%Y-%m-%d %H:%M")
            failed.add_row(
                str(letter.id),
                letter.effect,
                letter.event_type,
                str(letter.attempts),
                since,
                escape(letter.last_error or ""),
            )
        console.print(failed)
        notes.print("Try one again: sales-agent outbox replay <id>. Give it up: outbox drop <id>.")
    return 0


async def replay_outbox(
    settings: AppSettings, places: Places, entry_id: int | None, effect: str
) -> int:
    """Try one dead letter again, or all of one effect.

    Raises:
        Invalid: neither or both are named.
        NotFound: there is no such dead letter.
    """
    if (entry_id is None) == (not effect):
        raise Invalid("Name one dead letter by its id, or all of one effect: --effect <name>.")
    resources = await build_resources(settings, places, None)
    letters = DeadLetters(resources.clock, NoRunner())
    try:
        async with resources.database.unit_of_work(None) as uow:
            if entry_id is None:
                count = await letters.replay_dead_letters(uow, effect)
            else:
                await letters.replay_dead_letter(uow, entry_id)
                count = 1
    finally:
        await resources.close()
    console.print(f"{count} will be tried again by the running server.", highlight=False)
    return 0


async def drop_from_outbox(settings: AppSettings, places: Places, entry_id: int) -> int:
    """Forget one dead letter for good.

    Raises:
        NotFound: there is no such dead letter.
    """
    resources = await build_resources(settings, places, None)
    try:
        async with resources.database.unit_of_work(None) as uow:
            await DeadLetters(resources.clock, NoRunner()).drop_dead_letter(uow, entry_id)
    finally:
        await resources.close()
    console.print(f"The dead letter {entry_id} was dropped.", highlight=False)
    return 0
