"""Tokens and signed links, at every door that believes them: forged, expired and borrowed ones
are refused, and nothing happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import func, select

from sales.appointments.service import FOR_APPOINTMENT
from sales.conversations.service import FOR_CONVERSATION
from sales.followups.mail_service import FOR_UNSUBSCRIBING
from sales.followups.models import MailSuppression
from sales.organization.access_service import FOR_ACCESS
from tests.app.api_world import SECRET, SETTINGS, ApiWorld
from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.website import write_website

STRANGE = b"a secret of somebody else, long enough"
PURPOSES = (FOR_CONVERSATION, FOR_APPOINTMENT, FOR_UNSUBSCRIBING, FOR_ACCESS)
# How each door says no, and how yes.
ANSWERS = {
    FOR_CONVERSATION: (401, 200),
    FOR_APPOINTMENT: (403, 200),
    FOR_UNSUBSCRIBING: (404, 200),
    FOR_ACCESS: (401, 200),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiWorld]:
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_WORLD_SECRET", SECRET)
    config = write_website(tmp_path_factory.mktemp("tokens"), more=SETTINGS)
    with ThreadedServer(lambda: build_runtime(config)) as running:
        found = ApiWorld(running)
        found.admit_callers()
        found.admit_visitor()
        found.ids["mail_id"] = found.wait_for_mail()
        yield found
    patch.undo()


@pytest.fixture(scope="module")
def tokens(world: ApiWorld) -> dict[str, str]:
    """A token of each purpose that holds."""
    assert world.server.runtime is not None
    resources = world.server.runtime.resources
    tenant_id = resources.organization.get_tenant("default").id
    path = f"/api/v1/appointments/{world.ids['appointment_id']}"
    manage = world.http.get(path, headers=world.callers["visitor"]).json()["manage_url"]
    unsubscribe = resources.signer.sign(
        FOR_UNSUBSCRIBING,
        f"{tenant_id}|{world.ids['mail_id']}",
        now=datetime.now(UTC),
        lifetime=timedelta(days=1),
    )
    return {
        FOR_CONVERSATION: world.callers["visitor"]["authorization"].partition(" ")[2],
        FOR_APPOINTMENT: manage.rpartition("/")[2],
        FOR_UNSUBSCRIBING: unsubscribe,
        FOR_ACCESS: world.callers["machine"]["authorization"].partition(" ")[2],
    }


def knock(world: ApiWorld, purpose: str, token: str) -> httpx.Response:
    """Use a token where one of its purpose is believed."""
    if purpose == FOR_APPOINTMENT:
        return world.http.get(f"/a/{token}")
    if purpose == FOR_UNSUBSCRIBING:
        return world.http.post(f"/u/{token}")
    path = "/api/v1/leads"
    if purpose == FOR_CONVERSATION:
        path = f"/api/v1/chat/conversations/{world.ids['conversation_id']}"
    return world.http.get(path, headers={"authorization": f"Bearer {token}"})


def forge(world: ApiWorld, token: str) -> dict[str, str]:
    """What an attacker makes of a token that he has seen, and what our own secret signed for
    something else."""
    assert world.server.runtime is not None
    own = world.server.runtime.resources.signer
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    head, body, signature = token.split(".")
    now = datetime.now(UTC)
    day = timedelta(days=1)
    return {
        "another secret": jwt.encode(claims, STRANGE, "HS256"),
        "another algorithm": jwt.encode(claims, STRANGE, "HS512"),
        "no signature": jwt.encode(claims, "", "none"),
        "its signature taken off": f"{head}.{body}.",
        "a signature cut short": f"{head}.{body}.{signature[:-4]}",
        "other claims under its signature": f"{head}.{_change(body)}.{signature}",
        "expired": own.sign(claims["aud"], claims["sub"], now=now - 2 * day, lifetime=day),
        "no purpose": own.sign("", claims["sub"], now=now, lifetime=day),
        "of nobody": own.sign(claims["aud"], "x|y", now=now, lifetime=day),
        "nonsense": "a.b.c",
    }


def _change(body: str) -> str:
    return ("A" if body[10] != "A" else "B").join((body[:10], body[11:]))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_forged_token_is_refused(world: ApiWorld, tokens: dict[str, str], purpose: str) -> None:
    no, _ = ANSWERS[purpose]
    for name, token in forge(world, tokens[purpose]).items():
        answer = knock(world, purpose, token)
        # A link that was signed by us but leads to nothing is not found.
        assert answer.status_code in ((no, 404) if name == "of nobody" else (no,)), name
    assert count_suppressed(world) == 0


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_opens_no_door_but_its_own(
    world: ApiWorld, tokens: dict[str, str], purpose: str
) -> None:
    no, yes = ANSWERS[purpose]
    for other in PURPOSES:
        if other != purpose:
            assert knock(world, purpose, tokens[other]).status_code == no, other
    if purpose != FOR_UNSUBSCRIBING:
        assert knock(world, purpose, tokens[purpose]).status_code == yes
    assert count_suppressed(world) == 0


def test_unsubscribing_twice_is_once(world: ApiWorld, tokens: dict[str, str]) -> None:
    for _ in range(2):
        assert knock(world, FOR_UNSUBSCRIBING, tokens[FOR_UNSUBSCRIBING]).status_code == 200
    assert count_suppressed(world) == 1


def count_suppressed(world: ApiWorld) -> int:
    """How many get no mails any more."""
    assert world.server.runtime is not None
    database = world.server.runtime.resources.database

    async def read() -> int:
        async with database.reading(None) as uow:
            query = select(func.count()).select_from(MailSuppression)
            return int((await uow.session.execute(query)).scalar_one())

    return world.server.wait(read())
