"""An `.astro` file by itself: its script taken off, its template's text kept. Pure."""

from __future__ import annotations

import re

from ingestion.reading.javascript import read_declarations
from ingestion.reading.jsx import Template

_SCRIPT = re.compile(
    r"\A\s*(?:<!--.*?-->\s*)*---[ \t]*\r?\n(.*?)^---[ \t]*$", re.DOTALL | re.MULTILINE
)


def split_component(text: str) -> tuple[str, str]:
    """Return an `.astro` file's script and its template."""
    text = text.lstrip("\ufeff")
    match = _SCRIPT.match(text)
    return (match[1], text[match.end() :]) if match else ("", text)


def astro_to_html(text: str) -> str:
    """Return the HTML of a component whose imports are not at hand."""
    script, template = split_component(text)
    return Template().render(template, read_declarations(script, {}))
