"""What a vendor tells of a mail after it has left: kept, in any order, and acted upon."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import Conflict
from sales.connections.schemas import StoredEvent
from sales.followups.engagement import MailEngagement, find_engagement
from sales.followups.rules import choose_delivery, is_unwanted
from sales.followups.schemas import MailFilter, StoredMail
from tests.sales.followups.test_sending import ADDRESS, Carrier, attempt, state_of, write
from tests.sales.followups.world import World


def _tell(world: World, mail: StoredMail, kind: str, **payload: Any) -> StoredEvent:
    return StoredEvent(
        id=kind,
        vendor="sendgrid",
        key=kind,
        capability="email",
        kind=kind,
        subject=mail.idempotency_key,
        payload={"mail_key": mail.idempotency_key, "recipient": ADDRESS, **payload},
        happened_at=world.clock.now() - timedelta(seconds=30),
        received_at=world.clock.now(),
    )


async def _read(world: World, mail: StoredMail) -> StoredMail:
    return await world.services.mails.get_mail(world.tenant_id, mail.abstract.id)


def test_the_same_events_end_in_the_same_state_in_any_order() -> None:
    events = ("delayed", "delivered", "opened", "clicked", "complained", "unsubscribed", "nonsense")
    ends = set()
    for order in itertools.permutations(events):
        known = ""
        for told in order:
            known = choose_delivery(known, told)
        ends.add(known)
    assert ends == {"complained"}


@pytest.mark.parametrize(
    ("kind", "reason", "unwanted"),
    [
        ("summary_visitor", None, False),
        ("summary_visitor", "unsubscribed", True),
        ("summary_visitor", "complained", True),
        ("appointment_booked", "unsubscribed", False),
        ("appointment_booked", "complained", False),
        ("appointment_booked", "bounced", True),
        ("summary_sales", "bounced", True),
    ],
)
def test_who_bounced_gets_nothing_and_who_unsubscribed_no_summaries(
    kind: str, reason: str | None, unwanted: bool
) -> None:
    assert is_unwanted(kind, reason) is unwanted


async def test_a_hard_bounce_marks_mail_and_address_and_nothing_more_goes_there(
    world: World,
) -> None:
    mails, mail = world.services.mails, await write(world)
    await attempt(world, Carrier(), mail)
    bounced = _tell(world, mail, "bounced", reason="550 <ana@nordlicht.example> no such user")
    for event in (bounced, bounced, _tell(world, mail, "delivered")):
        await mails.note_delivery(world.tenant_id, event)
    abstract = (await _read(world, mail)).abstract
    assert (abstract.state, abstract.delivery) == ("sent", "bounced")
    assert "no such user" in abstract.delivery_note
    assert "ana@" not in abstract.delivery_note
    assert abstract.delivery_at == bounced.happened_at
    assert await mails.find_suppression(world.tenant_id, ADDRESS.upper()) == "bounced"

    with pytest.raises(Conflict, match="nobody at this address"):
        await mails.resend_mail(world.tenant_id, mail.abstract.id, None)
    carrier, later = Carrier(), await write(world)
    await attempt(world, carrier, later)
    assert carrier.sent == []
    state, why = await state_of(world, later)
    assert (state, "nobody" in why) == ("suppressed", True)


async def test_a_complaint_is_an_unsubscription_and_a_bounce_goes_further(world: World) -> None:
    mails, mail = world.services.mails, await write(world)
    for kind, reason in (
        ("complained", "complained"),
        ("unsubscribed", "complained"),
        ("bounced", "bounced"),
        ("complained", "bounced"),
    ):
        await mails.note_delivery(world.tenant_id, _tell(world, mail, kind))
        assert await mails.find_suppression(world.tenant_id, ADDRESS) == reason


async def test_an_event_silences_only_an_address_that_its_mail_went_to(world: World) -> None:
    mails, mail = world.services.mails, await write(world)
    await mails.note_delivery(
        world.tenant_id, _tell(world, mail, "bounced", recipient="boss@larkmere.example")
    )
    assert await mails.find_suppression(world.tenant_id, "boss@larkmere.example") is None
    await mails.note_delivery(world.tenant_id, _tell(world, mail, "bounced", mail_key="another"))
    assert await mails.find_suppression(world.tenant_id, ADDRESS) is None
    _, total = await mails.list_mails(world.tenant_id, MailFilter(state="waiting"))
    assert total >= 1


async def test_what_was_opened_and_clicked_is_evidence_of_the_person_it_went_to(
    world: World,
) -> None:
    mails, mail = world.services.mails, await write(world)
    talk = [str(mail.abstract.conversation_id)]

    async def read(email: str) -> MailEngagement | None:
        return await find_engagement(
            world.resources.database, world.tenant_id, "nobody", email, talk
        )

    await mails.note_delivery(world.tenant_id, _tell(world, mail, "delivered"))
    assert await read(ADDRESS) is None
    opened = _tell(world, mail, "opened")
    await mails.note_delivery(world.tenant_id, opened)
    assert await read(ADDRESS) == MailEngagement(None, opened.happened_at)
    later = world.clock.now() + timedelta(minutes=5)
    await mails.note_delivery(world.tenant_id, _tell(world, mail, "clicked"))
    await mails.note_delivery(world.tenant_id, replace(opened, happened_at=later))
    assert await read(ADDRESS.upper()) == MailEngagement(True, later)
    assert await read("boss@larkmere.example") is None
