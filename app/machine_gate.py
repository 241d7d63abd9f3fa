"""Which addresses programs may call from: `server.machine_addresses` and `webhook_addresses`.

The address is the connection's own. Behind a proxy the server takes X-Forwarded-For over, but only
from those in `server.trusted_proxies`; from anybody else that header changes nothing here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.requests import Request

from app.settings import ServerSettings
from core.errors import Forbidden


def check_machine(server: ServerSettings, request: Request) -> None:
    """Refuse programs from elsewhere, before anything of theirs is looked at.

    Raises:
        Forbidden: the address is not on the list.
    """
    _check(server.machine_addresses, "machine_addresses", request)


def check_webhook(server: ServerSettings, request: Request) -> None:
    """Refuse webhooks from elsewhere.

    Raises:
        Forbidden: the address is not on the list.
    """
    _check(server.webhook_addresses, "webhook_addresses", request)


def _check(networks: Sequence[str], setting: str, request: Request) -> None:
    peer = request.client.host if request.client else ""
    if networks and not is_within(peer, networks):
        raise Forbidden(f"Programs may not call from this address: see server.{setting}.")


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address lies in one of the networks. An IPv4 address that arrives as IPv6 is the
    IPv4 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in ipaddress.ip_network(one) for one in networks)
