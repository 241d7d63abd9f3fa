"""What a page's head tells robots: canonical address, noindex, links not to follow."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

_REFRESH = re.compile(r"^\s*(\d+)(?:\.\d+)?\s*;\s*url\s*=\s*['\"]?([^'\"\s]+)", re.IGNORECASE)
_AT_ONCE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class PageHead:
    """`refresh` is the address that the page sends its reader to, "" if it does not."""

    canonical: str
    noindex: bool
    nofollow: bool
    refresh: str


def read_head(tree: LexborHTMLParser) -> PageHead:
    """Read <link rel=canonical>, <meta name=robots> and <meta http-equiv=refresh>."""
    link = tree.css_first('link[rel~="canonical" i][href]')
    canonical = (link.attributes.get("href") or "").strip() if link is not None else ""
    rules: set[str] = set()
    refresh = ""
    for meta in tree.css("meta[content]"):
        attributes = meta.attributes
        content = attributes.get("content") or ""
        if (attributes.get("name") or "").lower() == "robots":
            rules |= {rule.strip().lower() for rule in content.split(",")}
        if (attributes.get("http-equiv") or "").lower() == "refresh":
            match = _REFRESH.match(content)
            if match and int(match[1]) <= _AT_ONCE_SECONDS:
                refresh = match[2]
    return PageHead(
        canonical, bool(rules & {"noindex", "none"}), bool(rules & {"nofollow", "none"}), refresh
    )
