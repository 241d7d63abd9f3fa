"""Signing in at a vendor: the authorization code grant with PKCE (RFC 6749, 4.1; RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from core.errors import Rejected
from core.outbound import build_client, call
from core.protocols.vendor import Manifest, OAuthFlow, Values
from sales.connections.rules import CLIENT_FIELDS, check_address

_OPERATION = "sign in"
_TIMEOUT = timedelta(seconds=15)
_TOKENS = ("access_token", "refresh_token")


def new_verifier() -> str:
    """A secret that only we know until the code is redeemed (RFC 7636, 4.1)."""
    return secrets.token_urlsafe(48)


def build_authorize_url(
    flow: OAuthFlow, settings: Any, *, client_id: str, redirect_uri: str, state: str, verifier: str
) -> str:
    """Where the admin's browser goes.

    Raises:
        Invalid: the vendor's address is not https.
    """
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(flow.scopes),
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **flow.extra,
    }
    address = check_address(flow.authorize_url(settings))
    joint = "&" if urlsplit(address).query else "?"
    return address + joint + urlencode({key: value for key, value in asked.items() if value})


async def redeem_code(
    manifest: Manifest,
    settings: Any,
    client: Values,
    now: datetime,
    grant: Mapping[str, str],
) -> dict[str, str]:
    """The tokens for a code. `grant`: `code`, `redirect_uri` and `code_verifier`.

    Raises:
        ProviderError: the vendor does not answer, or refuses.
        Invalid: the vendor's address is not https.
    """
    flow = _require_flow(manifest)
    form = {"grant_type": "authorization_code", **grant}
    url = check_address(flow.token_url(settings))
    response = await _post(manifest, flow, url, client, form)
    if response.status_code == 404:
        raise Rejected(manifest.key, _OPERATION, "404: there is no token endpoint at its address")
    return read_tokens(manifest, response, now)


def read_tokens(manifest: Manifest, response: httpx.Response, now: datetime) -> dict[str, str]:
    """What is stored of a token endpoint's answer (RFC 6749, 5.1): the tokens, when the access
    token ends (`expires_at`, seconds since 1970), and the keys that the manifest keeps.

    Raises:
        Rejected: it is not of that form, or an error in spite of its status.
    """
    try:
        answer = response.json()
    except ValueError:
        raise Rejected(manifest.key, _OPERATION, "the answer is no JSON") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
        said = answer if isinstance(answer, dict) else {}
        words = said.get("error_description") or said.get("error")
        raise Rejected(manifest.key, _OPERATION, str(words or "the answer holds no token")[:300])
    keep = (*_TOKENS, *_require_flow(manifest).keep)
    found = {name: str(answer[name]) for name in keep if answer.get(name) not in (None, "")}
    lifetime = answer.get("expires_in")
    if isinstance(lifetime, int | float | str) and str(lifetime).strip().isdigit():
        found["expires_at"] = str(int(now.timestamp()) + int(lifetime))
    return found


async def revoke_tokens(manifest: Manifest, settings: Any, values: Values) -> None:
    """Take the tokens back at the vendor (RFC 7009): the refresh token where there is one, with
    which all that came of it ends; else the access token. A token that is unknown there is done.

    Raises:
        ProviderError: the vendor does not answer, or refuses.
        Invalid: the vendor's address is not https.
    """
    flow = _require_flow(manifest)
    if flow.revoke_url is None:
        return
    url = check_address(flow.revoke_url(settings))
    for name in ("refresh_token", "access_token"):
        if values.get(name):
            form = {"token": values[name], "token_type_hint": name}
            await _post(manifest, flow, url, values, form, operation="revoke")
            return


async def _post(
    manifest: Manifest,
    flow: OAuthFlow,
    url: str,
    client: Values,
    form: Mapping[str, str],
    operation: str = _OPERATION,
) -> httpx.Response:
    proof = {name: client[name] for name in CLIENT_FIELDS if client.get(name)}
    auth = None
    if flow.client_auth == "basic":
        auth = httpx.BasicAuth(proof.get("client_id", ""), proof.get("client_secret", ""))
        proof = {}
    async with build_client("", _TIMEOUT) as http:
        request = http.build_request(
            "POST", url, data={**form, **proof}, headers={"accept": "application/json"}
        )
        if auth is not None:
            request = next(auth.auth_flow(request))
        return await call(http, request, manifest.key, operation)


def _require_flow(manifest: Manifest) -> OAuthFlow:
    if manifest.oauth is None:
        raise Rejected(manifest.key, _OPERATION, "it offers no sign-in")
    return manifest.oauth
