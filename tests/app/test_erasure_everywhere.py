"""A person with a row in every table: the export shows each, the erasure leaves none, not even in
free places of the database's file."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from sales.leads.models import Lead
from sales.privacy.schemas import Wish
from sales.privacy.searching import get_table
from tests.app.erasure_stuffing import list_places, stuff, write
from tests.app.erasure_world import ANN, NEEDLES, World, fill, find_anything, open_world


@pytest.fixture
async def world(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setenv("TEST_URL", database_url)
    opened = await open_world(tmp_path)
    yield opened
    await opened.resources.close()


async def fill_everything(world: World) -> Lead:
    ticket = await fill(world)
    lead = await world.find_lead(ANN)
    assert lead is not None
    await stuff(world, ticket, lead)
    return lead


async def test_the_export_shows_every_column_that_may_hold_something_of_a_person(
    world: World,
) -> None:
    await fill_everything(world)
    exported = await world.services.privacy.export(world.admin, Wish(email=ANN))
    # As it leaves: one JSON document that somebody can read.
    held = json.loads(json.dumps(exported))["held"]
    missing = [
        f"{table}.{column}"
        for table, column in list_places()
        if not any(write(table, column) in json.dumps(row[column]) for row in held.get(table, ()))
    ]
    assert missing == []
    assert "joann" not in json.dumps(held).lower().replace(f"mine is {ANN}", "")
    [mail] = [one for one in held["mails"] if one["text"] == "Dear Ann"]
    assert (mail["subject"], mail["html"]) == ("Bikes", "<p>Dear Ann</p>")


async def find_files_of_postgres(world: World) -> Path:
    """The folder of the database's files, with everything written that is still in memory."""
    async with world.resources.database.unit_of_work(None) as uow:
        folder = (await uow.session.execute(text("SHOW data_directory"))).scalar_one()
        query = text("SELECT oid FROM pg_database WHERE datname = current_database()")
        number = (await uow.session.execute(query)).scalar_one()
        await uow.session.execute(text("CHECKPOINT"))
    found = Path(folder) / "base" / str(number)
    assert found.is_dir()
    return found


async def test_nothing_of_an_erased_person_is_left_in_any_column_or_file(
    world: World, database_url: str
) -> None:
    await fill_everything(world)
    assert len(await find_anything(world)) > 30
    certificate = await world.erase(Wish(email=ANN))
    assert certificate["state"] == "done", certificate
    assert await find_anything(world) == []
    places = [world.mail]
    said = {one["system"]: one["said"] for one in certificate["systems"]}
    assert said["database storage"] == "erased", certificate
    if database_url.startswith("sqlite"):
        places.append(Path(database_url.removeprefix("sqlite:///")).parent)
    else:
        assert said["database log"] == "cannot"
        places.append(await find_files_of_postgres(world))
    left = [
        f"{path.name}: {needle}"
        for folder in places
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for needle in NEEDLES
        if needle.encode() in path.read_bytes().lower().replace(b"joann", b"")
    ]
    assert left == []
    # Whoever looks at the certificate learns nothing of her either.
    assert not [one for one in NEEDLES if one in json.dumps(certificate).lower()]


async def test_a_golden_question_of_her_words_goes_and_one_that_others_asked_stays(
    world: World,
) -> None:
    ticket = await fill(world)
    other = await world.talk("Do you sell helmets?")
    asked, gaps = get_table("unanswered_questions"), world.resources.gaps
    now = world.resources.clock.now()
    async with world.resources.database.unit_of_work(world.tenant_id) as uow:
        connection = await uow.session.connection()
        for number, (whose, words) in enumerate(
            ((ticket, "Is my knee a problem?"), (ticket, "Any helmets?"), (other, "Any  helmets?"))
        ):
            row = {
                "tenant_id": world.tenant_id,
                "id": f"{number:036d}",
                "site_id": whose.site.site_id,
                "conversation_id": whose.conversation_id,
                "text": words,
                "asked_at": now,
            }
            await connection.execute(asked.insert(), [row])
    for words in ("Is my knee a problem?", "Any helmets?", "Do you ship?"):
        await gaps.make_golden(ticket.site, words, (), "Sam")
    await world.erase(Wish(email=ANN))
    left = [one.ask for one in await gaps.list_golden(ticket.site)]
    assert left == ["Any helmets?", "Do you ship?"]
