"""Notices as webhooks, signed as Standard Webhooks 1.0 says (standardwebhooks.com)."""

from __future__ import annotations

import binascii
import json
from datetime import timedelta

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from core.errors import Rejected
from core.outbound import build_client, call
from core.protocols.notifier import Notice
from core.protocols.vendor import VendorContext
from integrations.webhook.settings import WebhookSettings

VENDOR = "Webhook"
_GONE = (404, 410)


class WebhookNotifier:
    """Posts each notice to its recipient, an address of yours. A repeat has the same
    `webhook-id`: who answers twice to one does it knowingly."""

    def __init__(self, context: VendorContext) -> None:
        self._context = context
        self._settings: WebhookSettings = context.settings
        timeout = timedelta(seconds=self._settings.timeout_seconds)
        self._client = build_client("", timeout)

    async def notify(self, tenant_id: str, notice: Notice) -> str:
        """Send it; returns the `webhook-id`.

        Raises:
            TransientError: no answer, 408, 425, 429 or 5xx.
            PermanentError: another answer than 2xx, or the secret is none.
        """
        if not notice.recipient.startswith(("https://", "http://")):
            raise Rejected(VENDOR, "notify", "the recipient is no address of http or https")
        values = await self._context.credentials.get(tenant_id)
        body = encode_notice(notice)
        moment = self._context.clock.now()
        signers = read_secrets(values["secret"])
        signatures = [one.sign(notice.idempotency_key, moment, body) for one in signers]
        headers = {
            "content-type": "application/json",
            "webhook-id": notice.idempotency_key,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        request = self._client.build_request(
            "POST", notice.recipient, content=body.encode(), headers=headers
        )
        response = await call(self._client, request, VENDOR, "notify")
        if response.status_code in _GONE:
            raise Rejected(VENDOR, "notify", f"{response.status_code} at the recipient's address")
        return notice.idempotency_key


def encode_notice(notice: Notice) -> str:
    """The body: `type`, `timestamp` and `data`, as Standard Webhooks recommends."""
    content = {
        "type": notice.kind,
        "timestamp": notice.happened_at.isoformat(),
        "data": {
            "title": notice.title,
            "text": notice.text,
            "level": notice.level,
            "facts": dict(notice.facts),
            "link": notice.link,
        },
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def read_secrets(text: str) -> list[Webhook]:
    """The signers of one secret, or of two while they are changed.

    Raises:
        Rejected: one of them is no secret.
    """
    try:
        found = [Webhook(one) for one in text.split()]
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        found = []
    if not found:
        raise Rejected(VENDOR, "sign", "the secret is none: write whsec_ and random Base64")
    return found


def build_notifier(context: VendorContext) -> WebhookNotifier:
    """The capability `notifier`."""
    return WebhookNotifier(context)


async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """See that the secret can sign; whom it reaches shows when a notice is sent."""
    values = await context.credentials.get(tenant_id)
    count = len(read_secrets(values["secret"]))
    return f"{count} signing secret{'s' if count > 1 else ''}"
