"""Bytes of a file become text, whatever encoding its author's editor chose."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_CONTROL = bytes(
    set(range(9)) | {11, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31}
)
_SAMPLE = 4_096


def is_binary(raw: bytes) -> bool:
    """Whether bytes are no text: NULs or many control characters, and no UTF-16 or UTF-32."""
    if any(raw.startswith(bom) for bom, _ in _BOMS) or _utf16_without_bom(raw):
        return False
    sample = raw[:_SAMPLE]
    if b"\x00" in sample:
        return True
    return len(sample) - len(sample.translate(None, _CONTROL)) > len(sample) // 20


def decode(raw: bytes, declared: str | None = None) -> tuple[str, int]:
    """Return the text and how many characters had to be replaced.

    In this order: byte order mark, `declared` (a Content-Type header), the charset an HTML file
    names, UTF-8, Windows-1252. A name of no known encoding is passed over.
    """
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return _replaced(raw[len(bom) :], encoding)
    if guess := _utf16_without_bom(raw):
        return _replaced(raw, guess)
    match = _DECLARED.search(raw[:1_024])
    for name in (declared, match[1].decode("ascii", "ignore") if match else None):
        if name and _is_text_encoding(name):
            try:
                return raw.decode(name), 0
            except UnicodeDecodeError:
                continue
    try:
        return raw.decode("utf-8"), 0
    except UnicodeDecodeError as error:
        # Mostly UTF-8 with a few broken bytes: replace those. Else the old Windows encoding.
        if _mostly_utf8(raw, error):
            return _replaced(raw, "utf-8")
        return _replaced(raw, "cp1252")


def _replaced(raw: bytes, encoding: str) -> tuple[str, int]:
    text = raw.decode(encoding, "replace")
    return text, text.count("\ufffd") - (raw.count(b"\xef\xbf\xbd") if encoding == "utf-8" else 0)


def _utf16_without_bom(raw: bytes) -> str | None:
    sample = raw[:_SAMPLE]
    if len(sample) < 8 or b"\x00" not in sample:
        return None
    half = len(sample) // 2
    if sample[1::2].count(0) > 0.7 * half and sample[0::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.7 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _is_text_encoding(name: str) -> bool:
    try:
        return getattr(codecs.lookup(name), "_is_text_encoding", True)
    except LookupError:
        return False


def _mostly_utf8(raw: bytes, _error: UnicodeDecodeError) -> bool:
    text = raw.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    multibyte = sum(1 for char in text if ord(char) > 127) - broken
    return multibyte > 4 * broken
