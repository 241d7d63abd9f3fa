# ruff: noqa: E501 - pages, exports and links are shown as they are
"""A website on the loopback, spoken to over real HTTP, with everything that real sites do wrong."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

Answer = Callable[[Request], Response | Awaitable[Response]]


class StandInSite:
    """Pages by path; `requests` are the paths asked for, in order, `agents` the user agents."""

    def __init__(self) -> None:
        self.pages: dict[str, str | Response | Answer] = {}
        self.requests: list[str] = []
        self.agents: set[str] = set()
        self.times: list[float] = []
        self.address = ""
        self._fallback: Answer | None = None

    def fall_back(self, answer: Answer) -> None:
        """Answer every other path."""
        self._fallback = answer

    def count(self, path: str) -> int:
        return Counter(self.requests)[path]

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:  # type: ignore[type-arg]
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        query = scope["query_string"].decode()
        path = scope["path"] + (f"?{query}" if query else "")
        self.requests.append(path)
        self.times.append(asyncio.get_running_loop().time())
        self.agents.add(request.headers.get("user-agent", ""))
        found = self.pages.get(path, self._fallback)
        if found is None:
            answer: Response = HTMLResponse("<h1>Not here</h1>", 404)
        elif isinstance(found, str):
            answer = HTMLResponse(found)
        elif isinstance(found, Response):
            answer = found
        else:
            given = found(request)
            answer = await given if isinstance(given, Awaitable) else given
        await answer(scope, receive, send)


@asynccontextmanager
async def serve(site: StandInSite) -> AsyncIterator[str]:
    """Serve a site on a free port; yields its address."""
    with socket.socket() as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            site, log_level="error", lifespan="off", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        site.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield site.address
        finally:
            server.should_exit = True
            await task


def page(text: str, *links: str, head: str = "") -> str:
    """A page with a text and links."""
    anchors = "".join(f'<a href="{link}">{link}</a> ' for link in links)
    return f"<!doctype html><html><head><title>{text}</title>{head}</head><body><main><h1>{text}</h1><p>Text of {text}.</p>{anchors}</main></body></html>"
