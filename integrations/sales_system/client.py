"""Packages over HTTP: access tokens that are renewed in time, and answers as acknowledgements."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import aiohttp

from core.bearer_tokens import BearerTokens, read_tokens, token_holds
from core.errors import AuthenticationFailed, ConfigurationError, Rejected, Unavailable
from core.outbound import build_error, name_failures
from core.protocols.sales_system import (
    HASH_HEADER,
    KEY_HEADER,
    SCHEMA_HEADER,
    TRANSACTION_HEADER,
    Acknowledgement,
    LeadPackage,
    LeadStanding,
    Standings,
)
from core.protocols.vendor import Values, VendorContext
from integrations.sales_system.reading import (
    read_acknowledgement,
    read_json,
    read_refusal,
    read_standing,
)
from integrations.sales_system.settings import SalesSystemSettings
from integrations.sales_system.wire import VENDOR, Answer, Outgoing, Wire

# A token that ends within this time is renewed before it is used.
_MARGIN = timedelta(seconds=60)
# How long the first of two places may take to hand out a token.
_TOKEN_SECONDS = 5.0
# Where the answer does not say.
_LIFETIME = timedelta(hours=1)
_REFUSALS = (400, 409, 422)
_TLS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def build_sales_systems(context: VendorContext) -> dict[str, HttpSalesSystem]:
    """The endpoints of `app.yaml`.

    Raises:
        ConfigurationError: none is named.
    """
    settings: SalesSystemSettings = context.settings
    if not settings.endpoint:
        raise ConfigurationError(
            "app.yaml", ["integrations.sales_system.endpoint: say where the sales system is."]
        )
    wire = Wire(settings.timeout, _TLS[settings.minimum_tls])
    tokens = TokenSource(context, wire)
    endpoints = {"primary": settings.endpoint, "backup": settings.backup_endpoint}
    return {
        name: HttpSalesSystem(endpoint, context, wire, tokens)
        for name, endpoint in endpoints.items()
        if endpoint
    }


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Ask for what changed last; one line of what was found.

    Raises:
        ProviderError: it does not answer, or refuses us.
    """
    systems = build_sales_systems(context)
    try:
        for system in systems.values():
            await system.list_standings(tenant_id, "", 1)
    finally:
        for system in systems.values():
            await system.close()
    return f"{' and '.join(systems)} at {context.settings.endpoint}"


class TokenSource:
    """What proves who we are: an access token while it holds, or an API key."""

    def __init__(self, context: VendorContext, wire: Wire) -> None:
        self._clock, self._wire = context.clock, wire
        self._settings: SalesSystemSettings = context.settings
        self._tokens = BearerTokens(
            context.credentials,
            self._fetch,
            self._holds,
            may_renew=lambda values, _error: self._has_tokens(values),
        )

    async def use(
        self, tenant_id: str, attempt: Callable[[dict[str, str]], Awaitable[Answer]]
    ) -> Answer:
        """The answer to `attempt`, which is given headers; a token that is refused is renewed
        once, by one caller at a time over all processes.

        Raises:
            AuthenticationFailed: nothing is known, or it is refused.
            TransientError: the token endpoint does not answer.
        """

        async def prove(values: Values) -> Answer:
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
        """A new token; from the backup, where the first place does not answer."""
        first, backup = self._settings.token_url, self._settings.backup_token_url
        if not backup:
            return await self._ask(first, values)
        try:
            # A place that hangs must not use up the time of the package that waits for it.
            async with asyncio.timeout(_TOKEN_SECONDS):
                return await self._ask(first, values)
        except (TimeoutError, Unavailable):
            return await self._ask(backup, values)

    async def _ask(self, url: str, values: Values) -> Values:
        """RFC 6749, 4.4, with the client's proof by HTTP Basic (2.3.1)."""
        proof = aiohttp.encode_basic_auth(
            quote(values.get("client_id", ""), safe=""),
            quote(values.get("client_secret", ""), safe=""),
        )
        request = Outgoing(
            "token",
            "POST",
            url,
            {"authorization": proof},
            form={"grant_type": "client_credentials"},
        )
        answer = await self._wire.send(request)
        if answer.status in (400, 401):
            raise AuthenticationFailed(VENDOR, "token", str(answer.status))
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
        wire: Wire,
        tokens: TokenSource,
    ) -> None:
        self._endpoint, self._clock = endpoint, context.clock
        self._wire, self._tokens = wire, tokens

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
        if answer.status in _REFUSALS:
            refused = read_refusal(answer, package.lead_id, self._clock.now())
            if refused is not None:
                return refused
        _check(answer, "push")
        return read_acknowledgement(answer)

    async def find_standing(self, tenant_id: str, lead_id: str) -> LeadStanding | None:
        """GET one lead."""
        answer = await self._send(tenant_id, "find_standing", "GET", self._address(lead_id))
        if answer.status == 404:
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
        if answer.status == 404:
            return False
        _check(answer, "erase")
        return True

    async def close(self) -> None:
        """Let the connections go, which the other endpoints use as well."""
        await self._wire.close()

    def _address(self, lead_id: str) -> str:
        return f"{self._endpoint}/{quote(lead_id, safe='')}"

    async def _send(
        self, tenant_id: str, operation: str, method: str, url: str, **more: Any
    ) -> Answer:
        """One request; a token that is refused is renewed once.

        Raises:
            Unavailable: no answer.
            AuthenticationFailed: refused, also with a new token.
        """
        given = more.pop("headers", {})

        async def attempt(proof: dict[str, str]) -> Answer:
            request = Outgoing(operation, method, url, {**given, **proof}, **more)
            answer = await self._wire.send(request)
            if answer.status == 401:
                raise AuthenticationFailed(VENDOR, operation, "401")
            return answer

        return await self._tokens.use(tenant_id, attempt)


def _check(answer: Answer, operation: str) -> None:
    """Raise what a status means. The body stays out of it: it may repeat what was sent."""
    status = answer.status
    if status == 404:
        raise Rejected(VENDOR, operation, "404")
    error = build_error(VENDOR, operation, status, "", answer.headers.get("retry-after"))
    if error is not None:
        raise error
