"""The portal's cookies, and the token that proves that a request comes from its own pages."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"

# Browsers take a cookie of this prefix only over https, only for this very host, and let no
# other host of the domain overwrite it (RFC 6265bis).
_PREFIX = "__Host-"
_SESSION = "sales_agent_session"
_SIGN_IN = "sales_agent_sign_in"
_FLASH = "sales_agent_flash"
_LIMIT = 4096

Name = Literal["session", "sign_in", "flash"]
_NAMES: dict[Name, str] = {"session": _SESSION, "sign_in": _SIGN_IN, "flash": _FLASH}


def read_cookie(request: Request, name: Name) -> str | None:
    """A cookie of ours. Over https only the protected form counts."""
    plain = _NAMES[name]
    value = request.cookies.get(_PREFIX + plain)
    if value is None and request.url.scheme != "https":
        value = request.cookies.get(plain)
    return value if value and len(value) <= _LIMIT else None


def read_session_cookie(request: Request) -> str | None:
    """The token of the session that the browser says it has."""
    return read_cookie(request, "session")


def set_cookie(
    response: Response, name: Name, value: str, *, secure: bool, max_age: int | None = None
) -> None:
    """Give the browser a cookie that scripts cannot read and other sites cannot send."""
    key = _PREFIX + _NAMES[name] if secure else _NAMES[name]
    response.set_cookie(
        key, value, max_age=max_age, path="/", secure=secure, httponly=True, samesite="lax"
    )


def delete_cookie(response: Response, name: Name, *, secure: bool) -> None:
    """Take a cookie back."""
    key = _PREFIX + _NAMES[name] if secure else _NAMES[name]
    response.delete_cookie(key, path="/", secure=secure, httponly=True, samesite="lax")


def build_csrf(cookie: str) -> str:
    """What forms carry: bound to the cookie, and of no use for finding it. It needs no place
    in the database, and ends with the session."""
    return hmac.new(cookie.encode(), b"portal form", hashlib.sha256).hexdigest()
