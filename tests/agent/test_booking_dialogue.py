"""Dialogues about meetings, message by message, with the real scheduler."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.booking_intents import Wish, find_wish, wants_talk
from core.db import Database
from sales.appointments.schemas import AppointmentFilter, BookedAppointment
from tests.agent.talk import Talk, card, read
from tests.sales.appointments.desk import Desk


@pytest.fixture
async def desk(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Desk]:
    path = tmp_path / "talk.sqlite"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield await Desk.open(database)
    await database.close()


async def list_booked(desk: Desk) -> list[BookedAppointment]:
    wanted = AppointmentFilter(status="booked")
    return (await desk.service.list_appointments(desk.site.tenant_id, wanted))[0]


JOURNEYS: dict[str, list[tuple[str, str]]] = {
    "chosen by its place": [
        ("Hi, can we talk Thursday afternoon?", "offer"),
        ("the second one", "ask_contact"),
        ("Ada Lovelace, ada@example.com", "confirm"),
        ("yes please", "book"),
    ],
    "exactly what was asked for": [
        ("I'm Ada, ada@example.com. Can I get a demo on Thursday at 14:00?", "confirm"),
        ("book it", "book"),
    ],
    "another time after all": [
        ("I'd like to book a demo, my email is ada@example.com", "offer"),
        ("next week, mornings", "offer"),
        ("none of these", "offer"),
        ("2", "confirm"),
        ("yes, but at 15:00 instead", "confirm"),
        ("ok", "book"),
    ],
    "a question in between": [
        ("book a demo please", "offer"),
        ("What does the Team plan cost?", "-"),
        ("2", "-"),
        ("Tuesday at 10", "ask_contact"),
        ("Is there a discount for schools?", "-"),
        ("ok, my email is ada@example.com", "confirm"),
        ("Yes, book it", "book"),
    ],
    "declined": [
        ("Can we have a call tomorrow at 3pm? ada@example.com", "confirm"),
        ("no", "keep"),
        ("yes", "-"),
    ],
    "another address": [
        ("Schedule a call for Friday 11am, I'm ada@example.com", "confirm"),
        ("please use work@example.org instead", "confirm"),
        ("yes", "book"),
    ],
    "moved and cancelled": [
        ("book a demo on Thursday at 14:00, ada@example.com", "confirm"),
        ("yes", "book"),
        ("When is my demo?", "show"),
        ("can we move it to Friday morning?", "offer"),
        ("10:30", "confirm"),
        ("yes", "move"),
        ("cancel it", "cancel_confirm"),
        ("no", "keep"),
        ("I need to cancel my meeting", "cancel_confirm"),
        ("yes", "cancel"),
        ("cancel my meeting", "nothing"),
    ],
    "German": [
        ("Ich möchte einen Termin vereinbaren", "offer"),
        ("lieber nächste Woche Dienstag", "offer"),
        ("um 11 Uhr", "ask_contact"),
        ("Ich heiße Jürgen Müller, juergen@example.de", "confirm"),
        ("ja, gerne", "book"),
        ("Können wir den Termin verschieben?", "offer"),
        ("Mittwoch um 15 Uhr", "confirm"),
        ("ja", "move"),
    ],
    "Spanish": [
        ("Quiero reservar una demo", "offer"),
        ("el jueves por la tarde", "offer"),
        ("la primera", "ask_contact"),
        ("María García, maria@example.es", "confirm"),
        ("sí", "book"),
    ],
}


@pytest.mark.parametrize("name", JOURNEYS)
async def test_a_dialogue_takes_its_steps(desk: Desk, name: str) -> None:
    talk = Talk(desk, locale={"German": "de-DE", "Spanish": "es-ES"}.get(name, "en-GB"))
    steps = [(text, await talk.step(text)) for text, _ in JOURNEYS[name]]
    assert steps == JOURNEYS[name]
    expected = [step for _, step in JOURNEYS[name]]
    left = expected.count("book") - expected.count("cancel")
    assert len(await list_booked(desk)) == left


async def test_nothing_is_booked_that_was_not_shown_back_with_zone_and_rep(desk: Desk) -> None:
    talk = Talk(desk)
    shown = await talk.say("Can we talk on Thursday at 2pm? I'm ada@example.com")
    assert read(shown) == (
        "Thursday 3 December, 14:00–14:30 (Europe/Berlin, UTC+1) with Hannah Braithwaite – "
        "shall I book it? The confirmation goes to ada@example.com."
    )
    assert await list_booked(desk) == []
    await talk.say("yes")
    [booked] = await list_booked(desk)
    assert booked.starts_at == datetime(2026, 12, 3, 13, tzinfo=UTC)


async def test_a_zone_that_is_named_counts_from_then_on(desk: Desk) -> None:
    talk = Talk(desk)
    await talk.say("I'd like a demo next week, ada@example.com")
    again = await talk.say("I'm in New York, so in New York time please")
    assert card(again)["timezone"] == "America/New_York, UTC-5"
    shown = await talk.say("Tuesday at 10am")
    assert "10:00–10:30 (America/New_York, UTC-5) with Marcus Delacroix" in read(shown)


async def test_buttons_mean_what_they_say_also_long_after(desk: Desk) -> None:
    talk = Talk(desk)
    offer = card(await talk.say("book a demo"))
    first, second = (slot["id"] for slot in offer["slots"][:2])
    assert await talk.step("…", {"kind": "slot", "id": first}) == "ask_contact"
    contact: dict[str, Any] = {"kind": "contact", "id": first}
    wrong = await talk.say("x", {**contact, "values": {"name": "Ada", "email": "ada at home"}})
    assert "cannot be used" in read(wrong)
    values = {"name": "Ada Lovelace", "email": "ada@example.com"}
    shown = card(await talk.say("x", {**contact, "values": values}))
    # The button of another tab's older offer: shown back first, never booked at once.
    assert await talk.step("Yes, book it", {"kind": "confirm", "id": second}) == "confirm"
    assert await list_booked(desk) == []
    assert await talk.step("Yes, book it", {"kind": "confirm", "id": second}) == "book"
    assert shown["actions"][0]["action"] == {"kind": "confirm", "id": first}
    [booked] = await list_booked(desk)
    assert (booked.name, booked.email) == ("Ada Lovelace", "ada@example.com")
    for kind, step in (("cancel", "cancel_confirm"), ("keep", "keep"), ("move", "offer")):
        assert await talk.step("…", {"kind": kind, "id": booked.id}) == step
    assert await talk.step("…", {"kind": "cancel_yes", "id": "somebody-elses"}) == "nothing"
    assert len(await list_booked(desk)) == 1


PICKS = ("the first one", "1", "number 1", "I'll take the first one please")
LATER_CARDS = (
    ("none of these",),
    ("next week, mornings",),
    ("the second one", "show me other times"),
    ("the second one", "rather a 45 minute call"),
    ("the second one", "none of these", "what about Thursday?"),
)


@pytest.mark.parametrize("before", LATER_CARDS)
@pytest.mark.parametrize("opening", ["book a demo please", "I'd like a demo, ada@example.com"])
async def test_the_first_one_is_that_of_the_newest_card(
    desk: Desk, opening: str, before: tuple[str, ...]
) -> None:
    for pick in PICKS:
        talk = Talk(desk)
        older = card(await talk.say(opening))["slots"]
        for text in before:
            shown = await talk.say(text)
        newest = card(shown)["slots"]
        assert newest != older
        draft = await talk.say(pick)
        assert draft is not None
        assert draft.trace["booking"]["slot"] == newest[0]["id"]
    assert await list_booked(desk) == []


async def test_another_offer_may_be_chosen_while_the_first_choice_waits_for_a_name(
    desk: Desk,
) -> None:
    talk = Talk(desk)
    offers = card(await talk.say("book a demo please"))["slots"]
    assert await talk.step("the second one") == "ask_contact"
    draft = await talk.say("no, rather the first one")
    assert draft is not None
    assert draft.trace["booking"]["slot"] == offers[0]["id"]


async def test_a_slot_taken_meanwhile_is_not_booked_and_others_are_offered(desk: Desk) -> None:
    one, other = Talk(desk), Talk(desk)
    for talk in (one, other):
        text = "Can we talk on Thursday at 14:00? I'm ada@example.com"
        assert await talk.step(text) == "confirm"
    assert await one.step("yes") == "book"
    late = await other.say("yes")
    assert read(late).startswith("That time has just been taken by somebody else")
    assert len(card(late)["slots"]) == 3
    assert await other.step("the first one") == "confirm"
    assert await other.step("yes") == "book"
    assert len(await list_booked(desk)) == 2


async def test_the_same_message_again_books_once(desk: Desk) -> None:
    talk = Talk(desk)
    await talk.say("Can we talk on Thursday at 14:00? I'm ada@example.com")
    before = list(talk.messages)
    await talk.say("yes", message_id="m1")
    talk.messages = before  # killed before the answer was written; the browser asks again
    assert read(await talk.say("yes", message_id="m1")).startswith("Done, it is booked")
    assert len(await list_booked(desk)) == 1


async def test_times_that_cannot_be_had_are_explained(desk: Desk) -> None:
    talk = Talk(desk)
    cases = {
        "book a demo for Saturday at 3pm": "That is outside of our meeting hours.",
        "book a demo for 20 February": "That is further ahead than can be booked.",
        "book a call today at 9:30": "That is too soon for us.",
    }
    for text, reason in cases.items():
        answer = await talk.say(text)
        assert read(answer).startswith(reason), text
        assert card(answer)["slots"]


async def test_nothing_is_offered_where_nobody_takes_meetings(
    desk: Desk, sqlite_template: Path, tmp_path: Path
) -> None:
    closed = await Desk.open(desk.database, enabled=False)
    assert await Talk(closed).say("book a demo") is None


@pytest.mark.parametrize(
    "text",
    [
        "How long does a demo take?",
        "What meetings do you offer?",
        "Can I cancel my subscription?",
        "Can I move a sensor to another fridge?",
        "Do you have a demo account?",
        "What does the Team plan cost?",
        "Can I change my plan?",
        "How do I get alerts by phone call?",
        "Does the app make calls?",
        "Who will be in the demo?",
        "Can I get a quote?",
        "Can the hub call me when there is an alarm?",
        "I have 12 fridges and one freezer",
        "I need a sensor for calls to the freezer",
        "When do your prices change?",
        "Is there a call center?",
    ],
)
def test_questions_to_the_website_are_left_alone(text: str) -> None:
    assert find_wish(text, has_appointment=True) is None


@pytest.mark.parametrize(
    "text",
    [
        "I'd like to book a demo",
        "Can I schedule a call for next week?",
        "Could we have a short call on Monday?",
        "Let's set up a meeting",
        "I would like to see a demo",
        "demo please",
        "Is it possible to have a call tomorrow?",
        "I'd like a 15 minute call",
        "Thanks! How much is it? And can I book a demo?",
        "Ich hätte gerne eine Demo",
        "Quiero una reunión",
    ],
)
def test_wishes_for_a_meeting_are_seen(text: str) -> None:
    assert find_wish(text, has_appointment=False) is Wish.MEET


@pytest.mark.parametrize(
    "text", ["Can we talk on Thursday?", "Können wir am Montag telefonieren?", "Call me at 3"]
)
def test_wishes_to_talk_need_a_time_to_be_wishes_for_a_meeting(text: str) -> None:
    assert wants_talk(text)
    assert find_wish(text, has_appointment=False) is None
