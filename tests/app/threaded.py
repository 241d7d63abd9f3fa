"""The real application over real HTTP in a thread, where a part of it is to be another one."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import httpx
import uvicorn

from app.bounded_http import BoundedHttp
from app.places import Places
from app.runtime import Runtime
from app.server import create_app
from app.settings import AppSettings, load_app_settings
from app.wiring import Resources, build_resources
from ingestion.pipeline import ingest
from ingestion.sources import open_source

Change = Callable[[Resources], Resources]
ChangeRuntime = Callable[[Runtime], None]
_Result = TypeVar("_Result")


async def build_runtime(
    config: Path, change: Change | None = None, then: ChangeRuntime | None = None
) -> Runtime:
    """A runtime that searches by keyword only, with the site of `config` read in."""
    settings: AppSettings = load_app_settings(config)
    data = config.parent / "data"
    data.mkdir(exist_ok=True)
    places = Places(config, data)
    resources = await build_resources(settings, places, None)
    for source in settings.knowledge.sources:
        path = config.parent / "pages"
        known = resources.organization.get_site(source.site)
        opened = open_source(source.model_copy(update={"path": path}))
        await ingest(opened, source.name, known.ref, resources.knowledge)
    runtime = Runtime(settings, change(resources) if change else resources)
    if then is not None:
        then(runtime)
    return runtime


class ThreadedServer:
    """A server on a free port, until the block ends."""

    def __init__(self, start: Callable[[], Awaitable[Runtime]]) -> None:
        self.runtime: Runtime | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

        async def remember() -> Runtime:
            self.runtime = await start()
            return self.runtime

        config = uvicorn.Config(
            create_app(remember),
            http=BoundedHttp,
            log_config=None,
            lifespan="on",
            timeout_graceful_shutdown=5,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.http = httpx.Client(base_url=self.address, timeout=30)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._listener])

    def wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """What `work` gives, done where the server does its own."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def __enter__(self) -> ThreadedServer:
        self._thread.start()
        # A caller that edits `app.yaml` must not race with the start that reads it.
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the server did not start: its log says why")
            time.sleep(0.01)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.http.close()
        self._server.should_exit = True
        if self.runtime is not None and self._thread.is_alive():
            # As `sales-agent serve` does: who only listens does not hold up the end.
            self._loop.call_soon_threadsafe(self.runtime.resources.changes.close)
        self._thread.join(20)


def swap_turn(runtime: Runtime, **parts: object) -> None:
    """Another responder, clock or limits for the turns of `runtime`."""
    turn = replace(runtime.chat.turn, **parts)  # type: ignore[arg-type]
    runtime.chat = replace(runtime.chat, turn=turn)
