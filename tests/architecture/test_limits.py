"""Files and functions stay small enough to be read in one go."""

from __future__ import annotations

import ast
import re

from tests.architecture.source import ROOT, Module, all_modules, product_modules

FILE_LINES = 400
FUNCTION_LINES = 60
STORY_LINES = 150
STORIES = ("agent/turn.py", "ingestion/pipeline.py", "sales/handoffs/workflow.py")
VENDORS = re.compile(
    r"(?i)\b(openai|anthropic|hubspot|salesforce|zoho|pipedrive|sendgrid|mailgun|pinecone|pgvector|"
    r"google|outlook|microsoft|slack|teams|twilio|wordpress|woocommerce|astro|calendly|zoom)\b"
)
VAGUE = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common|stuff|base)$")


def find_functions(module: Module) -> list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """The functions of a module, with their lengths in lines.

    Docstrings do not count, and a function inside another (a route, a decorator's inner one)
    counts by itself and not as part of the outer one.
    """
    lengths: dict[ast.FunctionDef | ast.AsyncFunctionDef, int] = {}
    outer: list[ast.FunctionDef | ast.AsyncFunctionDef] = []

    def visit(node: ast.AST) -> None:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for child in ast.iter_child_nodes(node):
                visit(child)
            return
        has_docstring = ast.get_docstring(node) is not None
        lengths[node] = count_lines(node) - has_docstring * count_lines(node.body[0])
        if outer:
            lengths[outer[-1]] -= count_lines(node)
        outer.append(node)
        for child in ast.iter_child_nodes(node):
            visit(child)
        outer.pop()

    visit(module.tree)
    return list(lengths.items())


def count_lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_longer_than_400_lines() -> None:
    long = [
        f"{module.place}: {len(module.lines)}"
        for module in all_modules()
        # A migration is written by Alembic, and is never changed.
        if len(module.lines) > FILE_LINES and "/versions/" not in module.place
        if not module.is_waived_whole()
    ]
    assert long == []


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{module.place}:{node.lineno} {node.name}: {length}"
        for module in all_modules()
        if "/versions/" not in module.place
        for node, length in find_functions(module)
        if length > FUNCTION_LINES and not module.is_waived(node.lineno)
        if not module.is_waived_whole()
    ]
    assert long == []


def test_no_script_of_the_widget_is_longer_than_400_lines() -> None:
    scripts = [*(ROOT / "widget" / "src").rglob("*.js"), *(ROOT / "portal").rglob("*.js")]
    long = [
        path.relative_to(ROOT).as_posix()
        for path in scripts
        if len(path.read_text(encoding="utf-8").splitlines()) > FILE_LINES
    ]
    assert long == []


def test_the_story_files_are_short_and_name_no_vendor() -> None:
    for place in STORIES:
        path = ROOT / place
        if not path.exists():
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= STORY_LINES, place
        named = [f"{place}:{n} {line}" for n, line in enumerate(lines, 1) if VENDORS.search(line)]
        assert named == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [module.place for module in product_modules() if VAGUE.search(module.path.stem)]
    assert vague == []


def test_public_things_say_what_they_are() -> None:
    """Ruff demands docstrings; here, that nobody switched that off for product code."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    chosen = text[text.index("\nselect = [") :].split("]", 1)[0]
    assert '"D1"' in chosen
    without = [
        f"{module.place}:{node.lineno} {node.name}"
        for module in product_modules()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if not node.name.startswith("_") and ast.get_docstring(node) is None
        if "/versions/" not in module.place and not module.is_waived(node.lineno)
    ]
    assert without == []


def test_the_kernel_knows_no_product_noun() -> None:
    """`core` would serve another product as well."""
    nouns = re.compile(r"(?i)\b(lead|visitor|appointment|handoff|deal|quote|rep|widget|crm)s?\b")
    named = [
        f"{module.place}:{number} {line.strip()}"
        for module in product_modules()
        if module.place.startswith("core/") and not module.place.startswith("core/protocols/")
        for number, line in enumerate(module.lines, 1)
        if nouns.search(line) and not module.is_waived(number)
    ]
    assert named == []
