"""A route of the portal: its errors become pages, and every answer gets the strict headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from urllib.parse import quote

import structlog
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from core.errors import TooLarge, UserError
from portal.errors import SignInNeeded

log = structlog.get_logger(__name__)

SIGN_IN_PATH = "/portal/login"
# No inline script or style, nothing from elsewhere, and no page may put the portal in a frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
    # What staff see is personal: neither proxies nor the browser's back button keep it.
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
_TITLES = {
    400: "That did not work",
    403: "Not for your role",
    404: "Not found",
    409: "That is taken",
    413: "Too much at once",
    429: "Too many requests",
}
ShowError = Callable[[Request, int, str, str], Awaitable[Response]]
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def build_page_route(show_error: ShowError) -> type[APIRoute]:
    """The class of route for a router whose errors `show_error` draws."""

    class PageRoute(APIRoute):
        def get_route_handler(self) -> _Handler:
            inner = super().get_route_handler()

            async def answer(request: Request) -> Response:
                try:
                    response = await inner(request)
                except Exception as error:  # noqa: BLE001 - becomes a page, and unknown ones are logged
                    response = await _answer_error(request, error, show_error)
                for name, value in HEADERS.items():
                    response.headers.setdefault(name, value)
                return response

            return answer

    return PageRoute


async def _answer_error(request: Request, error: Exception, show_error: ShowError) -> Response:
    if isinstance(error, HTTPException) and isinstance(error.__cause__, UserError):
        error = error.__cause__
    if isinstance(error, SignInNeeded):
        return _send_to_sign_in(request)
    if isinstance(error, TooLarge):
        # Raised while the body came in; the outer layer ends such a request.
        raise error
    if isinstance(error, UserError):
        title = _TITLES.get(error.status, "That did not work")
        return await show_error(request, error.status, title, error.message)
    if isinstance(error, RequestValidationError):
        return await show_error(request, 400, _TITLES[400], "The address has a part that is wrong.")
    if isinstance(error, HTTPException):
        title = _TITLES.get(error.status_code, "That did not work")
        return await show_error(request, error.status_code, title, str(error.detail))
    log.error("page_failed", path=request.url.path, exc_info=error)
    return await show_error(
        request, 500, "Something went wrong", "It was noted. Try again in a moment."
    )


def _send_to_sign_in(request: Request) -> Response:
    """To the sign-in page, and afterwards back to where somebody wanted to go."""
    target = SIGN_IN_PATH
    if request.method == "GET" and "hx-request" not in request.headers:
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        target += f"?next={quote(wanted, safe='/')}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)
