"""Calls to HubSpot with its own SDK: timeouts, tokens that are renewed, failures with names.

The SDK is synchronous, has no timeout of its own, and builds a new connection pool at each
access of a property (measured with version 12); so its parts are made once for each token.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import urllib3
from hubspot import HubSpot  # type: ignore[import-untyped]
from hubspot.crm.associations.v4.exceptions import ApiException as AssociationError  # type: ignore[import-untyped]
from hubspot.crm.contacts.exceptions import ApiException as ContactError  # type: ignore[import-untyped]
from hubspot.crm.objects.exceptions import ApiException as ObjectError  # type: ignore[import-untyped]
from hubspot.crm.owners.exceptions import ApiException as OwnerError  # type: ignore[import-untyped]
from hubspot.crm.pipelines.exceptions import ApiException as PipelineError  # type: ignore[import-untyped]
from hubspot.crm.properties.exceptions import ApiException as PropertyError  # type: ignore[import-untyped]
from hubspot.oauth.exceptions import ApiException as OAuthError  # type: ignore[import-untyped]

from core.bearer_tokens import BearerTokens, build_refresh_form, read_tokens, token_holds
from core.errors import AuthenticationFailed, ProviderError, Rejected, Unavailable
from core.outbound import build_error, run_blocking
from core.protocols.crm import CrmLimits
from core.protocols.vendor import Values, VendorContext

VENDOR = "HubSpot"
_REFUSALS = (
    AssociationError,
    ContactError,
    ObjectError,
    OwnerError,
    PipelineError,
    PropertyError,
    OAuthError,
)
# What a 429 without a Retry-After means, by the policy that it names (HubSpot, "API usage
# guidelines and limits"): the longest time until there is room again.
_PATIENCE = {"SECONDLY": 1, "TEN_SECONDLY_ROLLING": 10, "DAILY": 3600}
_EXPIRY_MARGIN = timedelta(seconds=30)
# Where the answer does not say.
_LIFETIME = timedelta(minutes=30)


class Missing(Rejected):
    """404: there is no such thing (any more)."""


class Clash(Rejected):
    """409: a value that may stand once in the account stands at another record."""


class Denied(Rejected):
    """403: the token lacks a right; asking in another way will not help."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The SDK's parts that we use, for one token."""

    batches: Any
    objects: Any
    search: Any
    contacts: Any
    properties: Any
    groups: Any
    pipelines: Any
    owners: Any
    links: Any
    link_batches: Any


class HubSpotClient:
    """Speaks to the accounts of all tenants."""

    def __init__(self, context: VendorContext) -> None:
        self._tokens = BearerTokens(
            context.credentials,
            self._renew,
            self._holds,
            may_renew=lambda values, _error: bool(values.get("refresh_token")),
        )
        self.settings = context.settings
        self.clock = context.clock
        # By tenant: the token, and the SDK's parts for it.
        self._parts: dict[str, tuple[str, Parts]] = {}
        self._limits: dict[str, CrmLimits] = {}

    def get_limits(self, tenant_id: str) -> CrmLimits:
        """What HubSpot allows, as its last answer said; before the first one, the least that any
        account has: 100 calls in 10 seconds."""
        return self._limits.get(tenant_id, CrmLimits(100, timedelta(seconds=10)))

    async def call(
        self,
        tenant_id: str,
        operation: str,
        choose: Callable[[Parts], Callable[..., Any]],
        *args: Any,
        **options: Any,
    ) -> dict[str, Any]:
        """The answer to one request. `choose` names the SDK's method, in the form that returns
        status and headers as well; `args` and `options` are what it takes.

        Raises:
            TransientError: no answer, 429 or 5xx.
            AuthenticationFailed: the token is refused, and so is a new one.
            Missing: 404. Clash: 409. Rejected: any other no, in HubSpot's words.
        """

        async def attempt(values: Values) -> dict[str, Any]:
            return await self._ask(tenant_id, values, operation, choose, args, options)

        return await self._tokens.use(tenant_id, attempt)

    async def _ask(
        self,
        tenant_id: str,
        values: Values,
        operation: str,
        choose: Callable[[Parts], Callable[..., Any]],
        args: tuple[Any, ...],
        options: dict[str, Any],
    ) -> dict[str, Any]:
        method = choose(self._get_parts(tenant_id, values.get("access_token", "")))
        data, headers = await self._run(partial(method, *args, **options), operation)
        self._note_limits(tenant_id, headers)
        return data

    async def _run(
        self, function: Callable[..., Any], operation: str
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        timeout = self.settings.timeout
        seconds = timeout.total_seconds()

        def ask() -> tuple[dict[str, Any], Mapping[str, str]]:
            try:
                answer, _, headers = function(_request_timeout=(min(5.0, seconds), seconds))
                return (answer.to_dict() if answer is not None else {}), headers
            except _REFUSALS as error:
                raise name_refusal(error, operation) from None
            except urllib3.exceptions.HTTPError as error:
                raise Unavailable(VENDOR, operation, type(error).__name__) from None
            except (ValueError, TypeError, AttributeError) as error:
                # An answer that is cut or no JSON; and the SDK's own stumble over a failed
                # TLS handshake, whose error it tries to decode.
                words = f"an answer that cannot be read ({type(error).__name__})"
                raise Unavailable(VENDOR, operation, words) from None

        return await run_blocking(ask, VENDOR, operation, timeout)

    def _get_parts(self, tenant_id: str, token: str) -> Parts:
        known = self._parts.get(tenant_id)
        if known is None or known[0] != token:
            known = (token, build_parts(self._build_sdk(access_token=token)))
            self._parts[tenant_id] = known
        return known[1]

    def _build_sdk(self, **options: Any) -> Any:
        # No retries of the SDK's own: one call is one attempt, the outbox makes the next.
        retry = urllib3.Retry(total=0, redirect=0, raise_on_status=False)
        return HubSpot(host=self.settings.base_url, retry=retry, **options)

    def _holds(self, values: Values) -> bool:
        """A private app's token has no end, and nothing to renew it with."""
        if not values.get("refresh_token"):
            return True
        return token_holds(values, self.clock.now(), _EXPIRY_MARGIN, without_end=True)

    async def _renew(self, stored: Values) -> Values:
        tokens = self._build_sdk().oauth.tokens_api
        function = partial(tokens.create_with_http_info, **build_refresh_form(stored))
        try:
            answer, _ = await self._run(function, "renew the token")
        except Rejected as error:
            # 400 BAD_REFRESH_TOKEN: taken back, or the app was uninstalled.
            raise AuthenticationFailed(VENDOR, "renew the token", error.excerpt) from None
        found = read_tokens(answer, self.clock.now(), _LIFETIME)
        if not found:
            raise Unavailable(VENDOR, "renew the token", "an answer without a token")
        return found

    def _note_limits(self, tenant_id: str, headers: Mapping[str, str]) -> None:
        named = {name.lower(): value for name, value in headers.items()}
        try:
            calls = int(named["x-hubspot-ratelimit-max"])
            per = int(named["x-hubspot-ratelimit-interval-milliseconds"])
        except (KeyError, ValueError):
            return
        left = named.get("x-hubspot-ratelimit-daily-remaining", "")
        self._limits[tenant_id] = CrmLimits(
            calls, timedelta(milliseconds=per), int(left) if left.isdigit() else None
        )


def build_parts(sdk: Any) -> Parts:
    """The parts of the SDK, each with its own connections."""
    crm = sdk.crm
    return Parts(
        batches=crm.objects.batch_api,
        objects=crm.objects.basic_api,
        search=crm.objects.search_api,
        contacts=crm.contacts.basic_api,
        properties=crm.properties.core_api,
        groups=crm.properties.groups_api,
        pipelines=crm.pipelines.pipelines_api,
        owners=crm.owners.owners_api,
        links=crm.associations.v4.basic_api,
        link_batches=crm.associations.v4.batch_api,
    )


def name_refusal(error: Any, operation: str) -> ProviderError:
    """HubSpot's answer as one of our errors, in its own words."""
    if not error.status:
        return Unavailable(VENDOR, operation, "no connection")
    body = read_body(error.body)
    words = read_words(body) or str(error.reason or "")
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    wait = headers.get("retry-after")
    if error.status == 429 and wait is None:
        wait = str(_PATIENCE.get(str(body.get("policyName", "")), 10))
    named = build_error(VENDOR, operation, error.status, words, wait)
    if error.status == 404:
        return Missing(VENDOR, operation, f"404 {words}")
    if error.status == 403:
        return Denied(VENDOR, operation, f"403 {words}")
    if error.status == 409:
        return Clash(VENDOR, operation, named.excerpt if named else words)
    return named or Rejected(VENDOR, operation, words)


def read_id(item: Mapping[str, Any]) -> str:
    """A record's id.

    Raises:
        Unavailable: it has none: what was written could not be found again.
    """
    found = str(item.get("id") or "")
    if not found:
        raise Unavailable(VENDOR, "read a result", "a record without an id")
    return found


def read_next(answer: Mapping[str, Any]) -> str:
    """The place where the next page begins; empty on the last one."""
    return str(((answer.get("paging") or {}).get("next") or {}).get("after") or "")


def read_body(body: Any) -> dict[str, Any]:
    """An error's body; empty where it is no JSON object."""
    try:
        read = json.loads(body or "")
    except (ValueError, TypeError):
        return {}
    return read if isinstance(read, dict) else {}


def read_words(body: Mapping[str, Any]) -> str:
    """What HubSpot says was wrong: the message, then the details that are not in it."""
    said = [str(body.get("message") or "")]
    for detail in body.get("errors") or ():
        words = str(detail.get("message") or "") if isinstance(detail, dict) else ""
        if words and words not in said[0]:
            said.append(words)
    return "; ".join(word for word in said if word)
