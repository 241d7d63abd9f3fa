"""`app.yaml` may change while the server runs: a valid edit applies, an invalid one does not."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.visitor import Visitor
from tests.support.website import SITE_KEY, write_website


def _wait_until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return False


def _greeting(http: httpx.Client) -> str:
    answer = http.post("/api/v1/chat/conversations", json={"site_key": SITE_KEY})
    return str(answer.json().get("greeting", answer.status_code))


def test_edits_apply_without_a_restart_and_mistakes_are_refused(tmp_path: Path) -> None:
    config = write_website(tmp_path)
    good = config.read_text()
    with ThreadedServer(lambda: build_runtime(config)) as server:
        visitor = Visitor.arrive(server.http)
        assert "Brightwater Bikes" in _greeting(server.http)

        # An edit in place.
        config.write_text(good.replace("name: Brightwater Bikes", "name: Greenwater Bikes"))
        assert _wait_until(lambda: "Greenwater" in _greeting(server.http))
        assert visitor.ask("Hello")["text"]

        # A misspelt key: refused as a whole, the last good file stays in force.
        assert server.runtime is not None
        before = server.runtime.settings
        config.write_text(good.replace("name: Brightwater Bikes", "nam: Redwater Bikes"))
        time.sleep(2.5)
        assert "Greenwater" in _greeting(server.http)
        assert server.runtime.settings == before

        # As editors do it: a new file takes the old one's place.
        draft = tmp_path / "app.yaml.new"
        draft.write_text(good.replace("Brightwater Bikes", "Bluewater Bikes"))
        draft.replace(config)
        assert _wait_until(lambda: "Bluewater" in _greeting(server.http))

        # The file is gone for a moment.
        config.unlink()
        time.sleep(0.5)
        assert "Bluewater" in _greeting(server.http)
        config.write_text(good)
        assert _wait_until(lambda: "Brightwater" in _greeting(server.http))


def test_a_site_that_leaves_the_file_is_no_longer_served(tmp_path: Path) -> None:
    config = write_website(tmp_path)
    other = "  - {key: second, name: Second, allowed_origins: [self]}\nknowledge:\n"
    with ThreadedServer(lambda: build_runtime(config)) as server:
        good = config.read_text()
        config.write_text(good.replace("knowledge:\n", other))
        start = {"site_key": "second"}

        def status() -> int:
            return server.http.post("/api/v1/chat/conversations", json=start).status_code

        assert _wait_until(lambda: status() == 201)
        visitor = Visitor.arrive(server.http, site_key="second")
        config.write_text(good)
        assert _wait_until(lambda: status() == 404)
        assert visitor.send("Hello").status_code == 404


def test_other_files_of_the_folder_wake_nothing(tmp_path: Path) -> None:
    config = write_website(tmp_path)
    with ThreadedServer(lambda: build_runtime(config)) as server:
        _greeting(server.http)
        assert server.runtime is not None
        chat = server.runtime.chat
        (tmp_path / "notes.txt").write_text("x")
        (tmp_path / "app.yaml~").write_text("broken: [")
        time.sleep(2.2)
        assert server.runtime.chat is chat
