"""Speaks the wire: requests with the tenant's key, answers as our values or our errors."""

from __future__ import annotations

from typing import Any

from core.errors import Rejected, Unavailable
from core.outbound import build_client, call
from core.protocols.vendor import VendorContext
from integrations.acme.settings import AcmeSettings

VENDOR = "Acme Mail"


class AcmeClient:
    """One for the process; the tenant comes with each call."""

    def __init__(self, context: VendorContext) -> None:
        self._context = context
        settings: AcmeSettings = context.settings
        self._http = build_client(settings.base_url)

    async def ask(
        self, tenant_id: str, operation: str, method: str, path: str, content: Any = None
    ) -> dict[str, Any]:
        """One request, one attempt: the outbox owns retries.

        Raises:
            TransientError: no answer, half of one, 429 or 5xx.
            AuthenticationFailed: not connected, or the key is refused.
            Rejected: Acme says no.
        """
        values = await self._context.credentials.get(tenant_id)
        request = self._http.build_request(
            method, path, json=content, headers={"authorization": f"Bearer {values['api_key']}"}
        )
        response = await call(self._http, request, VENDOR, operation)
        if response.status_code == 404:
            raise Rejected(VENDOR, operation, f"404 at {path}")
        try:
            answer: dict[str, Any] = response.json()
        except ValueError:
            raise Unavailable(VENDOR, operation, "the answer is no JSON") from None
        return answer
