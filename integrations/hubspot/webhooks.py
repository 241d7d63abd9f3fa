"""What HubSpot tells by webhook: contacts changed, deleted, merged.

Signature v3 (HubSpot, "Validating requests"): base64 of HMAC-SHA256 over method, address, body
and timestamp, keyed with the app's client secret; not older than 5 minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from core.errors import Invalid, Unauthorized
from core.protocols.vendor import VendorContext, VendorEvent, WebhookAnswer, WebhookRequest

_OLDEST = timedelta(minutes=5)
_KINDS = {
    "contact.creation": "changed",
    "contact.propertyChange": "changed",
    "contact.restore": "changed",
    "contact.deletion": "deleted",
    "contact.privacyDeletion": "deleted",
    "contact.merge": "merged",
}


async def read_webhook(context: VendorContext, request: WebhookRequest) -> WebhookAnswer:
    """The events of a request.

    Raises:
        Unauthorized: the signature does not hold, or is too old.
        Invalid: the body cannot be read.
    """
    values = await context.credentials.get(request.tenant_id)
    check_signature(request, values.get("client_secret", ""), context.clock.now())
    try:
        items = json.loads(request.body)
        events = [describe(item) for item in items]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Invalid("This is no list of HubSpot's events.") from None
    return WebhookAnswer(tuple(event for event in events if event is not None))


def check_signature(request: WebhookRequest, secret: str, now: datetime) -> None:
    """Whether HubSpot sent it, and just now.

    Raises:
        Unauthorized: it did not.
    """
    stamp = request.headers.get("x-hubspot-request-timestamp", "")
    given = request.headers.get("x-hubspot-signature-v3", "")
    # Fourteen digits of milliseconds are the year 5138; more is no date at all.
    if not secret or not stamp.isdecimal() or len(stamp) > 14:
        raise Unauthorized("The signature does not hold.")
    sent_at = datetime.fromtimestamp(int(stamp) / 1000, UTC)
    if abs(now - sent_at) > _OLDEST:
        raise Unauthorized("The signature is too old.")
    # HubSpot signs the address with its escapes decoded.
    message = (
        request.method.encode() + unquote(request.url).encode() + request.body + stamp.encode()
    )
    right = base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest())
    if not hmac.compare_digest(right, given.encode()):
        raise Unauthorized("The signature does not hold.")


def describe(item: Mapping[str, Any]) -> VendorEvent | None:
    """One event of HubSpot's as ours; None for what does not concern us."""
    kind = _KINDS.get(str(item["subscriptionType"]))
    if kind is None:
        return None
    contact = str(item["objectId"])
    payload: dict[str, Any] = {"record_id": contact}
    if kind == "merged":
        losers = item.get("mergedObjectIds") or ()
        payload = {
            "record_id": str(item.get("primaryObjectId") or contact),
            "merged": [str(one) for one in losers],
        }
    occurred = datetime.fromtimestamp(int(item["occurredAt"]) / 1000, UTC)
    # `eventId` alone is not promised to be unique.
    event_id = f"{item['eventId']}:{item.get('subscriptionId', '')}:{item['occurredAt']}"
    return VendorEvent(event_id, "crm", kind, payload, payload["record_id"], occurred)
