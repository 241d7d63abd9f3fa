"""A vendor's folder with what it is given in tests: account, memory and clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.clock import FixedClock
from core.protocols.vendor import VendorContext, WebhookRequest
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.memory import DictMemory

TENANT = "tenant"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def build_context(settings: Any, credentials: Mapping[str, str] | None) -> VendorContext:
    """What a vendor is given; no credentials: not connected."""
    stored = {} if credentials is None else {TENANT: credentials}
    return VendorContext(settings, MemoryCredentials(stored), FixedClock(NOW), memory=DictMemory())


def build_webhook(headers: Mapping[str, str], body: bytes) -> WebhookRequest:
    """A request to our door for vendors."""
    return WebhookRequest(TENANT, "POST", "https://chat.example/webhooks", headers, {}, body)
