"""The frozen examples of requests and answers, played again to a real server.

An answer may tell more than its example does, never less or something else. In the examples,
`{name}` is what an earlier answer gave, `<id>`, `<time>`, `<text>`, `<list>` and `<any>` stand for
what differs each time.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from app.api_document import FOLDER
from core.moments import find_moment
from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.website import write_website

EXAMPLES = Path(__file__).parents[2] / FOLDER / "examples"
SECRET = "whsec_" + base64.b64encode(b"e" * 32).decode()
_NAME = re.compile(r"\{(\w+)\}")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedServer]:
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_EXAMPLE_SECRET", SECRET)
    more = "feedback: {webhook_secrets: {default: ['${TEST_EXAMPLE_SECRET}']}}"
    config = write_website(tmp_path_factory.mktemp("examples"), more=more)
    with ThreadedServer(lambda: build_runtime(config)) as running:
        yield running
    patch.undo()


@pytest.fixture(scope="module")
def api_key(server: ThreadedServer) -> str:
    server.http.get("/healthz")
    assert server.runtime is not None
    resources = server.runtime.resources
    tenant_id = resources.organization.get_tenant("default").id
    return server.wait(resources.access.create_api_key(tenant_id, "examples", "admin"))


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.json")))
def test_the_examples_still_hold(server: ThreadedServer, api_key: str, name: str) -> None:
    content = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    known = {"api_key": api_key}
    for exchange in content["exchanges"]:
        answer = send(server.http, fill(exchange["request"], known))
        expected = exchange["answer"]
        where = f"{name}: {exchange['about']}"
        assert answer.status_code == expected["status"], f"{where}: {answer.text}"
        if "body" in expected:
            compare(where, expected["body"], answer.json(), known)


def send(http: httpx.Client, request: dict[str, Any]) -> httpx.Response:
    """Send it; a message that has the member `signed` is signed under that id."""
    headers = dict(request.get("headers", {}))
    content = json.dumps(request["body"]) if "body" in request else None
    if content is not None:
        headers["content-type"] = "application/json"
    if content is not None and "signed" in request:
        name, at = request["signed"], datetime.now(UTC)
        headers["webhook-id"] = name
        headers["webhook-timestamp"] = str(int(at.timestamp()))
        headers["webhook-signature"] = Webhook(SECRET).sign(name, at, content)
    return http.request(request["method"], request["path"], headers=headers, content=content)


def fill(value: Any, known: dict[str, str]) -> Any:
    """`value` with what earlier answers gave."""
    if isinstance(value, dict):
        return {name: fill(part, known) for name, part in value.items()}
    if isinstance(value, list):
        return [fill(part, known) for part in value]
    if isinstance(value, str):
        return _NAME.sub(lambda found: known.get(found[1], found[0]), value)
    return value


def compare(where: str, expected: Any, given: Any, known: dict[str, str]) -> None:
    """Hold an answer against its example; a name met for the first time is remembered."""
    if isinstance(expected, dict):
        assert isinstance(given, dict), where
        for name, part in expected.items():
            assert name in given, f"{where}: {name} is gone"
            compare(f"{where}: {name}", part, given[name], known)
    elif isinstance(expected, list):
        assert isinstance(given, list), where
        assert len(given) == len(expected), f"{where}: {given}"
        for part, one in zip(expected, given, strict=True):
            compare(where, part, one, known)
    elif isinstance(expected, str) and (named := _NAME.fullmatch(expected)):
        assert known.setdefault(named[1], given) == given, where
    elif isinstance(expected, str) and expected.startswith("<"):
        assert stands_for(expected, given), f"{where}: {given!r} is no {expected}"
    else:
        assert given == expected, where
        assert type(given) is type(expected), where


def stands_for(kind: str, given: Any) -> bool:
    """Whether a placeholder stands for this."""
    if kind in ("<any>", "<list>"):
        return kind == "<any>" or isinstance(given, list)
    if not isinstance(given, str) or not given:
        return False
    if kind == "<time>":
        return find_moment(given, "") is not None
    return kind == "<text>" or (kind == "<id>" and bool(_ID.fullmatch(given)))


def test_the_examples_cover_what_programs_use() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.json")}
    assert set(texts) == {"chat", "leads", "sales-leads", "feedback"}
    for path in ("/messages", "/api/v1/leads", "/api/v1/sales/leads", "/webhooks/sales-updates"):
        assert any(path in text for text in texts.values()), path
