"""The HTTP server: routes, widget, demo website, health."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import structlog
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from agent.api import build_chat_router
from app.api_document import DescribedApi
from app.appointment_desk import build_desk, build_link_desk
from app.feedback_routes import add_feedback
from app.handoff_routes import add_handoffs
from app.handoff_sight import show_handoffs
from app.machine_gate import WebhookGate
from app.migrations.run import current_revision, newest_revision
from app.oauth import build_oauth_router
from app.places import shipped
from app.runtime import Runtime
from app.staff import build_principal_check, build_staff_check
from app.staff_api import build_staff_router
from app.vendors import WEBHOOK_PATH
from app.webhooks import LARGEST_BODY, build_webhook_router
from core.clock import SystemClock
from core.http import ErrorResponses, RequestMiddleware, describe_errors
from core.ids import new_id
from core.outbox import measure_depth
from portal.appointment_link import build_link_router
from portal.router import build_portal_router
from sales.appointments.api import build_appointment_router
from sales.conversations.service import Pass
from sales.crm_sync.api import build_crm_router
from sales.followups.api import build_mail_router, build_unsubscribe_router
from sales.leads.api import build_lead_router
from sales.leads.profile_api import build_staff_profile_router, build_visitor_profile_router
from sales.leads.service import LeadService
from sales.privacy.api import build_privacy_router

log = structlog.get_logger(__name__)

DEMO_PATH = "/demo"
DEMO_KEY = "demo"
# The policy under which the widget is promised to work; the demo pages prove it.
DEMO_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)


def product_version() -> str:
    """The installed version."""
    try:
        return version("sales-agent")
    except PackageNotFoundError:
        return "0+checkout"


class _Origins(CORSMiddleware):
    """CORS for the origins that sites allow now: the list changes with `app.yaml`.

    Outside of everything else, so that a browser lets its page read every error too.
    """

    def __init__(self, app: Any, knows: Callable[[str], bool], errors: ErrorResponses) -> None:
        super().__init__(
            app,
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "accept", "idempotency-key"],
            expose_headers=["retry-after", "x-request-id", "deprecation", "sunset", "link"],
            max_age=600,
        )
        self._knows = knows
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or let the request through."""
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            asks = "access-control-request-method" in headers
            if origin is not None and asks and not self.is_allowed_origin(origin):
                await self._refuse(origin, scope)(scope, receive, send)
                return
        await super().__call__(scope, receive, send)

    def _refuse(self, origin: str, scope: Scope) -> JSONResponse:
        request_id = scope.setdefault("state", {})["request_id"] = new_id()
        message = "No site may be used from this origin. Add it to allowed_origins."
        headers = {"vary": "Origin", "x-request-id": request_id}
        details = {"origin": origin[:200]}
        return self._errors.build(scope, 403, "FORBIDDEN", message, details, headers)

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether any site may be used from a page of `origin`."""
        return self._knows(origin)


class _DemoSite(StaticFiles):
    """The demo website's built pages, under the policy a careful customer would set."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file, or with the site's own 404 page."""

        async def send_with_policy(message: Any) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", DEMO_POLICY.encode())
                message["headers"] = [*message["headers"], policy]
            await send(message)

        await super().__call__(scope, receive, send_with_policy)


def create_app(start: Callable[[], Awaitable[Runtime]]) -> FastAPI:
    """The application. `start` opens the runtime when the server comes up."""
    running: list[Runtime] = []

    def get_runtime() -> Runtime:
        return running[0]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        running[:] = [await start()]
        async with get_runtime().background():
            log.info("ready")
            yield

    errors = ErrorResponses()
    app = DescribedApi(
        title="Sales agent",
        version=product_version(),
        description="Chat with the visitors of a website, with answers that can be checked.",
        lifespan=lifespan,
        exception_handlers=errors.handlers(),
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
    )

    @app.exception_handler(SQLAlchemyError)
    async def answer_database_failure(request: Request, error: SQLAlchemyError) -> JSONResponse:
        # The statement and its values stay out of the answer and the log.
        log.error("database_failed", kind=type(error).__name__, path=request.url.path)
        message = "The data cannot be written or read just now. Nothing was lost: try again."
        return errors.build(request.scope, 503, "UNAVAILABLE", message)

    def knows_origin(origin: str) -> bool:
        return get_runtime().resources.organization.knows_origin(origin, "")

    # The last one added is the outermost.
    app.add_middleware(RequestMiddleware, errors=errors, larger={WEBHOOK_PATH: LARGEST_BODY})
    app.add_middleware(_Origins, knows=knows_origin, errors=errors)
    app.include_router(build_chat_router(lambda: get_runtime().chat))
    check = build_staff_check(get_runtime)
    app.include_router(build_staff_router(get_runtime, check))
    app.include_router(build_appointment_router(lambda: build_desk(get_runtime())))
    app.include_router(build_link_router(lambda: build_link_desk(get_runtime()), SystemClock()))
    app.include_router(
        build_mail_router(lambda: get_runtime().services.mails, build_principal_check(get_runtime))
    )
    app.include_router(build_unsubscribe_router(lambda: get_runtime().services.mails))
    _add_leads(app, get_runtime)
    gate = WebhookGate(lambda: get_runtime().settings.server, SystemClock())
    add_feedback(app, get_runtime, gate)
    add_handoffs(app, get_runtime)
    identify = build_principal_check(get_runtime)
    app.include_router(build_privacy_router(lambda: get_runtime().services.privacy, identify))
    app.include_router(build_oauth_router(get_runtime))
    app.include_router(build_webhook_router(lambda: get_runtime().webhooks, gate.check))
    app.include_router(build_portal_router(lambda: get_runtime().portal, SystemClock()))
    _add_health(app, get_runtime, check)
    _add_files(app)
    return app


def _add_leads(app: FastAPI, get_runtime: Callable[[], Runtime]) -> None:
    def get_leads() -> LeadService:
        return get_runtime().services.leads

    def admit(request: Request, conversation_id: str) -> Pass:
        return get_runtime().chat.admit(request, conversation_id)[0]

    identify = build_principal_check(get_runtime)
    app.include_router(build_lead_router(get_leads, identify))
    app.include_router(build_staff_profile_router(get_leads, identify))
    app.include_router(build_visitor_profile_router(get_leads, admit))
    app.include_router(
        build_crm_router(lambda: get_runtime().services.crms.sync, get_leads, identify)
    )


def _add_health(app: FastAPI, get_runtime: Callable[[], Runtime], check: Any) -> None:
    @app.get("/healthz", tags=["health"])
    async def is_alive() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok", "version": product_version()}

    @app.get("/readyz", tags=["health"], responses={503: {"description": "Not ready, and why"}})
    async def is_ready() -> JSONResponse:
        """The database answers and has this version's tables. `vectors` tells how search works:
        with keywords and vectors, or with keywords only."""
        resources = get_runtime().resources
        try:
            revision = await current_revision(resources.database)
        except SQLAlchemyError as error:
            log.error("database_failed", kind=type(error).__name__)
            return JSONResponse({"status": "unavailable", "database": "does not answer"}, 503)
        vectors: dict[str, Any] = {"model": resources.embedder and resources.embedder.name}
        for site in resources.organization.list_sites():
            state = await resources.knowledge.describe_vectors(site.ref)
            vectors[site.settings.key] = state.describe()
        ready = revision == newest_revision()
        content = {
            "status": "ready" if ready else "unavailable",
            "database": "ok" if ready else "its tables are of another version",
            "vectors": vectors,
        }
        return JSONResponse(content, 200 if ready else 503)

    @app.get(
        "/metrics",
        tags=["health"],
        dependencies=[Depends(check)],
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **describe_errors(401, 503)},
    )
    async def show_metrics() -> PlainTextResponse:
        """Counters and times, as Prometheus reads them. For staff."""
        resources = get_runtime().resources
        async with resources.database.reading(None) as uow:
            depths = await measure_depth(uow, resources.clock.now())
        resources.outbox_metrics.show_depth(resources.effects.names, depths)
        sight = get_runtime().services.handoffs.sight
        await show_handoffs(get_runtime().handoff_metrics, sight, resources.organization)
        content = generate_latest(resources.registry)
        return PlainTextResponse(content, media_type=CONTENT_TYPE_LATEST)


def _add_files(app: FastAPI) -> None:
    widget = shipped("widget/dist/widget.js")

    @app.get("/widget.js", include_in_schema=False)
    async def send_widget(request: Request) -> Response:
        """The widget: one script, the same for every site."""
        content = widget.read_bytes()
        tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        headers = {
            "etag": tag,
            "cache-control": "public, max-age=300, stale-while-revalidate=86400",
            "cross-origin-resource-policy": "cross-origin",
            "access-control-allow-origin": "*",
        }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="text/javascript", headers=headers)

    site: Path = shipped("demo/site/dist")
    if site.is_dir():
        app.mount(DEMO_PATH, _DemoSite(directory=site, html=True))

        @app.get("/", include_in_schema=False)
        async def show_demo() -> RedirectResponse:
            """The demo website."""
            return RedirectResponse(DEMO_PATH + "/")
