"""Settings > Integrations: the tenant's accounts at vendors, as their manifests describe them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from core.errors import Invalid
from core.protocols.vendor import Capability, CredentialField
from portal.desk import Desk, Sent, Viewer
from portal.forms import Form
from portal.navigation import NavEntry
from portal.pages import Page
from sales.connections.rules import CLIENT_FIELDS, list_client_fields, list_key_fields
from sales.connections.schemas import ConnectionSummary, Vendor

_PATH = "/portal/integrations"
_VALUE_LIMIT = 8000
CAPABILITY_NAMES: Mapping[Capability, str] = {
    "crm": "CRM",
    "calendar": "Calendars",
    "email": "Mail",
    "notifier": "Notices",
    "knowledge_index": "Search",
    "sales_system": "Sales system",
}


@dataclass(frozen=True, slots=True)
class VendorCard:
    """A vendor as the page shows it. `problem` is the last error that nothing has mended since."""

    vendor: Vendor
    connection: ConnectionSummary | None
    in_file: bool
    key_fields: tuple[CredentialField, ...]
    client_fields: tuple[CredentialField, ...]
    webhook_url: str
    problem: str

    @property
    def key(self) -> str:
        """The vendor's key: in addresses and ids."""
        return self.vendor.manifest.key

    @property
    def is_connected_here(self) -> bool:
        """Whether an admin has connected it on this page."""
        return self.connection is not None and self.connection.method != "config"

    @property
    def is_connected(self) -> bool:
        """Whether there are credentials, from here or from app.yaml."""
        return self.is_connected_here or self.in_file

    @property
    def capabilities(self) -> list[str]:
        """What it can be used for."""
        return [CAPABILITY_NAMES[one] for one in self.vendor.manifest.capabilities]

    @property
    def uses(self) -> list[str]:
        """What app.yaml uses it for."""
        return [CAPABILITY_NAMES[one] for one in self.vendor.uses]


def _build(desk: Desk) -> APIRouter:
    router = desk.router()
    looking: Any = Depends(desk.looks("manage_integrations"))
    sending: Any = Depends(desk.sends("manage_integrations"))

    @router.get("/integrations")
    async def show(viewer: Viewer = looking) -> Response:
        return await _draw(desk, viewer)

    @router.get("/integrations/callback")
    async def come_back(request: Request, viewer: Viewer = looking) -> Response:
        """From the vendor's sign-in. Nothing else ties it to a form of ours than its state, which
        this session was given."""
        connections = desk.portal.connections
        answer = {name: value[:_VALUE_LIMIT] for name, value in request.query_params.items()}
        try:
            made = await connections.finish_sign_in(viewer.principal, viewer.session.id, answer)
        except Invalid as error:
            return desk.redirect(request, _PATH, error.message)
        return await _test(desk, viewer, request, made.vendor, "is connected")

    @router.post("/integrations/{key}/connect")
    async def connect(key: str, request: Request, sent: Sent = sending) -> Response:
        vendor = desk.portal.connections.get_vendor(key)
        given = _read_fields(sent.form, list_key_fields(vendor.manifest))
        try:
            await desk.portal.connections.connect(sent.principal, key, given)
        except Invalid as error:
            return await _draw(
                desk, sent.viewer, error.status, problem=error.message, opened=f"{key}:key"
            )
        desk.announce(sent.principal)
        return await _test(desk, sent.viewer, request, key, "is connected")

    @router.post("/integrations/{key}/sign-in")
    async def sign_in(key: str, request: Request, sent: Sent = sending) -> Response:
        """The browser goes on by a page of its own: the policy lets no form lead elsewhere."""
        connections = desk.portal.connections
        manifest = connections.get_vendor(key).manifest
        given = _read_fields(sent.form, list_client_fields(manifest))
        try:
            address = await connections.begin_sign_in(
                sent.principal, key, sent.viewer.session.id, _redirect_uri(desk, request), given
            )
        except Invalid as error:
            return await _draw(
                desk, sent.viewer, error.status, problem=error.message, opened=f"{key}:oauth"
            )
        return desk.render(
            sent.viewer, "integration_sign_in.html", name=manifest.name, address=address
        )

    @router.post("/integrations/{key}/test")
    async def test(key: str, request: Request, sent: Sent = sending) -> Response:
        return await _test(desk, sent.viewer, request, key, "works")

    @router.post("/integrations/{key}/disconnect")
    async def disconnect(key: str, request: Request, sent: Sent = sending) -> Response:
        connections = desk.portal.connections
        name = connections.get_vendor(key).manifest.name
        problem = await connections.disconnect(sent.principal, key)
        desk.announce(sent.principal)
        return desk.redirect(request, _PATH, problem or f"{name} is disconnected.")

    return router


async def _test(desk: Desk, viewer: Viewer, request: Request, key: str, done: str) -> Response:
    connections = desk.portal.connections
    name = connections.get_vendor(key).manifest.name
    result = await connections.test(viewer.principal, key)
    desk.announce(viewer.principal)
    said = f"{name} {done}: {result.words}" if result.works else f"{name}: {result.words}"
    return desk.redirect(request, _PATH, said)


def _read_fields(form: Form, fields: tuple[CredentialField, ...]) -> dict[str, str]:
    return {one.name: form.secret(one.name, _VALUE_LIMIT) for one in fields}


def _redirect_uri(desk: Desk, request: Request) -> str:
    return f"{desk.portal.own_origin(request)}{_PATH}/callback"


async def _draw(
    desk: Desk, viewer: Viewer, status: int = 200, *, problem: str = "", opened: str = ""
) -> Response:
    tenant_id, connections = viewer.principal.tenant_id, desk.portal.connections
    known = await connections.list_connections(tenant_id)
    vendors = connections.list_vendors()
    return desk.render(
        viewer,
        "integrations.html",
        status=status,
        cards=[
            _build_card(vendor, known.get(vendor.manifest.key), tenant_id) for vendor in vendors
        ],
        names={vendor.manifest.key: vendor.manifest.name for vendor in vendors},
        changes=await connections.list_changes(tenant_id),
        redirect_uri=_redirect_uri(desk, viewer.request),
        problem=problem,
        opened=opened,
    )


def _build_card(vendor: Vendor, connection: ConnectionSummary | None, tenant_id: str) -> VendorCard:
    manifest = vendor.manifest
    configured = vendor.configured(tenant_id)
    client_fields: tuple[CredentialField, ...] = ()
    if manifest.oauth is not None and not all(name in configured for name in CLIENT_FIELDS):
        client_fields = list_client_fields(manifest)
    return VendorCard(
        vendor=vendor,
        connection=connection,
        in_file=bool(configured),
        key_fields=list_key_fields(manifest),
        client_fields=client_fields,
        webhook_url=vendor.context.webhook_url(tenant_id) if manifest.webhook else "",
        problem=connection.last_error if connection else "",
    )


INTEGRATIONS_PAGE = Page(
    NavEntry("Integrations", _PATH, "plug", "manage_integrations", "settings"), _build
)
