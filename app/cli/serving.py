"""`sales-agent serve` and `sales-agent demo`."""

from __future__ import annotations

import asyncio
import errno
import os
import socket

import structlog
import uvicorn

from app.bounded_http import BoundedHttp
from app.cli.console import complain, notes
from app.cli.opening import collecting_later
from app.places import Places
from app.runtime import Runtime
from app.server import DEMO_KEY, DEMO_PATH, create_app
from app.settings import AppSettings
from core.logging import configure_logging
from core.protocols.knowledge_index import PassageEmbedder
from portal.desk import PREFIX as PORTAL_PATH

log = structlog.get_logger(__name__)

_TRIES = 20


def serve_site(
    settings: AppSettings, places: Places, embedder: PassageEmbedder | None, host: str, port: int
) -> None:
    """Serve until stopped."""
    listener = listen(host, port)
    address = _address_of(host, listener)
    demo = any(site.key == DEMO_KEY for site in settings.sites)
    notes.print(f"The server is at [bold]{address}[/bold]  (stop it with Ctrl-C)")
    if demo:
        notes.print(f"The demo website is at [bold]{address}{DEMO_PATH}/[/bold]")
    notes.print(f"The portal is at [bold]{address}{PORTAL_PATH}/[/bold]")
    _serve(settings, places, embedder, listener)


def serve_demo(
    settings: AppSettings, places: Places, embedder: PassageEmbedder | None, host: str, port: int
) -> None:
    """Read the demo website in, then serve it."""
    from app.cli.access import prepare_demo_staff  # noqa: PLC0415 - the demo's own
    from app.cli.ingesting import Named, ingest_sources  # noqa: PLC0415 - serving reads no source

    failed = asyncio.run(
        # A newcomer asks at once, and the first answers should be the best ones.
        ingest_sources(settings, places, Named(site=DEMO_KEY), vectors=True, as_json=False)
    )
    if failed:
        complain("The demo website could not be read; see above.")
    sign_in = asyncio.run(prepare_demo_staff(settings, places))
    listener = listen(host, port)
    address = _address_of(host, listener)
    notes.print()
    notes.print(f"Open this page and talk to the agent: [bold green]{address}{DEMO_PATH}/[/]")
    notes.print(f"The sales team's portal:              [bold green]{address}{PORTAL_PATH}/[/]")
    notes.print(f"  sign in as {sign_in.email}, password {sign_in.password}", highlight=False)
    notes.print(f"  (kept in {sign_in.file})", highlight=False)
    notes.print(f"Data is kept in {places.data}. Stop with Ctrl-C.", highlight=False)
    _serve(settings, places, embedder, listener)


def listen(host: str, port: int) -> socket.socket:  # noqa: RET503 - complain() ends
    """A listening socket at `port`, or at the next free one, which is said."""
    for candidate in [*range(port, port + _TRIES), 0]:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, candidate))
            listener.listen(2048)
        except OSError as error:
            listener.close()
            if error.errno in (errno.EADDRINUSE, errno.EACCES) and port != 0:
                continue
            complain(f"Cannot listen at {host}:{port} ({error.strerror}). Name another --host.")
        chosen = listener.getsockname()[1]
        if port not in (0, chosen):
            notes.print(f"Port {port} is taken: using {chosen} instead.", style="yellow")
        return listener
    complain(f"No free port near {port}. Name another with --port.")


def _serve(
    settings: AppSettings,
    places: Places,
    embedder: PassageEmbedder | None,
    listener: socket.socket,
) -> None:
    configure_logging(json_lines=settings.server.log_format == "json", level=_level())
    loop_factory = uvicorn.Config("", log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(_run(settings, places, embedder, listener))


async def _run(
    settings: AppSettings,
    places: Places,
    embedder: PassageEmbedder | None,
    listener: socket.socket,
) -> None:
    # Opened before the server comes up: what is wrong with it is then one clear message.
    runtime = await Runtime.start(settings, places, embedder)
    runtime.resources.address.announce(_address_of(listener.getsockname()[0], listener))

    async def get_opened() -> Runtime:
        return runtime

    with collecting_later():
        app = create_app(get_opened)
    config = uvicorn.Config(
        app,
        http=BoundedHttp,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.server.trusted_proxies),
        forwarded_allow_ips=list(settings.server.trusted_proxies) or None,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
    )
    await _Server(config, runtime).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends the portal's streams first, which otherwise hold up its going down."""

    def __init__(self, config: uvicorn.Config, runtime: Runtime) -> None:
        super().__init__(config)
        self._runtime = runtime

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Go down."""
        self._runtime.resources.changes.close()
        await super().shutdown(sockets)


def _level() -> str:
    return os.environ.get("SALES_AGENT_LOG_LEVEL", "INFO").upper()


def _address_of(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    shown = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)  # noqa: S104 - shown only
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"
