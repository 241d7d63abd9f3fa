"""Calls of the Calendly API v2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from core.errors import AuthenticationFailed, Rejected, Unavailable
from core.outbound import build_client, call
from core.protocols.vendor import Values, VendorContext
from integrations.calendly.settings import CalendlySettings

VENDOR = "calendly"
_MARGIN = timedelta(minutes=2)
_PAGE = 100


class CalendlyClient:
    """Sends requests with a token that holds; one that is refused is renewed once, where it
    was got by signing in."""

    def __init__(self, context: VendorContext) -> None:
        self._settings: CalendlySettings = context.settings
        self._credentials, self._clock = context.credentials, context.clock
        timeout = timedelta(seconds=self._settings.timeout_seconds)
        self._http = build_client(self._settings.base_url, timeout)

    async def send(
        self,
        tenant_id: str,
        operation: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """The answer's JSON; None for a 404.

        Raises:
            TransientError: no answer, a limit, or a failure of theirs.
            AuthenticationFailed: the credentials are refused.
            Rejected: they said no; the excerpt begins with the status.
        """
        refused = ""
        for is_last in (False, True):
            token = await self._get_token(tenant_id, refused)
            request = self._http.build_request(
                method, path, params=params, json=json, headers={"authorization": f"Bearer {token}"}
            )
            try:
                answer = await call(self._http, request, VENDOR, operation)
            except AuthenticationFailed:
                if is_last or await self._has_fixed_token(tenant_id):
                    raise
                refused = token
                continue
            return None if answer.status_code == 404 else _read_json(answer, operation)
        raise AssertionError("unreachable")

    async def list_all(
        self, tenant_id: str, operation: str, path: str, params: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """The whole of a collection that comes in pages."""
        found: list[dict[str, Any]] = []
        wanted = {**params, "count": str(_PAGE)}
        while True:
            page = await self.send(tenant_id, operation, "GET", path, params=wanted) or {}
            found += page.get("collection") or ()
            token = (page.get("pagination") or {}).get("next_page_token")
            if not token:
                return found
            wanted["page_token"] = str(token)

    async def _has_fixed_token(self, tenant_id: str) -> bool:
        return bool((await self._credentials.get(tenant_id)).get("token"))

    async def _get_token(self, tenant_id: str, refused: str) -> str:
        values = await self._credentials.get(tenant_id)
        if values.get("token"):
            return values["token"]
        token = values.get("access_token", "")
        if token and token != refused and self._holds(values):
            return token
        renewed = await self._credentials.refresh(tenant_id, values, self._renew)
        return renewed["access_token"]

    def _holds(self, values: Values) -> bool:
        try:
            ends = datetime.fromtimestamp(float(values.get("expires_at") or 0), UTC)
        except (ValueError, OverflowError, OSError):
            return False
        return ends - _MARGIN > self._clock.now()

    async def _renew(self, values: Values) -> Values:
        if not values.get("refresh_token"):
            raise AuthenticationFailed(VENDOR, "token", "not connected: give a token or sign in")
        form = {
            "grant_type": "refresh_token",
            "refresh_token": values["refresh_token"],
            "client_id": values.get("client_id", ""),
            "client_secret": values.get("client_secret", ""),
        }
        address = f"{self._settings.auth_url}/oauth/token"
        request = self._http.build_request("POST", address, data=form)
        try:
            answer = await call(self._http, request, VENDOR, "token")
        except Rejected as error:
            raise AuthenticationFailed(VENDOR, "token", error.excerpt) from None
        found = _read_json(answer, "token")
        if not found.get("access_token"):
            raise AuthenticationFailed(VENDOR, "token", "no token")
        ends = self._clock.now() + timedelta(seconds=float(found.get("expires_in", 7200)))
        kept = {"access_token": found["access_token"], "expires_at": str(int(ends.timestamp()))}
        if found.get("refresh_token"):
            # Calendly's refresh tokens are good for one use.
            kept["refresh_token"] = found["refresh_token"]
        return kept


def get_uuid(uri: str) -> str:
    """The last part of a Calendly address. Addresses that Calendly names are never called: a
    token goes where the settings say."""
    return uri.rstrip("/").rpartition("/")[2]


def write_time(moment: datetime) -> str:
    """A moment as Calendly writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def read_time(text: str) -> datetime:
    """And back."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _read_json(answer: httpx.Response, operation: str) -> dict[str, Any]:
    if not answer.content:
        return {}
    try:
        found = answer.json()
    except ValueError:
        raise Unavailable(VENDOR, operation, "an answer that is no JSON") from None
    return found if isinstance(found, dict) else {}
