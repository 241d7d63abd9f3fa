"""Literal data (front matter, arrays of a page's script) as text for readers. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

TITLE_ATTRIBUTES = ("title", "label", "question", "heading", "header", "summary", "name", "plan")
TEXT_ATTRIBUTES = (
    "subtitle tagline price period amount description text answer content body caption quote value "
    "eyebrow message intro lead"
).split()
# Keys that steer a build rather than say something to a reader.
TECHNICAL_KEYS = frozenset(
    "layout slug permalink draft published date pubdate publishdate publisheddate updateddate "
    "updated modified lastmod lastupdated createdat author authors image images img cover "
    "coverimage heroimage ogimage thumbnail banner icon icons logo tags tag category categories "
    "type template order weight sidebar head tableofcontents editurl prev next pagefind hero "
    "canonical canonicalurl url href link links path id uid key lang locale language title "
    "description excerpt summary seo robots noindex aliases redirect redirects toc featured "
    "pinned sort sortorder position class classname style color variant theme src alt version "
    "schema collection imports imagealt file files socialimage video navigation menu keywords "
    "readingtime minutesread comments isdraft hidden index actions".split()
)
NO_TEXT = re.compile(r"^(?:https?:|mailto:|tel:|/|\./|\.\./|~/|@/|#|data:)")
_NOT_SHOWN = TECHNICAL_KEYS - {"title", "description", "summary", "excerpt"}


def texts_only(value: Any, depth: int = 0) -> Any:
    """What of data says something to a reader; numbers become text."""
    if depth > 8:
        return None
    if isinstance(value, dict):
        return {
            str(k): text
            for k, v in value.items()
            if str(k).lower() not in TECHNICAL_KEYS - {"title", "description", "summary", "excerpt"}
            and (text := texts_only(v, depth + 1)) not in (None, "")
        }
    if isinstance(value, list):
        return [text for v in value if (text := texts_only(v, depth + 1)) not in (None, "")]
    if isinstance(value, bool) or value is None:
        return None
    text = str(value)
    return None if NO_TEXT.match(text) else text


def data_html(value: Any, depth: int = 0) -> str:
    """Literal data as HTML: an object becomes a section named by its title, a list a list."""
    if isinstance(value, str):
        return f"<p>{html.escape(value)}</p>"
    if depth > 8:
        return ""
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return f"<ul>{''.join(f'<li>{html.escape(item)}</li>' for item in value)}</ul>"
        return "".join(data_html(item, depth + 1) for item in value)
    if not isinstance(value, Mapping):
        return ""
    title_key = next((k for k in TITLE_ATTRIBUTES if isinstance(value.get(k), str)), None)
    parts = [
        f"<details><summary>{html.escape(value[title_key])}</summary>" if title_key else "<div>"
    ]
    for key, item in value.items():
        if key == title_key or key.lower() in _NOT_SHOWN or isinstance(item, bool):
            continue
        if isinstance(item, str) and key not in TEXT_ATTRIBUTES:
            parts.append(f"<p>{html.escape(spoken(key))}: {html.escape(item)}</p>")
        else:
            parts.append(data_html(item, depth + 1))
    parts.append("</details>" if title_key else "</div>")
    return "".join(parts)


def spoken(key: str) -> str:
    """A key as words: "setupFee" -> "Setup fee"."""
    words = re.sub(r"[_-]+|(?<=[a-z0-9])(?=[A-Z])", " ", key).strip()
    if words.isupper() or words.lower() in {"sku", "gtin", "ean", "isbn", "vat"}:
        return words.upper()
    return words[:1].upper() + words[1:].lower()
