"""A post's stored text becomes the HTML that the site shows: no shortcodes, with paragraphs.

WordPress stores block comments (since 5.0) or text whose blank lines are paragraphs (before), and
in both shortcodes that plug-ins would render.
"""

from __future__ import annotations

import html
import re

# Shortcodes of WordPress and of common plug-ins. With a closing tag their inner text stays, unless
# they are media. Others are recognised by their form, see `_is_shortcode`.
_MEDIA = frozenset(
    "gallery playlist audio video youtube vimeo embed soundcloud slideshow googlemaps".split()
)
_KNOWN = frozenset(
    "caption wp_caption gallery playlist audio video embed code sourcecode quote button row column "
    "columns one_half one_half_last one_third one_third_last two_thirds one_fourth tabs tab "
    "accordion accordions toggle toggles faq faqs spoiler section divider spacer contact-form "
    "contact-form-7 wpforms gravityform ninja_form products product product_page woocommerce_cart "
    "woocommerce_checkout woocommerce_my_account add_to_cart recent_products sitemap tagline "
    "latex archives slideshow youtube vimeo soundcloud googlemaps raw".split()
)
_PREFIXES = (
    "vc_",
    "et_pb_",
    "fusion_",
    "av_",
    "su_",
    "cs_",
    "wpb_",
    "mk_",
    "ux_",
    "tatsu_",
    "rev_slider",
)
_SHORTCODE = re.compile(
    r"""\[(\[?)(/?)([A-Za-z][\w-]{1,50})((?:\s+(?:[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'\]]+)|"[^"]*"|'[^']*'|[^\s\[\]"'=]+))*)\s*(/?)\](\]?)"""
)
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'\]]+))""")
_TITLED = ("title", "question", "heading", "label", "tab_title")
_TITLED_NAMES = frozenset({"tab", "toggle", "accordion", "faq", "spoiler", "button"})
_SPOKEN = (
    "text",
    "content",
    "subtitle",
    "price",
    "sum",
    "amount",
    "currency",
    "per",
    "caption",
    "author",
    "name",
)
_ATTRIBUTED_PREFIXES = ("vc_", "et_pb_", "fusion_", "av_", "su_", "ux_", "cs_")
_BLOCK = (
    "address|article|aside|blockquote|br|caption|center|col|colgroup|dd|details|div|dl|dt|fieldset|"
    "figcaption|figure|footer|form|h[1-6]|header|hr|iframe|legend|li|main|map|math|menu|nav|object|ol|"
    "option|p|pre|script|section|style|summary|svg|table|tbody|td|tfoot|th|thead|tr|ul"
)
_NEAR_BLOCK = re.compile(
    rf"(</?(?:{_BLOCK})\b[^>]*>)[ \t]*\n|\n[ \t]*(?=</?(?:{_BLOCK})\b)", re.IGNORECASE
)
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_KEEP_AS_IS = re.compile(
    r"(<(pre|script|style|textarea|svg)\b.*?</\2\s*>)", re.IGNORECASE | re.DOTALL
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_RUNAWAY_COMMENT = re.compile(r"<!--\s*/?wp:.*?--\s*>", re.DOTALL)


def render_post(content: str) -> str:
    """Return a post's HTML as the site would show it, as far as that can be known."""
    text = content.replace("\r\n", "\n").replace("\r", "\n")
    is_blocks = "<!-- wp:" in text
    text = _COMMENT.sub("", _RUNAWAY_COMMENT.sub("", text)) if "<!--" in text else text
    if "[" in text:
        text = strip_shortcodes(text)
    return text if is_blocks else add_paragraphs(text)


def strip_shortcodes(text: str) -> str:
    """Take shortcodes out and leave what a reader would see of them.

    `[gallery ids="1"]` goes, `[caption]<img> A dog[/caption]` leaves its inside, `[[gallery]]` is
    an escaped one and says "[gallery]". Brackets in prose ("[1]", "[sic]", "[a note]") stay.
    """
    closing = set(re.findall(r"\[/([A-Za-z][\w-]*)\]", text))
    out: list[str] = []
    position = 0
    silent: tuple[str, int] | None = None  # an open media shortcode: its inside is no text
    for match in _SHORTCODE.finditer(text):
        name = match[3].lower()
        if not _is_shortcode(match, name, closing):
            continue
        if match[1] and match[6]:
            if silent is None:
                out.append(text[position : match.start()] + match[0][1:-1])
        elif match[2]:
            if silent is None:
                out.append(text[position : match.start()] + match[1])
            elif silent[0] == name:
                silent = None
            if silent is None:
                out.append(_closed(name, text[match.end() : match.end() + 1]) + match[6])
        else:
            if silent is None:
                out.append(
                    text[position : match.start()]
                    + match[1]
                    + _opened(name, match[4], encloses=match[3] in closing)
                    + match[6]
                )
            if name in _MEDIA and match[3] in closing and silent is None and not match[5]:
                silent = (name, match.end())
        position = match.end()
    if silent is not None:  # never closed after all: what follows is text
        position = silent[1]
    out.append(text[position:])
    return "".join(out)


def _is_shortcode(match: re.Match[str], name: str, closing: set[str]) -> bool:
    return (
        name in _KNOWN
        or name.startswith(_PREFIXES)
        or match[3] in closing
        or "=" in match[4]
        or ("_" in name and not match[4])
    )


def _opened(name: str, raw: str, *, encloses: bool) -> str:
    if name in {"code", "sourcecode"}:
        return "<pre>"
    if name in {"caption", "wp_caption"}:
        own = re.search(r"""\bcaption\s*=\s*(?:"([^"]*)"|'([^']*)')""", raw)  # until WordPress 3.4
        return f"<p>{own[1] or own[2] or ''}</p>" if own else ""
    if not name.startswith(_ATTRIBUTED_PREFIXES) and name not in _TITLED_NAMES:
        return "" if encloses or name in _MEDIA else " "
    attributes = {
        m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(raw)
    }
    title = next((attributes[key] for key in _TITLED if attributes.get(key)), "")
    texts = [
        attributes[key]
        for key in _SPOKEN
        if attributes.get(key) and not attributes[key].startswith(("http", "#"))
    ]
    heading = f"\n\n<h4>{html.escape(title)}</h4>\n\n" if title else "\n\n"
    return heading + (f"<p>{html.escape(' '.join(texts))}</p>\n\n" if texts else "")


def _closed(name: str, following: str) -> str:
    """What a closing tag leaves: `[mark]one[/mark].` is within a sentence, boxes are not."""
    if name in {"code", "sourcecode"}:
        return "</pre>"
    if name.startswith(_ATTRIBUTED_PREFIXES) or name in _TITLED_NAMES:
        return "\n\n"
    return "\n\n" if following == "[" and name not in _MEDIA else ""


def add_paragraphs(text: str) -> str:
    """Make blank lines paragraphs and single newlines line breaks, as WordPress does on output."""
    if "\n" not in text:
        return text
    parts = _KEEP_AS_IS.split(text)
    out: list[str] = []
    for index in range(0, len(parts), 3):
        prose = _BLANK_LINES.sub("\n<div></div>\n", parts[index])
        prose = _NEAR_BLOCK.sub(lambda m: m[1] or " ", prose)
        out.append(prose.replace("\n", "<br>\n"))
        if index + 1 < len(parts):
            out.append(parts[index + 1])
    return "".join(out)
