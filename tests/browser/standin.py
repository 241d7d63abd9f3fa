"""A chat server that keeps the HTTP contract and breaks on demand, for faults no real one shows.

It serves two origins, as in real life: the website with its pages, and the host of the widget and
its API. `Faults` says what goes wrong; `calls` keeps what was asked.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

WIDGET = Path(__file__).parents[2] / "widget" / "dist" / "widget.js"
API = "/api/v1/chat/conversations"
STYLE = """
body { margin: 0; font: 17px/1.6 Georgia, serif; color: #23303d; background: #f4f1ea; }
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.5rem 40rem; }
nav { display: flex; gap: 1.5rem; padding: 1rem 1.5rem; background: #fff; }
h1 { font-size: 2.4rem; line-height: 1.2; }
"""
WORDS = "Every roast leaves our workshop within two days of the order, and we ship on weekdays."
ANSWERS: dict[str, dict[str, Any]] = {
    "price": {
        "sentences": [
            {
                "text": "The Team plan costs 49 euros a month for up to ten people.",
                "citations": [1],
            },
            {"text": "Paying for a year saves two months.", "citations": [1, 2]},
        ],
        "suggestions": ["And for larger teams?", "Can I cancel at any time?"],
    },
    "team": {
        "sentences": [{"text": "Larger teams pay 4 euros per person.", "citations": [1]}],
    },
    "list": {
        "sentences": [
            {"text": "There are three plans:", "citations": []},
            {
                "text": "\n• Solo for one person\n• Team for ten\n• Company for all",
                "citations": [1],
            },
        ],
    },
    "nothing": {
        "sentences": [{"text": "I found nothing about that on this site.", "citations": []}],
        "cards": [
            {"kind": "hologram", "colour": "unknown to this widget"},
            {
                "kind": "links",
                "title": "Closest pages",
                "items": [
                    {"title": "Shipping and returns", "url": "/shipping.html"},
                    {"title": "An unsafe link", "url": "javascript:alert(1)"},
                ],
            },
        ],
    },
    "demo": {
        "sentences": [{"text": "These times are free. Which one suits you?", "citations": []}],
        "cards": [
            {
                "kind": "slots",
                "title": "Free times",
                "timezone": "Europe/Berlin, UTC+1",
                "hint": "Tell me when else would suit you.",
                "slots": [
                    {"id": "20261203T1300Z-30", "label": "Thursday 3 December, 14:00–14:30"},
                    {"id": "20261204T0900Z-30", "label": "Friday 4 December, 10:00–10:30"},
                ],
            }
        ],
    },
    "december": {
        "sentences": [{"text": "Which address may I write to?", "citations": []}],
        "cards": [
            {
                "kind": "form",
                "title": "Where may the confirmation go?",
                "submit": "Continue",
                "action": {"kind": "contact", "id": "20261203T1300Z-30"},
                "fields": [
                    {"name": "name", "label": "Name", "type": "text", "required": True},
                    {"name": "email", "label": "E-mail", "type": "email", "required": True},
                ],
            }
        ],
    },
    "@": {
        "sentences": [{"text": "Shall I book it?", "citations": []}],
        "cards": [
            {
                "kind": "appointment",
                "id": "",
                "label": "Thursday 3 December, 14:00–14:30",
                "timezone": "Europe/Berlin, UTC+1",
                "rep": "Hannah Braithwaite",
                "status": "proposed",
                "status_label": "Not booked yet",
                "actions": [
                    {"label": "Yes, book it", "action": {"kind": "confirm", "id": "s1"}},
                    {"label": "Another time", "action": {"kind": "other", "id": ""}},
                ],
            }
        ],
    },
    "evil": {
        "sentences": [{"text": "<img src=x onerror=alert(1)> is <b>text</b>.", "citations": [3]}],
    },
}
PAGES = {"pricing": "Pricing", "shipping": "Shipping and returns", "index": "Bean & Bloom"}


@dataclass
class Faults:
    """What goes wrong from now on; every counter is used up by the calls it strikes."""

    pause: float = 0.02
    cut_streams: int = 0
    errors: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    unreachable: int = 0


@dataclass
class Call:
    """One request of the widget, as the server saw it."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class State:
    """What the server knows, and what it has to do wrong."""

    site: str = ""
    host: str = ""
    policy: str = ""
    tag: str = ""
    html: str = '<html lang="en">'
    faults: Faults = field(default_factory=Faults)
    calls: list[Call] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    conversations: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, ending: str, method: str = "POST") -> list[Call]:
        """The calls whose path ends so."""
        return [c for c in list(self.calls) if c.method == method and c.path.endswith(ending)]


class Handler(BaseHTTPRequestHandler):
    """What both origins have in common."""

    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Tests read `state.calls` instead."""

    def reply(self, status: int, kind: str, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class SiteHandler(Handler):
    """The website that embeds the widget, under its own policy."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.state.served.append(path)
        if path == "/site.css":
            return self.reply(200, "text/css", STYLE.encode(), {})
        name = path.strip("/").removesuffix(".html") or "index"
        if name not in PAGES:
            return self.reply(404, "text/plain", b"no such page", {})
        nav = "".join(f'<a href="/{key}.html">{text}</a>' for key, text in PAGES.items())
        tag = self.state.tag or f'<script src="{self.state.host}/widget.js" data-site="demo" defer>'
        page = (
            f'<!doctype html>{self.state.html}<head><meta charset="utf-8"><title>{PAGES[name]}'
            '</title><meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="icon" href="data:,"><link rel="stylesheet" href="/site.css">{tag}</script>'
            f"</head><body><nav>{nav}</nav><main><h1>{PAGES[name]}</h1><p>{WORDS * 3}</p>"
            f"<p>{WORDS * 5}</p></main></body></html>"
        )
        policy = {"Content-Security-Policy": self.state.policy} if self.state.policy else {}
        return self.reply(200, "text/html; charset=utf-8", page.encode(), policy)


class ApiHandler(Handler):
    """The widget's host: the script and the five calls."""

    def cors(self) -> dict[str, str]:
        return {
            "Access-Control-Allow-Origin": self.state.site,
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Expose-Headers": "Retry-After",
            "Vary": "Origin",
        }

    def do_OPTIONS(self) -> None:
        self.reply(204, "text/plain", b"", self.cors())

    def json(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(value).encode()
        self.reply(status, "application/json", content, {**self.cors(), **(headers or {})})

    def fail(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        error = {"code": code, "message": f"{code} on purpose", "details": {}, "request_id": "r"}
        self.json(status, {"error": error}, headers)

    def do_GET(self) -> None:
        self.answer({})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer(json.loads(content or b"{}"))

    def answer(self, body: dict[str, Any]) -> None:
        path = urlsplit(self.path).path
        if path == "/widget.js":
            self.reply(200, "text/javascript; charset=utf-8", WIDGET.read_bytes(), {})
            return
        self.state.calls.append(Call(self.command, path, dict(self.headers.items()), body))
        faults = self.state.faults
        if faults.unreachable:
            faults.unreachable -= 1
            self.close_connection = True
            self.connection.close()
        elif faults.errors:
            self.fail(*faults.errors.pop(0))
        elif path == API:
            self.create()
        else:
            self.converse(*path.removeprefix(f"{API}/").partition("/")[::2], body)

    def converse(self, identity: str, action: str, body: dict[str, Any]) -> None:
        conversation = self.state.conversations.get(identity)
        token = conversation and f"Bearer {conversation['token']}"
        if not conversation or self.headers.get("Authorization") != token:
            self.fail(401, "UNAUTHORIZED")
        elif action == "messages":
            self.stream(conversation, body)
        elif action == "page-views":
            self.reply(204, "text/plain", b"", self.cors())
        else:
            if action == "end":
                conversation["status"] = "ended"
            self.json(200, {k: v for k, v in conversation.items() if k != "token"})

    def create(self) -> None:
        identity = uuid.uuid4().hex
        opening = {
            "conversation_id": identity,
            "greeting": "Hello! Ask me about our coffee, plans and shipping.",
            "disclosure": "You are talking to an AI assistant. It answers from this website.",
            "suggestions": ["What does it cost?", "Which plans are there?"],
        }
        token = {"token": uuid.uuid4().hex}
        self.state.conversations[identity] = {
            **opening, **token, "status": "open", "messages": []
        }  # fmt: skip
        self.json(201, {**opening, **token, "visitor_token": "visitor-1"})

    def citations(self) -> list[dict[str, Any]]:
        site = self.state.site
        return [
            {"n": 1, "id": "c1", "url": f"{site}/pricing.html", "title": "Pricing",
             "quote": "The Team plan is 49 € a month and covers up to ten people."},
            {"n": 2, "id": "c2", "url": f"{site}/shipping.html", "title": "Shipping and returns",
             "quote": WORDS},
            {"n": 3, "id": "c3", "url": "javascript:alert(1)", "title": "<b>Evil</b>",
             "quote": "x"},
        ]  # fmt: skip

    def find_answer(self, text: str) -> dict[str, Any]:
        words = {"cost": "price", "plans": "list"}
        key = next((k for k in ANSWERS if k in text.lower()), None)
        key = key or next((v for k, v in words.items() if k in text.lower()), "nothing")
        answer = ANSWERS[key]
        wanted = {n for s in answer["sentences"] for n in s["citations"]}
        return {
            "text": " ".join(s["text"] for s in answer["sentences"]),
            "sentences": answer["sentences"],
            "citations": [c for c in self.citations() if c["n"] in wanted],
            "cards": answer.get("cards", []),
            "profile": {},
            "suggestions": answer.get("suggestions", []),
        }

    def record(self, conversation: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """Keeps question and answer once per message_id."""
        now, identity = "2025-01-01T00:00:00Z", body["message_id"]
        known = [m for m in conversation["messages"] if m["message_id"] == identity]
        if known:
            return {k: v for k, v in known[1].items() if k not in {"id", "role", "created_at"}}
        answer = {**self.find_answer(body["text"]), "message_id": identity}
        base = {"sentences": [], "citations": [], "cards": [], "created_at": now}
        question = {"message_id": identity, "text": body["text"]}
        conversation["messages"] += [
            {**base, **question, "id": f"q{identity}", "role": "visitor"},
            {**base, **answer, "id": f"a{identity}", "role": "agent"},
        ]
        return answer

    def stream(self, conversation: dict[str, Any], body: dict[str, Any]) -> None:
        with self.state.lock:
            answer = self.record(conversation, body)
        faults = self.state.faults
        cut = faults.cut_streams > 0
        faults.cut_streams -= cut
        self.send_response(200)
        for name, value in {"Content-Type": "text/event-stream", **self.cors()}.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        events = [("citation", c) for c in answer["citations"]]
        events += [("sentence", s) for s in answer["sentences"]]
        events += [("card", c) for c in answer["cards"]] + [("done", answer)]
        try:
            for name, data in events[: len(answer["citations"]) + 1] if cut else events:
                if name != "citation":
                    time.sleep(faults.pause)
                self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
                self.wfile.flush()
        except OSError:
            return  # the visitor stopped the answer


class Server(ThreadingHTTPServer):
    """One of the two origins; a visitor who leaves is no error."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that end early are what these tests are about."""


class Standin:
    """Both origins, started and stopped together."""

    def __init__(self, ports: tuple[int, int] = (0, 0)) -> None:
        self.state = State()
        handlers = [
            type("Bound", (kind,), {"state": self.state}) for kind in (SiteHandler, ApiHandler)
        ]
        self.servers = [Server(("127.0.0.1", p), k) for p, k in zip(ports, handlers, strict=True)]
        site, host = (server.server_address[1] for server in self.servers)
        self.state.site, self.state.host = f"http://127.0.0.1:{site}", f"http://localhost:{host}"

    def __enter__(self) -> Self:
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()


if __name__ == "__main__":  # to look at the widget: python -m tests.browser.standin
    with Standin((8091, 8092)) as standin:
        standin.state.faults.pause = 0.4
        print(standin.state.site)  # noqa: T201
        threading.Event().wait()
