"""The page of `make demo-vendors`: what each stand-in holds, and buttons that break it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.vendors.standin import Fault, HttpStandIn, StandIn

# What each button orders, for three requests: enough to see retries, few enough to see the end.
FAULTS: Mapping[str, Fault] = {
    "401": Fault(status=401, times=3),
    "403": Fault(status=403, times=3),
    "404": Fault(status=404, times=3),
    "409": Fault(status=409, times=3),
    "429, Retry-After 5": Fault(status=429, retry_after=5, times=3),
    "500": Fault(status=500, times=3),
    "slow, 5 s": Fault("slow", seconds=5, times=3),
    "cut before": Fault("cut_before", times=3),
    "cut after": Fault("cut_after", times=3),
    "half an answer": Fault("half", times=3),
}
_SHOWN_ROWS = 20
_SHOWN_REQUESTS = 6
_VALUE = 160
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 0 auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline; }
section { border: 1px solid #8886; border-radius: 10px; padding: 1rem; margin: 1rem 0; }
h1, h2, h3 { line-height: 1.2; margin: 0 0 .5rem; } h3 { font-size: 1rem; margin-top: 1rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #8884; }
td { vertical-align: top; } form { display: inline; }
button { font: inherit; padding: .3rem .7rem; margin: .15rem 0; cursor: pointer; }
.waiting { color: #b42318; font-weight: 600; } pre { white-space: pre-wrap; font-size: .8rem; }
@media (prefers-color-scheme: dark) { .waiting { color: #ff9a8d; } }
"""


class Page:
    """The running page."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


def serve_page(stand_ins: Sequence[StandIn], port: int, demo_url: str) -> Page:
    """Serve the page in a thread; `port` 0 takes a free one."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _build_handler(stand_ins, demo_url))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return Page(server)


def draw_page(stand_ins: Sequence[StandIn], demo_url: str) -> str:
    """The whole page. What stand-ins hold came from visitors: everything is escaped."""
    parts = [_draw_stand_in(index, one) for index, one in enumerate(stand_ins)]
    links = "".join(
        f'<a href="{escape(demo_url)}{path}">{name}</a>'
        for name, path in (("Demo website", "/demo/"), ("Portal", "/portal/integrations"))
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stand-ins</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="refresh" content="4">'
        f"<style>{_STYLE}</style></head><body><header><h1>Stand-ins</h1>{links}</header>"
        "<p>Each button breaks the next three requests. The page renews itself.</p>"
        f"{''.join(parts)}</body></html>"
    )


def _draw_stand_in(index: int, one: StandIn) -> str:
    lines = [f"<section><h2>{escape(one.title)}</h2><p><code>{escape(one.url)}</code></p>"]
    if isinstance(one, HttpStandIn):
        lines.append("".join(_draw_button(index, name) for name in (*FAULTS, "all well")))
        waiting = [
            f"{_name_fault(fault)}, {left} times" for fault, left in one.faults.list_waiting()
        ]
        if waiting:
            lines.append(f'<p class="waiting">Waiting: {escape("; ".join(waiting))}</p>')
    for kind, rows in one.records().items():
        if rows:
            lines.append(f"<h3>{escape(kind)} ({len(rows)})</h3>{_draw_table(rows)}")
    if isinstance(one, HttpStandIn):
        lines.append(_draw_requests(one))
    return "".join(lines) + "</section>"


def _draw_button(index: int, name: str) -> str:
    return (
        '<form method="post" action="/fault">'
        f'<input type="hidden" name="stand_in" value="{index}">'
        f'<button name="fault" value="{escape(name)}">{escape(name)}</button></form> '
    )


def _draw_table(rows: Sequence[Mapping[str, Any]]) -> str:
    shown = list(rows)[-_SHOWN_ROWS:]
    columns = list(dict.fromkeys(key for row in shown for key, value in row.items() if value))
    head = "".join(f"<th>{escape(str(column))}</th>" for column in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_show(row.get(key)))}</td>" for key in columns) + "</tr>"
        for row in shown
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _draw_requests(one: HttpStandIn) -> str:
    last = one.requests[-_SHOWN_REQUESTS:]
    if not last:
        return "<p>No request yet.</p>"
    lines = "\n".join(f"{request.method} {request.path}" for request in last)
    faults = "".join(f"<li>{escape(text[:300])}</li>" for text in one.errors[-3:])
    return f"<h3>Last of {len(one.requests)} requests</h3><pre>{escape(lines)}</pre>" + (
        f"<h3>Not as the vendor's specification says</h3><ul>{faults}</ul>" if faults else ""
    )


def _show(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _VALUE else text[:_VALUE] + "…"


def _name_fault(fault: Fault) -> str:
    return next((name for name, one in FAULTS.items() if one == fault), fault.kind)


def _build_handler(stand_ins: Sequence[StandIn], demo_url: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            content = draw_page(stand_ins, demo_url).encode()
            self.send_response(200 if urlsplit(self.path).path == "/" else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            length = min(int(self.headers.get("content-length") or 0), 4096)
            form = parse_qs(self.rfile.read(length).decode())
            origin = self.headers.get("origin", "")
            if origin in ("", "null") or urlsplit(origin).netloc == self.headers.get("host"):
                self._order(form)
            self.send_response(303)
            self.send_header("location", "/")
            self.send_header("content-length", "0")
            self.end_headers()

        def _order(self, form: Mapping[str, list[str]]) -> None:
            index, name = form.get("stand_in", ["x"])[0], form.get("fault", [""])[0]
            if not index.isdigit() or int(index) >= len(stand_ins):
                return
            faults = stand_ins[int(index)].faults
            if name in FAULTS:
                faults.order(FAULTS[name])
            else:
                faults.clear()

    return Handler
