"""Who may call the endpoints for staff."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable

from fastapi import Request

from app.runtime import Runtime
from core.errors import Unauthorized
from sales.organization.service import StaffMember

StaffCheck = Callable[[Request], Awaitable[StaffMember | None]]

_PROXY_HEADERS = ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip")
_PROXY_PREFIXES = ("x-forwarded-", "cf-", "fly-")


def build_staff_check(get_runtime: Callable[[], Runtime]) -> StaffCheck:
    """A dependency that knows the caller: by API key, or as a program on this very machine."""

    async def identify_staff(request: Request) -> StaffMember | None:
        """The member of staff; None for a local program.

        Raises:
            Unauthorized: no key, or one that is not known.
        """
        runtime = get_runtime()
        key = request.headers.get("x-api-key", "")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not key and scheme.lower() == "bearer":
            key = token.strip()
        if key:
            return await runtime.resources.organization.identify(key)
        server = runtime.settings.server
        # With a public address there is a proxy, and proxies are on this machine too.
        if server.local_staff and server.public_url is None and is_local(request):
            return None
        raise Unauthorized("Send an API key: X-API-Key. Make one with: sales-agent api-key.")

    return identify_staff


def is_local(request: Request) -> bool:
    """Whether a program on this machine called directly: from loopback, to a loopback name,
    not from a web page, and through no proxy that shows."""
    headers = request.headers
    if any(name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIXES) for name in headers):
        return False
    # nginx without further settings says nothing of whom it calls for; it speaks HTTP/1.0.
    if request.scope.get("http_version") == "1.0":
        return False
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    own_origin = f"{request.url.scheme}://{request.url.netloc}"
    if headers.get("origin", own_origin) != own_origin:
        return False
    peer = request.client.host if request.client else ""
    return _is_loopback(peer) and _is_loopback(request.url.hostname or "")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
