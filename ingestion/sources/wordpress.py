"""WordPress exports (WXR, an RSS file with WordPress's own elements, versions 1.0 to 1.2).

Read as a stream: each item is dropped when it has been read, so memory does not grow with the file.
Entities and document types are refused (defusedxml): an export has none, attacks do.
"""

from __future__ import annotations

import gzip
import mmap
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as SafeXml
from defusedxml import DefusedXmlException

from ingestion.documents import Found
from ingestion.errors import SourceError
from ingestion.settings import WordPressSettings
from ingestion.sources.batches import stream
from ingestion.sources.woocommerce import Variation, variation_of
from ingestion.sources.wordpress_items import Item, SiteOfExport, item_found, read_item

# Control characters that XML forbids but WordPress copies out of its database as they are. They
# carry no text; without this, one of them would cost the whole export.
_FORBIDDEN = bytes(code for code in range(32) if code not in {9, 10, 13})
_WP = "http://wordpress.org/export/"
_CHANNEL_DEPTH = 2
_MAX_VARIATIONS_KEPT = 500_000


class WordPressSource:
    """Reads an export's published posts, pages, products and public custom types."""

    def __init__(self, settings: WordPressSettings) -> None:
        self._settings = settings
        self.name = str(settings.path)
        self.count_hint: int | None = None
        self.incomplete: str | None = None
        self.notes: list[str] = []

    async def documents(self) -> AsyncIterator[Found]:
        """Yield each item of the export.

        Raises SourceError, perhaps after some items, for a file that is missing, no export, not
        well-formed, cut off, or that declares entities; its message names the line.
        """
        async for found in stream(self._read()):
            yield found

    def _read(self) -> Iterator[Found]:
        path = self._settings.path
        if not path.is_file():
            raise SourceError(self.name, "there is no such file.", "Correct `path` in app.yaml.")
        self.count_hint = _count_items(path)
        variations: dict[str, list[Variation]] = {}
        if _mentions(path, b"product_variation"):
            # Choices of a product stand anywhere in the file, mostly after it: read them first.
            for item, _ in self._items():
                is_choice = item.post_type == "product_variation" and item.status == "publish"
                if is_choice and len(variations) < _MAX_VARIATIONS_KEPT:
                    variations.setdefault(item.parent, []).append(variation_of(item.meta))
        count = 0
        for item, site in self._items():
            count += 1
            yield item_found(item, site, variations.get(item.post_id, ()), self._settings)
        if not count:
            self.incomplete = "the export holds no items"

    def _items(self) -> Iterator[tuple[Item, SiteOfExport]]:
        with self._opened() as file, self._explained():
            yield from _parse(file, self.name)

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        path = self._settings.path
        try:
            with path.open("rb") as raw:
                packed = raw.read(2) == b"\x1f\x8b"
                raw.seek(0)
                yield _Cleaned(gzip.GzipFile(fileobj=raw) if packed else raw)  # type: ignore[misc]
        except (OSError, EOFError) as error:
            raise SourceError(
                self.name, f"it cannot be read ({error}).", "Export it again."
            ) from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ParseError as error:
            line, column = error.position
            if "no element found" in str(error) or "unclosed" in str(error):
                problem = "the file ends in the middle: it was cut off."
            else:
                problem = (
                    f"not well-formed XML at column {column + 1} ({str(error).partition(':')[0]})."
                )
            fix = "Export it again (Tools > Export); pages in the index stay as they are."
            raise SourceError(self.name, problem, fix, line) from error
        except DefusedXmlException as error:
            raise SourceError(
                self.name,
                "it declares a document type or entities, which no WordPress export does.",
                "Remove the declaration, or export the site again.",
                self._line_of(b"<!DOCTYPE"),
            ) from error
        except (LookupError, UnicodeDecodeError, ValueError) as error:
            raise SourceError(
                self.name, f"its encoding cannot be read ({error}).", "Save it as UTF-8.", 1
            ) from error

    def _line_of(self, what: bytes) -> int | None:
        with self._opened() as file:
            head = file.read(1_000_000)
        at = head.upper().find(what)
        return head.count(b"\n", 0, at) + 1 if at >= 0 else None


class _Cleaned:
    """A byte stream without characters that XML forbids; UTF-16 is left as it is."""

    def __init__(self, raw: IO[bytes] | gzip.GzipFile) -> None:
        self._raw = raw
        self._wide: bool | None = None

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(size)
        if self._wide is None:
            self._wide = data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in data[:4]
            if not self._wide:
                data = data.lstrip()  # blank lines before the declaration, as broken themes add
        if self._wide:
            return data
        cleaned = data.translate(None, _FORBIDDEN)
        return cleaned if cleaned or not data else self.read(size)


def _parse(file: IO[bytes], name: str) -> Iterator[tuple[Item, SiteOfExport]]:
    depth = 0
    site = SiteOfExport()
    channel: Element | None = None
    is_export = False
    for event, element in SafeXml.iterparse(file, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            depth += 1
            if depth == 1 and element.tag != "rss":
                raise SourceError(
                    name,
                    f"its root is <{_local(element.tag)}>, not <rss>: it is no WordPress export.",
                    "Use the file of Tools > Export.",
                    1,
                )
            if depth == _CHANNEL_DEPTH:
                channel = element
            continue
        depth -= 1
        if depth != _CHANNEL_DEPTH or channel is None:
            continue
        is_export = is_export or element.tag.startswith(f"{{{_WP}")
        if element.tag == "item":
            item = read_item(element)
            is_export = is_export or bool(item.post_type)
            yield item, site
        else:
            site.note(element.tag, element.text or "")
        channel.clear()
    if not is_export:
        raise SourceError(
            name,
            "it holds no WordPress items: it is an RSS feed or empty.",
            "Use the file of Tools > Export > All content.",
        )


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _count_items(path: Path) -> int | None:
    """How many items an export holds, for a progress bar; None for a packed file."""
    count = 0
    for part in _windows(path):
        if part is None:
            return None
        count += part.count(b"<item>") + part.count(b"<item ")
    return count


def _mentions(path: Path, what: bytes) -> bool:
    """Whether a file holds these bytes; a packed file is taken to."""
    if path.stat().st_size == 0:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data[:2] == b"\x1f\x8b" or data.find(what) >= 0


def _windows(path: Path) -> Iterator[bytes | None]:
    """The file in pieces that end at line ends."""
    with path.open("rb") as file:
        if file.read(2) == b"\x1f\x8b":
            yield None
            return
        file.seek(0)
        while data := file.read(4_000_000):
            yield data + file.readline(1_000_000)
