"""The product's source as these tests read it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "sales", "agent", "ingestion", "integrations", "portal", "app")
_WAIVER = re.compile(r"#\s*waiver: \S.{9,}")


@dataclass(frozen=True)
class Module:
    """One Python file."""

    path: Path

    @property
    def place(self) -> str:
        """Its path from the root, with slashes."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        """Its dotted name."""
        return self.place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def is_waived(self, line: int) -> bool:
        """Whether line `line`, or the one above it, is a waiver with a reason."""
        around = self.lines[max(line - 2, 0) : line]
        return any(_WAIVER.search(text) for text in around)

    def is_waived_whole(self) -> bool:
        """Whether a waiver for the whole file stands at the margin, before its first import."""
        for text in self.lines:
            if text.startswith(("import ", "from ")) and "__future__" not in text:
                return False
            if text.startswith("#") and _WAIVER.match(text):
                return True
        return False

    def imported(self) -> Iterator[tuple[str, int]]:
        """Every module or member it imports, as a dotted name, with the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, node.lineno
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for alias in node.names:
                    yield f"{node.module}.{alias.name}", node.lineno

    def calls(self) -> Iterator[tuple[str, int]]:
        """Every call of a plain or dotted name, with the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                name = dotted(node.func)
                if name:
                    yield name, node.lineno


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an expression of that form; else the part after what is no name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}"
    return ""


@lru_cache(maxsize=1)
def product_modules() -> tuple[Module, ...]:
    """Every Python file of the product."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return tuple(Module(path) for path in sorted(found) if "__pycache__" not in path.parts)


@lru_cache(maxsize=1)
def all_modules() -> tuple[Module, ...]:
    """The same with tests and benchmarks."""
    found = [path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    others = (Module(path) for path in sorted(found) if "__pycache__" not in path.parts)
    return (*product_modules(), *others)
