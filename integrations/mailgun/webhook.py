"""What Mailgun tells us of a mail. Signed: HMAC-SHA256 over timestamp and token with the webhook
signing key (Mailgun's documentation, "Securing webhooks")."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from core.errors import AuthenticationFailed, Invalid, Unauthorized
from core.protocols.vendor import VendorContext, VendorEvent, WebhookAnswer, WebhookRequest
from core.security import same
from integrations.mailgun.settings import MailgunSettings

_KINDS = {
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}


async def receive(context: VendorContext, request: WebhookRequest) -> WebhookAnswer:
    """One event. Raises `Unauthorized` or `Invalid`."""
    try:
        content = json.loads(request.body)
        signature, data = content["signature"], content["event-data"]
        timestamp, token = str(signature["timestamp"]), str(signature["token"])
        given = str(signature["signature"])
    except (ValueError, KeyError, TypeError):
        raise Invalid("This is no event of Mailgun.") from None
    await _check(context, request.tenant_id, timestamp, token, given)
    event = _read(data, token)
    return WebhookAnswer((event,) if event else ())


async def _check(
    context: VendorContext, tenant_id: str, timestamp: str, token: str, given: str
) -> None:
    settings: MailgunSettings = context.settings
    try:
        key = (await context.credentials.get(tenant_id)).get("signing_key", "")
    except AuthenticationFailed:
        key = ""
    if not key:
        raise Unauthorized("No webhook signing key is known. Give it in the portal.")
    expected = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    if not same(expected, given):
        raise Unauthorized("The signature does not hold.")
    age = context.clock.now().timestamp() - _read_number(timestamp)
    # Said so that what is no number is too old as well.
    if not abs(age) <= settings.tolerance_seconds:
        raise Unauthorized("The signature is too old.")


def _read_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Unauthorized("The signature has no time.") from None


def _read(data: Any, token: str) -> VendorEvent | None:
    """The event in our words; None for one that means nothing to us. Its id is the signature's
    token: the signature covers no more than that, so a token is believed once."""
    try:
        name, key = str(data["event"]), str(data["user-variables"]["mail_key"])
        moment = float(data["timestamp"])
    except (KeyError, TypeError, ValueError):
        # Mails of others leave from the same domain.
        return None
    kind = _KINDS.get(name, "")
    if name == "failed":
        kind = "bounced" if data.get("severity") == "permanent" else "delayed"
    if not kind:
        return None
    status = data.get("delivery-status") or {}
    reason = str(status.get("message") or status.get("description") or "")
    payload = {"mail_key": key, "recipient": str(data.get("recipient", "")), "reason": reason[:300]}
    happened_at = datetime.fromtimestamp(moment, UTC)
    return VendorEvent(token[:200], "email", kind, payload, key, happened_at)
