"""Markdown and MDX become blocks, by way of HTML, so that raw HTML inside is read as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from markdown_it import MarkdownIt

from ingestion.reading.html import parse_html, read_fragment
from ingestion.reading.jsx import Expand
from ingestion.reading.mdx import mdx_to_markdown
from ingestion.reading.page_text import PageText

_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_DIRECTIVE_OPEN = re.compile(r"^(\s*):{3,}\s*[\w-]+\s*(?:\[(.*)\]|\{[^}]*\}|([^\[{].*))?\s*$")
_DIRECTIVE_CLOSE = re.compile(r"^\s*:{3,}\s*$")
_HEADING_ID = re.compile(r"^(\s{0,3}#{1,6}\s.*?)\s*\{#[\w-]+\}\s*$")
_GITHUB_ALERT = re.compile(
    r"^(\s*>\s*)\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*$", re.IGNORECASE
)
_DEEPEST_NESTING = 40


def read_markdown(body: str, *, mdx: bool = False) -> PageText:
    """Read Markdown (CommonMark with tables and strike-through), without front matter."""
    return read_fragment(parse_html(markdown_to_html(body, mdx=mdx)))


def markdown_to_html(
    body: str,
    *,
    mdx: bool = False,
    expand: Expand | None = None,
    known: Mapping[str, Any] | None = None,
) -> str:
    """Render Markdown. For MDX, `expand` and `known` are what its imports stand for."""
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    if mdx:
        text = mdx_to_markdown(text, expand, dict(known or {}))
    return str(_parser(mdx).render(_without_directives(text)))


@cache
def _parser(mdx: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": _DEEPEST_NESTING, "html": True})
    parser.enable(["table", "strikethrough"])
    if mdx:
        parser.disable("code")  # MDX has no code by indentation: components' content is indented
    return parser


def _without_directives(text: str) -> str:
    """Take the marks of asides (`:::tip[Title]`) and heading ids away; an aside's title stays."""
    if ":::" not in text and "{#" not in text and "[!" not in text:
        return text
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and (not fence or (mark[1].startswith(fence) and not line.strip(" `~\t"))):
            fence = "" if fence else mark[1]
        if fence or mark:
            lines.append(line)
        elif _DIRECTIVE_CLOSE.match(line):
            lines.append("")
        elif opened := _DIRECTIVE_OPEN.match(line):
            title = (opened[2] or opened[3] or "").strip()
            lines.extend(["", f"{opened[1]}**{title}**" if title else "", ""])
        elif alert := _GITHUB_ALERT.match(line):
            lines.append(alert[1])
        else:
            lines.append(_HEADING_ID.sub(r"\1", line))
    return "\n".join(lines)
