"""Calls of Microsoft Graph v1.0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from core.errors import AuthenticationFailed, Rejected, Unavailable
from core.outbound import build_client, call
from core.protocols.vendor import Values, VendorContext
from integrations.outlook.manifest import DELEGATED_SCOPES
from integrations.outlook.settings import OutlookSettings

VENDOR = "outlook"
# Tokens are renewed so long before they end: clocks differ.
_MARGIN = timedelta(minutes=2)
# Times come and go in UTC, whatever the mailbox's zone is.
_PREFER = 'outlook.timezone="UTC"'


class GraphClient:
    """Sends requests with a token that holds; one that is refused is renewed once."""

    def __init__(self, context: VendorContext) -> None:
        self._settings: OutlookSettings = context.settings
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
        prefer: str = "",
    ) -> dict[str, Any] | None:
        """The answer's JSON; None for a 404. `path` may be a whole address that Graph gave us.

        Raises:
            TransientError: no answer, a limit, or a failure of theirs.
            AuthenticationFailed: the credentials are refused.
            Rejected: they said no.
        """
        refused = ""
        for is_last in (False, True):
            token = await self._get_token(tenant_id, refused)
            request = self._http.build_request(
                method,
                self._locate(path),
                params=params,
                json=json,
                headers={
                    "authorization": f"Bearer {token}",
                    "prefer": f"{_PREFER}, {prefer}" if prefer else _PREFER,
                },
            )
            try:
                answer = await call(self._http, request, VENDOR, operation)
            except AuthenticationFailed:
                if is_last:
                    raise
                refused = token
                continue
            return None if answer.status_code == 404 else _read_json(answer, operation)
        raise AssertionError("unreachable")

    def _locate(self, path: str) -> str:
        if not path.startswith("http"):
            return f"/v1.0{path}"
        if not path.startswith(f"{self._settings.base_url}/"):
            # A token goes where the settings say and nowhere else.
            raise Rejected(VENDOR, "locate", "the next page lies at another address")
        return path

    async def _get_token(self, tenant_id: str, refused: str) -> str:
        values = await self._credentials.get(tenant_id)
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
        settings = self._settings
        form = {
            "client_id": values.get("client_id", ""),
            "client_secret": values.get("client_secret", ""),
        }
        if values.get("refresh_token"):
            form |= {
                "grant_type": "refresh_token",
                "refresh_token": values["refresh_token"],
                "scope": " ".join(DELEGATED_SCOPES),
            }
        else:
            form |= {
                "grant_type": "client_credentials",
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
        found = _read_json(answer, "token")
        if answer.status_code == 404 or not found.get("access_token"):
            raise AuthenticationFailed(VENDOR, "token", "no token: check the directory's id")
        ends = self._clock.now() + timedelta(seconds=float(found.get("expires_in", 3600)))
        kept = {"access_token": found["access_token"], "expires_at": str(int(ends.timestamp()))}
        if found.get("refresh_token"):
            # Graph gives a new one each time, and the old one ends some day.
            kept["refresh_token"] = found["refresh_token"]
        return kept


def _read_json(answer: httpx.Response, operation: str) -> dict[str, Any]:
    if not answer.content:
        return {}
    try:
        found = answer.json()
    except ValueError:
        raise Unavailable(VENDOR, operation, "an answer that is no JSON") from None
    return found if isinstance(found, dict) else {}
