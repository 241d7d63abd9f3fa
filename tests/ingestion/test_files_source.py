# ruff: noqa: E501 - pages, exports and links are shown as they are
from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingestion.errors import SourceError
from ingestion.extract import extract
from ingestion.settings import FilesSettings
from ingestion.sources.files import FilesSource
from tests.ingestion.support import collect


def open_folder(path: Path, **settings: object) -> FilesSource:
    values = {"type": "files", "path": path, "base_url": "https://x.example/help", **settings}
    return FilesSource(FilesSettings.model_validate(values))


async def test_addresses_are_the_base_and_the_path_without_extension(tmp_path: Path) -> None:
    (tmp_path / "guide").mkdir()
    (tmp_path / "index.md").write_text("# Home")
    (tmp_path / "guide" / "index.html").write_text("<h1>Guide</h1>")
    (tmp_path / "guide" / "first steps.txt").write_text("Hello there")
    (tmp_path / ".hidden.md").write_text("# Hidden")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "a.md").write_text("# Not ours")
    found = await collect(open_folder(tmp_path))
    assert sorted(found.documents) == [
        "https://x.example/help/",
        "https://x.example/help/guide/",
        "https://x.example/help/guide/first%20steps",
    ]


async def test_patterns_choose_files(tmp_path: Path) -> None:
    for name in ("a.md", "b.txt", "sub/c.md", "sub/draft/d.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# x")
    found = await collect(open_folder(tmp_path, include=["**/*.md"], exclude=["**/draft/**"]))
    assert sorted(url.rpartition("/")[2] for url in found.documents) == ["a", "c"]


@pytest.mark.parametrize(
    ("raw", "text", "notes"),
    [
        ("Größe 5 €".encode(), "Größe 5 €", 0),
        (b"\xef\xbb\xbf" + "Größe".encode(), "Größe", 0),
        ("Größe 5 €".encode("utf-16"), "Größe 5 €", 0),
        ("Size 5 long enough".encode("utf-16-le"), "Size 5 long enough", 0),
        ("Größe “5” €".encode("cp1252"), "Größe “5” €", 0),
        ("Größe äöüßÄÖ".encode() + b" \xff end", "Größe äöüßÄÖ � end", 1),
    ],
)
async def test_any_editors_encoding_is_read(
    tmp_path: Path, raw: bytes, text: str, notes: int
) -> None:
    (tmp_path / "a.txt").write_bytes(raw)
    source = open_folder(tmp_path)
    found = await collect(source)
    assert extract(found.documents["https://x.example/help/a"]).text == text
    assert len(source.notes) == notes


async def test_what_is_no_text_or_lies_outside_is_skipped(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (tmp_path / "secret.md").write_text("# Secret")
    (folder / "a.md").write_text("# A")
    (folder / "b.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    (folder / "big.txt").write_text("x" * 2_000)
    (folder / "empty.md").write_text("  \n")
    (folder / "link.md").symlink_to(tmp_path / "secret.md")
    (folder / "dead.md").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / "pipe.txt")
    found = await collect(open_folder(folder, max_file_bytes=1_000))
    assert [d.body for d in found.documents.values()] == ["# A"]
    assert found.skipped_names == {
        "b.txt": "not text",
        "big.txt": "larger than the limit",
        "empty.md": "empty",
        "link.md": "a link to outside the folder",
        "dead.md": "a link to nothing",
        "pipe.txt": "not a regular file",
    }


async def test_a_wrong_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        await collect(open_folder(tmp_path / "nowhere"))
    with pytest.raises(SourceError, match="no file matches"):
        await collect(open_folder(tmp_path))


async def test_front_matter_becomes_title_facts_and_text(tmp_path: Path) -> None:
    (tmp_path / "hub.md").write_text(
        "---\ntitle: Hub\nprice: 199\ncurrency: USD\nsku: H-1\ndate: 2025-02-03\ndraft: false\n"
        "image: /hub.png\nfaqs:\n  - question: Is it loud?\n    answer: No, 20 dB.\n---\nA small box.\n"
    )
    found = await collect(open_folder(tmp_path))
    page = extract(found.documents["https://x.example/help/hub"])
    assert (page.title, page.kind) == ("Hub", "product")
    assert (
        page.text
        == "Price: 199\nCurrency: USD\nSKU: H-1\n\nA small box.\n\nIs it loud?\n\nNo, 20 dB."
    )


async def test_a_broken_front_matter_costs_no_page(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: Tea: the best\nx: [1\n---\n\nThe text.\n")
    document = next(iter((await collect(open_folder(tmp_path))).documents.values()))
    assert document.title == "Tea: the best"
    assert extract(document).text == "The text."
