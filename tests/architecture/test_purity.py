"""Rules are pure, edges do I/O, and everything arrives as an argument."""

from __future__ import annotations

import ast
from fnmatch import fnmatch

import pytest

from tests.architecture.source import Module, dotted, product_modules

# Modules that decide and compute. A pattern is a place in the source tree.
PURE = (
    "*/rules.py",
    "*/ranking.py",
    "*/ranking_weights.py",
    "*/words.py",
    "*/word_match.py",
    "sales/knowledge/calibration.py",
    "*/sentences.py",
    "*/sentence_split.py",
    "*/sentence_weights.py",
    "*/questions.py",
    "*/citing.py",
    "*/verification.py",
    "*/answer_types.py",
    "*/intents.py",
    "agent/prompt*.py",
    "agent/support*.py",
    "agent/model_text.py",
    "ingestion/chunk.py",
    "ingestion/extract.py",
    "ingestion/reading/*.py",
    "sales/appointments/time_*.py",
    "sales/appointments/date_*.py",
    "sales/appointments/clock_*.py",
    "sales/appointments/*_phrases.py",
    "sales/appointments/slots.py",
    "sales/appointments/slot_words.py",
    "sales/appointments/offers.py",
    "sales/appointments/calendar_file.py",
    "agent/booking*.py",
    "sales/leads/notice_*.py",
    "sales/followups/summary_*.py",
    "sales/followups/wording.py",
    "sales/leads/noticing.py",
    "sales/leads/profile.py",
    "sales/leads/asking.py",
    "sales/leads/signals.py",
    "sales/leads/facts.py",
    "sales/leads/timelines.py",
    "sales/leads/rule_matching.py",
    "sales/leads/qualification.py",
    "sales/leads/briefing.py",
    "sales/leads/told.py",
    "sales/crm_sync/mapping.py",
    "sales/crm_sync/facts.py",
    "sales/crm_sync/activities.py",
    "sales/handoffs/package*.py",
    "sales/handoffs/canonical.py",
    "sales/handoffs/sight_rules.py",
    "sales/feedback/amounts.py",
    "sales/feedback/attribution.py",
    "sales/feedback/differences.py",
    "sales/feedback/reading.py",
    "sales/privacy/columns.py",
    "sales/conversations/gaps.py",
    "agent/evaluation.py",
    "core/outbox/retry.py",
    "core/outbox/events.py",
)
IO = {
    "aiosqlite",
    "asyncio",
    "concurrent",
    "fastapi",
    "http",
    "httpx",
    "httpx2",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "psycopg",
    "random",
    "requests",
    "secrets",
    "selectors",
    "shutil",
    "smtplib",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "ssl",
    "starlette",
    "structlog",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
}
CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.date.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
}
CLOCK_OWNERS = ("core/clock.py", "core/ids.py")


def pure_modules() -> list[Module]:
    return [
        module
        for module in product_modules()
        if any(fnmatch(module.place, pattern) for pattern in PURE)
    ]


def test_there_are_pure_modules() -> None:
    places = {module.place for module in pure_modules()}
    assert {"agent/sentences.py", "sales/knowledge/ranking.py", "ingestion/chunk.py"} <= places


def test_what_decides_does_no_io() -> None:
    faults = [
        f"{module.place}:{line} imports {imported}"
        for module in pure_modules()
        for imported, line in module.imported()
        if imported.split(".")[0] in IO or imported.startswith("urllib.request")
        if not module.is_waived(line)
    ]
    assert faults == []


def test_what_decides_waits_for_nothing() -> None:
    faults = [
        f"{module.place}:{node.lineno}"
        for module in pure_modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.Global)
        or (isinstance(node, ast.Call) and dotted(node.func) in {"open", "input", "print"})
    ]
    assert faults == []


def may_do(module: Module, *owners: str) -> bool:
    return any(fnmatch(module.place, owner) for owner in owners)


def test_the_time_is_asked_of_the_clock_alone() -> None:
    faults = [
        f"{module.place}:{line} {name}"
        for module in product_modules()
        if not may_do(module, "app/*", *CLOCK_OWNERS)
        for name, line in module.calls()
        if name in CLOCKS and not module.is_waived(line)
    ]
    assert faults == []


def test_the_environment_is_read_in_app_alone() -> None:
    faults = [
        f"{module.place}:{node.lineno} {dotted(node)}"
        for module in product_modules()
        if not may_do(module, "app/*")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute)
        if dotted(node) in {"os.environ", "os.getenv", "os.environb"}
        if not module.is_waived(node.lineno)
    ]
    assert faults == []


def test_only_the_kernels_database_commits() -> None:
    faults = [
        f"{module.place}:{line} {name}"
        for module in product_modules()
        if not may_do(module, "core/db/*", "app/migrations/*")
        for name, line in module.calls()
        if name.endswith(".commit") and not module.is_waived(line)
    ]
    assert faults == []


def test_statements_that_escape_the_tenants_scope_give_a_reason() -> None:
    """`text(...)` and `Model.__table__` are not scoped by the unit of work."""
    faults = []
    for module in product_modules():
        if may_do(module, "core/db/*", "core/outbox/*", "app/migrations/*"):
            continue
        imports_text = any(name == "sqlalchemy.text" for name, _ in module.imported())
        for node in ast.walk(module.tree):
            escapes = isinstance(node, ast.Attribute) and node.attr == "__table__"
            if isinstance(node, ast.Call) and imports_text:
                escapes = escapes or dotted(node.func) == "text"
            if escapes and not module.is_waived(getattr(node, "lineno", 0)):
                faults.append(f"{module.place}:{getattr(node, 'lineno', 0)}")
    assert faults == []


def test_only_the_command_line_prints() -> None:
    faults = [
        f"{module.place}:{line} {name}"
        for module in product_modules()
        if not may_do(module, "app/cli/*")
        for name, line in module.calls()
        if name in {"print", "sys.stdout.write", "sys.stderr.write"} and not module.is_waived(line)
    ]
    assert faults == []


def test_no_error_is_swallowed_unseen() -> None:
    """No bare `except`, and no `except Exception: pass`."""
    faults = []
    for module in product_modules():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.ExceptHandler) or module.is_waived(node.lineno):
                continue
            broad = node.type is None or dotted(node.type) in {"Exception", "BaseException"}
            silent = all(isinstance(step, ast.Pass | ast.Continue) for step in node.body)
            if node.type is None or (broad and silent):
                faults.append(f"{module.place}:{node.lineno}")
    assert faults == []


def test_nothing_holds_a_client_at_module_level() -> None:
    """Everything arrives as an argument: a global client cannot be substituted."""
    makers = {"Database", "AsyncClient", "Client", "create_async_engine", "create_engine"}
    faults = [
        f"{module.place}:{node.lineno}"
        for module in product_modules()
        for node in module.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call)
        if dotted(node.value.func).split(".")[-1] in makers
    ]
    assert faults == []


@pytest.mark.parametrize("pattern", PURE)
def test_the_list_of_pure_places_has_no_dead_entries(pattern: str) -> None:
    assert [module for module in product_modules() if fnmatch(module.place, pattern)]
