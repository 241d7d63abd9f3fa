"""The made website as a WordPress export (WXR 1.2)."""

from __future__ import annotations

from html import escape
from pathlib import Path

from benchmarks.made_site import make_pages

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:wp="http://wordpress.org/export/1.2/">
<channel><title>Made</title><link>https://made.example</link><language>en-US</language>
<wp:wxr_version>1.2</wp:wxr_version><wp:base_site_url>https://made.example</wp:base_site_url>
<wp:base_blog_url>https://made.example</wp:base_blog_url>
"""
_ITEM = """<item><title>{title}</title><link>https://made.example/{path}</link>
<dc:creator>maker</dc:creator><content:encoded><![CDATA[{body}]]></content:encoded>
<excerpt:encoded><![CDATA[]]></excerpt:encoded><wp:post_id>{number}</wp:post_id>
<wp:post_date_gmt>2026-01-01 00:00:00</wp:post_date_gmt><wp:post_name>{number}</wp:post_name>
<wp:status>publish</wp:status><wp:post_parent>0</wp:post_parent><wp:post_type>post</wp:post_type>
<wp:post_password></wp:post_password></item>
"""


def write_export(path: Path, posts: int) -> None:
    """An export with `posts` published posts in block markup."""
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEAD)
        for number, page in enumerate(make_pages(posts), 1):
            body = "".join(
                f"<!-- wp:heading --><h2>{escape(heading)}</h2><!-- /wp:heading -->"
                + "".join(
                    f"<!-- wp:paragraph --><p>{escape(part)}</p><!-- /wp:paragraph -->"
                    for part in text.split("\n")
                )
                for heading, text in page.sections
            )
            file.write(
                _ITEM.format(title=escape(page.title), path=page.path, body=body, number=number)
            )
        file.write("</channel></rss>\n")
