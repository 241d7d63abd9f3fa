"""Calls of Microsoft Graph v1.0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from core.bearer_tokens import BearerTokens, build_refresh_form, read_tokens, token_holds
from core.errors import AuthenticationFailed, Rejected
from core.outbound import build_client, call, read_object
from core.protocols.vendor import Values, VendorContext
from integrations.outlook.manifest import DELEGATED_SCOPES
from integrations.outlook.settings import OutlookSettings

VENDOR = "outlook"
# Tokens are renewed so long before they end: clocks differ.
_MARGIN = timedelta(minutes=2)
# Where the answer does not say.
_LIFETIME = timedelta(hours=1)
# Times come and go in UTC, whatever the mailbox's zone is.
_PREFER = 'outlook.timezone="UTC"'


class GraphClient:
    """Sends requests with a token that holds; one that is refused is renewed once."""

    def __init__(self, context: VendorContext) -> None:
        self._settings: OutlookSettings = context.settings
        self._clock = context.clock
        timeout = timedelta(seconds=self._settings.timeout_seconds)
        self._http = build_client(self._settings.base_url, timeout)
        self._tokens = BearerTokens(
            context.credentials,
            self._renew,
            holds=lambda values: token_holds(values, self._clock.now(), _MARGIN),
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
        prefer: str = "",
    ) -> dict[str, Any] | None:
        """The answer's JSON; None for a 404. `path` may be a whole address that Graph gave us.

        Raises:
            TransientError: no answer, a limit, or a failure of theirs.
            AuthenticationFailed: the credentials are refused.
            Rejected: they said no.
        """

        async def attempt(values: Values) -> dict[str, Any] | None:
            request = self._http.build_request(
                method,
                self._locate(path),
                params=params,
                json=json,
                headers={
                    "authorization": f"Bearer {values['access_token']}",
                    "prefer": f"{_PREFER}, {prefer}" if prefer else _PREFER,
                },
            )
            answer = await call(self._http, request, VENDOR, operation)
            return None if answer.status_code == 404 else read_object(answer, VENDOR, operation)

        return await self._tokens.use(tenant_id, attempt)

    def _locate(self, path: str) -> str:
        if not path.startswith("http"):
            return f"/v1.0{path}"
        if not path.startswith(f"{self._settings.base_url}/"):
            # A token goes where the settings say and nowhere else.
            raise Rejected(VENDOR, "locate", "the next page lies at another address")
        return path

    async def _renew(self, values: Values) -> Values:
        settings = self._settings
        if values.get("refresh_token"):
            form = {**build_refresh_form(values), "scope": " ".join(DELEGATED_SCOPES)}
        else:
            form = {
                "grant_type": "client_credentials",
                "client_id": values.get("client_id", ""),
                "client_secret": values.get("client_secret", ""),
                "scope": f"{settings.base_url}/.default",
            }
        address = f"{settings.login_url}/{settings.directory}/oauth2/v2.0/token"
        request = self._http.build_request("POST", address, data=form)
        try:
            answer = await call(self._http, request, VENDOR, "token")
        except AuthenticationFailed:
            raise
        except Rejected as error:
            # RFC 6749, 5.2: what no longer holds is a 400 as well.
            raise AuthenticationFailed(VENDOR, "token", error.excerpt) from None
        if answer.status_code == 404:
            raise AuthenticationFailed(VENDOR, "token", "no token: check the directory's id")
        # Graph gives a new refresh token each time, and the old one ends some day.
        found = read_tokens(read_object(answer, VENDOR, "token"), self._clock.now(), _LIFETIME)
        if not found:
            raise AuthenticationFailed(VENDOR, "token", "no token: check the directory's id")
        return found
