"""Settings of the sources, as they stand in `knowledge.sources` of app.yaml."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, HttpUrl

from core.settings import Section


class _Settings(Section):
    name: str = Field("", max_length=64, description="How reports call it. Unset: its type")
    site: str = Field("", description="The key of the site it belongs to. Unset: the first site")


class WordPressSettings(_Settings):
    """A WordPress export file (Tools > Export > All content)."""

    type: Literal["wordpress"]
    path: Path = Field(description="The export, an .xml file; also gzipped (.xml.gz)")
    base_url: HttpUrl | None = Field(
        None,
        description="The site's public address, where the export was made on another host "
        "(a staging site): the host of every link is replaced by it",
    )
    post_types: tuple[str, ...] | None = Field(
        None,
        description="Only these post types. Unset: posts, pages, products and custom types that "
        "have a public permalink",
    )
    currency: str = Field(
        "",
        max_length=8,
        description="Written before prices of products (an export does not hold the currency)",
    )
    language: str | None = Field(None, description="Overrides the language that the export names")


class AstroSettings(_Settings):
    """An Astro project: its folder (source), or its built folder."""

    type: Literal["astro"]
    path: Path = Field(description="The project's folder, or its built folder (dist)")
    base_url: HttpUrl | None = Field(
        None, description="The site's public address. Unset: `site` of astro.config"
    )
    prefer: Literal["built", "source"] = Field(
        "built", description="Which to read when a project's folder holds both"
    )
    include_drafts: bool = False


class FilesSettings(_Settings):
    """Markdown, HTML and text files in a folder."""

    type: Literal["files"]
    path: Path
    base_url: HttpUrl | None = Field(
        None, description="Put before each file's path (without extension) to make its address"
    )
    include: tuple[str, ...] = Field(
        ("**/*.md", "**/*.markdown", "**/*.mdx", "**/*.html", "**/*.htm", "**/*.txt"),
        description="Glob patterns, relative to the folder",
    )
    exclude: tuple[str, ...] = Field((), description="Glob patterns, relative to the folder")
    max_file_bytes: int = Field(5_000_000, gt=0)


class WebsiteSettings(_Settings):
    """A website, read over HTTP by its sitemap or by following its links."""

    type: Literal["website"]
    url: HttpUrl = Field(description="Where to begin; other hosts are never read")
    mode: Literal["auto", "sitemap", "crawl"] = Field(
        "auto", description="auto: the sitemap where there is one, else a crawl"
    )
    sitemap: HttpUrl | None = Field(None, description="Where the sitemap is, if not where usual")
    include: tuple[str, ...] = Field((), description="Only paths that match one of these globs")
    exclude: tuple[str, ...] = Field((), description="No path that matches one of these globs")
    max_pages: int = Field(5_000, gt=0)
    max_depth: int = Field(12, ge=0, description="Links away from the first page")
    concurrency: int = Field(4, gt=0, le=32, description="Requests at the same time")
    delay: timedelta | None = Field(
        None,
        description="Between the starts of two requests, in seconds. Unset: 0.2, and none for "
        "private addresses. A longer crawl-delay of robots.txt wins",
    )
    timeout: timedelta = timedelta(seconds=20)
    retries: int = Field(2, ge=0, le=5, description="Further attempts at a page that fails")
    max_page_bytes: int = Field(5_000_000, gt=0)
    obey_robots: bool = Field(
        default=True,
        description="Only for a site of your own whose robots.txt keeps every robot out",
    )
    allow_private: bool = Field(
        default=False,
        description="Allow loopback and private addresses: only for sites on your own network",
    )
    contact: str = Field(
        "",
        max_length=200,
        description="E-mail address or page that the user agent names, for the site's staff",
    )


SourceSettings = Annotated[
    WordPressSettings | AstroSettings | FilesSettings | WebsiteSettings,
    Field(discriminator="type"),
]
