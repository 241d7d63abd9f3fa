"""The running text of HTML: words as a reader sees them, with what mark-up alone would say."""

from __future__ import annotations

import re
from collections.abc import Mapping

from selectolax.lexbor import LexborNode

from ingestion.reading.page_text import LINE_BREAK, clean_text, is_price

Attributes = Mapping[str, str | None]

INLINE_TAGS = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark math "
    "nobr output picture q rp rt ruby s samp small span strike strong sub sup time tt u var wbr br "
    "svg button input".split()
)
DROPPED_TAGS = frozenset(
    "script style noscript iframe object embed canvas audio video map select option datalist "
    "textarea input progress meter link meta head title base param source track colgroup col area "
    "frameset frame rp -comment !doctype".split()
)
_STRUCK_TAGS = frozenset({"del", "s", "strike"})
_MAX_DEPTH = 120
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_CENTS_BEFORE = re.compile(r"[$€£]\s?\d[\d,]*\Z")
_APART = re.compile(r"(?<!\d)(?<!\d )([$£]) (?=\d)")  # signs that stand before the amount only
_CHECK = re.compile(
    r"(?:^|[-_ /#:])(?:check|checkmark|tick|yes|included)(?:$|[-_ .0-9])", re.IGNORECASE
)
_CROSS = re.compile(
    r"(?:^|[-_ /#:])(?:x|cross|times|xmark|close|minus|dash|no|excluded|not-included)"
    r"(?:$|[-_ .0-9])",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|avif)$|^(?:img|dsc|image)[-_ ]?\d+$", re.IGNORECASE
)


class InlineText:
    """Gathers text and decides where mark-up without white space still separates words.

    `<span>Team</span><span>$49</span>` is two words on the screen (the style sheet sets them
    apart), `<span>$</span><span>49</span>` is one.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._closed = False
        self._reopened = False
        self._styled_open = False
        self.code_depth = 0

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, text: str) -> None:
        """Add a text node."""
        if not text:
            return
        if (self._reopened or self._styled_open) and self._parts and not self.code_depth:
            before, after = self._parts[-1][-1:], text[0]
            if (self._reopened and _separate(before, after)) or (
                self._styled_open and before.islower() and after.isupper()
            ):
                self._parts.append(" ")
        self._closed = self._reopened = self._styled_open = False
        self._parts.append(text)

    def open(self, styled: bool) -> None:
        """An inline element begins."""
        if self._closed:
            self._reopened = True
        else:
            self._styled_open = styled

    def close(self) -> None:
        """An inline element ends."""
        self._closed = True
        self._reopened = self._styled_open = False

    def tail(self) -> str:
        """The last few characters so far."""
        return "".join(self._parts[-3:])[-24:]

    def take(self) -> str:
        """Return the text so far, cleaned, and begin anew."""
        if not self._parts:
            return ""
        text = clean_text("".join(self._parts))
        if "$ " in text or "£ " in text:
            text = _APART.sub(r"\1", text)
        self._parts.clear()
        self._closed = self._reopened = self._styled_open = False
        return text


def _separate(before: str, after: str) -> bool:
    """Whether two neighbouring elements' characters belong to different words."""
    if not (before.isalnum() or before in ".,!?:;)%"):
        return False
    if before.isdigit() or before in ".,":
        return (after.isalpha() and after.isupper()) or after in "$€£¥("
    return after.isalnum() or after in "$€£¥("


def inline_element(node: LexborNode, tag: str, into: InlineText, depth: int) -> bool:
    """Add an inline element that needs more than its children's text; False if it is plain.

    Struck prices are marked as past, digits set high stay apart from the number before them
    (10² is not 102), cents set high get their point, and a link's hidden address is added.
    """
    if tag == "br":
        into.add(LINE_BREAK)
    elif tag == "wbr":
        pass
    elif tag == "img":
        alternative = image_text(node)
        if alternative:
            into.add(f" {alternative} ")
    elif tag == "svg":
        pass
    elif tag in _STRUCK_TAGS:
        _add_struck(node, into, depth)
    elif tag == "sup":
        _add_superscript(flat_text(node, depth=depth + 1), into)
    elif tag == "button":
        attributes = node.attributes
        if "aria-expanded" in attributes or "aria-controls" in attributes:
            into.add(f" {flat_text(node, depth=depth + 1, buttons=True)} ")
    elif tag == "a":
        return _add_hidden_address(node, into, depth)
    else:
        return False
    return True


def _add_struck(node: LexborNode, into: InlineText, depth: int) -> None:
    text = flat_text(node, depth=depth + 1)
    if node.attributes.get("aria-hidden") == "true":
        return  # a copy for the eye of what stands beside it in words
    # A number that no longer holds must not be taken for one that does.
    outdated = is_price(text) or any(map(str.isdigit, text))
    into.add(f" (was {text}) " if outdated else text)


def _add_superscript(text: str, into: InlineText) -> None:
    before = into.tail()
    if text.isascii() and text.isdigit() and before[-1:].isalnum():
        cents = len(text) == 2 and _CENTS_BEFORE.search(before)
        into.add(f".{text}" if cents else text.translate(_SUPERSCRIPTS))
    else:
        into.add(text)


def _add_hidden_address(node: LexborNode, into: InlineText, depth: int) -> bool:
    """A mail or telephone link whose text does not show the address: "Write to us"."""
    href = node.attributes.get("href") or ""
    scheme, _, address = href.partition(":")
    if scheme.lower() not in {"mailto", "tel"}:
        return False
    address = address.partition("?")[0].strip()
    text = flat_text(node, depth=depth + 1)
    if scheme.lower() == "tel":
        known = "".join(filter(str.isdigit, address))[-7:] in "".join(filter(str.isdigit, text))
    else:
        known = "@" in text
    into.add(text if known or not address else f"{text} ({address})".strip())
    return True


def image_text(node: LexborNode, *, alone: bool = False) -> str:
    """An image's alternative text if it says something that the text around may not.

    `alone`: nothing else is on the page, so that any words are better than none.
    """
    alternative = clean_text(node.attributes.get("alt") or "")
    if _FILE_NAME.search(alternative):
        return ""
    words = len(alternative.split())
    if alone or words >= 6 or (words >= 2 and any(map(str.isdigit, alternative))):
        return alternative
    return ""


def flat_text(
    node: LexborNode, *, depth: int = 0, buttons: bool = False, skip: frozenset[str] = frozenset()
) -> str:
    """All text below a node as running text: for headings, table cells and list items."""
    only = only_text(node)
    if only is not None:
        return only
    into = InlineText()
    _gather(node, into, depth, buttons, skip)
    return into.take()


def _gather(
    node: LexborNode, into: InlineText, depth: int, buttons: bool, skip: frozenset[str]
) -> None:
    if depth > _MAX_DEPTH:
        into.add(node.text(deep=True, separator=" "))
        return
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            into.add(child.text_content or "")
        elif tag in DROPPED_TAGS or tag in skip or tag == "template":
            continue
        elif tag in INLINE_TAGS:
            into.open("class" in child.attributes)
            if (buttons and tag == "button") or not inline_element(child, tag, into, depth):
                into.code_depth += tag in {"code", "kbd", "samp"}
                _gather(child, into, depth + 1, buttons, skip)
                into.code_depth -= tag in {"code", "kbd", "samp"}
            into.close()
        else:
            into.add("; " if tag == "li" and child.prev is not None and into else " ")
            _gather(child, into, depth + 1, buttons, skip)
            into.add(" ")


def only_text(node: LexborNode) -> str | None:
    """The text of a node that holds nothing but text (most do), else None."""
    child = node.first_child
    if child is None:
        return ""
    if child.next is not None or child.tag != "-text":
        return None
    return clean_text(child.text_content or "")


def icon_meaning(node: LexborNode) -> str:
    """What the icons of an otherwise empty cell or of a list item say: "✓", "✗", a label or ""."""
    for icon in node.css("svg, i, span, img, use"):
        attributes = icon.attributes
        label = attributes.get("aria-label") or attributes.get("alt") or attributes.get("title")
        if label:
            return clean_text(label)
        if icon.tag == "svg" and (title := icon.css_first("title")) is not None:
            return clean_text(title.text())
        if icon.tag not in {"img", "svg"} and clean_text(icon.text()):
            continue
        hint = " ".join(
            attributes.get(name) or ""
            for name in ("class", "href", "xlink:href", "data-icon", "data-lucide", "src", "name")
        )
        if _CHECK.search(hint):
            return "✓"
        if _CROSS.search(hint):
            return "✗"
    return ""


def crossed_out(node: LexborNode, is_plain: bool) -> bool:
    """Whether a list item is marked as not included, by an icon or a class.

    `is_plain`: it holds nothing but text, so that it needs not be searched for icons.
    """
    hint = node.attributes.get("class") or ""
    if hint and re.search(r"\b(?:not-included|excluded|unavailable|line-through)\b", hint):
        return True
    return not is_plain and icon_meaning(node) == "✗"
