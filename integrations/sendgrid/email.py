"""Mail through SendGrid's Web API v3, with SendGrid's own library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from python_http_client.client import Client  # type: ignore[import-untyped]
from python_http_client.exceptions import HTTPError  # type: ignore[import-untyped]
from sendgrid import SendGridAPIClient  # type: ignore[import-untyped]

from core.errors import ProviderError, Rejected, Unavailable
from core.mail_encoding import build_message_id
from core.outbound import build_error, name_failures, run_blocking
from core.protocols.email import OutgoingMail
from core.protocols.erasure import AddressErasure
from core.protocols.vendor import VendorContext
from core.sending import OnceSender
from integrations.sendgrid.message import build_body
from integrations.sendgrid.settings import SendGridSettings

VENDOR = "SendGrid"
# Beyond the library's own limit: a thread cannot be stopped, only left alone.
_GRACE = timedelta(seconds=5)
_ACCEPTED = 202
_NO_BATCH = "none"
# In one order of the Recipients' Data Erasure API.
_MOST_ADDRESSES = 5000


@name_failures(VENDOR)
class SendGridEmail:
    """Sends each mail with one call."""

    def __init__(self, context: VendorContext) -> None:
        self._context = context
        self._settings: SendGridSettings = context.settings
        self._once = OnceSender(context.memory)

    async def send(self, mail: OutgoingMail) -> str:
        """Send it; returns its Message-ID.

        Raises:
            TransientError: no answer, 429 or 5xx.
            AuthenticationFailed: the key is refused.
            Rejected: SendGrid says no, or an address is none.
        """
        body = build_body(mail, open_tracking=self._settings.open_tracking)

        async def hand_over() -> str:
            status = await self._call(
                mail.tenant_id, "send", lambda api: api.mail.send.post(request_body=body)
            )
            if status != _ACCEPTED:
                raise Rejected(VENDOR, "send", f"an unexpected answer: {status}")
            return build_message_id(mail)

        return await self._once.send(mail.tenant_id, mail.idempotency_key, hand_over)

    async def erase_addresses(self, tenant_id: str, addresses: Sequence[str]) -> AddressErasure:
        """Order SendGrid to delete what it holds of the addresses (its Recipients' Data Erasure
        API): names, mails, events.

        Raises:
            ProviderError: as `send`.
        """
        for first in range(0, len(addresses), _MOST_ADDRESSES):
            body = {"email_addresses": list(addresses[first : first + _MOST_ADDRESSES])}
            await self._call(
                tenant_id,
                "erase",
                partial(lambda given, api: api.recipients.erasejob.post(request_body=given), body),
            )
        words = "SendGrid took the order to delete names, mails and events of the address"
        return AddressErasure(len(addresses), words)

    async def check(self, tenant_id: str) -> str:
        """Whether the key is known, by a question that changes nothing and that a key for mail
        alone may ask as well: after a batch of mails that there is not.

        Raises:
            ProviderError: as `send`.
        """
        try:
            await self._call(tenant_id, "check", lambda api: api.mail.batch._(_NO_BATCH).get())
        except Rejected as error:
            # Only a key that is known is told that there is no such batch, or that this is not
            # for it to ask.
            if not error.excerpt.startswith(("400", "403", "404")):
                raise
        return "the key is accepted"

    async def _call(self, tenant_id: str, operation: str, work: Callable[[Client], Any]) -> int:
        key = (await self._context.credentials.get(tenant_id))["api_key"]
        seconds = self._settings.timeout_seconds

        def ask() -> int:
            client = SendGridAPIClient(key, host=self._settings.base_url).client
            # The library sets no limit of its own.
            client.timeout = seconds
            try:
                return int(work(client).status_code)
            except HTTPError as error:
                raise _translate(error, operation) from None
            except OSError as error:
                raise Unavailable(VENDOR, operation, type(error).__name__) from None

        limit = timedelta(seconds=seconds) + _GRACE
        return await run_blocking(ask, VENDOR, operation, limit)


def _translate(error: Any, operation: str) -> ProviderError:
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body)
    headers = {name.lower(): value for name, value in dict(error.headers or {}).items()}
    wait = headers.get("retry-after")
    status = int(error.status_code)
    found = build_error(VENDOR, operation, status, body, wait)
    return found or Rejected(VENDOR, operation, f"{status} {body[:200]}")


def build_email(context: VendorContext) -> SendGridEmail:
    """The capability `email`."""
    return SendGridEmail(context)


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Try the key. Raises `ProviderError`."""
    return await SendGridEmail(context).check(tenant_id)
