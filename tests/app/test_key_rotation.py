"""Secrets and keys rotate while a server runs: nobody who talks with it notices."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.encryption import Cipher
from sales.privacy.rekeying import SEALED_ROWS
from sales.privacy.searching import get_table
from tests.app.test_feedback import SECRET, Marketing
from tests.app.test_handoffs import make_key
from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.process import run_command
from tests.support.visitor import Visitor
from tests.support.website import write_website

VALUES = {
    "FIRST_SECRET": "first-secret-" + "s" * 32,
    "SECOND_SECRET": "second-secret-" + "t" * 32,
    "FIRST_KEY": "first-key-" + "k" * 32,
    "SECOND_KEY": "second-key-" + "l" * 32,
    "TEST_SALES_WEBHOOK": SECRET,
}
BEFORE = "{secret: '${FIRST_SECRET}', encryption_keys: ['${FIRST_KEY}']}"
BOTH = (
    "{secret: '${SECOND_SECRET}', previous_secrets: ['${FIRST_SECRET}'],"
    " encryption_keys: ['${SECOND_KEY}', '${FIRST_KEY}']}"
)
AFTER = (
    "{secret: '${SECOND_SECRET}', previous_secrets: ['${FIRST_SECRET}'],"
    " encryption_keys: ['${SECOND_KEY}']}"
)
OVER = "{secret: '${SECOND_SECRET}', encryption_keys: ['${SECOND_KEY}']}"


class Traffic(threading.Thread):
    """Visitors, staff and the sales system, who call again and again."""

    def __init__(self, calls: dict[str, Callable[[], Any]]) -> None:
        super().__init__(daemon=True)
        self.calls = calls
        self.answers: list[tuple[str, int]] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            self.answers += [(name, call().status_code) for name, call in self.calls.items()]

    def wait_for_more(self, count: int) -> None:
        """Let each of them call `count` times more."""
        wanted = len(self.answers) + count * len(self.calls)
        deadline = time.monotonic() + 60
        while len(self.answers) < wanted:
            assert time.monotonic() < deadline
            assert self.is_alive()
            time.sleep(0.02)


def test_chat_staff_and_the_sales_system_go_on_while_everything_rotates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    door = "feedback: {webhook_secrets: {default: ['${TEST_SALES_WEBHOOK}']}}"
    config = write_website(tmp_path, more=f"{door}\nserver: {BEFORE}")
    first = config.read_text()
    with ThreadedServer(lambda: build_runtime(config)) as server:
        assert server.runtime is not None
        runtime = server.runtime
        key = make_key(server)
        marketing = Marketing(server.http, key, key)
        lead_id = marketing.accept()
        [handoff] = marketing.get(f"/api/v1/handoffs?lead_id={lead_id}")["data"][:1]
        visitor = Visitor.arrive(server.http)
        at = f"/api/v1/handoffs/{handoff['id']}"
        package = marketing.get(at)

        def tell() -> Any:
            now = datetime.now(UTC)
            message = marketing.sign(lead_id, salesQualityRating=1 + now.microsecond % 5)
            return server.http.post("/webhooks/sales-updates", **message)

        def apply(section: str) -> None:
            config.write_text(first.replace(BEFORE, section))
            deadline = time.monotonic() + 60
            wanted = section.partition("encryption_keys: [")[2].count("KEY")
            while (
                len(runtime.settings.server.encryption_keys) != wanted
                or runtime.settings.server.secret is None
                or runtime.settings.server.secret.get_secret_value() != VALUES["SECOND_SECRET"]
                or bool(runtime.settings.server.previous_secrets) is ("previous" not in section)
            ):
                assert time.monotonic() < deadline
                time.sleep(0.05)

        traffic = Traffic(
            {
                "chat": lambda: server.http.get(visitor.path, headers=visitor.token),
                "staff": lambda: server.http.get(at, headers=key),
                "sales": tell,
                "new visitor": lambda: Visitor.arrive(server.http).http.get("/healthz"),
            }
        )
        traffic.start()
        traffic.wait_for_more(1)
        apply(BOTH)
        traffic.wait_for_more(2)
        data = tmp_path / "data"
        rotated = run_command(
            *("rotate-keys", "--config", config, "--data", data), environment=VALUES
        )
        assert rotated.returncode == 0, rotated.stderr
        apply(AFTER)
        traffic.wait_for_more(2)
        traffic.over.set()
        traffic.join(60)
        assert not traffic.is_alive()
        assert {answer for answer in traffic.answers if answer[1] >= 300} == set()
        # All is as it was, and nothing is under the old key any more.
        assert marketing.get(at)["package_hash"] == package["package_hash"]
        assert list_old(server) == []
        apply(OVER)
        assert server.http.get(visitor.path, headers=visitor.token).status_code == 401
        assert Visitor.arrive(server.http).ask("Hello")


def list_old(server: ThreadedServer) -> list[str]:
    """Sealed values that the newest key did not write."""
    newest = Cipher([VALUES["SECOND_KEY"].encode()])
    assert server.runtime is not None
    database = server.runtime.resources.database

    async def work() -> list[str]:
        found = []
        async with database.reading(None) as uow:
            for name, column in SEALED_ROWS:
                values = await uow.session.execute(select(get_table(name).c[column]))
                found += [name for one in values.scalars() if one and newest.needs_renewal(one)]
        return found

    return server.wait(work())
