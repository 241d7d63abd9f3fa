"""Notices in Slack, with its own library over real HTTP."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.errors import (
    AuthenticationFailed,
    Invalid,
    Rejected,
    TransientError,
    Unauthorized,
    VendorRateLimited,
)
from core.protocols.notifier import Notifier
from core.protocols.vendor import VendorContext
from integrations.slack.notifier import SlackNotifier, check_connection
from integrations.slack.settings import SlackSettings
from integrations.slack.webhook import receive
from tests.contracts.notifier import NOTICE, NotifierContract
from tests.integrations.mailing import NOW, TENANT, build_context, build_webhook
from tests.vendors.slack import SlackStandIn
from tests.vendors.standin import Fault

TO_SALES = replace(NOTICE, recipient="#sales")


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn() as running:
        yield running
        assert running.errors == []


def build(server: SlackStandIn, **changes: Any) -> VendorContext:
    settings = SlackSettings.model_validate({**server.settings(), **changes})
    return build_context(settings, server.credentials())


class TestSlackKeepsThePromises(NotifierContract):
    """Notices as messages."""

    @pytest.fixture
    def notifier(self, slack: SlackStandIn) -> Notifier:
        self._server = slack
        return SlackNotifier(build(slack))

    def recipient(self) -> str:
        return "#sales"

    def arrived(self) -> list[str]:
        return [_read_all(one["blocks"]) for one in self._server.messages]


def _read_all(value: Any) -> str:
    """Every text and address of the blocks, and that each text is plain."""
    if isinstance(value, list):
        return " ".join(_read_all(one) for one in value)
    if not isinstance(value, dict):
        return ""
    if "text" in value and isinstance(value["text"], str):
        assert value["type"] == "plain_text"
        return value["text"]
    return " ".join([_read_all(one) for one in value.values()] + [str(value.get("url", ""))])


async def test_the_text_for_notifications_mentions_nobody(slack: SlackStandIn) -> None:
    await SlackNotifier(build(slack)).notify(TENANT, TO_SALES)
    (message,) = slack.messages
    assert "<!channel>" not in message["text"]
    assert "&lt;!channel&gt;" in message["text"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=500), TransientError),
        (Fault(status=503, body="<html>down</html>"), TransientError),
        (Fault(status=429, retry_after=7), VendorRateLimited),
        (Fault(status=200, body='{"ok": false, "error": "ratelimited"}'), VendorRateLimited),
        (Fault(status=200, body='{"ok": false, "error": "internal_error"}'), TransientError),
        (Fault(status=200, body='{"ok": false, "error": "token_revoked"}'), AuthenticationFailed),
        (Fault(status=200, body='{"ok": false, "error": "not_in_channel"}'), Rejected),
        (Fault("cut_before"), TransientError),
        (Fault("slow", seconds=2, done=False), TransientError),
    ],
)
async def test_every_failure_says_who_acts_next(
    slack: SlackStandIn, fault: Fault, error: type[Exception]
) -> None:
    slack.faults.order(fault)
    notifier = SlackNotifier(build(slack, timeout_seconds=fault.patience))
    with pytest.raises(error) as raised:
        await notifier.notify(TENANT, TO_SALES)
    assert slack.credentials()["bot_token"] not in str(raised.value)
    if fault.retry_after:
        assert raised.value.retry_after == timedelta(seconds=7)  # type: ignore[attr-defined]
    await notifier.notify(TENANT, TO_SALES)
    assert len(slack.messages) == 1


async def test_an_unknown_channel_is_named(slack: SlackStandIn) -> None:
    with pytest.raises(Rejected, match="channel_not_found"):
        await SlackNotifier(build(slack)).notify(TENANT, replace(NOTICE, recipient="#nowhere"))


async def test_an_admin_can_try_the_token(slack: SlackStandIn) -> None:
    assert await check_connection(build(slack), TENANT) == "Larkmere, as assistant"
    context = build_context(SlackSettings(**slack.settings()), {"bot_token": "xoxb-wrong"})
    with pytest.raises(AuthenticationFailed, match="invalid_auth"):
        await check_connection(context, TENANT)


async def test_a_pressed_button_comes_back(slack: SlackStandIn) -> None:
    headers, body = slack.press("lead:0199", NOW)
    (event,) = (await receive(build(slack), build_webhook(headers, body))).events
    assert (event.kind, event.subject) == ("acknowledge", "lead:0199")
    assert event.payload == {"value": "lead:0199", "user": "hannah"}
    # Slack sends a press again when our answer is late: it is the same event.
    (again,) = (await receive(build(slack), build_webhook(headers, body))).events
    assert again.id == event.id


async def test_forged_and_old_presses_are_refused(slack: SlackStandIn) -> None:
    context = build(slack)
    headers, body = slack.press("lead:0199", NOW)
    old, old_body = slack.press("lead:0199", NOW - timedelta(minutes=6))
    stamp = "x-slack-request-timestamp"
    for changed, content in (
        (headers, body.replace(b"0199", b"0200")),
        ({}, body),
        ({**headers, stamp: "soon"}, body),
        ({**headers, stamp: str(int(NOW.timestamp()) + 1)}, body),
        (old, old_body),
    ):
        with pytest.raises(Unauthorized):
            await receive(context, build_webhook(changed, content))
    with pytest.raises(Unauthorized):
        await receive(build_context(context.settings, None), build_webhook(headers, body))


async def test_other_interactions_mean_nothing(
    slack: SlackStandIn,
) -> None:
    context = build(slack)
    for name, kind in (("open", "block_actions"), ("acknowledge", "shortcut")):
        headers, body = slack.press("x", NOW, name, kind)
        assert (await receive(context, build_webhook(headers, body))).events == ()
    too_long, long_body = slack.press("x" * 3000, NOW)
    assert (await receive(context, build_webhook(too_long, long_body))).events == ()


async def test_a_body_that_is_no_form_is_refused(slack: SlackStandIn) -> None:
    body, stamp = b"nonsense", str(int(NOW.timestamp()))
    base = b":".join((b"v0", stamp.encode(), body))
    secret = slack.credentials()["signing_secret"].encode()
    signature = f"v0={hmac.new(secret, base, hashlib.sha256).hexdigest()}"
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    with pytest.raises(Invalid):
        await receive(build(slack), build_webhook(headers, body))
