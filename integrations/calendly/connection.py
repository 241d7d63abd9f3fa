"""Connecting to Calendly: trying the token, asking for webhooks, reading them, taking them back."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from core.errors import Invalid, Unauthorized
from core.outbound import name_failures
from core.protocols.vendor import VendorContext, VendorEvent, WebhookAnswer, WebhookRequest
from integrations.calendly.client import VENDOR, CalendlyClient, get_uuid

_EVENTS = ("invitee.created", "invitee.canceled")
_HEADER = "calendly-webhook-signature"


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Read the account, and have webhooks sent to us where we can be reached and have a key."""
    client = CalendlyClient(context)
    answer = await client.send(tenant_id, "me", "GET", "/users/me") or {}
    me: dict[str, Any] = answer.get("resource", {})
    found = f"Signed in as {me.get('name')} ({me.get('email')})."
    address = context.webhook_url(tenant_id)
    key = (await context.credentials.get(tenant_id)).get("webhook_signing_key", "")
    if not address or not key:
        return f"{found} Changes are asked for: there is no public address or no signing key."
    organization = str(me["current_organization"])
    for one in await _list_subscriptions(client, tenant_id, organization):
        if one.get("callback_url") == address and one.get("state") == "active":
            return f"{found} Webhooks come in."
    body = {
        "url": address,
        "events": list(_EVENTS),
        "organization": organization,
        "scope": "organization",
        "signing_key": key,
    }
    await client.send(tenant_id, "subscribe", "POST", "/webhook_subscriptions", json=body)
    return f"{found} Webhooks were asked for."


@name_failures(VENDOR)
async def disconnect(context: VendorContext, tenant_id: str) -> None:
    """Take our webhooks back. A personal access token can only be revoked in Calendly itself."""
    client = CalendlyClient(context)
    me = (await client.send(tenant_id, "me", "GET", "/users/me") or {}).get("resource", {})
    address = context.webhook_url(tenant_id)
    organization = str(me.get("current_organization", ""))
    for one in await _list_subscriptions(client, tenant_id, organization):
        if address and one.get("callback_url") == address:
            path = f"/webhook_subscriptions/{get_uuid(one['uri'])}"
            await client.send(tenant_id, "unsubscribe", "DELETE", path)


async def _list_subscriptions(
    client: CalendlyClient, tenant_id: str, organization: str
) -> list[dict[str, Any]]:
    params = {"organization": organization, "scope": "organization"}
    return await client.list_all(tenant_id, "webhooks", "/webhook_subscriptions", params)


async def read_webhook(context: VendorContext, request: WebhookRequest) -> WebhookAnswer:
    """Check the signature (`t=…,v1=…`: HMAC-SHA256 over time, dot and body) and its age. What
    the webhook says is not used: it only means that it is time to look.

    Raises:
        Unauthorized: the signature does not hold, is too old, or no key is known.
        Invalid: the body is no event.
    """
    values = await context.credentials.get(request.tenant_id)
    parts = [part.strip().partition("=") for part in request.headers.get(_HEADER, "").split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1"]
    key = values.get("webhook_signing_key", "")
    if not key or len(stamps) != 1 or not stamps[0].isdecimal() or len(stamps[0]) > 11:
        raise Unauthorized("The signature does not hold.")
    signed = f"{stamps[0]}.".encode() + request.body
    expected = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    if not any(hmac.compare_digest(expected.encode(), one.encode()) for one in signatures):
        raise Unauthorized("The signature does not hold.")
    sent_at = datetime.fromtimestamp(int(stamps[0]), UTC)
    tolerance = timedelta(seconds=context.settings.webhook_tolerance_seconds)
    if abs(context.clock.now() - sent_at) > tolerance:
        raise Unauthorized("The signature is too old.")
    try:
        kind = str(json.loads(request.body)["event"])
    except (ValueError, KeyError, TypeError):
        raise Invalid("This is no event.") from None
    if kind not in _EVENTS:
        return WebhookAnswer()
    # The same event delivered again has the same body, and is stored once.
    name = hashlib.sha256(request.body).hexdigest()
    event = VendorEvent(id=name, capability="calendar", kind="changed", happened_at=sent_at)
    return WebhookAnswer((event,))
