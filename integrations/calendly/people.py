"""Whose account is whose, and which of their event types is booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core.clock import Clock
from core.errors import Rejected, Unsupported
from core.protocols.calendar import CalendarOwner
from integrations.calendly.client import VENDOR, CalendlyClient, get_uuid
from integrations.calendly.settings import CalendlySettings

_FRESH = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Host:
    """A rep's Calendly user, with their active event types."""

    uri: str
    event_types: tuple[dict[str, Any], ...]


class HostDirectory:
    """Finds hosts by their address. The organisation's event types name their owners, whose
    addresses are asked for once in a while."""

    def __init__(self, client: CalendlyClient, clock: Clock, settings: CalendlySettings) -> None:
        self._client, self._clock, self._settings = client, clock, settings
        self._known: dict[str, tuple[datetime, dict[str, Host]]] = {}

    async def get_host(self, owner: CalendarOwner) -> Host:
        """The Calendly user of a rep's address.

        Raises:
            Rejected: the organisation has none, or the token does not show them.
        """
        read_at, hosts = self._known.get(owner.tenant_id, (None, {}))
        is_old = read_at is None or read_at + _FRESH < self._clock.now()
        if is_old or owner.email not in hosts:
            hosts = await self._read(owner.tenant_id)
            self._known[owner.tenant_id] = (self._clock.now(), hosts)
        if owner.email not in hosts:
            raise Rejected(
                VENDOR,
                "find user",
                f"nobody with the address {owner.email} has an active event type that this "
                "token shows. It must be of an owner or admin of the organisation",
            )
        return hosts[owner.email]

    async def get_event_type(self, owner: CalendarOwner, duration: timedelta) -> str:
        """The address of the event type to book for a length.

        Raises:
            Unsupported: the rep offers no meetings of this length.
        """
        minutes, wanted = duration // timedelta(minutes=1), self._settings.event_type.lower()
        host = await self.get_host(owner)
        for one in host.event_types:
            names = (str(one.get("name", "")).lower(), str(one.get("slug", "")).lower())
            fits = wanted in names if wanted else not one.get("secret")
            if fits and one.get("duration") == minutes:
                return str(one["uri"])
        raise Unsupported(
            VENDOR, "find event type", f"{owner.email} has no active event type of {minutes} min"
        )

    async def _read(self, tenant_id: str) -> dict[str, Host]:
        client = self._client
        me = (await client.send(tenant_id, "me", "GET", "/users/me") or {}).get("resource", {})
        params = {"active": "true", "organization": str(me.get("current_organization", ""))}
        try:
            types = await client.list_all(tenant_id, "event types", "/event_types", params)
        except Rejected as error:
            if error.excerpt[:3] != "403":
                raise
            # Not an admin's token: only the own event types are shown.
            params = {"active": "true", "user": str(me.get("uri", ""))}
            types = await client.list_all(tenant_id, "event types", "/event_types", params)
        owned: dict[str, list[dict[str, Any]]] = {}
        for one in types:
            profile = one.get("profile") or {}
            if profile.get("owner"):
                owned.setdefault(str(profile["owner"]), []).append(one)
        hosts = {}
        for uri, listed in owned.items():
            email = str(me.get("email", "")) if uri == me.get("uri") else ""
            if not email:
                path = f"/users/{get_uuid(uri)}"
                user = await client.send(tenant_id, "user", "GET", path) or {}
                email = str(user.get("resource", {}).get("email", ""))
            hosts[email.lower()] = Host(uri, tuple(listed))
        return hosts
