"""MDX becomes Markdown with HTML: imports go, components leave their text, code stays code."""

from __future__ import annotations

import re
from typing import Any

from ingestion.reading.code_scanning import end_of_brackets
from ingestion.reading.javascript import read_declarations
from ingestion.reading.jsx import (
    Expand,
    Tag,
    Template,
    component_html,
    read_tag,
    visible_attributes,
)

_FENCE = re.compile(r"^[ \t]*(?:>[ \t]*)*(?:[-*+]|\d+[.)])?[ \t]*(`{3,}|~{3,})")
_STATEMENT = re.compile(
    r"^(?:import\s+(?:[\w{*\"']|type\b)|export\s+(?:const|let|var|default|function|async|\{|type|interface))"
)
_CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_BLOCK_TAGS = frozenset(
    "div section article details summary p ul ol li table figure aside main header footer".split()
)


def mdx_to_markdown(
    text: str, expand: Expand | None = None, known: dict[str, Any] | None = None
) -> str:
    """Return Markdown that says what the MDX shows. Never raises."""
    data: dict[str, Any] = dict(known or {})
    out: list[str] = []
    template = Template(expand)
    for is_code, part in _parts(text):
        if is_code:
            out.append(part)
        else:
            prose, script = _without_statements(part)
            if script:
                data = read_declarations(script, data)
            out.append(_Prose(template, data).convert(prose))
    return "\n".join(out)


def _parts(text: str) -> list[tuple[bool, str]]:
    """Fenced code and what stands between, in order."""
    parts: list[tuple[bool, str]] = []
    lines: list[str] = []
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            parts.append((False, "\n".join(lines)))
            lines, fence = [line], mark[1]
        elif mark and fence and mark[1].startswith(fence) and not line.strip(" \t>`~"):
            parts.append((True, "\n".join([*lines, line])))
            lines, fence = [], ""
        else:
            lines.append(line)
    parts.append((bool(fence), "\n".join(lines)))
    return parts


def _without_statements(text: str) -> tuple[str, str]:
    """Take `import` and `export` statements out; return the rest and the statements."""
    if "import" not in text and "export" not in text:
        return text, ""
    kept: list[str] = []
    script: list[str] = []
    position = 0
    while position < len(text):
        end = text.find("\n", position)
        end = len(text) if end < 0 else end
        line = text[position:end]
        if _STATEMENT.match(line):
            opener = min(
                (p for p in (text.find(c, position, end) for c in "{[(`") if p >= 0), default=-1
            )
            while opener >= 0:
                stop = (
                    end_of_brackets(text, opener)
                    if text[opener] != "`"
                    else text.find("`", opener + 1) + 1
                )
                end = text.find("\n", max(stop, position + 1))
                end = len(text) if end < 0 else end
                opener = min(
                    (p for p in (text.find(c, stop, end) for c in "{[(") if p >= 0), default=-1
                )
            script.append(text[position:end])
        else:
            kept.append(line)
        position = end + 1
    return "\n".join(kept), "\n".join(script)


class _Prose:
    """Converts tags and expressions in the Markdown between code."""

    def __init__(self, template: Template, known: dict[str, Any]) -> None:
        self._template = template
        self._known = known

    def convert(self, text: str) -> str:
        out: list[str] = []
        i = 0
        while i < len(text):
            stop = min((p for p in (text.find(c, i) for c in "<{`\\") if p >= 0), default=-1)
            if stop < 0:
                out.append(text[i:])
                break
            out.append(text[i:stop])
            i = self._special(text, stop, out)
        return "".join(out)

    def _special(self, text: str, at: int, out: list[str]) -> int:
        char = text[at]
        if char == "\\":
            out.append(text[at : at + 2])
            return at + 2
        if char == "`":
            span = _CODE_SPAN.match(text, at)
            out.append(span[0] if span else "`")
            return span.end() if span else at + 1
        if char == "{":
            end = end_of_brackets(text, at)
            out.append(self._template.expression(text[at + 1 : end - 1], self._known))
            return end
        following = text[at + 1 : at + 2]
        if text.startswith("<!--", at):
            end = text.find("-->", at)
            return end + 3 if end >= 0 else len(text)
        if not (following.isalpha() or following in {"/", ">"}) or re.match(
            r"<\w+:", text[at : at + 12]
        ):
            out.append("<")
            return at + 1
        tag = read_tag(text, at, self._known)
        self._tag(text, at, tag, out)
        return tag.end

    def _tag(self, text: str, at: int, tag: Tag, out: list[str]) -> None:
        line_start = text.rfind("\n", 0, at) + 1
        indent = text[line_start:at]
        alone = not indent.strip(" \t>") or (tag.closing and tag.is_component)
        if not tag.is_component and tag.name.lower() not in _BLOCK_TAGS:
            out.append(self._template.tag(tag))
        elif alone:
            space = indent if not indent.strip() else ""
            out.append(f"\n\n{space}{self._template.tag(tag)}\n\n{space}")
        elif tag.is_component and tag.self_closing:
            title, texts = visible_attributes(tag)
            out.append(" ".join(part for part in (title, *texts) if part))
        elif (
            tag.is_component
            and not tag.closing
            and text.find(f"</{tag.name}>", tag.end) < _line_end(text, at)
        ):
            out.append(" ".join(visible_attributes(tag)[1]))
        else:
            out.append(self._template.tag(tag) if not tag.is_component else component_html(tag))


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end if end >= 0 else len(text)
