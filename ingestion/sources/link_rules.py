"""Which links of a site lead to pages worth reading. Pure."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

MAX_URL_CHARS = 500
_MAX_SEGMENTS = 14
_MAX_PARAMETERS = 3
_QUERIES_PER_PATH = 60
_PAGES_PER_DATE_SHAPE = 120
_PAGES_PER_NUMBER_SHAPE = 3_000

_TRACKING = re.compile(
    r"^(?:utm_\w+|gclid|fbclid|msclkid|dclid|yclid|mc_[ce]id|_ga|_gl|igshid|ref|source|hsa_\w+|_hs\w+)$",
    re.IGNORECASE,
)
_SESSION = re.compile(
    r"^(?:phpsessid|jsessionid|aspsessionid\w*|sid|session_?id|sessid|cfid|cftoken|osCsid|zenid)$",
    re.IGNORECASE,
)
_SESSION_IN_PATH = re.compile(r";jsessionid=[^/?]*", re.IGNORECASE)
# Parameters that show the same things in another order, or an endless row of dates or actions.
_ENDLESS = re.compile(
    r"^(?:date|day|week|month|year|start|end|from|to|calendar\w*|tribe\w*|eventdisplay|ical|outlook-ical"
    r"|sort\w*|order\w*|orderby|dir|filter\w*|filter_.*|min_price|max_price|rating_filter|per_?page|limit|view|layout"
    r"|add-to-cart|add_to_wishlist|remove_item|replytocom|share|like_comment|nb|print|format|feed|action|preview"
    r"|login|redirect\w*|return\w*|next|s|q|query|search|keyword|compare|variant|attribute_.*|currency|lang_?switch)$",
    re.IGNORECASE,
)
_NOT_PAGES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|css|js|mjs|map|json|xml|rss|atom|txt|csv|pdf|docx?|xlsx?"
    r"|pptx?|odt|zip|gz|tgz|tar|rar|7z|exe|dmg|pkg|msi|apk|mp3|mp4|m4a|m4v|webm|ogg|ogv|wav|avi|mov|woff2?"
    r"|ttf|eot|ics|vcf|epub|webmanifest)$",
    re.IGNORECASE,
)
_NOT_CONTENT = re.compile(
    r"/(?:wp-admin|wp-login\.php|wp-json|xmlrpc\.php|wp-content|wp-includes|cgi-bin|cdn-cgi|feed|trackback|embed"
    r"|cart|basket|checkout|my-account|account|login|logout|signin|sign-in|register|wishlist|oauth|admin)(?:/|$)",
    re.IGNORECASE,
)
_DATE_SEGMENT = re.compile(r"^(?:19|20)\d\d(?:-\d{1,2}){0,2}$|^\d{1,2}$")


def normalise(url: str, base: str = "") -> str | None:
    """A link as one address for one page; None if it is none over HTTP.

    Fragments, tracking and session parameters, default ports and doubled slashes go.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    host = parts.hostname.lower()
    if ":" in host:
        host = f"[{host}]"
    if port and port != {"http": 80, "https": 443}[parts.scheme]:
        host = f"{host}:{port}"
    path = _SESSION_IN_PATH.sub("", re.sub(r"/{2,}", "/", parts.path)) or "/"
    path = quote(
        unquote(path, errors="surrogateescape").encode("utf-8", "surrogateescape"),
        safe="/:@!$&'()*+,;=~-._",
    )
    query = urlencode(
        [
            (key, value)
            for key, value in parse_qsl(parts.query, keep_blank_values=True)
            if not _TRACKING.match(key) and not _SESSION.match(key)
        ]
    )
    return urlunsplit((parts.scheme, host, path, query, ""))


def site_of(url: str) -> str:
    """The site that an address belongs to: host and port, `www.` and the scheme left aside."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = parts.port
    return f"{host}:{port}" if port and port not in {80, 443} else host


def page_key(url: str) -> str:
    """The same for the addresses that are one page on practically every site."""
    parts = urlsplit(url)
    path = re.sub(r"/index\.(?:html?|php)$", "/", parts.path).rstrip("/")
    return f"{site_of(url)}{path}?{parts.query}"


def is_page_link(url: str) -> bool:
    """Whether an address looks like a page rather than a file, a form or an action."""
    path = urlsplit(url).path
    return not _NOT_PAGES.search(path) and not _NOT_CONTENT.search(path)


class TrapGuard:
    """Notices addresses that a site makes up without end: calendars, filters, loops of folders."""

    def __init__(self) -> None:
        self._queries: Counter[str] = Counter()
        self._shapes: Counter[str] = Counter()

    def find_trap(self, url: str) -> str:  # noqa: PLR0911 - a list of traps
        """Return why an address is not followed, "" if it is. Counts the address."""
        parts = urlsplit(url)
        segments = [segment for segment in parts.path.split("/") if segment]
        if len(url) > MAX_URL_CHARS:
            return "an address of more than 500 characters"
        if len(segments) > _MAX_SEGMENTS or _repeats(segments):
            return "an address that repeats its folders"
        keys = [key for key, _ in parse_qsl(parts.query, keep_blank_values=True)]
        if len(keys) > _MAX_PARAMETERS or any(_ENDLESS.match(key) for key in keys):
            return "a list in another order, a search, or a calendar"
        if keys:
            self._queries[parts.path] += 1
            if self._queries[parts.path] > _QUERIES_PER_PATH:
                return "too many variants of one page"
        if (
            segments
            and any(map(_DATE_SEGMENT.match, segments))
            and _DATE_SEGMENT.match(segments[-1])
        ):
            shape = "/".join("#" if _DATE_SEGMENT.match(s) else s for s in segments)
            self._shapes[shape] += 1
            if self._shapes[shape] > _PAGES_PER_DATE_SHAPE:
                return "an endless calendar"
        elif any(map(str.isdecimal, segments)):
            shape = "/".join("#" if s.isdecimal() else s for s in segments)
            self._shapes[shape] += 1
            if self._shapes[shape] > _PAGES_PER_NUMBER_SHAPE:
                return "endless numbers"
        return ""


def _repeats(segments: list[str]) -> bool:
    """`/a/b/a/b/a/b`, `/x/x/x`: what relative links make of themselves."""
    if any(count > 3 for count in Counter(segments).values()):
        return True
    joined = "/".join(segments) + "/"
    return re.search(r"(?:^|/)((?:[^/]+/){1,4})\1\1", joined) is not None
