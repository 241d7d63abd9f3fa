"""A pressed button in Slack (`block_actions`), signed (Slack's documentation, "Verifying requests
from Slack"; checked with Slack's own library)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from slack_sdk.signature import Clock, SignatureVerifier

from core.errors import AuthenticationFailed, Invalid, Unauthorized
from core.protocols.vendor import VendorContext, VendorEvent, WebhookAnswer, WebhookRequest
from integrations.slack.settings import SlackSettings

_LONGEST = 2000
_LONGEST_TIME = 12


async def receive(context: VendorContext, request: WebhookRequest) -> WebhookAnswer:
    """The pressed buttons as events. Raises `Unauthorized` or `Invalid`."""
    await _check(context, request)
    try:
        payload = json.loads(parse_qs(request.body.decode())["payload"][0])
    except (ValueError, KeyError):
        raise Invalid("This is no interaction.") from None
    if not isinstance(payload, dict) or payload.get("type") != "block_actions":
        return WebhookAnswer()
    actions = payload.get("actions")
    found = [_read(payload, one) for one in actions] if isinstance(actions, list) else []
    return WebhookAnswer(tuple(event for event in found if event is not None))


async def _check(context: VendorContext, request: WebhookRequest) -> None:
    settings: SlackSettings = context.settings
    try:
        secret = (await context.credentials.get(request.tenant_id)).get("signing_secret", "")
    except AuthenticationFailed:
        secret = ""
    if not secret:
        raise Unauthorized("No signing secret is known. Give it in the portal.")
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    # The library compares texts of ASCII only, and raises on others.
    if not signature.isascii():
        raise Unauthorized("The signature does not hold.")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > _LONGEST_TIME:
        raise Unauthorized("The signature has no time.")
    if abs(context.clock.now().timestamp() - int(timestamp)) > settings.tolerance_seconds:
        raise Unauthorized("The signature is too old.")
    verifier = SignatureVerifier(secret, _Moment(int(timestamp)))
    if not verifier.is_valid(request.body, timestamp, signature):
        raise Unauthorized("The signature does not hold.")


class _Moment(Clock):
    """The library's clock, put at the signature's own time: its age is checked above, by ours."""

    def __init__(self, at: int) -> None:
        self._at = at

    def now(self) -> float:
        """Seconds since 1970."""
        return float(self._at)


def _read(payload: dict[str, Any], action: Any) -> VendorEvent | None:
    """The press in our words; None for a button that only opens a link."""
    if not isinstance(action, dict) or action.get("action_id") == "open":
        return None
    name, value = str(action.get("action_id", "")), str(action.get("value", ""))
    pressed_at = str(action.get("action_ts", ""))
    user = payload.get("user")
    who = user if isinstance(user, dict) else {}
    if not name or not pressed_at or len(value) > _LONGEST:
        return None
    happened_at = None
    if pressed_at.replace(".", "", 1).isdigit():
        happened_at = datetime.fromtimestamp(float(pressed_at), UTC)
    return VendorEvent(
        id=f"{pressed_at}:{who.get('id', '')}:{name}"[:200],
        capability="notifier",
        kind=name,
        payload={"value": value, "user": str(who.get("name") or who.get("username") or "")[:100]},
        subject=value[:200],
        happened_at=happened_at,
    )
