"""Where a lead came from, in S0 3.1's words. Pure.

What no rule recognises is null, but for the channel: whoever talked on the website came by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sales.leads.schemas import Touch

_PAID = ("cpc", "ppc", "paid", "cpm", "cpv", "display", "banner", "retargeting", "ads")
_MEDIA = {
    **dict.fromkeys(_PAID, "cpc"),
    **dict.fromkeys(("social", "sm", "social-media"), "social"),
    **dict.fromkeys(("email", "e-mail", "newsletter"), "email"),
    "organic": "organic",
    "referral": "referral",
}
_SOCIAL = ("facebook", "linkedin", "twitter", "x.com", "t.co", "instagram", "youtube", "tiktok",
           "reddit", "pinterest", "threads")  # fmt: skip
_SEARCH = ("google", "bing", "duckduckgo", "ecosia", "yahoo", "baidu", "yandex", "qwant",
           "startpage", "brave")  # fmt: skip
_CHANNELS = {
    "partner": ("partner", "affiliate", "introducer", "reseller"),
    "developer": ("developer", "builder", "new-homes"),
    "pr": ("pr", "press", "news"),
}


def describe_attribution(touches: Sequence[Touch], lead_source: str) -> dict[str, Any]:
    """`attribution` of the package: what brought the person first. The other touches stay with
    the lead; models that share out revenue read them there."""
    first = touches[0] if touches else None
    utm = {key: _known(first, f"utm_{key}") for key in _UTM}
    return {
        "channel": choose_channel(first),
        "source": utm["source"] or (first and first.referrer_domain) or lead_source or None,
        "campaign": utm["campaign"],
        "medium": choose_medium(first),
        "utmParams": utm,
        "referrer": (first.referrer or None) if first else None,
        "landingPage": (first.page_url or None) if first else None,
    }


_UTM = ("source", "medium", "campaign", "content", "term")


def choose_channel(touch: Touch | None) -> str | None:
    """digital-ads, website, partner, developer, pr or organic; None where no visit is known."""
    if touch is None:
        return None
    medium, source = _words(touch)
    if medium in _PAID:
        return "digital-ads"
    for channel, words in _CHANNELS.items():
        if medium in words or source in words:
            return channel
    if medium == "organic" or (not medium and _is_one_of(touch.referrer_domain, _SEARCH)):
        return "organic"
    return "website"


def choose_medium(touch: Touch | None) -> str | None:
    """cpc, organic, referral, email or social; None where nothing tells."""
    if touch is None:
        return None
    medium, _ = _words(touch)
    if medium or not touch.referrer_domain:
        return _MEDIA.get(medium)
    if _is_one_of(touch.referrer_domain, _SEARCH):
        return "organic"
    return "social" if _is_one_of(touch.referrer_domain, _SOCIAL) else "referral"


def _words(touch: Touch) -> tuple[str, str]:
    medium = touch.utm.get("utm_medium", "").strip().lower().replace("_", "-")
    return medium, touch.utm.get("utm_source", "").strip().lower()


def _is_one_of(domain: str, names: Sequence[str]) -> bool:
    """Whether the domain is one of these: `google` is www.google.co.uk, not notgoogle.example."""
    parts = domain.lower().split(".")
    return any(name in parts or domain.lower() == name for name in names)


def _known(touch: Touch | None, key: str) -> str | None:
    return (touch.utm.get(key) or None) if touch else None
