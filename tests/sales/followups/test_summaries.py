"""Both summaries of a conversation: sent once, true, and safe."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sales.followups.schemas import MailFilter
from tests.sales.followups.world import ASKED, Said, World, body_of, open_world

_MAILS = "SELECT count(*) FROM mails"
_SUMMARIES = "SELECT count(*) FROM summaries"


def copy(template: Path, folder: Path) -> str:
    """The URL of an empty database of the newest shape in `folder`."""
    path = folder / "test.sqlite"
    path.write_bytes(template.read_bytes())
    return f"sqlite:///{path}"


async def end(world: World, said: tuple[Said, ...] = ASKED, locale: str = "en-GB") -> str:
    ticket = await world.talk(said, locale=locale)
    await world.services.conversations.end(ticket)
    await world.settle()
    return ticket.conversation_id


async def test_both_summaries_are_sent_once(world: World) -> None:
    conversation_id = await end(world)
    followups = world.services.followups
    again = (followups.summarise_conversation(world.tenant_id, conversation_id) for _ in range(4))
    await asyncio.gather(*again)
    await world.settle()
    names = {f"summary-{who}.{conversation_id}.eml" for who in ("sales", "visitor")}
    assert set(world.read_mails()) == names
    assert await world.count(_MAILS) == await world.count(_SUMMARIES) == 2
    assert await world.count(_MAILS + " WHERE state = 'sent' AND sent_at IS NOT NULL") == 2


async def test_at_once_by_many_they_are_still_written_once(world: World) -> None:
    ticket = await world.talk()
    followups = world.services.followups
    await asyncio.gather(
        *(
            followups.summarise_conversation(world.tenant_id, ticket.conversation_id)
            for _ in range(6)
        )
    )
    assert await world.count(_MAILS) == await world.count(_SUMMARIES) == 2
    await world.settle()
    assert len(world.read_mails()) == 2


async def test_the_visitor_reads_what_was_answered_and_what_is_open(world: World) -> None:
    conversation_id = await end(world)
    mail = world.read_mails()[f"summary-visitor.{conversation_id}.eml"]
    assert mail["To"].addresses[0].addr_spec == "ana@nordlicht.example"
    assert mail["Reply-To"].addresses[0].addr_spec == "sales@acme.example"
    for kind in ("html", "plain"):
        body = body_of(mail, kind)
        assert "Ana Silva" in body
        assert "How much does the Team plan cost?" in body
        assert "It costs $49 a month." in body
        assert "https://acme.example/pricing" in body
        assert "fridges?" in body
        assert "https://chat.acme.example/u/" in body
        # What staff are told about the visitor is not the visitor's to read.
        assert "lead" not in body.lower()


async def test_every_statement_about_the_visitor_points_at_its_message(world: World) -> None:
    conversation_id = await end(world)
    mail = world.read_mails()[f"summary-sales.{conversation_id}.eml"]
    assert [one.addr_spec for one in mail["To"].addresses] == [
        "sales@acme.example",
        "boss@acme.example",
    ]
    assert mail["Reply-To"].addresses[0].addr_spec == "ana@nordlicht.example"
    record = await world.services.conversations.get_record(world.tenant_id, conversation_id)
    ids = {message.id for message in record.messages if message.role == "visitor"}
    html = body_of(mail, "html")
    linked = set(re.findall(r"#message-([0-9a-f-]{36})", html))
    assert linked <= ids
    asked, priced, _, _, email = [one.id for one in record.messages if one.role == "visitor"]
    assert {asked, priced, email} <= linked
    assert "Nordlicht Apotheken" in html
    assert "cold-chain" in html
    assert "google.com" in html
    assert "Price sensitivity indicated" in html
    assert f"https://chat.acme.example/portal/conversations/{conversation_id}" in html


async def test_nobody_who_left_no_address_is_written_to(world: World) -> None:
    conversation_id = await end(world, ASKED[1:3])
    assert set(world.read_mails()) == {f"summary-sales.{conversation_id}.eml"}
    stored = await world.services.followups.list_summaries(world.tenant_id, conversation_id)
    assert {(one.audience, one.mail_id is None) for one in stored} == {
        ("sales", False),
        ("visitor", True),
    }


async def test_an_empty_summary_is_not_sent(world: World) -> None:
    conversation_id = await end(world, (Said("Hi, I'm Jo, jo@nordlicht.example"),))
    assert set(world.read_mails()) == {f"summary-sales.{conversation_id}.eml"}


@pytest.mark.parametrize("style", ["professional", "casual", "detailed"])
@pytest.mark.parametrize("locale", ["en", "de-CH", "es", "pt-BR"])
async def test_what_visitors_wrote_is_text_in_every_style_and_language(
    sqlite_template: Path, tmp_path: Path, style: str, locale: str
) -> None:
    world = await open_world(copy(sqlite_template, tmp_path), tmp_path / "data", style=style)
    evil = Said("<img src=x onerror=alert(1)>\r\n\r\nBcc: x & {{7*7}}?", "<b>Yes</b>.", "answered")
    conversation_id = await end(world, (*ASKED, evil), locale)
    mails = world.read_mails()
    await world.close()
    assert len(mails) == 2
    for mail in mails.values():
        html, plain = body_of(mail, "html"), body_of(mail, "plain")
        assert not re.search(r"<(?:img|script|b)\b", html)
        assert not re.search(r"\son\w+=", re.sub(r"&[^;]+;[^<]*", "", html))
        assert "\nBcc:" not in plain
        assert mail["Bcc"] is None
        # Not a template of ours.
        assert "{{7*7}}" in plain
        assert "None" not in plain
    assert mails[f"summary-visitor.{conversation_id}.eml"]["Content-Language"] == {
        "pt-BR": "en"
    }.get(locale, locale[:2])


async def test_the_styles_differ(sqlite_template: Path, tmp_path: Path) -> None:
    lengths: dict[str, list[int]] = {}
    for style in ("casual", "professional", "detailed"):
        folder = tmp_path / style
        folder.mkdir()
        world = await open_world(copy(sqlite_template, folder), folder, style=style)
        await end(world)
        lengths[style] = [len(body_of(mail, "plain")) for mail in world.read_mails().values()]
        await world.close()
    for place in range(2):
        assert lengths["casual"][place] < lengths["professional"][place]
        assert lengths["professional"][place] < lengths["detailed"][place]


async def test_mail_that_is_switched_off_leaves_summaries_to_read(
    database_url: str, tmp_path: Path
) -> None:
    world = await open_world(database_url, tmp_path / "data")
    off = world.settings.sales_agent.conversation_summaries.model_copy(
        update={"email_enabled": False}
    )
    ticket = await world.talk()
    followups = replace(world.services.followups, settings=off)
    await followups.summarise_conversation(world.tenant_id, ticket.conversation_id)
    assert await world.count(_SUMMARIES) == 2
    assert await world.count(_MAILS) == 0
    await world.close()


async def test_staff_can_send_a_mail_again(world: World) -> None:
    conversation_id = await end(world)
    mails = world.services.mails
    (first, _), total = await mails.list_mails(
        world.tenant_id, MailFilter(conversation_id=conversation_id)
    )
    assert total == 2
    again = await mails.resend_mail(world.tenant_id, first.id, "staff-1", "click-1")
    await mails.resend_mail(world.tenant_id, first.id, "staff-1", "click-1")
    await world.settle()
    assert len(world.read_mails()) == 3
    copy = await mails.get_mail(world.tenant_id, again)
    assert (copy.abstract.resend_of, copy.abstract.requested_by) == (first.id, "staff-1")
    assert copy.abstract.state == "sent"


async def test_figures_of_delivery_leave_out_what_was_sent_again(world: World) -> None:
    await end(world)
    (first, _), _ = await world.services.mails.list_mails(world.tenant_id, MailFilter())
    await world.services.mails.resend_mail(world.tenant_id, first.id, None)
    now = world.clock.now()
    counted = await world.services.mails.count_deliveries(
        world.tenant_id, now.replace(hour=0), now.replace(hour=23)
    )
    assert {(one.kind, one.state, one.mails) for one in counted} == {
        ("summary_sales", "sent", 1),
        ("summary_visitor", "sent", 1),
    }
