"""What SendGrid tells us of mails: the Event Webhook, signed with ECDSA (SendGrid's
documentation, "Signed Event Webhook"; checked with SendGrid's own library)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sendgrid.helpers.eventwebhook import (  # type: ignore[import-untyped]
    EventWebhook,
    EventWebhookHeader,
)

from core.errors import AuthenticationFailed, Invalid, Unauthorized
from core.protocols.vendor import VendorContext, VendorEvent, WebhookAnswer, WebhookRequest
from integrations.sendgrid.settings import SendGridSettings

_KINDS = {
    "delivered": "delivered",
    "open": "opened",
    "click": "clicked",
    "bounce": "bounced",
    "dropped": "bounced",
    "deferred": "delayed",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
}
_MOST = 1000


async def receive(context: VendorContext, request: WebhookRequest) -> WebhookAnswer:
    """A batch of events. Raises `Unauthorized` or `Invalid`."""
    await _check(context, request)
    try:
        batch = json.loads(request.body)
    except ValueError:
        raise Invalid("This is no batch of events.") from None
    if not isinstance(batch, list) or len(batch) > _MOST:
        raise Invalid("This is no batch of events.")
    found = [_read(one) for one in batch if isinstance(one, dict)]
    return WebhookAnswer(tuple(event for event in found if event is not None))


async def _check(context: VendorContext, request: WebhookRequest) -> None:
    settings: SendGridSettings = context.settings
    signature = request.headers.get(EventWebhookHeader.SIGNATURE.lower(), "")
    timestamp = request.headers.get(EventWebhookHeader.TIMESTAMP.lower(), "")
    try:
        key = (await context.credentials.get(request.tenant_id)).get("verification_key", "")
    except AuthenticationFailed:
        key = ""
    if not key:
        raise Unauthorized("No verification key is known. Give it in the portal.")
    if not _holds(key, request.body, signature, timestamp):
        raise Unauthorized("The signature does not hold.")
    # Signed as well, so that it cannot be made younger.
    age = context.clock.now().timestamp() - float(timestamp)
    # Said so that what is no number is too old as well.
    if not abs(age) <= settings.tolerance_seconds:
        raise Unauthorized("The signature is too old.")


def _holds(key: str, body: bytes, signature: str, timestamp: str) -> bool:
    try:
        float(timestamp)
        public_key = EventWebhook().convert_public_key_to_ecdsa(key)
        content = body.decode()
        return bool(EventWebhook().verify_signature(content, signature, timestamp, public_key))
    except Exception:  # noqa: BLE001 - the library raises what its parts raise: no proof, then
        return False


def _read(data: Mapping[str, Any]) -> VendorEvent | None:
    """The event in our words; None for one that means nothing to us."""
    kind, key = _KINDS.get(str(data.get("event")), ""), data.get("mail_key")
    event_id = data.get("sg_event_id")
    if not kind or not isinstance(key, str) or not isinstance(event_id, str):
        return None
    if data.get("event") == "bounce" and data.get("type") == "blocked":
        # The mail was refused, not the address (SendGrid: "block").
        kind = "refused"
    reason = str(data.get("reason") or data.get("response") or "")
    payload = {"mail_key": key, "recipient": str(data.get("email", "")), "reason": reason[:300]}
    moment = data.get("timestamp")
    happened_at = datetime.fromtimestamp(moment, UTC) if isinstance(moment, int) else None
    return VendorEvent(event_id[:200], "email", kind, payload, key, happened_at)
