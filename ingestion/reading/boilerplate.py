"""What of a page is furniture: navigation, banners, share buttons, comments.

Losing a price is worse than keeping a menu. So names count only as whole words of a class or id,
names that may also mean content (menu, comment, modal, widget) do not count at all, and an element
that holds the page's h1 or most of its text is never furniture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from selectolax.lexbor import LexborNode

_ROLES_ANYWHERE = frozenset({"navigation", "search", "menubar", "menu"})
_ROLES_OUTSIDE = frozenset({"banner", "contentinfo", "complementary"})

# Whole names of classes and ids that are furniture wherever they stand.
_ANYWHERE = re.compile(
    r"(?:^|\s)(?:breadcrumbs?|[\w-]*-breadcrumbs?|breadcrumb-[\w-]+|yoast-breadcrumbs?"
    r"|pagination|[\w-]+-pagination|pager|nav-links|post-navigation|page-numbers"
    r"|share|sharing|share-(?:buttons?|links?|icons?|bar|this)|social-(?:share|links?|icons?|media)"
    r"|addtoany[\w-]*|sharedaddy|sd-sharing[\w-]*|jp-relatedposts|a2a_kit|heateor[\w-]*"
    r"|comments|comments-area|comment-(?:list|respond|form)|commentlist|respond|disqus_thread"
    r"|related-posts?|relatedposts|yarpp[\w-]*|newsletter-(?:signup|form|popup)|mc4wp-form"
    r"|skip-link|skip-to-content|skip-nav|screen-reader-shortcut|wpadminbar|entry-footer|post-meta-nav"
    r"|table-of-contents|toc|ez-toc-container|lwptoc|sl-toc|right-sidebar|starlight-toc"
    r"|cky-[\w-]+|cmplz-[\w-]+|onetrust[\w-]*|cc-window|cookie-?(?:banner|bar|notice|consent|popup|modal)"
    r"|cookieconsent|cookie-law-info[\w-]*|gdpr-[\w-]+|cybotcookiebot[\w-]*|osano-cm[\w-]*)(?=\s|$)",
    re.IGNORECASE,
)
# Furniture outside the content only: inside, a card's "header" holds the plan's name.
_OUTSIDE = re.compile(
    r"(?:^|\s)(?:header|site-header|main-header|global-header|masthead|top-?bar|navbar|navigation"
    r"|(?:main|site|top|primary|mobile|side|footer)-?(?:nav|navigation|menu)|off-?canvas[\w-]*"
    r"|footer|site-footer|main-footer|global-footer|colophon|footer-[\w-]+|sidebar|site-sidebar"
    r"|widget-area|announcement-bar|cookies?|consent|gdpr)(?=\s|$)",
    re.IGNORECASE,
)
_SIDE_NOTES = re.compile(
    r"(?:^|[\s_-])(?:sidebar|related|toc|newsletter|share|widget)(?=[\s_-]|$)", re.IGNORECASE
)
_MOST_OF_THE_PAGE = 0.5


def is_boilerplate(
    tag: str,
    attributes: Mapping[str, str | None],
    node: LexborNode,
    *,
    in_content: bool,
    page_chars: int,
) -> bool:
    """Whether an element is furniture. `in_content` says it stands inside <main> or <article>."""
    if not _is_named_so(tag, attributes, in_content):
        return False
    if tag in {"nav", "footer"} and in_content:
        return True
    if node.css_first("h1") is not None or node.css_first("main") is not None:
        return False
    return tag == "nav" or len(node.text()) <= page_chars * _MOST_OF_THE_PAGE


def _is_named_so(tag: str, attributes: Mapping[str, str | None], in_content: bool) -> bool:
    if tag == "nav" or (tag in {"header", "footer", "aside"} and not in_content):
        return True
    if not attributes:
        return False
    role = attributes.get("role")
    if role in _ROLES_ANYWHERE or (role in _ROLES_OUTSIDE and not in_content):
        return True
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    if names == " ":
        return False
    if tag in {"main", "article", "body", "h1", "h2", "h3", "h4", "table", "li", "tr", "td", "p"}:
        return False
    return _names_furniture(names, tag == "aside", in_content)


@lru_cache(8_192)
def _names_furniture(names: str, is_aside: bool, in_content: bool) -> bool:
    """Pages of one site use the same few hundred names over and over."""
    return bool(
        (is_aside and _SIDE_NOTES.search(names))
        or _ANYWHERE.search(names)
        or (not in_content and _OUTSIDE.search(names))
    )


def choose_content(body: LexborNode) -> tuple[LexborNode, bool]:
    """Return the element to read, and whether it is known to be content.

    <main> is believed unless most of the page's words stand outside of it and of its furniture:
    some themes put only the first screen into <main>.
    """
    candidates = body.css("main, [role=main]")
    if not candidates:
        return body, False
    best = max(candidates, key=lambda node: len(node.text()))
    length = len("".join(best.text().split()))
    whole = len("".join(body.text().split()))
    furniture = sum(
        len("".join(node.text().split()))
        for node in body.css(
            "nav, header, footer, aside, script, style, noscript, template, select"
        )
        if not _within(node, body)
    )
    return (best, True) if length >= 0.4 * (whole - furniture) else (body, False)


def _within(node: LexborNode, body: LexborNode) -> bool:
    """Whether an ancestor below body is counted as furniture already (or is <main>)."""
    parent = node.parent
    while parent is not None and parent.mem_id != body.mem_id:
        if parent.tag in {"nav", "header", "footer", "aside", "main"}:
            return True
        parent = parent.parent
    return False
