"""`/webhooks/sales-updates`: signed messages of the sales system, as reports.

Signed as Standard Webhooks 1.0 says (standardwebhooks.com): `webhook-id`, `webhook-timestamp`,
`webhook-signature`, over the raw bytes. Whose secret it is says whose message it is. One that is
too old is refused; one that was taken in already is refused when it is the very same message, and
confirmed again when its sender signed a repeat.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from core.clock import Clock
from core.errors import Invalid, Unauthorized
from core.security import same
from sales.feedback.schemas import Report
from sales.feedback.service import refuse
from sales.feedback.settings import FeedbackSettings
from sales.handoffs.canonical import NotCanonical, read_strict
from sales.handoffs.package_schema import read_moment

_ID_LIMIT = 200
_TYPE_LIMIT = 100
_AHEAD = timedelta(minutes=10)
BESIDE = "besidePayload"
_KNOWN = ("leadId", "eventType", "event", "type", "timestamp", "payload", "transactionId")


@dataclass(frozen=True, slots=True)
class SalesDoor:
    """Checks and reads what arrives."""

    settings: FeedbackSettings
    clock: Clock

    @property
    def is_open(self) -> bool:
        """Whether there is a secret at all."""
        return any(self.settings.webhook_secrets.values())

    def read(self, headers: Mapping[str, str], body: bytes) -> tuple[str, Report]:
        """The key of the tenant, and the report.

        Raises:
            Unauthorized: the signature does not hold, or is too old.
            Invalid: it holds, but the body is none that S0 4.1 knows.
        """
        message_id = headers.get("webhook-id", "")
        sent_at = self._read_time(headers.get("webhook-timestamp", ""))
        tenant = self._find_signer(headers.get("webhook-signature", ""), message_id, sent_at, body)
        return tenant, self._read_body(body, message_id, sent_at)

    def _read_time(self, text: str) -> datetime:
        tolerance = timedelta(seconds=self.settings.webhook_tolerance_seconds)
        try:
            sent_at = datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else None
        except (ValueError, OverflowError, OSError):
            sent_at = None
        if sent_at is None or abs(sent_at - self.clock.now()) > tolerance:
            raise Unauthorized("webhook-timestamp is missing, too old or too early.")
        return sent_at

    def _find_signer(self, signatures: str, message_id: str, sent_at: datetime, body: bytes) -> str:
        if not 0 < len(message_id) <= _ID_LIMIT or len(signatures) > 2000:
            raise Unauthorized("webhook-id or webhook-signature is missing.")
        given = signatures.split()
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise Unauthorized("The signature does not hold.") from None
        for tenant, secrets in self.settings.webhook_secrets.items():
            for secret in secrets:
                expected = open_signer(secret.get_secret_value()).sign(message_id, sent_at, text)
                # Every one is compared, in constant time.
                if any([same(expected, one) for one in given]):  # noqa: C419
                    return tenant
        raise Unauthorized("The signature does not hold.")

    def _read_body(self, body: bytes, message_id: str, sent_at: datetime) -> Report:
        try:
            content = read_strict(body)
        except NotCanonical as error:
            raise refuse([{"field": "", "code": "NOT_JSON", "problem": str(error)}]) from None
        if not isinstance(content, dict):
            raise refuse([{"field": "", "code": "WRONG_TYPE", "problem": "write an object"}])
        kind = next((content[n] for n in ("eventType", "event", "type") if n in content), None)
        payload = content.get("payload")
        problems = []
        if not isinstance(kind, str) or not 0 < len(kind) <= _TYPE_LIMIT:
            problems.append(_problem("eventType", kind, "what happened, as a text"))
        if not isinstance(payload, dict):
            problems.append(_problem("payload", payload, "an object with members of S0 3.4"))
        at = read_moment(content.get("timestamp"))
        if at is None:
            problems.append(_problem("timestamp", content.get("timestamp"), "a time of RFC 3339"))
        elif at > self.clock.now() + _AHEAD:
            problems.append({"field": "timestamp", "code": "OUT_OF_RANGE", "problem": "not ahead"})
        if problems:
            raise refuse(problems)
        said: dict[str, Any] = {**(payload or {}), "leadId": content.get("leadId")}
        # Members that we do not know are kept, within the payload and beside it.
        beside = {name: value for name, value in content.items() if name not in _KNOWN}
        if beside:
            said[BESIDE] = beside
        return Report(
            body=said,
            source="webhook",
            key=message_id,
            transaction_id=str(content.get("transactionId") or "")[:100],
            sent_at=sent_at,
            happened_at=at,
        )


def open_signer(secret: str) -> Webhook:
    """Signs and checks with a secret.

    Raises:
        Invalid: it is none.
    """
    try:
        return Webhook(secret)
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        raise Invalid("feedback.webhook_secrets: write whsec_ and random Base64.") from None


def _problem(field: str, value: object, problem: str) -> dict[str, str]:
    code = "MISSING_FIELD" if value is None else "WRONG_TYPE"
    return {"field": field, "code": code, "problem": problem}
