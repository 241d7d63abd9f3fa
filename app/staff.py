"""Who may call the endpoints for staff and machines."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable

from fastapi import Request

from app.machine_gate import check_machine
from app.runtime import Runtime
from core.errors import Forbidden, Unauthorized
from core.security import same
from portal.cookies import CSRF_HEADER, build_csrf, read_session_cookie
from sales.organization.schemas import Principal

PrincipalCheck = Callable[[Request], Awaitable[Principal]]
StaffCheck = Callable[[Request], Awaitable[Principal | None]]

_PROXY_HEADERS = ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip")
_PROXY_PREFIXES = ("x-forwarded-", "cf-", "fly-")
_API_KEY_PREFIX = "sak_"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def build_principal_check(get_runtime: Callable[[], Runtime]) -> PrincipalCheck:
    """A dependency that knows the caller: by access token, API key or the portal's session."""

    async def identify(request: Request) -> Principal:
        """Who calls.

        Raises:
            Unauthorized: no proof of identity, or one that does not hold.
            Forbidden: a session's cookie without the proof that the portal itself sends it.
        """
        found = await _find_principal(get_runtime(), request)
        if found is None:
            raise Unauthorized(
                "Send an access token (Authorization: Bearer) or an API key (X-API-Key)."
            )
        return found

    return identify


def build_staff_check(get_runtime: Callable[[], Runtime]) -> StaffCheck:
    """The same, for the few endpoints that programs on this very machine may read as well."""

    async def identify_staff(request: Request) -> Principal | None:
        """Who calls; None for a local program.

        Raises:
            Unauthorized: no proof of identity, or one that does not hold.
        """
        runtime = get_runtime()
        found = await _find_principal(runtime, request)
        if found is not None:
            return found
        server = runtime.settings.server
        # With a public address there is a proxy, and proxies are on this machine too.
        if server.local_staff and server.public_url is None and is_local(request):
            return None
        raise Unauthorized("Send an API key: X-API-Key. Make one with: sales-agent api-key.")

    return identify_staff


async def _find_principal(runtime: Runtime, request: Request) -> Principal | None:
    """Whoever the request proves to come from. A proof that does not hold is an error, also
    beside one that does: the caller believes to be somebody else."""
    access = runtime.resources.access
    found: list[Principal] = []
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    key = request.headers.get("x-api-key", "").strip()
    if scheme.lower() == "bearer" and token:
        is_key = token.startswith(_API_KEY_PREFIX)
        found.append(await (access.identify_key if is_key else access.identify_token)(token))
    if key:
        found.append(await access.identify_key(key))
    if found:
        # After that, and not before: visitors' tokens travel in the same header.
        check_machine(runtime.settings.server, request)
    if len({principal.tenant_id for principal in found}) > 1:
        raise Unauthorized("The access token and the API key belong to different tenants.")
    return found[0] if found else await _find_by_session(runtime, request)


async def _find_by_session(runtime: Runtime, request: Request) -> Principal | None:
    token = read_session_cookie(request)
    session = token and await runtime.resources.sessions.find_session(token)
    if not token or not session:
        return None
    # Browsers send cookies along by themselves, whichever page asks them to.
    proof = request.headers.get(CSRF_HEADER, "")
    if request.method not in _SAFE_METHODS and not same(proof, build_csrf(token)):
        raise Forbidden(f"With the portal's session, send its token as {CSRF_HEADER}.")
    return session.principal


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
