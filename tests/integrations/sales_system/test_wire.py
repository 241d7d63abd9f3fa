"""The wire to a sales system: what it sends, how it fails by name, and that it lets go."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from core.errors import Unavailable
from integrations.sales_system.wire import Outgoing, Wire
from tests.vendors.standin import Answer, Fault, HttpStandIn, SeenRequest


class Mirror(HttpStandIn):
    """Remembers requests; sends those who come to /moved elsewhere, with a cookie."""

    title = "Mirror"

    def __init__(self) -> None:
        super().__init__()
        self.met: list[SeenRequest] = []

    def answer(self, request: SeenRequest) -> Answer:
        self.met.append(request)
        cookie = {"set-cookie": "who=ada; Path=/", "location": f"{self.url}/elsewhere"}
        if request.path == "/moved":
            return Answer(302, None, cookie)
        return Answer(200, {"found": request.target}, {"X-Payload-Hash": "sha256:1"})


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Mirror() as running:
        yield running


@pytest.fixture
async def wire(request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    patience = getattr(request, "param", 15.0)
    opened = Wire(timedelta(seconds=patience), ssl.TLSVersion.TLSv1_3)
    yield opened
    await opened.close()


async def test_what_is_sent_arrives_as_it_is(mirror: Mirror, wire: Wire) -> None:
    headers = {"idempotency-key": "k"}
    body = '{"name": "Zoë"}'.encode()
    url = f"{mirror.url}/leads/a%2Fb"
    answer = await wire.send(Outgoing("push", "POST", url, headers, content=body))
    form = Outgoing("token", "POST", f"{mirror.url}/token", {}, form={"grant_type": "a b"})
    await wire.send(form)
    asked = Outgoing("list", "GET", f"{mirror.url}/leads", {}, params={"cursor": "2026+1/x="})
    await wire.send(asked)
    # A lead's id is one step of the path, whatever is in it.
    assert answer.json() == {"found": "/leads/a%2Fb"}
    assert answer.headers.get("x-payload-hash") == "sha256:1"
    sent, token, listed = mirror.met
    assert (sent.body, sent.headers["idempotency-key"]) == (body, "k")
    assert token.form() == {"grant_type": "a b"}
    assert listed.param("cursor") == "2026+1/x="


async def test_no_redirect_is_followed_and_no_cookie_kept(mirror: Mirror, wire: Wire) -> None:
    for _ in range(2):
        answer = await wire.send(Outgoing("push", "POST", f"{mirror.url}/moved", {}, content=b"{}"))
        assert answer.status == 302
    assert [one.path for one in mirror.met] == ["/moved", "/moved"]
    assert all("cookie" not in one.headers for one in mirror.met)


@pytest.mark.parametrize(
    ("fault", "named", "wire"),
    [
        (Fault("slow", seconds=2.0), "Timeout", 1.0),
        (Fault("cut_before"), "ServerDisconnectedError", 15.0),
        (Fault("half"), "ClientPayloadError", 15.0),
    ],
    ids=["slow", "cut", "half"],
    indirect=["wire"],
)
async def test_a_failure_has_a_name(mirror: Mirror, wire: Wire, fault: Fault, named: str) -> None:
    mirror.faults.order(fault)
    with pytest.raises(Unavailable) as raised:
        await wire.send(Outgoing("push", "POST", f"{mirror.url}/leads", {}, content=b"{}"))
    assert raised.value.excerpt == named


async def test_nobody_there_is_a_failure_by_name(mirror: Mirror, wire: Wire) -> None:
    with pytest.raises(Unavailable, match="ClientConnectorError"):
        await wire.send(Outgoing("push", "POST", "http://127.0.0.1:1/leads", {}, content=b"{}"))


async def test_what_was_closed_opens_again(mirror: Mirror, wire: Wire) -> None:
    asked = Outgoing("list", "GET", f"{mirror.url}/leads", {})
    await wire.send(asked)
    await wire.close()
    await wire.close()
    assert (await wire.send(asked)).status == 200
