"""What Acme tells us of a mail: `x-acme-signature` is the HMAC-SHA256 of `x-acme-time`, a dot and
the body, with the webhook signing key, in hex."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

from core.errors import Invalid, Unauthorized
from core.protocols.vendor import VendorContext, VendorEvent, WebhookAnswer, WebhookRequest
from core.security import same
from integrations.acme.settings import AcmeSettings

_KINDS = {"delivered": "delivered", "bounce": "bounced"}


async def read_webhook(context: VendorContext, request: WebhookRequest) -> WebhookAnswer:
    """The events of a request. Nothing is read before the signature holds.

    Raises:
        Unauthorized: the signature does not hold, or is too old.
        Invalid: it cannot be read.
    """
    settings: AcmeSettings = context.settings
    key = (await context.credentials.get(request.tenant_id)).get("signing_key", "")
    sent_at = request.headers.get("x-acme-time", "")
    expected = hmac.new(key.encode(), sent_at.encode() + b"." + request.body, hashlib.sha256)
    given = request.headers.get("x-acme-signature", "")
    if not key or not sent_at.isdigit() or not same(expected.hexdigest(), given):
        raise Unauthorized("The signature does not hold.")
    if abs(context.clock.now().timestamp() - int(sent_at)) > settings.tolerance_seconds:
        raise Unauthorized("The signature is too old.")
    try:
        events = [_read(one) for one in json.loads(request.body)["events"]]
    except (ValueError, KeyError, TypeError):
        raise Invalid("These are no events.") from None
    return WebhookAnswer(tuple(event for event in events if event is not None))


def _read(one: dict[str, str]) -> VendorEvent | None:
    kind = _KINDS.get(one["type"])
    if kind is None:
        return None
    payload = {"mail_key": one["key"], "recipient": one["recipient"], "reason": one["reason"]}
    happened_at = datetime.fromtimestamp(int(one["at"]), UTC)
    return VendorEvent(one["id"], "email", kind, payload, one["key"], happened_at)
