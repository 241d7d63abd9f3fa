"""Files of a folder as text, without following links out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingestion.sources.text_decoding import decode, is_binary

_IGNORED_FOLDERS = frozenset({"node_modules", "__pycache__"})


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file's text; `replaced` counts the characters that were no text in any likely encoding."""

    text: str
    modified_at: datetime
    replaced: int


@dataclass(frozen=True, slots=True)
class NotRead:
    """Why a file has no text here. `lasting` says that another try would not help."""

    reason: str
    lasting: bool = True


def walk_files(root: Path) -> Iterator[Path]:
    """Every file below `root`, not those of hidden folders; links to folders are not followed."""
    folders = [root]
    while folders:
        for entry in sorted(folders.pop().iterdir()):
            if entry.name.startswith(".") or entry.name in _IGNORED_FOLDERS:
                continue
            if entry.is_dir():
                if not entry.is_symlink():
                    folders.append(entry)
            else:
                yield entry


def read_text(  # noqa: PLR0911 - a list of reasons
    path: Path, root: Path, max_bytes: int
) -> TextFile | NotRead:
    """Read a file below `root`."""
    try:
        if not path.resolve(strict=True).is_relative_to(root.resolve()):
            return NotRead("a link to outside the folder")
        if not path.is_file():
            return NotRead("not a regular file")
        status = path.stat()
        if status.st_size > max_bytes:
            return NotRead("larger than the limit")
        raw = path.read_bytes()
    except FileNotFoundError:
        return NotRead("a link to nothing")
    except OSError as error:
        return NotRead(f"cannot be read: {error.strerror}", lasting=False)
    if is_binary(raw):
        return NotRead("not text")
    text, replaced = decode(raw)
    if not text.strip():
        return NotRead("empty")
    return TextFile(text, datetime.fromtimestamp(status.st_mtime, UTC), replaced)
