"""Access tokens for Google's APIs: of a service account, or of an account that signed in."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import google_auth_httplib2  # type: ignore[import-untyped]
import httplib2  # type: ignore[import-untyped]
from google.auth.exceptions import GoogleAuthError, TransportError
from google.oauth2 import service_account

from core.bearer_tokens import build_refresh_form, read_tokens, token_holds
from core.errors import AuthenticationFailed, Unavailable
from core.outbound import build_client, call, read_object, run_blocking
from core.protocols.vendor import Values, VendorContext
from integrations.google.manifest import SCOPES
from integrations.google.settings import GoogleSettings

VENDOR = "google"
# The library has no types.
_read_key: Any = service_account.Credentials.from_service_account_info
# Tokens are renewed so long before they end: clocks differ.
_MARGIN = timedelta(minutes=2)
# Where the answer does not say.
_LIFETIME = timedelta(hours=1)


class TokenSource:
    """Gives out tokens that hold now, and renews one that was refused."""

    def __init__(self, context: VendorContext) -> None:
        self._settings: GoogleSettings = context.settings
        self._credentials, self._clock = context.credentials, context.clock
        # Of service accounts, by tenant, key and subject. They are short-lived and are made anew
        # by any process, so they are not stored.
        self._issued: dict[tuple[str, ...], tuple[str, datetime]] = {}
        self._lock = asyncio.Lock()

    async def get_token(self, tenant_id: str, subject: str, refused: str = "") -> str:
        """A token to act as `subject`, another one than `refused`.

        Raises:
            AuthenticationFailed: nothing is connected, or Google refuses what is.
            TransientError: Google does not answer.
        """
        values = await self._credentials.get(tenant_id)
        if values.get("service_account"):
            return await self._get_delegated(tenant_id, values["service_account"], subject, refused)
        token = values.get("access_token", "")
        if token != refused and token_holds(values, self._clock.now(), _MARGIN):
            return token
        renewed = await self._credentials.refresh(tenant_id, values, self._renew)
        return renewed["access_token"]

    async def _renew(self, values: Values) -> Values:
        if not values.get("refresh_token"):
            raise AuthenticationFailed(VENDOR, "token", "not signed in: connect the account")
        timeout = timedelta(seconds=self._settings.timeout_seconds)
        async with build_client("", timeout) as client:
            request = client.build_request(
                "POST", self._settings.token_url, data=build_refresh_form(values)
            )
            try:
                answer = await call(client, request, VENDOR, "token")
            except AuthenticationFailed:
                raise
            except Exception as error:
                # RFC 6749, 5.2: a refresh token that no longer holds is a 400.
                if "invalid_grant" in str(error):
                    raise AuthenticationFailed(
                        VENDOR, "token", "invalid_grant: connect the account again"
                    ) from None
                raise
        found = read_tokens(read_object(answer, VENDOR, "token"), self._clock.now(), _LIFETIME)
        if not found:
            raise Unavailable(VENDOR, "token", "an answer without a token")
        return found

    async def _get_delegated(
        self, tenant_id: str, key_file: str, subject: str, refused: str
    ) -> str:
        settings = self._settings
        who = subject if settings.delegation else ""
        place = (tenant_id, hashlib.sha256(key_file.encode()).hexdigest(), who)
        async with self._lock:
            token, ends = self._issued.get(place, ("", self._clock.now()))
            if not token or token == refused or ends - _MARGIN <= self._clock.now():
                limit = timedelta(seconds=settings.timeout_seconds)
                token = await run_blocking(
                    lambda: _ask_for_token(key_file, who, settings), VENDOR, "token", limit
                )
                # Google gives them for an hour; what ends earlier is refused, and renewed then.
                self._issued[place] = (token, self._clock.now() + _LIFETIME)
            return token


def _ask_for_token(key_file: str, subject: str, settings: GoogleSettings) -> str:
    """In a worker thread: a token for a JWT that the service account's key signed."""
    try:
        info = {**json.loads(key_file), "token_uri": settings.token_url}
        made = _read_key(info, scopes=SCOPES)
    except (ValueError, TypeError, KeyError):
        raise AuthenticationFailed(
            VENDOR, "token", "this is no service account key: paste the whole JSON file"
        ) from None
    signed = made.with_subject(subject) if subject else made
    transport = httplib2.Http(timeout=settings.timeout_seconds, proxy_info=None)
    try:
        signed.refresh(google_auth_httplib2.Request(transport))
    except TransportError as error:
        raise Unavailable(VENDOR, "token", type(error).__name__) from None
    except GoogleAuthError as error:
        if getattr(error, "retryable", False):
            raise Unavailable(VENDOR, "token", _describe(error)) from None
        raise AuthenticationFailed(VENDOR, "token", _describe(error)) from None
    except (OSError, httplib2.HttpLib2Error) as error:
        raise Unavailable(VENDOR, "token", type(error).__name__) from None
    finally:
        transport.close()
    return str(signed.token)


def _describe(error: GoogleAuthError) -> str:
    return str(error.args[0] if error.args else type(error).__name__)[:200]
