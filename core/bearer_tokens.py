"""Tokens that end: used while they hold, renewed in time, and once more when they are refused."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from core.errors import AuthenticationFailed
from core.protocols.vendor import Credentials, Values

_Result = TypeVar("_Result")


def token_holds(
    values: Values, now: datetime, margin: timedelta, *, without_end: bool = False
) -> bool:
    """Whether `access_token` may be used now: it is there, and ends more than `margin` from now
    (clocks differ). `without_end`: what is said of one whose `expires_at` (seconds since 1970) is
    not known or cannot be read."""
    if not values.get("access_token"):
        return False
    try:
        ends = float(values.get("expires_at") or "nan")
    except ValueError:
        ends = math.nan
    return without_end if math.isnan(ends) else ends > (now + margin).timestamp()


def read_lifetime(answer: Mapping[str, Any]) -> timedelta | None:
    """`expires_in` of a token endpoint's answer (RFC 6749, 5.1): seconds, as a number or, with
    some vendors, as a text. None where it is absent or makes no sense."""
    try:
        return timedelta(seconds=float(answer.get("expires_in") or "nan"))
    except (TypeError, ValueError, OverflowError):
        return None


def build_refresh_form(values: Values) -> dict[str, str]:
    """What a refresh token is handed in with (RFC 6749, 6), the client's proof in the body."""
    return {
        "grant_type": "refresh_token",
        "refresh_token": values.get("refresh_token", ""),
        "client_id": values.get("client_id", ""),
        "client_secret": values.get("client_secret", ""),
    }


def read_tokens(answer: Mapping[str, Any], now: datetime, otherwise: timedelta) -> dict[str, str]:
    """What is stored of a token endpoint's answer: `access_token`, `expires_at`, and
    `refresh_token` where there is a new one. Empty where the answer holds no token. `otherwise`:
    how long it holds when the answer does not say."""
    token = answer.get("access_token")
    if not token or not isinstance(token, str):
        return {}
    ends = now + (read_lifetime(answer) or otherwise)
    found = {"access_token": token, "expires_at": str(int(ends.timestamp()))}
    if answer.get("refresh_token"):
        found["refresh_token"] = str(answer["refresh_token"])
    return found


class BearerTokens:
    """Hands credentials that hold to an attempt, and renewed ones to a second attempt where they
    were refused. `renew` and `holds` are given what is stored; `may_renew` says of a refusal
    whether other credentials could help."""

    def __init__(
        self,
        credentials: Credentials,
        renew: Callable[[Values], Awaitable[Values]],
        holds: Callable[[Values], bool],
        may_renew: Callable[[Values, AuthenticationFailed], bool] = lambda _values, _error: True,
    ) -> None:
        self._credentials = credentials
        self._renew, self._holds, self._may_renew = renew, holds, may_renew

    async def get(self, tenant_id: str) -> Values:
        """Credentials that hold now.

        Raises:
            ProviderError: nothing is connected, or a new token could not be got.
        """
        values = await self._credentials.get(tenant_id)
        if self._holds(values):
            return values
        return await self._credentials.refresh(tenant_id, values, self._renew)

    async def use(self, tenant_id: str, attempt: Callable[[Values], Awaitable[_Result]]) -> _Result:
        """What `attempt` returns, the first time or the second.

        Raises:
            AuthenticationFailed: refused, also with a new token.
            ProviderError: as `get` says, and whatever else `attempt` raises.
        """
        values = await self.get(tenant_id)
        try:
            return await attempt(values)
        except AuthenticationFailed as error:
            if not self._may_renew(values, error):
                raise
        values = await self._credentials.refresh(tenant_id, values, self._renew)
        return await attempt(values)
