"""A mail's way out: failures, unsubscribing, and what may not be sent."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from fastapi import FastAPI

from core.errors import Conflict, NotFound, Rejected, Unauthorized, Unavailable
from core.outbox import EffectContext
from core.protocols.email import OutgoingMail
from sales.followups.api import build_unsubscribe_router
from sales.followups.effects import FollowupEffects
from sales.followups.events import MailWritten
from sales.followups.schemas import MailFilter, StoredMail
from tests.sales.followups.world import World, body_of

ADDRESS = "ana@nordlicht.example"


class Carrier:
    """Answers as it is told; remembers what it was given."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.sent: list[OutgoingMail] = []

    async def send(self, mail: OutgoingMail) -> str:
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.sent.append(mail)
        return "<id@example.com>"


async def write(world: World) -> StoredMail:
    """A visitor's summary that has not been sent."""
    ticket = await world.talk()
    await world.services.followups.summarise_conversation(world.tenant_id, ticket.conversation_id)
    wanted = MailFilter(kind="summary_visitor", conversation_id=ticket.conversation_id)
    (mail,), _ = await world.services.mails.list_mails(world.tenant_id, wanted)
    return await world.services.mails.get_mail(world.tenant_id, mail.id)


async def attempt(world: World, carrier: Carrier, mail: StoredMail, number: int = 1) -> None:
    effects = FollowupEffects(
        lambda: world.services.followups, lambda: world.services.mails, carrier
    )
    context = EffectContext(1, world.tenant_id, "key", number, world.clock.now())
    await effects.send(MailWritten(mail_id=mail.abstract.id), context)


async def state_of(world: World, mail: StoredMail) -> tuple[str, str]:
    found = await world.services.mails.get_mail(world.tenant_id, mail.abstract.id)
    return found.abstract.state, found.abstract.error


async def test_a_mail_that_cannot_leave_now_waits_and_says_why(world: World) -> None:
    mail = await write(world)
    carrier = Carrier(Unavailable("post", "send", f"no route to {ADDRESS}"))
    with pytest.raises(Unavailable):
        await attempt(world, carrier, mail)
    assert await state_of(world, mail) == ("waiting", "post failed at send: no route to [email]")
    await attempt(world, carrier, mail, 2)
    assert await state_of(world, mail) == ("sent", "")
    await attempt(world, carrier, mail, 3)
    assert len(carrier.sent) == 1


async def test_a_mail_that_is_refused_has_failed_until_it_is_replayed(world: World) -> None:
    mail = await write(world)
    carrier = Carrier(Rejected("post", "send", "unknown user"))
    with pytest.raises(Rejected):
        await attempt(world, carrier, mail)
    assert (await state_of(world, mail))[0] == "failed"
    await attempt(world, carrier, mail)
    assert (await state_of(world, mail))[0] == "sent"


async def test_the_last_attempt_in_vain_is_a_failure(world: World) -> None:
    mail = await write(world)
    with pytest.raises(Unavailable):
        await attempt(world, Carrier(Unavailable("post", "send")), mail, 24)
    assert (await state_of(world, mail))[0] == "failed"


def serve(world: World) -> httpx.AsyncClient:
    app = FastAPI()
    app.include_router(build_unsubscribe_router(lambda: world.services.mails))
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="https://chat.acme.example")


async def test_one_click_unsubscribes_and_looking_does_not(world: World) -> None:
    mail = await write(world)
    mails = world.services.mails
    async with serve(world) as http:
        shown = await http.get(mail.unsubscribe_url)
        assert shown.status_code == 200
        assert ADDRESS in shown.text
        assert '<form method="post">' in shown.text
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert not await mails.is_suppressed(world.tenant_id, ADDRESS)
        for _ in range(2):
            done = await http.post(mail.unsubscribe_url, data={"List-Unsubscribe": "One-Click"})
            assert done.status_code == 200
    assert await mails.is_suppressed(world.tenant_id, ADDRESS.upper())


async def test_a_forged_link_unsubscribes_nobody(world: World) -> None:
    mail = await write(world)
    async with serve(world) as http:
        for address in (mail.unsubscribe_url[:-4] + "AAAA", "https://chat.acme.example/u/x"):
            assert (await http.get(address)).status_code == 404
            assert (await http.post(address)).status_code == 404
    token = world.services.mails.build_unsubscribe_url("another-tenant", mail.abstract.id)
    with pytest.raises(Unauthorized):
        await world.services.mails.unsubscribe(token.rpartition("/")[2])
    assert await world.count("SELECT count(*) FROM mail_suppressions") == 0


async def test_who_unsubscribed_gets_no_summary_but_the_sales_team_does(world: World) -> None:
    mail = await write(world)
    await world.services.mails.unsubscribe(mail.unsubscribe_url.rpartition("/")[2])
    await world.settle()
    assert (await state_of(world, mail))[0] == "suppressed"
    assert {name.partition(".")[0] for name in world.read_mails()} == {"summary-sales"}
    with pytest.raises(Conflict, match="unsubscribed"):
        await world.services.mails.resend_mail(world.tenant_id, mail.abstract.id, "staff-1")


async def test_mails_of_another_tenant_are_not_there(world: World) -> None:
    mail = await write(world)
    with pytest.raises(NotFound):
        await world.services.mails.get_mail("another-tenant", mail.abstract.id)
    assert (await world.services.mails.list_mails("another-tenant", MailFilter()))[1] == 0


async def test_a_mail_on_its_way_is_not_sent_again(world: World) -> None:
    mail = await write(world)
    with pytest.raises(Conflict):
        await world.services.mails.resend_mail(world.tenant_id, mail.abstract.id, "staff-1")


async def test_without_a_sales_team_only_the_visitor_is_written_to(world: World) -> None:
    mails = world.services.mails
    nobody = replace(mails, settings=mails.settings.model_copy(update={"sales_team": ()}))
    followups = replace(world.services.followups, mails=nobody)
    ticket = await world.talk()
    await followups.summarise_conversation(world.tenant_id, ticket.conversation_id)
    await world.settle()
    (mail,) = world.read_mails().values()
    assert ADDRESS in str(mail["To"])
    assert "Plans" not in body_of(mail, "plain").splitlines()[0]
