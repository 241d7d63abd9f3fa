"""HTTP to a sales system, made for hundreds of packages a second.

With 32 packages on their way at once, a request costs about a tenth of what it costs over httpx,
whose pool looks at each of its connections for each request (docs/decisions,
0008-sales-system-client).
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

import aiohttp
from yarl import URL

from core.errors import Unavailable
from core.outbound import build_tls_context

VENDOR = "sales system"
_CONNECT_SECONDS = 5.0
# Shorter than servers keep an idle connection (uvicorn: 5 s), so that none is used while it ends.
_IDLE_SECONDS = 4.0


class Answer(NamedTuple):
    """What a request was answered with; `headers` know no case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """The body's value.

        Raises:
            ValueError: it is no JSON.
        """
        return json.loads(self.content)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request: `content` as it is, or `form` as a form; `params` are added to the address."""

    operation: str
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = None
    form: Mapping[str, str] | None = None
    params: Mapping[str, str] | None = None


class Wire:
    """Connections to one sales system, opened at the first request. No redirects, no cookies, no
    proxy or netrc of the environment: credentials go where the settings say and nowhere else."""

    def __init__(self, timeout: timedelta, minimum_tls: ssl.TLSVersion) -> None:
        self._timeout = timeout.total_seconds()
        self._minimum_tls = minimum_tls
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: Outgoing) -> Answer:
        """One request and its whole answer, whatever its status.

        Raises:
            Unavailable: no answer, or none in time (`Timeout`).
        """
        session = self._session or self._open()
        try:
            async with session.request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.form if request.content is None else request.content,
                params=request.params,
                allow_redirects=False,
            ) as answer:
                return Answer(answer.status, answer.headers, await answer.read())
        except TimeoutError:
            raise Unavailable(VENDOR, request.operation, "Timeout") from None
        except aiohttp.ClientError as error:
            raise Unavailable(VENDOR, request.operation, type(error).__name__) from None

    async def close(self) -> None:
        """Let the connections go; the next request opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        context = build_tls_context(self._minimum_tls)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, keepalive_timeout=_IDLE_SECONDS),
            timeout=aiohttp.ClientTimeout(
                self._timeout, sock_connect=min(_CONNECT_SECONDS, self._timeout)
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        return self._session
