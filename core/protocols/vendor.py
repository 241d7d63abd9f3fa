"""What a vendor's folder says of itself, and what it is given: the same for every vendor.

`integrations/<vendor>/manifest.py` holds one `MANIFEST`. The list of vendors is the list of
folders: settings, the portal's page *Integrations* and `sales-agent check` are made from the
manifests, so that a new vendor needs no other file touched (docs/adding-an-integration.md).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from core.clock import Clock
from core.errors import BugError
from core.settings import Section

Capability = Literal["crm", "calendar", "email", "notifier", "knowledge_index", "sales_system"]
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing an admin types in to connect. `name` is the key under which it is stored.

    It may stand in `app.yaml` as well, as `integrations.<vendor>.<name>`: where the vendor's
    settings type has no field of that name, one is added, a `Secret` if `secret`. `lines`:
    it has several, e.g. a private key.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = True
    required: bool = True
    lines: bool = False


@dataclass(frozen=True, slots=True)
class OAuthFlow:
    """How an admin connects by signing in at the vendor (RFC 6749, 4.1, with PKCE, RFC 7636).

    Paths are appended to the addresses that the vendor's settings name, so that a stand-in can
    take the vendor's place. The client's id and secret are `client_id` and `client_secret`
    among the credentials; what comes back is stored as `access_token`, `refresh_token` and
    `expires_at` (seconds since 1970) beside them, and so are the keys of the answer that `keep`
    names, e.g. the address of the account's own server.

    `authorize_url`, `token_url` and `revoke_url` are given the vendor's settings. `extra` is
    sent with the authorization request. `client_auth`: how the client proves itself at the
    token endpoint (RFC 6749, 2.3.1): in the body, or by HTTP Basic. `revoke_url` is spoken to
    as RFC 7009 says; a vendor that wants it otherwise names a function in `Manifest.disconnect`.
    """

    authorize_url: Callable[[Any], str]
    token_url: Callable[[Any], str]
    scopes: tuple[str, ...]
    revoke_url: Callable[[Any], str] | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    client_auth: Literal["body", "basic"] = "body"


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
        stored, without a call of its own. What `renew` returns is laid over what is stored: keys
        that it does not name stay.

        Raises:
            ProviderError: `renew` failed; what was stored stays.
        """
        ...


@dataclass(frozen=True, slots=True)
class Note:
    """Something a vendor's folder remembers. `revision` grows by one with each writing."""

    key: str
    value: Mapping[str, Any]
    revision: int


class VendorMemory(Protocol):
    """JSON values that a vendor's folder keeps in our database between calls, by tenant and key,
    e.g. the vendor's own id of something of ours. No secrets: those are `Credentials`."""

    async def find_note(self, tenant_id: str, key: str) -> Note | None:
        """What is kept under a key (at most 200 characters)."""
        ...

    async def list_notes(self, tenant_id: str, prefix: str) -> Sequence[Note]:
        """What is kept under keys that begin so, by key."""
        ...

    async def write_note(
        self, tenant_id: str, key: str, value: Mapping[str, Any], revision: int = 0
    ) -> bool:
        """Keep a value in place of the one of `revision` (0: of none). False, and nothing is
        written, when somebody else has written since."""
        ...


def _no_address(_tenant_id: str) -> str:
    return ""


class NoMemory:
    """For vendors that need none."""

    async def find_note(self, tenant_id: str, key: str) -> Note | None:
        """Nothing is kept."""
        raise BugError(f"{key} of {tenant_id}: this vendor was given no memory")

    async def list_notes(self, tenant_id: str, prefix: str) -> Sequence[Note]:
        """Nothing is kept."""
        raise BugError(f"{prefix} of {tenant_id}: this vendor was given no memory")

    async def write_note(
        self, tenant_id: str, key: str, value: Mapping[str, Any], revision: int = 0
    ) -> bool:
        """Nothing is kept."""
        raise BugError(f"{key} of {tenant_id}: no memory for {len(value)} values at {revision}")


@dataclass(frozen=True, slots=True)
class VendorContext:
    """All that a vendor is given. `settings` is of the manifest's own type.

    `webhook_url(tenant_id)` is the address at which the vendor reaches us for that tenant; empty
    where no `server.public_url` is set, because then nobody outside can.
    """

    settings: Any
    credentials: Credentials
    clock: Clock
    webhook_url: Callable[[str], str] = _no_address
    memory: VendorMemory = field(default_factory=NoMemory)


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What a vendor sent to `/webhooks/vendors/<vendor>/<tenant>`, as it came.

    `headers` have names in lower case. `url` is the whole address as the vendor called it, query
    included, for signatures that cover it. Nothing in it is believed before the vendor's
    function has checked the signature over the raw `body`.
    """

    tenant_id: str
    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class VendorEvent:
    """Something that happened at the vendor, of which it told us with a signature that holds.

    `id`: the vendor's own id of the event, else a hash of what makes it one: a second event of
    the same vendor, tenant and id is not stored. `capability` says who acts on it. `kind` and
    `payload` (JSON values, only what is needed) are agreed with that effect, in our words, e.g.
    `bounced`. `subject`: the vendor's id of the thing it is about; events of one subject are
    acted on in the order of their coming, and `happened_at` tells which one is older.
    """

    id: str
    capability: Capability
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    subject: str = ""
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """What the vendor is told, once the events are committed; `text` e.g. for a challenge."""

    events: tuple[VendorEvent, ...] = ()
    status: int = 200
    text: str = ""
    media_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A vendor in one value. Cheap to import: `build` names its functions as `module:function`
    and they are imported only where the vendor is switched on.

    Each function takes a `VendorContext` and returns the implementation of the capability's
    protocol. All of these are named as `module:function` too:

    `check` (`async (VendorContext, tenant_id) -> str`) tries the credentials and returns one line
    of what was found, e.g. the account's name. Raises `ProviderError`.

    `webhook` (`async (VendorContext, WebhookRequest) -> WebhookAnswer`) checks the signature and
    reads the events; it changes nothing and asks nobody. Raises `Unauthorized` when the
    signature does not hold or is too old, `Invalid` when the body cannot be read.

    `disconnect` (`async (VendorContext, tenant_id) -> None`) takes the tokens back at the vendor,
    where `oauth.revoke_url` is not enough. Raises `ProviderError`.
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
    webhook: str = ""
    disconnect: str = ""
    # The extra of pyproject.toml that installs the vendor's library; empty: none is needed.
    extra: str = ""
    docs: str = ""

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """What it can do for us."""
        return tuple(self.build)
