"""What must and must not lie in the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# The forms in which vendors and tools write their secrets.
SECRETS = re.compile(
    r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|"
    r"\bsk-(?:proj-|ant-)?[A-Za-z0-9_-]{32,}|\bsak_[A-Za-z0-9_-]{43}\b|\bxox[abprs]-[0-9A-Za-z-]{20,}|"
    r"\bSG\.[\w-]{22}\.[\w-]{43}\b|\bAIza[\w-]{35}\b|\bpat-(?:na|eu)1-[0-9a-f-]{36}\b|"
    r"\bpcsk_[A-Za-z0-9_]{40,}|\bkey-[0-9a-f]{32}\b|\bnpm_[A-Za-z0-9]{36}\b"
)
SECTIONS = ("Context", "Decision", "Consequences", "Alternatives")
PAGE_LINES = 80
TEXT_BYTES = 2_000_000
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], check=True, cwd=ROOT, capture_output=True, text=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_secret_lies_in_the_repository() -> None:
    found = []
    for path in tracked_files():
        if not path.is_file() or path.stat().st_size > TEXT_BYTES:
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {match[0][:12]}…" for match in SECRETS.finditer(text)]
    assert found == []


def test_no_file_of_secrets_data_or_caches_is_tracked() -> None:
    wrong = re.compile(
        r"(^|/)(\.env(\..*)?|id_rsa|.*\.(pem|key|p12|sqlite3?|db|pyc)|__pycache__|\.DS_Store)$"
    )
    places = [path.relative_to(ROOT).as_posix() for path in tracked_files()]
    assert [place for place in places if wrong.search(place) and "/fixtures/" not in place] == []


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_is_one_page_with_context_decision_consequences_alternatives(
    path: Path,
) -> None:
    text = path.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    # Further sections, such as what was measured, may stand between these.
    assert [heading for heading in headings if heading in SECTIONS] == list(SECTIONS)
    number = int(path.name[:4])
    assert re.match(rf"# 0*{number}[.:] ", text)
    assert len(text.splitlines()) <= PAGE_LINES


def test_decisions_are_numbered_once() -> None:
    numbers = [path.name[:4] for path in DECISIONS]
    assert len(set(numbers)) == len(numbers)
