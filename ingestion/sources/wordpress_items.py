"""One item of a WordPress export: which of them are pages that a visitor may see, and as what."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit
from xml.etree.ElementTree import Element

from ingestion.documents import Found, PageKind, Skipped, SourceDocument
from ingestion.reading.page_text import clean_text
from ingestion.reading.wordpress_text import render_post, strip_shortcodes
from ingestion.settings import WordPressSettings
from ingestion.sources.woocommerce import Term, Variation, product_facts

_WP = re.compile(r"\{https?://wordpress\.org/export/[\d.]+/\}")
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_EXCERPT = re.compile(r"\{https?://wordpress\.org/export/[\d.]+/excerpt/\}encoded")
_KINDS: dict[str, PageKind] = {"post": "post", "page": "page", "product": "product"}

# Types of WordPress and of common plug-ins that no visitor opens as a page.
_INTERNAL_TYPES = frozenset(
    "attachment nav_menu_item revision custom_css customize_changeset oembed_cache user_request "
    "wp_block wp_template wp_template_part wp_global_styles wp_navigation wp_font_family "
    "wp_font_face product_variation shop_order shop_order_refund shop_coupon shop_subscription "
    "scheduled-action wpcf7_contact_form wpforms wpforms-template mc4wp-form nf_sub ninja-forms "
    "elementor_library elementor_snippet elementor_font elementor_icons e-landing-page "
    "et_pb_layout et_template et_theme_builder et_body_layout et_header_layout et_footer_layout "
    "fl-builder-template fl-theme-layout fusion_template fusion_element fusion_icons "
    "vc4_templates vc_grid_item acf-field acf-field-group acf-post-type acf-taxonomy "
    "acf-ui-options-page tablepress_table feedback jp_pay_order jp_pay_product "
    "jetpack_migration spucpt "
    "popup popup_theme amp_validated_url custom_fonts astra-advanced-hook oceanwp_library "
    "ct_template bricks_template wp-types-group wp-types-user-group ml-slider slider soliloquy "
    "rl_gallery envira blocks reply topic-reply msm_sitemap guest-author wc_order_status "
    "shop_webhook mphb_booking".split()
)
_MENTIONS_TYPE = re.compile(r"[?&]post_type=")


@dataclass(slots=True)
class SiteOfExport:
    """What an export says about its site."""

    url: str = ""
    language: str | None = None

    def note(self, tag: str, text: str) -> None:
        """Take in an element of the channel."""
        name = _WP.sub("wp:", tag)
        if (name in {"link", "wp:base_blog_url"} and _is_address(text)) or (
            name == "wp:base_site_url" and not self.url and _is_address(text)
        ):
            self.url = text.strip()
        elif name == "language":
            self.language = text.strip() or None


@dataclass(slots=True)
class Item:
    """An item's fields as text; `meta` holds each key's values in order."""

    title: str = ""
    link: str = ""
    guid: str = ""
    content: str = ""
    excerpt: str = ""
    post_id: str = ""
    post_type: str = ""
    status: str = ""
    password: str = ""
    parent: str = ""
    slug: str = ""
    modified: str = ""
    meta: dict[str, list[str]] = field(default_factory=dict)
    terms: list[Term] = field(default_factory=list)


_FIELDS = {
    "title": "title",
    "link": "link",
    "guid": "guid",
    "wp:post_id": "post_id",
    "wp:post_type": "post_type",
    "wp:status": "status",
    "wp:post_password": "password",
    "wp:post_parent": "parent",
    "wp:post_name": "slug",
}


def read_item(element: Element) -> Item:
    """Read an item; the first of each element counts, whatever the prefix is called."""
    item = Item()
    dates: dict[str, str] = {}
    for child in element:
        tag = child.tag
        if tag == _CONTENT:
            item.content = item.content or child.text or ""
            continue
        name = _WP.sub("wp:", tag)
        text = (child.text or "").strip()
        if name in _FIELDS:
            if text and not getattr(item, _FIELDS[name]):
                setattr(item, _FIELDS[name], text)
        elif name == "wp:postmeta":
            _read_meta(child, item)
        elif name == "category":
            item.terms.append(Term(child.get("domain") or "category", html.unescape(text)))
        elif name.startswith("wp:post_") and text:
            dates[name] = text
        elif _EXCERPT.match(tag):
            item.excerpt = text
    item.modified = next(
        (dates[key] for key in ("wp:post_modified_gmt", "wp:post_date_gmt") if key in dates), ""
    )
    return item


def _read_meta(element: Element, item: Item) -> None:
    key = value = ""
    for child in element:
        name = _WP.sub("wp:", child.tag)
        if name == "wp:meta_key":
            key = (child.text or "").strip()
        elif name == "wp:meta_value":
            value = child.text or ""
    if key:
        item.meta.setdefault(key, []).append(value)


def item_found(
    item: Item, site: SiteOfExport, variations: Sequence[Variation], settings: WordPressSettings
) -> Found:
    """Return an item as a document, or why it is none."""
    url = _url(item, site, settings)
    reason = _reason_to_skip(item, settings)
    if reason:
        return Skipped(url or item.title, reason)
    is_product = item.post_type == "product"
    facts = (
        product_facts(item.meta, item.terms, variations, settings.currency) if is_product else []
    )
    excerpt = render_post(item.excerpt) if item.excerpt else ""
    body = render_post(item.content)
    if is_product and excerpt:
        body = f"{excerpt}\n<div></div>\n{body}"  # the short description stands beside the price
    if not body.strip() and not facts:
        return Skipped(url, "no text")
    return SourceDocument(
        url=url,
        title=clean_text(re.sub(r"<[^>]+>", "", html.unescape(item.title))),
        body=body,
        format="html",
        language=settings.language or site.language,
        modified_at=_moment(item.modified),
        kind=_KINDS.get(item.post_type, "page"),
        facts=tuple(facts),
        description=_description(item),
    )


def _reason_to_skip(  # noqa: PLR0911 - a list of reasons
    item: Item, settings: WordPressSettings
) -> str:
    """Why an item is no page for visitors, "" if it is one."""
    if not item.post_type:
        return "not a WordPress item"
    if settings.post_types is not None:
        if item.post_type not in settings.post_types:
            return f"type {item.post_type}"
    elif item.post_type in _INTERNAL_TYPES:
        return f"type {item.post_type}"
    elif item.post_type not in _KINDS and _MENTIONS_TYPE.search(item.link):
        return f"type {item.post_type}"  # only types that have no page of their own link like this
    if item.status not in {"publish", ""}:
        return f"status {item.status}"
    if item.password:
        return "password protected"
    return ""


def _url(item: Item, site: SiteOfExport, settings: WordPressSettings) -> str:
    """An item's canonical address; where the export has none, the one that always works (?p=)."""
    base = str(settings.base_url or "").rstrip("/")
    raw = next((text for text in (item.link, item.guid) if _is_address(text)), "")
    if not raw:
        number = f"/?p={item.post_id}" if item.post_id else f"/{item.slug}"
        return f"{base or site.url.rstrip('/')}{number}"
    parts = urlsplit(raw)
    if base:
        target = urlsplit(base)
        prefix = urlsplit(site.url).path.rstrip("/") if site.url else ""
        path = parts.path.removeprefix(prefix) if target.path.rstrip("/") != prefix else parts.path
        path = (
            target.path.rstrip("/") + path
            if not path.startswith(target.path.rstrip("/") or "\n")
            else path
        )
        parts = parts._replace(scheme=target.scheme, netloc=target.netloc, path=path)
    return urlunsplit(parts._replace(fragment=""))


def _is_address(text: str) -> bool:
    parts = urlsplit(text.strip()) if text.strip().startswith(("http://", "https://")) else None
    return parts is not None and bool(parts.netloc)


def _description(item: Item) -> str:
    """The description for search engines where a plug-in keeps one, else the excerpt."""
    for key in ("_yoast_wpseo_metadesc", "rank_math_description", "_aioseo_description"):
        values = item.meta.get(key)
        if values and values[0].strip() and "%" not in values[0]:
            return html.unescape(values[0].strip())
    plain = re.sub(r"<[^>]+>", " ", strip_shortcodes(item.excerpt))
    return html.unescape(" ".join(plain.split()))[:500]


def _moment(raw: str) -> datetime | None:
    try:
        return datetime.strptime(raw, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
