"""Packages over HTTP: access tokens that are renewed in time, and answers as acknowledgements."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx

from core.bearer_tokens import BearerTokens, read_tokens, token_holds
from core.errors import AuthenticationFailed, ConfigurationError, Rejected, Unavailable
from core.outbound import build_client, build_error, name_failures
from core.protocols.sales_system import (
    HASH_HEADER,
    KEY_HEADER,
    SCHEMA_HEADER,
    TRANSACTION_HEADER,
    Acknowledgement,
    LeadPackage,
    LeadStanding,
    SalesSystem,
    Standings,
)
from core.protocols.vendor import Values, VendorContext
from integrations.sales_system.reading import (
    VENDOR,
    read_acknowledgement,
    read_json,
    read_refusal,
    read_standing,
)
from integrations.sales_system.settings import SalesSystemSettings

# A token that ends within this time is renewed before it is used.
_MARGIN = timedelta(seconds=60)
# Where the answer does not say.
_LIFETIME = timedelta(hours=1)
_REFUSALS = (400, 409, 422)
_TLS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def build_sales_systems(context: VendorContext) -> dict[str, SalesSystem]:
    """The endpoints of `app.yaml`.

    Raises:
        ConfigurationError: none is named.
    """
    settings: SalesSystemSettings = context.settings
    if not settings.endpoint:
        raise ConfigurationError(
            "app.yaml", ["integrations.sales_system.endpoint: say where the sales system is."]
        )
    client = build_client("", settings.timeout, _TLS[settings.minimum_tls])
    tokens = TokenSource(context, client)
    systems: dict[str, SalesSystem] = {
        "primary": HttpSalesSystem(settings.endpoint, context, client, tokens)
    }
    if settings.backup_endpoint:
        systems["backup"] = HttpSalesSystem(settings.backup_endpoint, context, client, tokens)
    return systems


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Ask for what changed last; one line of what was found.

    Raises:
        ProviderError: it does not answer, or refuses us.
    """
    systems = build_sales_systems(context)
    for system in systems.values():
        await system.list_standings(tenant_id, "", 1)
    return f"{' and '.join(systems)} at {context.settings.endpoint}"


class TokenSource:
    """What proves who we are: an access token while it holds, or an API key."""

    def __init__(self, context: VendorContext, client: httpx.AsyncClient) -> None:
        self._clock, self._client = context.clock, client
        self._settings: SalesSystemSettings = context.settings
        self._tokens = BearerTokens(
            context.credentials,
            self._fetch,
            self._holds,
            may_renew=lambda values, _error: self._has_tokens(values),
        )

    async def use(
        self, tenant_id: str, attempt: Callable[[dict[str, str]], Awaitable[httpx.Response]]
    ) -> httpx.Response:
        """The answer to `attempt`, which is given headers; a token that is refused is renewed
        once, by one caller at a time over all processes.

        Raises:
            AuthenticationFailed: nothing is known, or it is refused.
            TransientError: the token endpoint does not answer.
        """

        async def prove(values: Values) -> httpx.Response:
            return await attempt(self._build_proof(values))

        return await self._tokens.use(tenant_id, prove)

    def _has_tokens(self, values: Values) -> bool:
        return bool(self._settings.token_url and values.get("client_secret"))

    def _holds(self, values: Values) -> bool:
        return not self._has_tokens(values) or token_holds(values, self._clock.now(), _MARGIN)

    def _build_proof(self, values: Values) -> dict[str, str]:
        if self._has_tokens(values):
            return {"authorization": f"Bearer {values['access_token']}"}
        if values.get("api_key"):
            return {"x-api-key": values["api_key"]}
        raise AuthenticationFailed(VENDOR, "token", "no client secret and no API key")

    async def _fetch(self, values: Values) -> Values:
        """RFC 6749, 4.4, with the client's proof by HTTP Basic (2.3.1)."""
        auth = httpx.BasicAuth(
            quote(values.get("client_id", ""), safe=""),
            quote(values.get("client_secret", ""), safe=""),
        )
        form = {"grant_type": "client_credentials"}
        try:
            answer = await self._client.post(self._settings.token_url, data=form, auth=auth)
        except httpx.HTTPError as error:
            raise Unavailable(VENDOR, "token", type(error).__name__) from None
        if answer.status_code in (400, 401):
            raise AuthenticationFailed(VENDOR, "token", str(answer.status_code))
        _check(answer, "token")
        found = read_tokens(read_json(answer, "token"), self._clock.now(), _LIFETIME)
        if not found:
            raise Unavailable(VENDOR, "token", "NoToken")
        return found


@name_failures(VENDOR)
class HttpSalesSystem:
    """One endpoint of a sales system."""

    def __init__(
        self,
        endpoint: str,
        context: VendorContext,
        client: httpx.AsyncClient,
        tokens: TokenSource,
    ) -> None:
        self._endpoint, self._clock = endpoint, context.clock
        self._client, self._tokens = client, tokens

    async def push(self, tenant_id: str, package: LeadPackage) -> Acknowledgement:
        """POST the stored bytes. A refusal that names fields is a rejection."""
        headers = {
            "content-type": "application/json",
            HASH_HEADER: package.body_hash,
            TRANSACTION_HEADER: package.transaction_id,
            KEY_HEADER: package.idempotency_key,
            SCHEMA_HEADER: package.schema_version,
        }
        answer = await self._send(
            tenant_id, "push", "POST", self._endpoint, content=package.body, headers=headers
        )
        if answer.status_code in _REFUSALS:
            refused = read_refusal(answer, package.lead_id, self._clock.now())
            if refused is not None:
                return refused
        _check(answer, "push")
        return read_acknowledgement(answer)

    async def find_standing(self, tenant_id: str, lead_id: str) -> LeadStanding | None:
        """GET one lead."""
        answer = await self._send(tenant_id, "find_standing", "GET", self._address(lead_id))
        if answer.status_code == 404:
            return None
        _check(answer, "find_standing")
        return read_standing(read_json(answer, "find_standing"), "find_standing")

    async def list_standings(self, tenant_id: str, cursor: str, limit: int = 200) -> Standings:
        """GET what changed."""
        params = {"limit": str(limit), **({"cursor": cursor} if cursor else {})}
        answer = await self._send(tenant_id, "list_standings", "GET", self._endpoint, params=params)
        _check(answer, "list_standings")
        content = read_json(answer, "list_standings")
        found, following = content.get("data"), content.get("cursor")
        if not isinstance(found, list) or not isinstance(following, str):
            raise Unavailable(VENDOR, "list_standings", "NoStandings")
        leads = tuple(read_standing(item, "list_standings") for item in found)
        return Standings(leads, following, has_more=bool(content.get("hasMore")))

    async def erase(self, tenant_id: str, lead_id: str) -> bool:
        """DELETE one lead."""
        answer = await self._send(tenant_id, "erase", "DELETE", self._address(lead_id))
        if answer.status_code == 404:
            return False
        _check(answer, "erase")
        return True

    def _address(self, lead_id: str) -> str:
        return f"{self._endpoint}/{quote(lead_id, safe='')}"

    async def _send(
        self, tenant_id: str, operation: str, method: str, url: str, **more: Any
    ) -> httpx.Response:
        """One request; a token that is refused is renewed once.

        Raises:
            Unavailable: no answer.
            AuthenticationFailed: refused, also with a new token.
        """
        given = more.pop("headers", {})

        async def attempt(proof: dict[str, str]) -> httpx.Response:
            try:
                answer = await self._client.request(method, url, headers={**given, **proof}, **more)
            except httpx.HTTPError as error:
                raise Unavailable(VENDOR, operation, type(error).__name__) from None
            if answer.status_code == 401:
                raise AuthenticationFailed(VENDOR, operation, "401")
            return answer

        return await self._tokens.use(tenant_id, attempt)


def _check(answer: httpx.Response, operation: str) -> None:
    """Raise what a status means. The body stays out of it: it may repeat what was sent."""
    status = answer.status_code
    if status == 404:
        raise Rejected(VENDOR, operation, "404")
    error = build_error(VENDOR, operation, status, "", answer.headers.get("retry-after"))
    if error is not None:
        raise error
