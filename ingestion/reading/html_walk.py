"""One walk over the tree of an HTML page, from which its blocks come out in reading order."""

from __future__ import annotations

import re
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingestion.reading.boilerplate import is_boilerplate
from ingestion.reading.html_inline import (
    DROPPED_TAGS,
    INLINE_TAGS,
    Attributes,
    InlineText,
    crossed_out,
    flat_text,
    image_text,
    inline_element,
    only_text,
)
from ingestion.reading.html_tables import is_layout, table_lines
from ingestion.reading.page_text import PageText, clean_code, clean_text

_MAX_DEPTH = 160
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BELOW_HEADINGS = 7
_LONG_DEFINITION_CHARS = 240
_LONGEST_QUESTION_CHARS = 160
_RENDERED_TEMPLATES = ("shadowrootmode", "x-if", "x-for", "v-if", "v-slot")
# Below these an item is more than a line of text and is read like a part of the page.
_RICH_ITEM = re.compile(r"<(?:h[1-6]|pre|table|details|dl)[\s>]")
_LISTS = frozenset({"ul", "ol", "menu"})


class HtmlWalk:
    """Reads elements into `page`; everything hidden is read too (accordions, tabs)."""

    def __init__(self, page: PageText, page_chars: int, in_content: bool) -> None:
        self._page = page
        self._page_chars = page_chars
        self._in_content = in_content
        self._inline = InlineText()
        self._number = ""  # of a rich list item, until its first words come
        self._tab_labels: dict[str, str] = {}
        self._handlers: dict[str, Callable[[LexborNode, int], None]] = {
            "pre": self._code,
            "ul": self._list,
            "ol": self._list,
            "menu": self._list,
            "dl": self._definitions,
            "table": self._table,
            "details": self._details,
            "p": self._paragraph,
            "template": self._template,
            "form": self._form,
            "fieldset": self._form,
            "img": self._image,
        }

    def read(self, root: LexborNode) -> None:
        """Read everything below `root`."""
        self._tab_labels = _tab_labels(root)
        self._children(root, 0)
        self._flush()
        if not self._page.blocks:
            for image in root.css("img[alt]"):
                self._page.add(image_text(image, alone=True))

    def _flush(self) -> None:
        text = self._inline.take() if self._inline else ""
        if text:
            self._page.add(self._number + text)
            self._number = ""

    def _children(self, node: LexborNode, depth: int) -> None:
        if depth > _MAX_DEPTH:
            self._inline.add(node.text(deep=True, separator=" "))
            return
        for child in node.iter(include_text=True):
            tag = child.tag or ""
            if tag == "-text":
                self._inline.add(child.text_content or "")
            elif tag not in DROPPED_TAGS:
                self._element(child, tag, depth)

    def _element(self, node: LexborNode, tag: str, depth: int) -> None:
        attributes = node.attributes
        if (attributes or tag in {"nav", "header", "footer", "aside"}) and is_boilerplate(
            tag, attributes, node, in_content=self._in_content, page_chars=self._page_chars
        ):
            return
        if attributes and self._is_decoration(node, tag, attributes):
            return
        if tag in INLINE_TAGS and tag != "img":
            self._inline_child(node, tag, attributes, depth)
            return
        if tag == "img" and self._inline:
            inline_element(node, tag, self._inline, depth)
            return
        self._flush()
        level = _HEADINGS.get(tag) or _heading_role(attributes)
        if level:
            self._page.add_heading(level, flat_text(node, buttons=True) or _first_alternative(node))
            return
        label = self._panel_label(attributes)
        if label:
            self._section(label, node, depth)
            return
        handler = self._handlers.get(tag)
        if handler is not None:
            handler(node, depth)
        elif attributes.get("role") in {"table", "grid", "treegrid"}:
            self._table(node, depth)
        else:
            self._container(node, tag, attributes, depth)
        self._flush()

    def _container(self, node: LexborNode, tag: str, attributes: Attributes, depth: int) -> None:
        inside = self._in_content
        self._in_content = inside or tag in {"main", "article"}
        mark = self._page.mark() if _is_a_part(node, tag, attributes) else None
        self._children(node, depth + 1)
        self._flush()
        if mark is not None:
            self._page.return_to(mark)
        self._in_content = inside

    def _inline_child(self, node: LexborNode, tag: str, attributes: Attributes, depth: int) -> None:
        if attributes.get("role") == "tab" and attributes.get("aria-controls") in self._tab_labels:
            return  # said as the heading of its panel
        if tag == "button" and attributes.get("aria-controls") in self._tab_labels:
            return
        self._inline.open("class" in attributes)
        if not inline_element(node, tag, self._inline, depth) and tag not in {"button", "input"}:
            self._inline.code_depth += tag in {"code", "kbd", "samp"}
            self._children(node, depth + 1)
            self._inline.code_depth -= tag in {"code", "kbd", "samp"}
        self._inline.close()

    def _is_decoration(self, node: LexborNode, tag: str, attributes: Attributes) -> bool:
        """aria-hidden things are ornaments or copies, unless they are panels not yet opened."""
        if attributes.get("aria-hidden") != "true":
            return False
        if tag in INLINE_TAGS and tag != "a":
            return attributes.get("class") is None or len(node.text()) <= 2 or tag == "svg"
        names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()
        return "clone" in names or "marquee" in names

    def _panel_label(self, attributes: Attributes) -> str:
        identifier = attributes.get("id") if attributes else None
        return self._tab_labels.get(identifier, "") if identifier else ""

    def _section(self, label: str, node: LexborNode, depth: int) -> None:
        """Read an element as a section below a label that is not a heading of its own."""
        self._page.open_section(label)
        self._children(node, depth + 1)
        self._flush()
        self._page.close_section()

    def _paragraph(self, node: LexborNode, depth: int) -> None:
        question = _bold_question(node)
        if question:
            self._page.add_heading(_BELOW_HEADINGS, question)
        else:
            self._children(node, depth + 1)

    def _image(self, node: LexborNode, _depth: int) -> None:
        self._page.add(image_text(node))

    def _code(self, node: LexborNode, _depth: int) -> None:
        lines = node.css("div.line, div.ec-line, .ec-line")  # code themes set each line apart
        raw = "\n".join(line.text() for line in lines) if lines else node.text()
        self._page.add(clean_code(raw), "code")

    def _table(self, node: LexborNode, depth: int) -> None:
        if node.tag == "table" and is_layout(node):
            self._children(node, depth + 1)
            return
        caption = node.css_first("caption")
        if caption is not None:
            self._page.add(flat_text(caption))
        self._page.add("\n".join(table_lines(node)), "table")

    def _list(self, node: LexborNode, depth: int) -> None:
        if _RICH_ITEM.search(node.html or ""):
            self._rich_items(node, depth)
            return
        self._page.add("\n".join(_item_lines(node, "", 0)), "list")

    def _rich_items(self, node: LexborNode, depth: int) -> None:
        for number, item in enumerate(node.iter(include_text=False), start=1):
            if item.tag in DROPPED_TAGS:
                continue
            opens_with_heading = item.css_first("h1, h2, h3, h4, h5, h6") is not None
            if node.tag == "ol" and item.tag == "li" and not opens_with_heading:
                self._number = f"{number}. "
            self._element(item, item.tag or "", depth + 1)
            self._flush()
            self._number = ""

    def _definitions(self, node: LexborNode, depth: int) -> None:
        """Short definitions become lines "term: definition", questions become sections."""
        lines: list[str] = []
        terms: list[str] = []
        for child in _definition_parts(node):
            if child.tag == "dt":
                terms.append(flat_text(child, buttons=True))
                continue
            text = flat_text(child)
            term = ", ".join(term for term in terms if term)
            terms = []
            if (
                term.endswith("?")
                or len(text) > _LONG_DEFINITION_CHARS
                or _RICH_ITEM.search(child.html or "")
            ):
                self._page.add("\n".join(lines), "list")
                lines = []
                self._section(term or text[:60], child, depth)
            elif text or term:
                flat = text.replace("\n", ", ")
                lines.append(f"{term.rstrip(':')}: {flat}" if term and flat else flat or term)
        lines.extend(term for term in terms if term)
        self._page.add("\n".join(lines), "list")

    def _details(self, node: LexborNode, depth: int) -> None:
        summary = next((child for child in node.iter() if child.tag == "summary"), None)
        label = flat_text(summary, buttons=True) if summary is not None else ""
        self._page.open_section(label)
        for child in node.iter(include_text=True):
            tag = child.tag or ""
            if tag == "-text":
                self._inline.add(child.text_content or "")
            elif tag != "summary" and tag not in DROPPED_TAGS:
                self._element(child, tag, depth + 1)
        self._flush()
        self._page.close_section()

    def _form(self, node: LexborNode, depth: int) -> None:
        """Controls and their labels are no content; what is written around them is."""
        if node.css_first("h1, h2, h3, h4, p, table, ul, ol, dl, article, main") is None:
            return
        for label in node.css("label, legend"):
            if label.css_first("p, h1, h2, h3, h4, table, ul") is None:
                label.decompose()
        self._children(node, depth + 1)

    def _template(self, node: LexborNode, depth: int) -> None:
        """A template that a script fills at once (or a shadow root) is content, others are not."""
        if not any(name in node.attributes for name in _RENDERED_TEMPLATES):
            return
        body = LexborHTMLParser(node.inner_html or "").body
        if body is not None:
            self._children(body, depth + 1)


def _is_a_part(node: LexborNode, tag: str, attributes: Attributes) -> bool:
    """Whether headings inside end with the element: sections, and boxes in a row of their like."""
    if tag in {"section", "article", "li", "aside", "td"}:
        return True
    names = attributes.get("class")
    if not names:
        return False
    for step in ("next", "prev"):
        sibling = getattr(node, step)
        while sibling is not None and not sibling.is_element_node:
            sibling = getattr(sibling, step)
        if sibling is not None and sibling.attributes.get("class") == names:
            return True
    return False


def _tab_labels(root: LexborNode) -> dict[str, str]:
    """Labels of tab panels and accordion panels, by the panel's id."""
    labels: dict[str, str] = {}
    for tab in root.css("[role=tab], button[aria-controls], a[aria-controls]"):
        attributes = tab.attributes
        target = attributes.get("aria-controls") or (attributes.get("href") or "").lstrip("#")
        text = flat_text(tab, buttons=True)
        in_heading = tab.parent is not None and tab.parent.tag in _HEADINGS
        if target and text and not in_heading and _has_panel(root, target):
            labels.setdefault(target, text)
    return labels


def _has_panel(root: LexborNode, identifier: str) -> bool:
    if not identifier.replace("-", "").replace("_", "").isalnum():
        return False
    panel = root.css_first(f'[id="{identifier}"]')
    return panel is not None and panel.tag not in {"nav", "ul", "form"}


def _definition_parts(node: LexborNode) -> list[LexborNode]:
    """<dt> and <dd> in order; they may stand in <div>s."""
    return [part for part in node.css("dt, dd") if _closest(part, "dl") == node.mem_id]


def _closest(node: LexborNode, tag: str) -> int | None:
    parent = node.parent
    while parent is not None and parent.tag != tag:
        parent = parent.parent
    return parent.mem_id if parent is not None else None


def _heading_role(attributes: Attributes) -> int:
    if not attributes or attributes.get("role") != "heading":
        return 0
    level = attributes.get("aria-level") or "2"
    return int(level) if level in {"1", "2", "3", "4", "5", "6"} else 2


def _first_alternative(node: LexborNode) -> str:
    """A heading that is only an image is named by it."""
    image = node.css_first("img[alt]")
    return clean_text(image.attributes.get("alt") or "") if image is not None else ""


def _bold_question(node: LexborNode) -> str:
    """`<p><strong>Do you ship?</strong></p>`: a question set bold is the heading of its answer."""
    first = node.first_child
    while first is not None and first.tag == "-text" and not (first.text_content or "").strip():
        first = first.next
    if first is None or first.tag not in {"strong", "b"}:
        return ""
    text = flat_text(node)
    if not text.endswith("?") or len(text) > _LONGEST_QUESTION_CHARS:
        return ""
    return text if flat_text(first) == text else ""


def _item_lines(node: LexborNode, indent: str, depth: int) -> list[str]:
    lines: list[str] = []
    raw_start = node.attributes.get("start") or "1"
    number = int(raw_start) if raw_start.isascii() and raw_start.isdigit() else 1
    for item in node.iter(include_text=False):
        if item.tag in _LISTS and depth < 40:
            lines.extend(_item_lines(item, indent + "  ", depth + 1))
            continue
        if item.tag in DROPPED_TAGS:
            continue
        plain = only_text(item)
        text = flat_text(item, skip=_LISTS).replace("\n", " ") if plain is None else plain
        if text:
            mark = f"{number}." if node.tag == "ol" else "-"
            cross = "✗ " if crossed_out(item, plain is not None) and text[0] != "✗" else ""
            lines.append(f"{indent}{mark} {cross}{text}")
            number += 1
        if depth < 40 and plain is None:
            for nested in item.css("ul, ol, menu"):
                if _closest(nested, "li") == item.mem_id:
                    lines.extend(_item_lines(nested, indent + "  ", depth + 1))
    return lines
