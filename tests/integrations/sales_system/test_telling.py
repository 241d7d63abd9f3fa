"""Messages to whoever handed leads over: signed, repeated without harm, patient."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from core.clock import SystemClock
from core.errors import (
    AuthenticationFailed,
    Rejected,
    TransientError,
    Unavailable,
    VendorRateLimited,
)
from integrations.sales_system.telling import SignedMessages
from tests.vendors.standin import Answer, Fault, HttpStandIn, Records, SeenRequest

SECRET = "whsec_" + base64.b64encode(b"m" * 32).decode()
BODY = '{"leadId":"1"}'


class MarketingDoor(HttpStandIn):
    """Takes messages that are signed well, each id once."""

    vendor = "marketing"
    title = "Marketing"

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, str] = {}

    def answer(self, request: SeenRequest) -> Answer:
        headers: Any = request.headers
        try:
            Webhook(SECRET).verify(request.body, headers)
        except WebhookVerificationError:
            return Answer(401, {"message": "no"})
        name = request.headers["webhook-id"]
        if name in self.taken:
            return Answer(409, {"message": "known"})
        self.taken[name] = request.body.decode()
        return Answer(200, {})

    def records(self) -> Records:
        return {"messages": [{"id": name} for name in self.taken]}


@pytest.fixture
def door() -> Iterator[MarketingDoor]:
    with MarketingDoor() as running:
        yield running


def build(door: MarketingDoor, secret: str = SECRET) -> SignedMessages:
    return SignedMessages(f"{door.url}/webhooks/sales-updates", secret, SystemClock())


async def test_a_message_is_signed_and_a_repeat_that_is_known_there_is_no_failure(
    door: MarketingDoor,
) -> None:
    messages = build(door)
    for _ in range(2):
        await messages.tell("m1", BODY)
    assert door.taken == {"m1": BODY}
    with pytest.raises(AuthenticationFailed):
        await build(door, "whsec_" + base64.b64encode(b"x" * 32).decode()).tell("m2", BODY)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("status", 503), Unavailable),
        (Fault("cut_before"), Unavailable),
        (Fault("cut_after"), Unavailable),
        (Fault("status", 429, retry_after=9), VendorRateLimited),
        (Fault("status", 404), Rejected),
        (Fault("status", 422), Rejected),
    ],
    ids=lambda value: f"{value.kind} {value.status}" if isinstance(value, Fault) else "",
)
async def test_a_door_that_fails_is_told_again_when_it_asks_for_it(
    door: MarketingDoor, fault: Fault, error: type[Exception]
) -> None:
    door.faults.order(fault)
    messages = build(door)
    with pytest.raises(error) as raised:
        await messages.tell("m1", BODY)
    if isinstance(raised.value, TransientError) and fault.retry_after:
        assert raised.value.retry_after == timedelta(seconds=9)
    await messages.tell("m1", BODY)
    assert door.taken == {"m1": BODY}
