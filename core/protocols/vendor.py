"""What a vendor's folder says of itself, and what it is given: the same for every vendor.

`integrations/<vendor>/manifest.py` holds one `MANIFEST`. The list of vendors is the list of
folders: settings, the portal's page *Integrations* and `sales-agent check` are made from the
manifests, so that a new vendor needs no other file touched.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from core.clock import Clock
from core.settings import Section

Capability = Literal["crm", "calendar", "email", "notifier", "knowledge_index"]
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing an admin types in to connect. `name` is the key under which it is stored."""

    name: str
    label: str
    help: str = ""
    secret: bool = True
    required: bool = True


@dataclass(frozen=True, slots=True)
class OAuthFlow:
    """How an admin connects by signing in at the vendor (RFC 6749, 4.1, with PKCE, RFC 7636).

    Paths are appended to the addresses that the vendor's settings name, so that a stand-in can
    take the vendor's place. The client's id and secret are `client_id` and `client_secret`
    among the credentials; what comes back is stored as `access_token`, `refresh_token` and
    `expires_at` (seconds since 1970) beside them.
    """

    authorize_url: Callable[[Any], str]
    token_url: Callable[[Any], str]
    scopes: tuple[str, ...]
    revoke_url: Callable[[Any], str] | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


class Credentials(Protocol):
    """A tenant's secrets for one vendor: those stored in the portal, encrypted, before those of
    `app.yaml`."""

    async def get(self, tenant_id: str) -> Values:
        """What is known now.

        Raises:
            AuthenticationFailed: nothing at all is known: not connected.
        """
        ...

    async def refresh(
        self, tenant_id: str, stale: Values, renew: Callable[[Values], Awaitable[Values]]
    ) -> Values:
        """New secrets in place of `stale`. `renew` is called by one caller at a time over all
        tasks and processes, with what is stored; who comes second is given what the first one
        stored, without a call of its own.

        Raises:
            ProviderError: `renew` failed; what was stored stays.
        """
        ...


@dataclass(frozen=True, slots=True)
class VendorContext:
    """All that a vendor is given. `settings` is of the manifest's own type."""

    settings: Any
    credentials: Credentials
    clock: Clock


@dataclass(frozen=True, slots=True)
class Manifest:
    """A vendor in one value. Cheap to import: `build` names its functions as `module:function`
    and they are imported only where the vendor is switched on.

    Each function takes a `VendorContext` and returns the implementation of the capability's
    protocol. `check` (`async (VendorContext, tenant_id) -> str`) tries the credentials and
    returns one line of what was found, e.g. the account's name.
    """

    key: str
    name: str
    summary: str
    needs: str
    build: Mapping[Capability, str]
    settings: type[Section]
    credentials: tuple[CredentialField, ...] = ()
    oauth: OAuthFlow | None = None
    check: str = ""
    # The extra of pyproject.toml that installs the vendor's library; empty: none is needed.
    extra: str = ""
    docs: str = ""

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """What it can do for us."""
        return tuple(self.build)
