"""Mark-up with expressions (Astro templates, MDX) becomes plain HTML, without running anything.

Expressions that stand for literal data are filled in, lists that are mapped are repeated, of all
other expressions the mark-up inside remains. Components become their children, with those of their
attributes that a reader would see.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingestion.reading.code_scanning import (
    TAG_NAME,
    VOID_TAGS,
    after,
    begins_element,
    end_of_brackets,
    end_of_element,
    end_of_string,
    skip_space,
)
from ingestion.reading.data_text import (
    TEXT_ATTRIBUTES,
    TITLE_ATTRIBUTES,
    data_html,
    texts_only,
)
from ingestion.reading.javascript import is_false, look_up, read_value, unpack, unquote

Expand = Callable[[str, Mapping[str, Any]], str | None]
"""Returns a component's HTML for its name and attributes, or None if it is not known."""

_ATTRIBUTE_NAME = re.compile(r"[^\s=>{}/\"'`]+")
_MAP = re.compile(
    r"\s*([\w$.?\[\]]+?)\??(?:\.(?:slice|filter|sort|reverse|toSorted)\(.*?\))*\??\.(?:map|flatMap)\s*\(\s*"
    r"(?:\(\s*(\{[^}]*\}|[\w$]+)?[^)]*\)|([\w$]+))\s*=>",
    re.DOTALL,
)
_CONDITION = re.compile(r"\s*(!?)([A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)*)\s*&&")
_PATH_ONLY = re.compile(r"^\s*[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*|\[\d+\])*\s*$")
_QUIET_COMPONENTS = re.compile(
    r"^(?:Icon|Image|Picture|Font|Script|ClientRouter|ViewTransitions|SEO)"
)
_MAX_DEPTH = 30
_MAX_REPEATS = 400


@dataclass(slots=True)
class Tag:
    """One tag; `attributes` holds literal values only (text, lists, objects)."""

    name: str
    closing: bool
    self_closing: bool
    end: int
    attributes: dict[str, Any] = field(default_factory=dict)

    @property
    def is_component(self) -> bool:
        """Whether it is not an element of HTML."""
        return self.name[:1].isupper() or "." in self.name


def read_tag(source: str, at: int, known: Mapping[str, Any]) -> Tag:
    """Read the tag that begins at `at`."""
    match = TAG_NAME.match(source, at)
    name = (match[1] if match else "") or ""
    i = match.end() if match else at + 1
    tag = Tag(name, source.startswith("</", at), False, len(source))
    while i < len(source):
        char = source[i]
        if char == ">":
            tag.end = i + 1
            return tag
        if char == "/":
            tag.self_closing = source.startswith("/>", i)
            i += 1
        elif char == "{":
            end = end_of_brackets(source, i)
            _shorthand(source[i + 1 : end - 1], tag, known)
            i = end
        elif char.isspace():
            i += 1
        else:
            i = _read_attribute(source, i, tag, known)
    return tag


def _shorthand(inner: str, tag: Tag, known: Mapping[str, Any]) -> None:
    """`{title}` and `{...plan}` as attributes."""
    inner = inner.strip()
    value = look_up(inner.lstrip(". "), known) if _PATH_ONLY.match(inner.lstrip(". ")) else None
    if inner.startswith("...") and isinstance(value, Mapping):
        tag.attributes.update(value)
    elif value is not None and not inner.startswith("..."):
        tag.attributes[inner] = value


def _read_attribute(source: str, at: int, tag: Tag, known: Mapping[str, Any]) -> int:
    name = _ATTRIBUTE_NAME.match(source, at)
    if name is None:
        return at + 1
    i = skip_space(source, name.end())
    if not source.startswith("=", i):
        return name.end()
    i = skip_space(source, i + 1)
    opener = source[i : i + 1]
    if opener and opener in "\"'":
        end = source.find(opener, i + 1)
        end = end if end >= 0 else len(source)
        tag.attributes[name[0]] = html.unescape(source[i + 1 : end])
        return end + 1
    if opener == "`":
        end = end_of_string(source, i)
        tag.attributes[name[0]] = read_value(source[i:end], 0, known)[0]
        return end
    if opener == "{":
        end = end_of_brackets(source, i)
        value, stop = read_value(source[:end], i + 1, known)
        if value is not None and stop >= end - 1 - len(source[stop : end - 1].rstrip()):
            tag.attributes[name[0]] = value
        return end
    bare = _ATTRIBUTE_NAME.match(source, i)
    return bare.end() if bare else i + 1


class Template:
    """Renders mark-up to HTML. `expand` knows the project's own components."""

    def __init__(self, expand: Expand | None = None) -> None:
        self._expand = expand

    def render(self, source: str, known: Mapping[str, Any], depth: int = 0) -> str:
        """Return the HTML of a template."""
        if depth > _MAX_DEPTH:
            return ""
        out: list[str] = []
        i = 0
        while i < len(source):
            stop = min(
                (p for p in (source.find("<", i), source.find("{", i)) if p >= 0), default=-1
            )
            if stop < 0:
                out.append(source[i:])
                break
            out.append(source[i:stop])
            if source[stop] == "{":
                end = end_of_brackets(source, stop)
                out.append(self.expression(source[stop + 1 : end - 1], known, depth + 1))
                i = end
            else:
                i = self._mark_up(source, stop, known, depth, out)
        return "".join(out)

    def _mark_up(
        self, source: str, at: int, known: Mapping[str, Any], depth: int, out: list[str]
    ) -> int:
        if source.startswith("<!--", at):
            return after(source, "-->", at)
        following = source[at + 1 : at + 2]
        if not (following.isalpha() or following in {"/", ">", "!"}):
            out.append("&lt;")
            return at + 1
        tag = read_tag(source, at, known)
        name = tag.name.lower()
        if name in {"script", "style"} and not tag.closing:
            end = source.lower().find(f"</{name}", tag.end)
            return after(source, ">", end) if end >= 0 and not tag.self_closing else tag.end
        out.append(self.tag(tag, depth))
        for directive in ("set:html", "set:text"):
            if isinstance(tag.attributes.get(directive), str) and not tag.closing:
                text = tag.attributes[directive]
                out.append(text if directive == "set:html" else html.escape(text))
        if tag.self_closing and name not in VOID_TAGS and not tag.is_component and name:
            out.append(f"</{tag.name}>")
        return tag.end

    def tag(self, tag: Tag, depth: int = 0) -> str:
        """Return a tag as HTML; a component as a section that its title names."""
        if not tag.name or tag.name in {"Fragment", "slot"}:
            return ""
        if not tag.is_component:
            if tag.closing:
                return f"</{tag.name}>"
            attributes = "".join(
                f' {name}="{html.escape(value)}"'
                for name, value in tag.attributes.items()
                if isinstance(value, str) and ":" not in name
            )
            return f"<{tag.name}{attributes}>"
        if tag.closing:
            return "</details>"
        own = (
            self._expand(tag.name, tag.attributes) if self._expand and depth < _MAX_DEPTH else None
        )
        if own is not None:
            return own if tag.self_closing else f"{own}<details>"
        return component_html(tag)

    def expression(self, source: str, known: Mapping[str, Any], depth: int = 0) -> str:
        """Return the HTML that an expression in braces leaves."""
        if depth > _MAX_DEPTH:
            return ""
        start = skip_space(source, 0)
        if source[start : start + 1] in {'"', "'", "`"} and end_of_string(source, start) >= len(
            source.rstrip()
        ):
            value = read_value(source, start, known)[0]
            text = (
                value
                if isinstance(value, str)
                else re.sub(r"\$\{.*?\}", "", unquote(source[start:].strip()))
            )
            return html.escape(text)
        if _PATH_ONLY.match(source):
            return _value_html(look_up(source.strip(), known))
        condition = _CONDITION.match(source)
        if condition and is_false(condition[2], known) is (not condition[1]):
            return ""
        mapped = _MAP.match(source)
        if mapped:
            return self._mapped(source, mapped, known, depth)
        return self._elements(source, known, depth)

    def _mapped(
        self, source: str, mapped: re.Match[str], known: Mapping[str, Any], depth: int
    ) -> str:
        items = look_up(mapped[1], known)
        if items is None:
            literal = mapped[1].strip()
            items = read_value(literal, 0, known)[0] if literal.startswith("[") else None
        body = source[mapped.end() :]
        if not isinstance(items, list):
            return self._elements(body, known, depth)
        parameter = (mapped[2] or mapped[3] or "").strip()
        out: list[str] = []
        for item in items[:_MAX_REPEATS]:
            inner = dict(known)
            if parameter.startswith("{") and isinstance(item, Mapping):
                inner.update(unpack(parameter.strip()[1:-1], item, known))
            elif parameter:
                inner[parameter] = item
            out.append(self._elements(body, inner, depth))
        return "\n".join(out)

    def _elements(self, source: str, known: Mapping[str, Any], depth: int) -> str:
        """The mark-up inside a script, rendered; the script itself is left out."""
        out: list[str] = []
        i = 0
        while i < len(source):
            char = source[i]
            if char == "<" and begins_element(source, i):
                end = end_of_element(source, i)
                out.append(self.render(source[i:end], known, depth + 1))
                i = end
            elif char in "\"'`":
                i = end_of_string(source, i)
            else:
                inner = (
                    _MAP.match(source, i)
                    if char.isalpha() and not source[i - 1 : i].isalnum()
                    else None
                )
                if inner:
                    end = end_of_brackets(source, source.index("(", inner.start()))
                    out.append(
                        self._mapped(
                            source[i:end], _MAP.match(source[i:end]) or inner, known, depth
                        )
                    )
                    i = max(end, i + 1)
                else:
                    i += 1
        return "\n".join(out)


def component_html(tag: Tag) -> str:
    """An unknown component: its visible attributes, around its children."""
    title, texts = visible_attributes(tag)
    paragraphs = "".join(f"<p>{html.escape(text)}</p>" for text in texts)
    data = [value for value in tag.attributes.values() if isinstance(value, list | dict)]
    if data and not _QUIET_COMPONENTS.match(tag.name):
        paragraphs += "".join(data_html(texts_only(value)) for value in data)
        summary = f"<summary>{html.escape(title)}</summary>" if title else ""
        return f"<details>{summary}{paragraphs}{'</details>' if tag.self_closing else ''}"
    if tag.self_closing:
        if title and texts:
            return f"<p>{html.escape(title)}<br>{'<br>'.join(map(html.escape, texts))}</p>"
        return f"<p>{html.escape(title)}</p>" if title else paragraphs
    summary = f"<summary>{html.escape(title)}</summary>" if title else ""
    return f"<details>{summary}{paragraphs}"


def visible_attributes(tag: Tag) -> tuple[str, list[str]]:
    """A component's title and its other texts; names of icons and the like are none."""
    if _QUIET_COMPONENTS.match(tag.name):
        return "", []
    title = next(
        (v for n in TITLE_ATTRIBUTES if isinstance(v := tag.attributes.get(n), str) and v.strip()),
        "",
    )
    texts = [
        v for n in TEXT_ATTRIBUTES if isinstance(v := tag.attributes.get(n), str) and v.strip()
    ]
    return title, texts


def _value_html(value: Any) -> str:
    if isinstance(value, str):
        return html.escape(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return html.escape(", ".join(value))
    return ""
