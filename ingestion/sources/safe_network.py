"""Connections to public addresses only, checked where the connection is made.

A name is resolved once and the address that was checked is the one connected to. So neither a
redirect, nor a name that points at 127.0.0.1, nor one that changes between check and use
(DNS rebinding) leads a crawl into the network it runs in.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpcore
import httpx

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class PrivateAddress(httpcore.ConnectError):
    """A name resolves to an address that is not public."""


def is_public(address: IpAddress) -> bool:
    """Whether an address is on the public internet, also where it is wrapped in an IPv6 one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return is_public(inner)
        if address in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast and not address.is_reserved


async def resolve(host: str, port: int) -> list[IpAddress]:
    """The addresses of a host, in the order in which the system would try them.

    Raises:
        httpcore.ConnectError: the name does not resolve.
    """
    try:
        return [ipaddress.ip_address(host.strip("[]"))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} does not resolve") from error
    return list(
        dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found)
    )


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that `is_public` allows."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the interface of httpcore
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first allowed address that answers."""
        addresses = await resolve(host, port)
        allowed = [a for a in addresses if self._allow_private or is_public(a)]
        if not allowed:
            raise PrivateAddress(
                f"{host} is not a public address ({', '.join(map(str, addresses))})"
            )
        for address in allowed[:-1]:
            try:
                return await self._inner.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError:
                continue
        return await self._inner.connect_tcp(
            str(allowed[-1]), port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Answer:
    """An answer whose body is still to come. `url` is the address that was asked for, as sent."""

    def __init__(self, url: str, response: httpcore.Response) -> None:
        self.url = url
        self.status = response.status
        self._response = response

    def get_header(self, name: bytes) -> str:
        """The first header of this name (in lower case), "" if there is none."""
        return next(iter(self.list_headers(name)), "")

    def list_headers(self, name: bytes) -> list[str]:
        """Every header of this name (in lower case)."""
        found = self._response.headers
        return [_header_text(value) for key, value in found if key.lower() == name]

    async def read_body(self) -> AsyncIterator[bytes]:
        """The body in pieces, unpacked.

        Raises:
            httpcore.RemoteProtocolError: it is not packed as the server says.
        """
        unpack = _UNPACKING.get(self.get_header(b"content-encoding").strip().lower(), _as_it_is)()
        try:
            async for data in self._response.aiter_stream():
                for piece in unpack(data):
                    yield piece
        except zlib.error as error:
            raise httpcore.RemoteProtocolError(f"a broken body: {error}") from None


def _header_text(raw: bytes) -> str:
    """Headers are ASCII; what servers send beside it is mostly UTF-8, else Latin-1."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


class SafeClient:
    """Asks public addresses only and follows no redirect by itself. Close it after use.

    Proxies of the environment are not used: behind one, the address could not be checked.
    Each connection has a pool of its own: one shared pool asks all of its connections, at every
    request, whether they still live. As many are opened as requests are under way at once.
    """

    def __init__(self, *, user_agent: str, timeout: timedelta, allow_private: bool) -> None:
        self._network = GuardedBackend(allow_private)
        self._tls = ssl.create_default_context()
        seconds = timeout.total_seconds()
        waits = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        self._extensions = {"timeout": waits}
        self._headers = [
            (b"User-Agent", user_agent.encode("ascii")),
            (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.8"),
            (b"Accept-Language", b"en;q=0.8,*;q=0.5"),
            (b"Accept-Encoding", b"gzip, deflate"),
        ]
        self._idle: list[httpcore.AsyncConnectionPool] = []

    @asynccontextmanager
    async def get(self, url: str) -> AsyncIterator[Answer]:
        """GET an address; the body must be read inside of the block.

        Raises:
            httpx.InvalidURL: it is no address.
            PrivateAddress: it leads to an address that is not public.
            httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError: no answer.
        """
        address = httpx.URL(url)
        target = httpcore.URL(
            scheme=address.raw_scheme,
            host=address.raw_host,
            port=address.port,
            target=address.raw_path,
        )
        pool = self._idle.pop() if self._idle else self._open_pool()
        try:
            async with pool.stream(
                "GET", target, headers=self._headers, extensions=self._extensions
            ) as response:
                yield Answer(str(address), response)
        finally:
            self._idle.append(pool)

    async def close(self) -> None:
        """Close the connections."""
        for pool in self._idle:
            await pool.aclose()

    def _open_pool(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            max_connections=1,
            max_keepalive_connections=1,
            network_backend=self._network,
        )


_Unpack = Callable[[bytes], Iterator[bytes]]
_LARGEST_PIECE = 1 << 20
"""Bytes of an unpacked piece: a small body that unpacks to gigabytes is noticed in time."""


def _as_it_is() -> _Unpack:
    return lambda data: iter((data,))


def _unpacking(*window_bits: int) -> Callable[[], _Unpack]:
    """Unpacks with the first of these formats that the body's beginning fits."""

    def start() -> _Unpack:
        waiting = [zlib.decompressobj(bits) for bits in window_bits]

        def unpack(data: bytes) -> Iterator[bytes]:
            piece = b""
            while data or len(piece) == _LARGEST_PIECE:
                try:
                    piece = waiting[0].decompress(data, _LARGEST_PIECE)
                except zlib.error:
                    if len(waiting) == 1:
                        raise
                    waiting.pop(0)
                    continue
                del waiting[1:]
                data = waiting[0].unconsumed_tail
                yield piece

        return unpack

    return start


# "deflate" is zlib's format (RFC 9110, 8.4.1.2); some servers send it without zlib's frame.
_UNPACKING = {
    "gzip": _unpacking(zlib.MAX_WBITS | 16),
    "x-gzip": _unpacking(zlib.MAX_WBITS | 16),
    "deflate": _unpacking(zlib.MAX_WBITS, -zlib.MAX_WBITS),
}
