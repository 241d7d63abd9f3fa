"""Which addresses programs may call from: `server.machine_addresses` and `webhook_addresses`;
and how many webhooks a minute, so that a flood of forged ones costs next to nothing.

The address is the connection's own. Behind a proxy the server takes X-Forwarded-For over, but only
from those in `server.trusted_proxies`; from anybody else that header changes nothing here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from starlette.requests import Request

from app.settings import ServerSettings
from core.clock import Clock
from core.errors import Forbidden
from sales.handoffs.throttling import ClientThrottle
from sales.organization.throttling import network_of


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


class WebhookGate:
    """The way to every webhook, before a signature is looked at. Counts in memory: with several
    processes, the limit is per process."""

    def __init__(self, get_server: Callable[[], ServerSettings], clock: Clock) -> None:
        self._get_server, self._throttle = get_server, ClientThrottle(clock, "webhooks")

    def check(self, request: Request, door: str) -> None:
        """One more call of a door: a vendor's name, or the path's last part.

        Raises:
            Forbidden: the address is not on the list.
            RateLimited: it called this door too often within a minute.
        """
        server = self._get_server()
        check_webhook(server, request)
        address = network_of(request.client.host) if request.client else ""
        self._throttle.count(f"{door} {address}", server.webhooks_per_minute)


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
