"""Zoho's API v8 over HTTP: our own thin client (docs/decisions tells why).

Nothing in it belongs to the process: each call is given its tenant, whose token is renewed by one
caller at a time over all processes (`Credentials.refresh`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from core.bearer_tokens import BearerTokens, build_refresh_form, read_tokens, token_holds
from core.errors import AuthenticationFailed, Unavailable, VendorRateLimited
from core.logging import redact
from core.outbound import build_client, build_error
from core.protocols.vendor import Values, VendorContext
from integrations.zoho.failures import (
    VENDOR,
    build_failure,
    build_item_failure,
    has_results,
    read_items,
)
from integrations.zoho.settings import ZohoSettings

_ROOT = "/crm/v8"
# A token is renewed a little before it ends, so that fewer calls are made twice.
_EARLY = timedelta(seconds=60)
_TOKEN_PAUSE = timedelta(minutes=1)
# Where the answer does not say.
_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx, 304 or 404 answer. `data` is None where it has no body."""

    status: int
    data: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def list_rows(self) -> list[Mapping[str, Any]]:
        """The records of a list; 204 and 404 have none."""
        rows = self.data.get("data") if isinstance(self.data, Mapping) else None
        return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        info = self.data.get("info") if isinstance(self.data, Mapping) else None
        return bool(info and info.get("more_records"))


class ZohoClient:
    """One for the process. Each call is one attempt; a token that has expired is renewed once."""

    def __init__(self, context: VendorContext) -> None:
        self._settings: ZohoSettings = context.settings
        self._clock = context.clock
        self._tokens = BearerTokens(
            context.credentials,
            self._renew,
            holds=lambda values: token_holds(values, self.now(), _EARLY, without_end=True),
            may_renew=lambda _values, error: error.excerpt.startswith("401"),
        )
        self._http = build_client("", self._settings.timeout)
        self._credits: dict[str, int] = {}

    @property
    def settings(self) -> ZohoSettings:
        """The vendor's section of `app.yaml`."""
        return self._settings

    def now(self) -> datetime:
        """What the clock says, in UTC."""
        return self._clock.now()

    def find_credits(self, tenant_id: str) -> int | None:
        """API credits that the account has left today; None where Zoho did not say."""
        return self._credits.get(tenant_id)

    async def get(
        self,
        tenant_id: str,
        operation: str,
        path: str,
        params: Mapping[str, str] | None = None,
        since: str = "",
    ) -> Answer:
        """Read. `since`: only what was changed at that time or later (`If-Modified-Since`)."""
        headers = {"If-Modified-Since": since} if since else {}
        return await self.call(
            tenant_id, operation, "GET", path, params=dict(params or {}), headers=headers
        )

    async def write(
        self,
        tenant_id: str,
        operation: str,
        method: str,
        path: str,
        body: Mapping[str, Any],
    ) -> list[Mapping[str, Any]]:
        """Write records: one result for each, good or bad.

        Raises:
            Rejected: there is no such address, or no such record.
        """
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        answer = await self.call(
            tenant_id, operation, method, path, content=data, headers=headers, itemised=True
        )
        if answer.status == 404:
            raise build_failure(operation, 404, json.dumps(answer.data))
        return read_items(operation, answer.data)

    async def write_one(
        self,
        tenant_id: str,
        operation: str,
        method: str,
        path: str,
        record: Mapping[str, Any],
        **more: Any,
    ) -> Mapping[str, Any]:
        """Write one record; what Zoho tells of it.

        Raises:
            ProviderError: it was refused, in Zoho's words.
        """
        items = await self.write(tenant_id, operation, method, path, {"data": [record], **more})
        return check_item(operation, items[0] if items else {})

    async def call(
        self, tenant_id: str, operation: str, method: str, path: str, **parts: Any
    ) -> Answer:
        """One request with the tenant's token.

        Raises:
            ProviderError: as `core.protocols.crm.Crm` says.
        """

        async def attempt(values: Values) -> Answer:
            return await self._send(values, operation, method, path, **parts)

        answer = await self._tokens.use(tenant_id, attempt)
        left = answer.headers.get("x-api-credits-remaining", "")
        if left.isdigit():
            self._credits[tenant_id] = int(left)
        return answer

    async def read_address(self, tenant_id: str) -> str:
        """Where the API of the tenant's account is."""
        values = await self._tokens.get(tenant_id)
        return self._settings.choose_address(values.get("api_domain", ""))

    async def _send(
        self, values: Values, operation: str, method: str, path: str, **parts: Any
    ) -> Answer:
        address = self._settings.choose_address(values.get("api_domain", ""))
        itemised = parts.pop("itemised", False)
        token = {"Authorization": f"Zoho-oauthtoken {values['access_token']}"}
        headers = {**token, **parts.pop("headers", {})}
        response = await self._request(
            operation, method, f"{address}{_ROOT}{path}", headers=headers, **parts
        )
        status = response.status_code
        if itemised and status == 400 and has_results(response.text):
            # All records of the request were refused, each for a reason of its own.
            return Answer(status, response.json(), response.headers)
        if not (200 <= status < 300 or status in (304, 404)):
            wait = response.headers.get("retry-after")
            raise build_failure(operation, status, response.text, wait)
        try:
            data = response.json() if response.content and status != 304 else None
        except ValueError:
            raise Unavailable(VENDOR, operation, "an answer that is no JSON") from None
        return Answer(status, data, response.headers)

    async def _request(self, operation: str, method: str, url: str, **parts: Any) -> httpx.Response:
        parts = {name: value for name, value in parts.items() if value}
        try:
            return await self._http.request(method, url, **parts)
        except httpx.HTTPError as error:
            raise Unavailable(VENDOR, operation, type(error).__name__) from None

    async def _renew(self, stored: Values) -> Values:
        """A new access token for the refresh token, which stays as it is."""
        missing = [
            name for name in ("client_id", "client_secret", "refresh_token") if not stored.get(name)
        ]
        if missing:
            raise AuthenticationFailed(
                VENDOR, "renew token", f"not connected: {', '.join(missing)} is missing"
            )
        # In the body: Zoho takes it from the address too, where logs would keep it.
        form = build_refresh_form(stored)
        url = f"{self._settings.accounts_address}/oauth/v2/token"
        response = await self._request("renew token", "POST", url, data=form)
        return self._read_token(response)

    def _read_token(self, response: httpx.Response) -> Values:
        """Errors come with status 200, too."""
        try:
            answer = response.json()
        except ValueError:
            answer = {}
        answer = answer if isinstance(answer, Mapping) else {}
        said = f"{answer.get('error', '')}: {answer.get('error_description', '')}".strip(": ")
        words = redact(said or response.text[:200])
        found = read_tokens(answer, self._clock.now(), _LIFETIME)
        if "too many requests" in words.lower():
            raise VendorRateLimited(VENDOR, "renew token", words, _TOKEN_PAUSE)
        if not found:
            status = response.status_code
            wait = response.headers.get("retry-after")
            error = build_error(VENDOR, "renew token", status, words, wait)
            if error is not None and (status >= 500 or status in (408, 425, 429)):
                raise error
            raise AuthenticationFailed(VENDOR, "renew token", words or "no token in the answer")
        named = str(answer.get("api_domain") or "")
        return {**found, **({"api_domain": named} if named else {})}


def check_item(operation: str, item: Mapping[str, Any]) -> Mapping[str, Any]:
    """One record's result, if it is a good one.

    Raises:
        ProviderError: it is not.
    """
    if item.get("status") == "success" or item.get("code") == "SUCCESS":
        return item
    if not item:
        raise Unavailable(VENDOR, operation, "an answer without a result for the record")
    raise build_item_failure(operation, item)


def read_id(item: Mapping[str, Any]) -> str:
    """The id in a good result.

    Raises:
        Unavailable: it has none: what was written could not be found again.
    """
    found = str((item.get("details") or {}).get("id") or "")
    if not found:
        raise Unavailable(VENDOR, "read a result", "a record without an id")
    return found


def read_date(headers: Mapping[str, str], otherwise: datetime) -> datetime:
    """What time it is at Zoho, by the header of an answer."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return otherwise
