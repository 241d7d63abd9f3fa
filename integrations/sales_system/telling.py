"""Messages to whoever handed leads over, signed as Standard Webhooks 1.0 says."""

from __future__ import annotations

from datetime import timedelta

import httpx
from standardwebhooks.webhooks import Webhook

from core.clock import Clock
from core.errors import Rejected, Unavailable
from core.outbound import build_client, build_error

VENDOR = "marketing system"
_TIMEOUT = timedelta(seconds=10)
"""S0 4.1: feedback is answered within 10 seconds."""


class SignedMessages:
    """`core.protocols.sales_system.OutcomeListener` over HTTP."""

    def __init__(self, url: str, secret: str, clock: Clock) -> None:
        self._url, self._signer, self._clock = url, Webhook(secret), clock
        self._client = build_client("", _TIMEOUT)

    async def tell(self, message_id: str, body: str) -> None:
        """Send one message, signed anew each time.

        Raises:
            TransientError: no answer, 408, 425, 429 or 5xx; `retry_after` where it named a time.
            Rejected: it says no, or there is no such door.
        """
        moment = self._clock.now()
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": self._signer.sign(message_id, moment, body),
        }
        try:
            answer = await self._client.post(self._url, content=body.encode(), headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable(VENDOR, "tell", type(error).__name__) from None
        # Conflict: it was taken in before, and we did not hear so.
        if answer.status_code == 409:
            return
        if answer.status_code == 404:
            raise Rejected(VENDOR, "tell", "404: there is no such door")
        wait = answer.headers.get("retry-after")
        problem = build_error(VENDOR, "tell", answer.status_code, "", wait)
        if problem is not None:
            raise problem
