"""Where a lead came from, in S0 3.1's words. Pure.

What no rule recognises is null, but for the channel: whoever talked on the website came by it.
Of whom a machine entered only the named source is known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
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
# Of a source that a machine names, such as contact-form or google-ads: its words.
_WORD = re.compile(r"[^a-z0-9]+")
_OWN = ("form", "website", "web", "widget", "chat")


def describe_attribution(touches: Sequence[Touch], lead_source: str) -> dict[str, Any]:
    """`attribution` of the package: what brought the person first. The other touches stay with
    the lead; models that share out revenue read them there."""
    first = touches[0] if touches else None
    utm = {key: _known(first, f"utm_{key}") for key in _UTM}
    channel = choose_channel(first)
    source = utm["source"] or (first and first.referrer_domain) or lead_source or None
    # S0: a partner's name stands where others have an address.
    partner = source if first and channel == "partner" and is_entered(first) else None
    return {
        "channel": channel,
        "source": source,
        "campaign": utm["campaign"],
        "medium": choose_medium(first),
        "utmParams": utm,
        "referrer": (first.referrer or partner) if first else None,
        "landingPage": (first.page_url or None) if first else None,
    }


_UTM = ("source", "medium", "campaign", "content", "term")


def is_entered(touch: Touch) -> bool:
    """Whether a machine brought the person: there was no visit, only the source that it named."""
    return touch.conversation_id is None and not touch.page_url


def choose_channel(touch: Touch | None) -> str | None:
    """digital-ads, website, partner, developer, pr or organic; None where no visit is known, and
    the source that a machine named says nothing of it."""
    if touch is None:
        return None
    if is_entered(touch):
        return _read_channel(_split(touch.channel))
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
    if is_entered(touch):
        return next((_MEDIA[word] for word in _split(touch.channel) if word in _MEDIA), None)
    medium, _ = _words(touch)
    if medium or not touch.referrer_domain:
        return _MEDIA.get(medium)
    if _is_one_of(touch.referrer_domain, _SEARCH):
        return "organic"
    return "social" if _is_one_of(touch.referrer_domain, _SOCIAL) else "referral"


def _split(source: str) -> list[str]:
    return [word for word in _WORD.split(source.lower()) if word]


def _read_channel(words: Collection[str]) -> str | None:
    if any(word in _PAID for word in words):
        return "digital-ads"
    for channel, names in _CHANNELS.items():
        if any(word in names for word in words):
            return channel
    if "organic" in words:
        return "organic"
    return "website" if any(word in _OWN for word in words) else None


def _words(touch: Touch) -> tuple[str, str]:
    medium = touch.utm.get("utm_medium", "").strip().lower().replace("_", "-")
    return medium, touch.utm.get("utm_source", "").strip().lower()


def _is_one_of(domain: str, names: Sequence[str]) -> bool:
    """Whether the domain is one of these: `google` is www.google.co.uk, not notgoogle.example."""
    parts = domain.lower().split(".")
    return any(name in parts or domain.lower() == name for name in names)


def _known(touch: Touch | None, key: str) -> str | None:
    return (touch.utm.get(key) or None) if touch else None
