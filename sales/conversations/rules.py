"""Where a visitor came from, read from URLs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

UTM_KEYS = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
MAX_URL = 2000
MAX_VALUE = 200
MAX_PARAMS = 30

# Query parameters that may hold secrets or personal data; they are not kept with a URL.
_PRIVATE_PARAMETERS = (
    "token",
    "key",
    "secret",
    "password",
    "auth",
    "code",
    "email",
    "mail",
    "phone",
)


@dataclass(frozen=True, slots=True)
class PageSource:
    """The page a conversation began on, and what led there (S1-001)."""

    url: str
    path: str
    title: str
    referrer: str
    referrer_domain: str
    utm: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)


def clean_text(value: str, limit: int = MAX_VALUE) -> str:
    """One line without control characters, cut at `limit` characters."""
    visible = "".join(" " if char.isspace() else char for char in value if char.isprintable())
    return " ".join(visible.split())[:limit]


def clean_url(url: str) -> str:
    """An http(s) URL without user, password, fragment and private parameters, or nothing.

    Text from visitors is data: whatever is not a web address is dropped, so that no
    `javascript:` link can reach a page of staff.
    """
    try:
        parts = urlsplit(url.strip()[:MAX_URL])
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    kept = [
        pair
        for pair in parts.query.split("&")
        if pair and not any(word in pair.split("=")[0].lower() for word in _PRIVATE_PARAMETERS)
    ]
    address = f"{parts.scheme}://{host}" + (f":{port}" if port else "") + (parts.path or "/")
    query = clean_text("&".join(kept), MAX_URL)
    return clean_text(address, MAX_URL) + (f"?{query}" if query else "")


def domain_of(url: str) -> str:
    """The host of a URL without `www.`, in small letters; nothing when there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def read_page_source(
    *,
    url: str,
    title: str,
    referrer: str,
    params: Mapping[str, str],
    track_utm: bool,
    track_referrer: bool,
) -> PageSource:
    """What is kept of where a conversation began.

    UTM parameters are read from the page's URL; values in `params` of the same name win,
    because a page may pass on what an earlier page was called with.
    """
    page_url = clean_url(url)
    query = parse_qs(urlsplit(url.strip()[:MAX_URL]).query) if page_url else {}
    given = {clean_text(key, 64): clean_text(value) for key, value in params.items()}
    utm = {}
    if track_utm:
        for key in UTM_KEYS:
            value = given.get(key) or clean_text(query.get(key, [""])[0])
            if value:
                utm[key] = value
    custom = {key: value for key, value in given.items() if key and key not in UTM_KEYS}
    kept_referrer = clean_url(referrer) if track_referrer else ""
    return PageSource(
        url=page_url,
        path=urlsplit(page_url).path or "/",
        title=clean_text(title),
        referrer=kept_referrer,
        referrer_domain=domain_of(kept_referrer),
        utm=utm,
        params=dict(list(custom.items())[:MAX_PARAMS]),
    )
