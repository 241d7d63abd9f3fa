"""Calls of the Calendly API v2."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from core.bearer_tokens import BearerTokens, build_refresh_form, read_tokens, token_holds
from core.errors import AuthenticationFailed, Rejected
from core.outbound import Pages, build_client, call, read_object
from core.protocols.vendor import Values, VendorContext
from integrations.calendly.settings import CalendlySettings

VENDOR = "calendly"
_MARGIN = timedelta(minutes=2)
# Where the answer does not say.
_LIFETIME = timedelta(hours=2)
_PAGE = 100


class CalendlyClient:
    """Sends requests with a token that holds; one that is refused is renewed once, where it
    was got by signing in."""

    def __init__(self, context: VendorContext) -> None:
        self._settings: CalendlySettings = context.settings
        self._clock = context.clock
        timeout = timedelta(seconds=self._settings.timeout_seconds)
        self._http = build_client(self._settings.base_url, timeout)
        self._tokens = BearerTokens(
            context.credentials,
            self._renew,
            self._holds,
            may_renew=lambda values, _error: not values.get("token"),
        )

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

        async def attempt(values: Values) -> dict[str, Any] | None:
            token = values.get("token") or values["access_token"]
            request = self._http.build_request(
                method, path, params=params, json=json, headers={"authorization": f"Bearer {token}"}
            )
            answer = await call(self._http, request, VENDOR, operation)
            return None if answer.status_code == 404 else read_object(answer, VENDOR, operation)

        return await self._tokens.use(tenant_id, attempt)

    async def list_all(
        self, tenant_id: str, operation: str, path: str, params: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """The whole of a collection that comes in pages."""
        found: list[dict[str, Any]] = []
        wanted = {**params, "count": str(_PAGE)}
        pages = Pages(VENDOR, operation)
        while True:
            page = await self.send(tenant_id, operation, "GET", path, params=wanted) or {}
            found += page.get("collection") or ()
            token = pages.find_next((page.get("pagination") or {}).get("next_page_token"))
            if not token:
                return found
            wanted["page_token"] = token

    def _holds(self, values: Values) -> bool:
        return bool(values.get("token")) or token_holds(values, self._clock.now(), _MARGIN)

    async def _renew(self, values: Values) -> Values:
        if not values.get("refresh_token"):
            raise AuthenticationFailed(VENDOR, "token", "not connected: give a token or sign in")
        address = f"{self._settings.auth_url}/oauth/token"
        request = self._http.build_request("POST", address, data=build_refresh_form(values))
        try:
            answer = await call(self._http, request, VENDOR, "token")
        except Rejected as error:
            raise AuthenticationFailed(VENDOR, "token", error.excerpt) from None
        # Calendly's refresh tokens are good for one use: a new one comes with each.
        found = read_tokens(read_object(answer, VENDOR, "token"), self._clock.now(), _LIFETIME)
        if not found:
            raise AuthenticationFailed(VENDOR, "token", "no token")
        return found


def get_uuid(uri: str) -> str:
    """The last part of a Calendly address. Addresses that Calendly names are never called: a
    token goes where the settings say."""
    return uri.rstrip("/").rpartition("/")[2]


def write_time(moment: datetime) -> str:
    """A moment as Calendly writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
