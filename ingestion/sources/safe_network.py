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
from collections.abc import Iterable
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


def open_client(
    *, user_agent: str, timeout: timedelta, connections: int, allow_private: bool
) -> httpx.AsyncClient:
    """An HTTP client that connects to public addresses only and follows no redirect by itself.

    Proxies of the environment are not used: behind one, the address could not be checked.
    """
    transport = httpx.AsyncHTTPTransport()
    # httpx has no argument for the network backend; its pool is replaced by one that has.
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=ssl.create_default_context(),
        max_connections=connections,
        max_keepalive_connections=connections,
        network_backend=GuardedBackend(allow_private),
    )
    return httpx.AsyncClient(
        transport=transport,
        timeout=timeout.total_seconds(),
        headers={
            "User-Agent": user_agent,
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.8",
            "Accept-Language": "en;q=0.8,*;q=0.5",
        },
        follow_redirects=False,
        trust_env=False,
    )
