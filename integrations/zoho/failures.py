"""What Zoho's answers mean, as errors that say who acts next, with Zoho's own words.

Zoho answers with a status and a code for the request, and with a code for each record of it; a
token's refusal even comes with status 200.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.errors import (
    AuthenticationFailed,
    ProviderError,
    Rejected,
    Unavailable,
    VendorRateLimited,
)
from core.logging import redact
from core.outbound import build_error, read_retry_after

VENDOR = "Zoho CRM"
_PATIENCE = {"TOO_MANY_REQUESTS"}
_AGAIN = {"INTERNAL_ERROR", "INTERNAL_SERVER_ERROR", "RECORD_LOCKED", "ALREADY_SCHEDULED"}
_MISSING = {"NO_RECORDS_FOUND", "NO_CONTENT", "RECORD_NOT_FOUND"}
_NO_PLACE = {"", "INVALID_URL_PATTERN", "INVALID_MODULE", "INVALID_REQUEST_METHOD"}
_TOKEN = {"INVALID_TOKEN", "AUTHENTICATION_FAILURE"}
# Credits come back over 24 hours; a minute's limit sooner.
_PAUSE = timedelta(minutes=1)


class ZohoRejected(Rejected):
    """A no with Zoho's code and what it names beside it."""

    def __init__(
        self,
        operation: str,
        excerpt: str,
        code: str = "",
        details: Mapping[str, Any] | None = None,
        status: int = 400,
    ) -> None:
        super().__init__(VENDOR, operation, excerpt)
        self.code, self.details, self.status = code, dict(details or {}), status

    @property
    def is_elsewhere(self) -> bool:
        """Whether the server has no such place: no word on a record, a right or a value."""
        return self.status in (400, 404) and self.code in _NO_PLACE

    @property
    def is_missing(self) -> bool:
        """Whether there is no such record (any more)."""
        if self.code in _MISSING:
            return True
        # "the id given seems to be invalid", with the id's own field named.
        return self.code == "INVALID_DATA" and self.details.get("api_name", "id") == "id"


def read_json(body: str) -> Any:
    """The answer, or None where it holds none."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None


def join_words(said: Mapping[str, Any]) -> str:
    """Code, message and what is named beside them."""
    details = said.get("details") or {}
    named = ", ".join(f"{key}: {value}" for key, value in details.items() if value)
    words = f"{said.get('code', '')}: {said.get('message', '')}".strip(": ")
    return f"{words} ({named})" if named else words


def build_failure(
    operation: str, status: int, body: str, retry_after: str | None = None
) -> ProviderError:
    """The error that an answer means whose status is no 2xx."""
    found = read_json(body)
    said = _find_said(found)
    words = redact(join_words(said) or body[:400])
    error = build_said(operation, said, status, words, retry_after)
    if error is not None:
        return error
    other = build_error(VENDOR, operation, status, words, retry_after)
    if other is None or isinstance(other, Rejected):
        code, details = str(said.get("code", "")), said.get("details")
        return ZohoRejected(operation, f"{status} {words}".strip(), code, details, status)
    return other


def build_said(
    operation: str,
    said: Mapping[str, Any],
    status: int,
    words: str,
    retry_after: str | None = None,
) -> ProviderError | None:
    """The error that a code means by itself, whatever the status."""
    code, wait = str(said.get("code", "")), read_retry_after(retry_after)
    if code in _PATIENCE and status in (400, 403, 429):
        return VendorRateLimited(VENDOR, operation, words, wait or _PAUSE)
    if code in _AGAIN or status == 409:
        return Unavailable(VENDOR, operation, words, wait)
    if code in _TOKEN and status in (400, 401):
        return AuthenticationFailed(VENDOR, operation, f"401 {words}")
    if code == "OAUTH_SCOPE_MISMATCH":
        return ZohoRejected(
            operation, f"{words}: the token lacks a scope; the vendor's README lists them", code
        )
    return None


def build_item_failure(operation: str, item: Mapping[str, Any]) -> ProviderError:
    """The error of one record of an answer."""
    words = redact(join_words(item))
    error = build_said(operation, item, 400, words)
    code, details = str(item.get("code", "")), item.get("details")
    return error or ZohoRejected(operation, words or "refused", code, details)


def read_items(operation: str, answer: Any) -> list[Mapping[str, Any]]:
    """The results of an answer, one for each record.

    Raises:
        Unavailable: it has none: no answer that Zoho would give.
    """
    items = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(items, list):
        raise Unavailable(VENDOR, operation, "an answer without results")
    return [one if isinstance(one, Mapping) else {} for one in items]


def has_results(body: str) -> bool:
    """Whether an answer speaks of each record by itself."""
    found = read_json(body)
    items = found.get("data") if isinstance(found, Mapping) else None
    return (
        isinstance(items, list) and bool(items) and all(isinstance(one, Mapping) for one in items)
    )


def _find_said(found: Any) -> Mapping[str, Any]:
    """The code and message: of the answer, or of its first record."""
    if not isinstance(found, Mapping):
        return {}
    items = found.get("data")
    if isinstance(items, list) and items and isinstance(items[0], Mapping):
        return items[0]
    return found
