"""Notices to programs of one's own, signed as Standard Webhooks says, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from core.clock import FixedClock
from core.errors import AuthenticationFailed, PermanentError, Rejected, TransientError
from core.protocols.notifier import Notifier
from core.protocols.vendor import VendorContext
from integrations.webhook.notifier import WebhookNotifier, check_connection
from integrations.webhook.settings import WebhookSettings
from tests.contracts.notifier import NOTICE, NotifierContract
from tests.integrations.mailing import TENANT
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.standin import Answer, Fault, HttpStandIn, Records, SeenRequest

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cywgbG9uZyBlbm91Z2g="
OTHER = "whsec_" + "YW5vdGhlciBzZWNyZXQgb2YgdGhlIHRlc3RzISEhISE="


class Program(HttpStandIn):
    """A program of the admin's own: it checks each signature with the standard's library."""

    secret = SECRET

    def answer(self, request: SeenRequest) -> Answer:
        """2xx where the signature holds."""
        try:
            Webhook(self.secret).verify(request.body, dict(request.headers))
        except WebhookVerificationError:
            return Answer(400)
        return Answer(204)

    def records(self) -> Records:
        """What arrived."""
        return {"calls": [{"body": one.body.decode()} for one in self.requests]}


@pytest.fixture
def program() -> Iterator[Program]:
    with Program() as running:
        yield running
        assert running.errors == []


def build(secret: str | None = SECRET, patience: float = 10) -> VendorContext:
    stored = {} if secret is None else {TENANT: {"secret": secret}}
    # The receiving library compares with the clock on the wall.
    clock = FixedClock(datetime.now(UTC))
    settings = WebhookSettings(timeout_seconds=patience)
    return VendorContext(settings, MemoryCredentials(stored), clock)


class TestWebhooksKeepThePromises(NotifierContract):
    """A repeat has the same id, so that the other end knows it as one."""

    @pytest.fixture
    def notifier(self, program: Program) -> Notifier:
        self._server = program
        return WebhookNotifier(build())

    def recipient(self) -> str:
        return f"{self._server.url}/hooks"

    def arrived(self) -> list[str]:
        return [" ".join(_read(one.json())) for one in self._server.requests]

    def count_notices(self) -> int:
        return len({one.headers["webhook-id"] for one in self._server.requests})


def _read(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _read(one)]
    return [str(value)]


async def test_the_body_is_what_the_standard_recommends(program: Program) -> None:
    notice = replace(NOTICE, recipient=program.url)
    assert await WebhookNotifier(build()).notify(TENANT, notice) == NOTICE.idempotency_key
    (request,) = program.requests
    content = json.loads(request.body)
    assert (content["type"], content["timestamp"]) == (NOTICE.kind, "2026-11-22T10:00:00+00:00")
    assert content["data"]["facts"] == {"Company": "Saltworks Bakery", "Score": "76"}
    assert request.headers["webhook-id"] == NOTICE.idempotency_key


async def test_while_the_secret_changes_both_are_signed_with(program: Program) -> None:
    notice = replace(NOTICE, recipient=program.url)
    for known in (SECRET, OTHER):
        program.secret = known
        await WebhookNotifier(build(f"{OTHER} {SECRET}")).notify(TENANT, notice)
    program.secret = OTHER
    with pytest.raises(Rejected):
        await WebhookNotifier(build(SECRET)).notify(TENANT, notice)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=500), TransientError),
        (Fault(status=429, retry_after=3), TransientError),
        (Fault(status=410), Rejected),
        (Fault(status=404), Rejected),
        (Fault(status=302), Rejected),
        (Fault("cut_before"), TransientError),
        (Fault("cut_after"), TransientError),
        (Fault("slow", seconds=2), TransientError),
    ],
)
async def test_every_failure_says_who_acts_next(
    program: Program, fault: Fault, error: type[Exception]
) -> None:
    program.faults.order(fault)
    with pytest.raises(error):
        notifier = WebhookNotifier(build(patience=fault.patience))
        await notifier.notify(TENANT, replace(NOTICE, recipient=program.url))


async def test_what_cannot_be_called_or_signed_is_refused() -> None:
    with pytest.raises(Rejected, match="no address"):
        await WebhookNotifier(build()).notify(TENANT, replace(NOTICE, recipient="#sales"))
    to_nowhere = replace(NOTICE, recipient="http://127.0.0.1:1/")
    for secret in ("", "whsec_", "whsec_a"):
        with pytest.raises(PermanentError) as raised:
            await WebhookNotifier(build(secret)).notify(TENANT, to_nowhere)
        assert "whsec_a" not in str(raised.value)
    with pytest.raises(AuthenticationFailed):
        await WebhookNotifier(build(None)).notify(TENANT, to_nowhere)
    assert await check_connection(build(f"{SECRET} {OTHER}"), TENANT) == "2 signing secrets"
