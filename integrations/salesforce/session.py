"""The HTTP session that `simple-salesforce` speaks through: timeouts, the account's budget, and
failures as errors that say who acts next, with Salesforce's own words.

https is hard-coded in the library, and it has no timeouts of its own. A `base_url` of http://
(a mock server, a stand-in) is reached by taking the scheme back as the request leaves; nothing
but the settings can ask for that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from core.errors import (
    AuthenticationFailed,
    ProviderError,
    Rejected,
    Unavailable,
    VendorRateLimited,
)
from core.logging import redact
from core.outbound import build_error, read_retry_after

VENDOR = "Salesforce"
CONNECT_SECONDS = 5.0
# A rolling 24 hours: part of the budget is back soon.
LIMIT_PAUSE = timedelta(minutes=15)
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")
_PATIENCE = {"REQUEST_LIMIT_EXCEEDED"}
# https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm
_AGAIN = {
    "UNABLE_TO_LOCK_ROW",
    "SERVER_UNAVAILABLE",
    "QUERY_TIMEOUT",
    "UNKNOWN_EXCEPTION",
    # Two of us at the same time: the next attempt finds the other's record.
    "DUPLICATE_VALUE",
}


class SalesforceRejected(Rejected):
    """A no with Salesforce's codes, e.g. `DUPLICATES_DETECTED`; `details` is the answer's list."""

    def __init__(
        self,
        operation: str,
        excerpt: str,
        codes: Sequence[str] = (),
        details: Sequence[Mapping[str, Any]] = (),
        status: int = 400,
    ) -> None:
        super().__init__(VENDOR, operation, excerpt)
        self.codes, self.details, self.status = tuple(codes), tuple(details), status

    @property
    def is_missing(self) -> bool:
        """Whether there is no such record (any more)."""
        return self.status == 404 or bool({"NOT_FOUND", "ENTITY_IS_DELETED"} & set(self.codes))


@dataclass(frozen=True, slots=True)
class Usage:
    """The account's requests of the last 24 hours, and how many it may make."""

    used: int
    allowed: int


def read_usage(header: str | None) -> Usage | None:
    """The header `Sforce-Limit-Info`, e.g. `api-usage=18/5000`."""
    found = _USAGE.search(header or "")
    return Usage(int(found[1]), int(found[2])) if found else None


def build_failure(
    operation: str, status: int, body: str, retry_after: str | None = None
) -> ProviderError:
    """The error that an answer of 300 or more means."""
    details = read_details(body)
    codes = [str(one.get("errorCode", one.get("error", ""))) for one in details]
    said = redact(join_words(details) or body[:400])
    words = f"{status} {said}".strip()
    wait = read_retry_after(retry_after)
    if _PATIENCE & set(codes):
        return VendorRateLimited(VENDOR, operation, words, wait or LIMIT_PAUSE)
    if _AGAIN & set(codes) or status == 409:
        return Unavailable(VENDOR, operation, words, wait)
    error = build_error(VENDOR, operation, status, said, retry_after)
    if error is None or isinstance(error, Rejected):
        return SalesforceRejected(operation, words, codes, details, status)
    return error


def read_details(body: str) -> list[Mapping[str, Any]]:
    """The list of errors in an answer; the token endpoint answers with one."""
    try:
        found = json.loads(body)
    except ValueError:
        return []
    found = [found] if isinstance(found, dict) else found
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def join_words(details: Sequence[Mapping[str, Any]]) -> str:
    """What the vendor said, with its codes and the fields it names."""
    lines = []
    for one in details:
        code = one.get("errorCode") or one.get("statusCode") or one.get("error") or ""
        says = one.get("message") or one.get("error_description") or ""
        fields = ", ".join(map(str, one.get("fields") or ()))
        lines.append(f"{code}: {says}{f' ({fields})' if fields else ''}".strip(": "))
    return "; ".join(line for line in lines if line)


def build_item_error(operation: str, errors: Sequence[Mapping[str, Any]]) -> ProviderError:
    """The error of one record of a collection (`SaveResult.errors`)."""
    codes = [str(one.get("statusCode", "")) for one in errors]
    details = [{**one, "errorCode": code} for one, code in zip(errors, codes, strict=True)]
    return build_failure(operation, 400, json.dumps(details))


class _PlainAdapter(HTTPAdapter):
    """Takes the s away that the library has put there."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """The request, unencrypted, as the settings ask."""
        request.url = (request.url or "").replace("https://", "http://", 1)
        return super().send(request, *args, **kwargs)


class SalesforceSession(requests.Session):
    """One for each thread. `operation` names the next calls in errors; `on_usage` hears of the
    account's budget."""

    def __init__(
        self, base_url: str, timeout: timedelta, ca_file: str, on_usage: Callable[[Usage], None]
    ) -> None:
        super().__init__()
        self.operation = "call"
        self._timeout = (min(CONNECT_SECONDS, timeout.total_seconds()), timeout.total_seconds())
        self.on_usage = on_usage
        # Neither proxies nor netrc nor REQUESTS_CA_BUNDLE of the environment.
        self.trust_env = False
        self.verify = ca_file or True
        # A cookie of one tenant must not go out with another's request.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        parts = urlsplit(base_url)
        if parts.scheme == "http":
            self.mount(f"https://{parts.netloc}", _PlainAdapter())

    def request(self, method: str, url: str | bytes, *args: Any, **kwargs: Any) -> Any:
        """Send it; whatever is not a 2xx is an error.

        Raises:
            ProviderError: as `build_failure` reads the answer; `Unavailable` where there was none.
        """
        kwargs.setdefault("timeout", self._timeout)
        kwargs["allow_redirects"] = False
        try:
            response = super().request(method, url, *args, **kwargs)
            text = response.text
        except requests.RequestException as error:
            raise Unavailable(VENDOR, self.operation, type(error).__name__) from None
        usage = read_usage(response.headers.get("Sforce-Limit-Info"))
        if usage is not None:
            self.on_usage(usage)
        if response.status_code >= 300:
            wait = response.headers.get("Retry-After")
            raise build_failure(self.operation, response.status_code, text, wait)
        if text and "json" in response.headers.get("Content-Type", "json"):
            try:
                json.loads(text)
            except ValueError:
                raise Unavailable(VENDOR, self.operation, "half an answer") from None
        return response


def is_expired(error: AuthenticationFailed) -> bool:
    """Whether a new token may help."""
    return error.excerpt.startswith("401")
