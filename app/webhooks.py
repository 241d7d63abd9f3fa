"""`POST /webhooks/vendors/{vendor}/{tenant}`: where vendors tell us what happened.

The raw bytes go to the vendor's own folder, which checks the signature. What it reads out of them
is stored once, with the promises of its effects, before the vendor is told that all is well.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.public_address import PublicAddress
from app.vendors import WEBHOOK_PATH
from core.errors import AppError, AuthenticationFailed, ConfigurationError, NotFound, UserError
from core.protocols.vendor import WebhookAnswer, WebhookRequest
from sales.connections.inbox import EventInbox
from sales.connections.rules import check_events
from sales.connections.schemas import Vendors
from sales.organization.service import OrganizationService

log = structlog.get_logger(__name__)

# Mail services send events in batches that are larger than anything a visitor may send.
LARGEST_BODY = 2 * 1024 * 1024
_LARGEST_HEADERS = 100


class WebhookDoor:
    """What the route needs, as it is now."""

    def __init__(
        self,
        organization: OrganizationService,
        get_vendors: Callable[[], Vendors],
        inbox: EventInbox,
        address: PublicAddress,
    ) -> None:
        self._organization, self._get_vendors = organization, get_vendors
        self._inbox, self._address = inbox, address

    def knows(self, vendor_key: str) -> bool:
        """Whether there is a vendor of this key."""
        return vendor_key in self._get_vendors()

    async def take(self, vendor_key: str, tenant_key: str, request: Request) -> WebhookAnswer:
        """Let the vendor's folder check and read it, and store the events.

        Raises:
            NotFound: no such tenant, or no such vendor that tells us anything.
            Unauthorized: the signature does not hold.
            Invalid: it cannot be read.
        """
        vendor = self._get_vendors().get(vendor_key)
        if vendor is None or not vendor.manifest.webhook or vendor.missing:
            raise NotFound("There is nothing at this address.")
        tenant_id = self._organization.get_tenant(tenant_key).id
        received = WebhookRequest(
            tenant_id=tenant_id,
            method=request.method,
            url=self._read_url(request),
            headers=dict(request.headers.items()[:_LARGEST_HEADERS]),
            query=dict(request.query_params),
            body=await request.body(),
        )
        read = vendor.load(vendor.manifest.webhook)
        answer: WebhookAnswer = await read(vendor.context, received)
        check_events(vendor.manifest, answer.events)
        new = await self._inbox.receive(tenant_id, vendor_key, answer.events)
        log.info("vendor_told", vendor=vendor_key, events=len(answer.events), new=new)
        return answer

    def _read_url(self, request: Request) -> str:
        """As the vendor called it: a proxy before us may have changed scheme and host."""
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{self._address.get()}{request.url.path}{query}"


def build_webhook_router(
    get_door: Callable[[], WebhookDoor], check: Callable[[Request, str], None]
) -> APIRouter:
    """The door. `check` refuses addresses that may not call, or call too often; it is told the
    vendor's key."""
    router = APIRouter(prefix=WEBHOOK_PATH, include_in_schema=False)

    # GET and HEAD: some vendors try an address that way before they use it.
    @router.api_route("/{vendor}/{tenant}", methods=["POST", "GET", "HEAD"])
    async def take(vendor: str, tenant: str, request: Request) -> Response:
        door = get_door()
        # Vendors that there are not share one count, so that nobody can make up names for ever.
        check(request, vendor if door.knows(vendor) else "")
        try:
            answer = await door.take(vendor, tenant, request)
        except UserError as error:
            log.warning("vendor_refused", vendor=vendor[:40], status=error.status)
            raise
        except AuthenticationFailed:
            raise NotFound("This vendor is not connected here.") from None
        except (AppError, ConfigurationError) as error:
            # The vendor sends it again later; by then it may work.
            log.error("vendor_not_heard", vendor=vendor[:40], kind=type(error).__name__)
            return PlainTextResponse("Try again later.", 503, {"retry-after": "60"})
        if answer.status == 204 or not answer.text:
            return Response(status_code=answer.status)
        return Response(answer.text, answer.status, media_type=answer.media_type)

    return router
