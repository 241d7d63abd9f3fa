"""An HTML page, or a piece of one, becomes blocks."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from ingestion.reading.boilerplate import choose_content
from ingestion.reading.html_inline import flat_text
from ingestion.reading.html_walk import HtmlWalk
from ingestion.reading.page_text import PageText, clean_text
from ingestion.reading.structured_data import Facts, read_structured_data

_TITLE_SEPARATORS = ("|", "–", "—", "-", "·", "•", "::", ":", "»", "«", "/", "~")


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """What the mark-up around the blocks says. `kind` is "product", "post" or ""."""

    page: PageText
    title: str
    language: str | None
    description: str
    kind: str


def parse_html(body: str) -> LexborHTMLParser:
    """Parse HTML as a browser does. Never raises."""
    return LexborHTMLParser(body.replace("\x00", ""), scripting=True)


def read_html(tree: LexborHTMLParser, url: str, *, title: str = "") -> HtmlPage:
    """Read a whole page. Never raises: what cannot be read is not there."""
    page = PageText()
    home = urlsplit(url).path in {"", "/"}
    facts, questions, kind = read_structured_data(tree, home=home)
    meta = _meta(tree)
    language = _language(tree)
    if tree.body is not None:
        footer = _footer_contacts(tree.body) if home else []
        root, in_content = choose_content(tree.body)
        HtmlWalk(page, len(tree.body.text()), in_content).read(root)
        _add_missing(page, facts, questions, footer)
    return HtmlPage(
        page,
        title or _title(tree, meta, page.first_h1),
        language,
        clean_text(meta.get("description") or meta.get("og:description") or ""),
        kind or {"product": "product", "article": "post"}.get(meta.get("og:type", ""), ""),
    )


def read_fragment(tree: LexborHTMLParser) -> PageText:
    """Read a piece of content (a post's body, rendered Markdown): all of it is content."""
    page = PageText()
    if tree.body is not None:
        HtmlWalk(page, len(tree.body.text()), in_content=True).read(tree.body)
    return page


def _meta(tree: LexborHTMLParser) -> dict[str, str]:
    """<meta> by name or property, the first of each."""
    found: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = attributes.get("name") or attributes.get("property")
        if name:
            found.setdefault(name.lower(), attributes.get("content") or "")
    return found


def _language(tree: LexborHTMLParser) -> str | None:
    root = tree.root
    raw = (root.attributes.get("lang") or "") if root is not None else ""
    return raw.strip().replace("_", "-")[:35] or None


def _title(tree: LexborHTMLParser, meta: dict[str, str], heading: str) -> str:
    """The page's own name, without the site's that most titles end or begin with."""
    node = tree.css_first("title")
    title = clean_text(node.text()) if node is not None else ""
    title = title or clean_text(meta.get("og:title", ""))
    site = clean_text(meta.get("og:site_name", ""))
    if site and len(title) > len(site):
        for separator in _TITLE_SEPARATORS:
            title = title.removesuffix(f" {separator} {site}").removeprefix(f"{site} {separator} ")
    if heading and (not title or _begins_with_part(title, heading)):
        return heading
    return title or heading


def _begins_with_part(title: str, heading: str) -> bool:
    """Whether a title is the heading and then something behind a separator."""
    rest = title[len(heading) :].strip()
    return title.lower().startswith(heading.lower()) and (
        not rest or any(rest.startswith(separator) for separator in _TITLE_SEPARATORS)
    )


def _footer_contacts(body: LexborNode) -> list[str]:
    """Addresses and numbers that stand only in the footer; the caller keeps them once a site."""
    lines: list[str] = []
    for footer in body.css("footer, [role=contentinfo], #footer, .site-footer"):
        for node in footer.css('address, a[href^="tel:"], a[href^="mailto:"]'):
            text = flat_text(node)
            if node.tag == "a":
                address = (node.attributes.get("href") or "").partition(":")[2].partition("?")[0]
                digits = "".join(filter(str.isdigit, text))
                text = text if "@" in text or len(digits) >= 6 else address
            if text and not any(text in line for line in lines):
                lines.append(text)
    return lines


def _add_missing(page: PageText, facts: Facts, questions: Facts, footer: list[str]) -> None:
    """Add what the page says only to machines, or only in its footer."""
    present = " ".join(block.text for block in page.blocks)
    squeezed = "".join(present.split()).lower()

    def missing(value: str) -> bool:
        return "".join(value.split()).lower() not in squeezed

    # "12.50 EUR" is in a text that says "€12.50".
    lines = [f"{label}: {value}" for label, value in facts if missing(value.partition(" ")[0])]
    contacts = [line for line in footer if missing(line)]
    unanswered = [(q, a) for q, a in questions if missing(a[:80])]
    if not (lines or contacts or unanswered):
        return
    page.open_section("")
    page.add("\n".join(dict.fromkeys(lines)), "list")
    page.add("\n".join(contacts))
    for question, answer in unanswered:
        page.open_section(question)
        page.add(answer)
        page.close_section()
    page.close_section()
