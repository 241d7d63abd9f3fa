"""A static web server over the made website: `python -m benchmarks.static_site PORT PAGES`.

Pages are made before it listens and sent from memory, so that it takes as little of the machine
as Python can: what is measured is who reads, not who serves.
"""

from __future__ import annotations

import asyncio
import sys

from benchmarks.made_site import make_pages


def make_answers(port: int, pages: int) -> dict[str, bytes]:
    """Every address of the site with the whole answer, headers and all."""
    made = list(make_pages(pages))
    base = f"http://127.0.0.1:{port}/"
    answers = {}
    for number, page in enumerate(made):
        links = tuple("/" + made[(number + step) % pages].path for step in range(1, 9))
        answers["/" + page.path] = _answer("text/html; charset=utf-8", page.to_html(links))
    urls = "".join(f"<url><loc>{base}{page.path}</loc></url>" for page in made)
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    sitemap = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="{schema}">{urls}</urlset>'
    answers["/sitemap.xml"] = _answer("application/xml", sitemap)
    robots = f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n"
    answers["/robots.txt"] = _answer("text/plain", robots)
    answers["/healthz"] = _answer("text/plain", "ok")
    return answers


def _answer(kind: str, text: str) -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


_MISSING = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"


class _Connection(asyncio.Protocol):
    def __init__(self, answers: dict[str, bytes]) -> None:
        self._answers = answers
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while b"\r\n\r\n" in self._waiting:
            head, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("latin-1")
            self._transport.write(self._answers.get(path, _MISSING))


async def _serve(port: int, pages: int) -> None:
    answers = make_answers(port, pages)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(answers), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
