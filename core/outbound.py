"""Calls to vendors: a client with timeouts, and status codes as errors that say who acts next.

Retries are not made here: the outbox owns them (core/outbox/retry.py), so that one failing call
is one attempt, and a vendor that is down is asked less often by all who wait for it.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx

from core.errors import (
    AuthenticationFailed,
    ProviderError,
    Rejected,
    Unavailable,
    VendorRateLimited,
)
from core.logging import redact

TIMEOUT = timedelta(seconds=20)
_Result = TypeVar("_Result")
_Target = TypeVar("_Target")


def build_client(
    base_url: str, timeout: timedelta = TIMEOUT, minimum_tls: ssl.TLSVersion | None = None
) -> httpx.AsyncClient:
    """A client for one vendor. It follows no redirects and reads no proxy or netrc settings of
    the environment, so that credentials go where the settings say and nowhere else.
    `minimum_tls`: refuse to speak an older version."""
    seconds = timeout.total_seconds()
    verify = True if minimum_tls is None else build_tls_context(minimum_tls)
    return httpx.AsyncClient(
        base_url=base_url,
        verify=verify,
        timeout=httpx.Timeout(seconds, connect=min(5.0, seconds)),
        follow_redirects=False,
        trust_env=False,
    )


def build_tls_context(minimum: ssl.TLSVersion) -> ssl.SSLContext:
    """Trusts the public certificate authorities, and speaks no older version than `minimum`."""
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = minimum
    return context


async def call(
    client: httpx.AsyncClient, request: httpx.Request, vendor: str, operation: str
) -> httpx.Response:
    """Send `request`; a 2xx or 404 answer comes back, everything else is an error.

    Raises:
        TransientError: no answer, 408, 425, 429 or 5xx; `retry_after` where the vendor named it.
        AuthenticationFailed: 401.
        Rejected: any other 3xx or 4xx.
    """
    try:
        response = await client.send(request)
    except httpx.HTTPError as error:
        raise Unavailable(vendor, operation, type(error).__name__) from None
    check_status(
        vendor,
        operation,
        response.status_code,
        response.text,
        response.headers.get("retry-after"),
    )
    return response


def check_status(
    vendor: str, operation: str, status: int, body: str = "", retry_after: str | None = None
) -> None:
    """Raise the error that `status` means; 2xx and 404 mean none (404 is the caller's to read).

    Raises:
        ProviderError: as `call` says.
    """
    error = build_error(vendor, operation, status, body, retry_after)
    if error is not None:
        raise error


def build_error(
    vendor: str, operation: str, status: int, body: str = "", retry_after: str | None = None
) -> ProviderError | None:
    """The error that a status code means, or None for 2xx and 404."""
    if 200 <= status < 300 or status == 404:
        return None
    words = f"{status} {redact(body[:400])}".strip()
    wait = read_retry_after(retry_after)
    if status == 429:
        return VendorRateLimited(vendor, operation, words, wait)
    if status in (408, 425) or status >= 500:
        return Unavailable(vendor, operation, words, wait)
    if status == 401:
        return AuthenticationFailed(vendor, operation, words)
    return Rejected(vendor, operation, words)


def read_object(response: httpx.Response, vendor: str, operation: str) -> dict[str, Any]:
    """The JSON object of an answer; empty where there is no body, or something else in it.

    Raises:
        Unavailable: it is no JSON: half an answer, or something that stands in between.
    """
    if not response.content:
        return {}
    try:
        found = response.json()
    except ValueError:
        raise Unavailable(vendor, operation, "an answer that is no JSON") from None
    return found if isinstance(found, dict) else {}


def read_retry_after(value: str | None) -> timedelta | None:
    """The header's meaning: seconds, or a date (RFC 9110, 10.2.3); None when unreadable."""
    if not value:
        return None
    try:
        return timedelta(seconds=max(0.0, float(value)))
    except ValueError:
        pass
    try:
        # waiver: a date in a header is measured against the clock on the wall.
        wait = parsedate_to_datetime(value) - datetime.now(UTC)
    except (TypeError, ValueError):
        return None
    return max(timedelta(), wait)


async def run_blocking(
    function: Callable[[], _Result],
    vendor: str,
    operation: str,
    timeout: timedelta = TIMEOUT,  # noqa: ASYNC109 - a thread is not stopped, only left
    executor: Executor | None = None,
) -> _Result:
    """Run a vendor's synchronous SDK in a thread. Give the SDK a timeout of its own as well: a
    thread cannot be stopped from outside, only left alone.

    Raises:
        Unavailable: it took longer than `timeout`.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout.total_seconds()):
            return await loop.run_in_executor(executor, function)
    except TimeoutError:
        raise Unavailable(vendor, operation, "no answer in time") from None


def split_batches(items: Sequence[_Result], most: int) -> list[Sequence[_Result]]:
    """`items` in parts of at most `most`, as vendors take them in one call."""
    return [items[start : start + most] for start in range(0, len(items), most)]


class Pages:
    """Sees to it that reading page after page comes to an end, whatever the pages name as next:
    a page that was read already is no next one."""

    def __init__(self, vendor: str, operation: str, most: int = 1_000) -> None:
        self._vendor, self._operation, self._most = vendor, operation, most
        self._seen: set[str] = set()

    def find_next(self, token: object) -> str:
        """The token of the page to read next; empty: that was the last one.

        Raises:
            Unavailable: there are more than `most` pages.
        """
        following = str(token or "")
        if not following or following in self._seen:
            return ""
        if len(self._seen) >= self._most:
            raise Unavailable(self._vendor, self._operation, "the pages do not come to an end")
        self._seen.add(following)
        return following


def name_failures(vendor: str) -> Callable[[_Target], _Target]:
    """For a class, or one async function, that reads a vendor's answers: one that is not of the
    form the vendor describes fails by name, as `Unavailable`, and not as a bug of ours.

    Readers take what the vendor promises for granted, so that they stay short; whatever comes
    instead (`KeyError`, `TypeError` ...) is caught here, at the capability's public methods. The
    cause stays in the traceback.
    """

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def named(*args: Any, **kwargs: Any) -> Any:
            try:
                return await function(*args, **kwargs)
            except (LookupError, TypeError, AttributeError, ValueError) as error:
                words = f"an answer of another form than described ({type(error).__name__})"
                raise Unavailable(vendor, function.__name__, words) from error

        return named

    def decorate(target: _Target) -> _Target:
        if not isinstance(target, type):
            return wrap(target)  # type: ignore[return-value, arg-type]
        for name, value in list(vars(target).items()):
            if inspect.iscoroutinefunction(value) and not name.startswith("_"):
                setattr(target, name, wrap(value))
        return target

    return decorate
