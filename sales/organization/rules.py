"""Who may use a site key, and what a role may do."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

ROLES = ("admin", "manager", "rep")


def allows_origin(allowed: Iterable[str], origin: str | None, own_origin: str) -> bool:
    """Whether a browser page of `origin` may use a site.

    `None` is a request without an `Origin` header: a program, or a page of this very server.
    It is allowed because the header protects visitors of foreign pages, whose browsers always
    send it; programs could write anything into it.
    """
    if origin is None:
        return True
    origin = origin.lower()
    for pattern in allowed:
        if pattern == "self":
            if origin == own_origin.lower():
                return True
        elif "://*." in pattern:
            scheme, _, host = pattern.partition("://*.")
            parts = urlsplit(origin)
            if parts.scheme == scheme and parts.netloc.endswith("." + host):
                return True
        elif origin == pattern:
            return True
    return False
