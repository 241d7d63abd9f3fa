"""The promises about the committed bundle: small, reproducible, checked, and harmless."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

WIDGET = Path(__file__).parents[2] / "widget"
BUNDLE = WIDGET / "dist" / "widget.js"
MAX_GZIPPED_BYTES = 10_000
MAX_FILE_LINES = 400


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def node() -> str:
    """Node with the pinned tools; only those who change the widget need it."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        unavailable("no Node: the committed bundle is used as it is")
    if not (WIDGET / "node_modules" / "esbuild").exists():
        done = subprocess.run(
            [str(npm), "ci", "--ignore-scripts"], cwd=WIDGET, capture_output=True, check=False
        )
        if done.returncode:
            unavailable(f"npm could not fetch the pinned tools: {done.stderr.decode()[-300:]}")
    return str(found)


def test_the_bundle_is_small() -> None:
    assert len(gzip.compress(BUNDLE.read_bytes(), 9)) <= MAX_GZIPPED_BYTES


def test_a_rebuild_gives_the_same_bytes(node: str, tmp_path: Path) -> None:
    built = tmp_path / "widget.js"
    subprocess.run([node, "build.mjs", str(built)], cwd=WIDGET, check=True, capture_output=True)
    assert built.read_bytes() == BUNDLE.read_bytes(), "run `npm run build` in widget/ and commit"


def test_the_types_hold(node: str) -> None:
    compiler = WIDGET / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [node, str(compiler), "-p", "tsconfig.json"],
        cwd=WIDGET,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "forbidden",
    [
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write",
        r"\.cookie\b",
        r"\beval\b|new Function",
        r"setAttribute\(\"style\"",
        r"https?://(?!www\.w3\.org/2000/svg)[\w.-]+",
        r"sourceMappingURL",
    ],
)
def test_the_bundle_does_nothing_a_strict_site_forbids(forbidden: str) -> None:
    assert re.findall(forbidden, BUNDLE.read_text()) == []


def test_the_sources_are_short() -> None:
    long = [
        str(path.relative_to(WIDGET))
        for path in WIDGET.joinpath("src").rglob("*.js")
        if len(path.read_text().splitlines()) > MAX_FILE_LINES
    ]
    assert long == []


def test_versions_are_pinned_and_no_registry_is_named() -> None:
    package = WIDGET.joinpath("package.json").read_text()
    assert re.findall(r'"[\w-]+": "[~^*]', package) == []
    assert "resolved" not in WIDGET.joinpath("package-lock.json").read_text()
