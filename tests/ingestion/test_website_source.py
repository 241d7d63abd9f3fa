# ruff: noqa: E501 - pages, exports and links are shown as they are
from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from itertools import count

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from ingestion.errors import SourceError
from ingestion.settings import WebsiteSettings
from ingestion.sources.website import WebsiteSource
from tests.ingestion.stand_in_site import StandInSite, page, serve
from tests.ingestion.support import Collected, collect


@pytest.fixture
async def site() -> AsyncIterator[StandInSite]:
    site = StandInSite()
    async with serve(site):
        yield site


def open_site(site: StandInSite, **settings: object) -> WebsiteSource:
    values = {
        "type": "website", "url": site.address, "allow_private": True, "timeout": 2, "retries": 1, **settings,
    }  # fmt: skip
    return WebsiteSource(WebsiteSettings.model_validate(values))


def paths(site: StandInSite, found: Collected) -> list[str]:
    return sorted(url.removeprefix(site.address) for url in found.documents)


async def test_a_crawl_follows_links_within_the_site_once(site: StandInSite) -> None:
    site.pages = {
        "/": page("Home", "/a", "/b/", "/a#top", "/a?utm_source=x", "https://other.example/", "mailto:x@y.z", "/f.pdf"),
        "/a": page("A", "/", "/a/", "b", "./b/../c"),
        "/b/": page("B", "/a"),
        "/c": page("C"),
    }  # fmt: skip
    found = await collect(open_site(site))
    assert paths(site, found) == ["/", "/a", "/b/", "/c"]
    assert all(site.count(path) == 1 for path in ("/", "/a", "/b/", "/c"))
    assert all("sales-agent/" in agent and "run for the owner" in agent for agent in site.agents)


async def test_the_sitemap_is_preferred_to_links(site: StandInSite) -> None:
    index = f"""<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
      <sitemap><loc>{site.address}/pages.xml.gz</loc></sitemap></sitemapindex>"""
    pages = f"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
      xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
      <url><loc>{site.address}/a</loc><image:image><image:loc>{site.address}/i.png</image:loc></image:image></url>
      <url><loc> {site.address}/b?x=1&amp;y=2 </loc></url><url><loc>https://other.example/</loc></url></urlset>"""
    site.pages = {
        "/robots.txt": PlainTextResponse(f"User-agent: *\nSitemap: {site.address}/map.xml"),
        "/map.xml": Response(index, media_type="application/xml"),
        "/pages.xml.gz": Response(gzip.compress(pages.encode()), media_type="application/gzip"),
        "/a": page("A", "/hidden"),
        "/b?x=1&y=2": page("B"),
        "/hidden": page("Hidden"),
    }
    source = open_site(site)
    assert paths(site, await collect(source)) == ["/a", "/b?x=1&y=2"]
    assert (source.count_hint, source.incomplete) == (2, None)


async def test_a_sitemap_of_another_host_leads_to_a_crawl(site: StandInSite) -> None:
    site.pages = {
        "/sitemap.xml": Response("<urlset><url><loc>https://live.example/</loc></url></urlset>", media_type="text/xml"),
        "/": page("Home", "/a"),
        "/a": page("A"),
    }  # fmt: skip
    assert paths(site, await collect(open_site(site))) == ["/", "/a"]
    with pytest.raises(SourceError, match="no sitemap"):
        await collect(open_site(site, mode="sitemap"))


async def test_a_broken_sitemap_gives_what_it_has_and_removes_nothing(site: StandInSite) -> None:
    site.pages = {
        "/sitemap.xml": Response(f"<urlset><url><loc>{site.address}/a</loc></url><url><loc>", media_type="text/xml"),
        "/a": page("A"),
    }  # fmt: skip
    source = open_site(site)
    assert paths(site, await collect(source)) == ["/a"]
    assert source.incomplete == "a sitemap could not be read"


async def test_robots_are_obeyed(site: StandInSite) -> None:
    site.pages = {
        "/robots.txt": PlainTextResponse("User-agent: *\nDisallow: /private/\nAllow: /private/open\nDisallow: /*?x="),
        "/": page("Home", "/private/a", "/private/open", "/b?x=1", "/c"),
        "/private/a": page("A"),
        "/private/open": page("Open"),
        "/b?x=1": page("B"),
        "/c": page("C", head='<meta name="robots" content="noindex, nofollow">') + '<a href="/d">d</a>',
        "/d": page("D"),
    }  # fmt: skip
    found = await collect(open_site(site))
    assert paths(site, found) == ["/", "/private/open"]
    assert found.skipped == {"robots.txt": 2, "noindex": 1}
    assert "/private/a" not in site.requests
    assert "/d" not in site.requests
    assert len((await collect(open_site(site, obey_robots=False))).documents) == 4


async def test_a_server_that_cannot_give_its_robots_is_left_alone(site: StandInSite) -> None:
    site.pages = {"/robots.txt": PlainTextResponse("", 503), "/": page("Home")}
    with pytest.raises(SourceError, match="the site cannot be read: status 503"):
        await collect(open_site(site))
    assert set(site.requests) == {"/robots.txt"}


async def test_headers_and_links_can_forbid_too(site: StandInSite) -> None:
    site.pages = {
        "/": page("Home", "/a") + '<a rel="nofollow" href="/b">b</a>',
        "/a": HTMLResponse(page("A"), headers={"X-Robots-Tag": "noindex"}),
        "/b": page("B"),
    }
    found = await collect(open_site(site))
    assert paths(site, found) == ["/"]
    assert "/b" not in site.requests


async def test_redirects_are_followed_within_the_site_only(site: StandInSite) -> None:
    site.pages = {
        "/": page("Home", "/old", "/away", "/circle", "/refresh"),
        "/old": RedirectResponse("/new", 301),
        "/new": page("New"),
        "/away": RedirectResponse("http://127.0.0.1:9/", 302),
        "/circle": RedirectResponse("/circle2", 302),
        "/circle2": RedirectResponse("/circle", 302),
        "/refresh": '<html><head><meta http-equiv="refresh" content="0; url=/new"></head><body>x</body></html>',
    }
    found = await collect(open_site(site))
    assert paths(site, found) == ["/", "/new"]
    assert found.skipped["redirects to another site"] == 1
    assert found.skipped["redirects in a circle"] >= 1
    assert found.skipped["redirect"] == 1


async def test_a_site_that_moved_says_where_to(site: StandInSite) -> None:
    site.pages = {"/": RedirectResponse("http://localhost:9/", 301)}
    with pytest.raises(SourceError, match=r"it redirects to http://localhost:9/\. Set `url`"):
        await collect(open_site(site))


async def test_copies_are_one_page(site: StandInSite) -> None:
    canonical = '<link rel="canonical" href="{}">'
    site.pages = {
        "/": page(
            "Home",
            "/shoe?color=red",
            "/shoe",
            "/same1",
            "/same2",
            "/lost",
            "/foreign",
            "/index.html",
        ),
        "/index.html": page("Home"),
        "/shoe?color=red": page("Shoe red", head=canonical.format("/shoe")),
        "/shoe": page("Shoe", head=canonical.format("/shoe/")),
        "/same1": page("Same"),
        "/same2": page("Same"),
        "/lost": page("Lost", head=canonical.format("/does-not-exist")),
        "/foreign": page("Foreign", head=canonical.format("https://other.example/")),
    }
    found = await collect(open_site(site))
    assert paths(site, found) == ["/", "/foreign", "/lost", "/same1", "/shoe/"]


async def test_traps_do_not_hold_a_crawl(site: StandInSite) -> None:
    numbers = count()

    def trap(request: Request) -> Response:
        n = next(numbers)
        path = request.url.path.rstrip("/")
        return HTMLResponse(
            page(
                f"Trap {n}", f"{path}/more", f"/cal/{1950 + n % 90}/{n % 12 + 1}/{n % 28}", f"/p?date=2026-01-{n}",
                f"/list?sort=a&page={n}", f"/x;jsessionid={n}", f"/s?PHPSESSID={n}", f"/f?color={n}", "x/" * 300,
            )
        )  # fmt: skip

    site.fall_back(trap)
    site.pages = {
        "/robots.txt": PlainTextResponse("", 404),
        "/sitemap.xml": PlainTextResponse("", 404),
    }
    source = open_site(site, mode="crawl", max_depth=500, max_pages=5_000)
    found = await asyncio.wait_for(collect(source), 50)
    assert len(found.documents) < 600
    assert source.incomplete is None
    assert {
        "an address that repeats its folders",
        "a list in another order, a search, or a calendar",
        "too many variants of one page",
        "an endless calendar",
    } <= set(found.skipped)


async def test_limits_end_a_crawl_and_say_so(site: StandInSite) -> None:
    numbers = count(1)
    site.fall_back(
        lambda _: HTMLResponse(
            page(f"Page {next(numbers)}", f"/n{next(numbers)}", f"/m{next(numbers)}")
        )
    )
    site.pages = {"/robots.txt": PlainTextResponse("", 404)}
    source = open_site(site, mode="crawl", max_pages=10)
    assert len((await collect(source)).documents) == 10
    assert source.incomplete == "max_pages (10) was reached"
    assert len((await collect(open_site(site, mode="crawl", max_depth=1))).documents) == 3


async def test_a_page_that_fails_is_unreachable_and_not_gone(site: StandInSite) -> None:
    async def slow(_: Request) -> Response:
        await asyncio.sleep(30)
        return PlainTextResponse("")

    site.pages = {
        "/": page("Home", "/broken", "/slow", "/gone", "/forbidden", "/big", "/image"),
        "/broken": HTMLResponse("oops", 500),
        "/slow": slow,
        "/gone": HTMLResponse("gone", 410),
        "/forbidden": HTMLResponse("no", 403),
        "/big": page("Big " + "x" * 50_000),
        "/image": Response(b"GIF", media_type="image/gif"),
    }
    source = open_site(site, timeout=0.3, max_page_bytes=40_000)
    found = await collect(source)
    assert paths(site, found) == ["/"]
    assert {url.rpartition("/")[2]: reason for url, reason in found.unreachable.items()} == {
        "broken": "status 500",
        "slow": "timed out",
        "forbidden": "status 403",
    }
    assert found.skipped == {
        "status 410": 1,
        "larger than max_page_bytes": 1,
        "not HTML (image/gif)": 1,
    }
    assert site.count("/broken") == 2
    assert source.incomplete is not None


async def test_a_server_that_asks_for_patience_gets_it(site: StandInSite) -> None:
    attempts = count()

    def busy(_: Request) -> Response:
        if next(attempts) == 0:
            return PlainTextResponse("", 429, headers={"Retry-After": "1"})
        return HTMLResponse(page("Home"))

    site.pages = {"/": busy}
    assert paths(site, await collect(open_site(site, mode="crawl"))) == ["/"]
    first, second = (t for p, t in zip(site.requests, site.times, strict=True) if p == "/")
    assert second - first >= 0.95


async def test_requests_keep_the_delay_that_is_asked_for(site: StandInSite) -> None:
    site.pages = {
        "/robots.txt": PlainTextResponse("User-agent: *\nCrawl-delay: 0.2"),
        "/": page("Home", "/a", "/b", "/c"),
        **{f"/{name}": page(name) for name in "abc"},
    }
    await collect(open_site(site, mode="crawl"))
    gaps = [b - a for a, b in zip(site.times[1:], site.times[2:], strict=False)]
    assert len(gaps) == 3
    assert min(gaps) >= 0.18


async def test_a_site_that_is_down_fails_as_a_source() -> None:
    source = WebsiteSource(
        WebsiteSettings.model_validate({"type": "website", "url": "http://127.0.0.1:9", "allow_private": True, "retries": 0})
    )  # fmt: skip
    with pytest.raises(SourceError, match="the site cannot be read: no connection"):
        await collect(source)


async def test_a_start_page_that_is_missing_fails_as_a_source(site: StandInSite) -> None:
    with pytest.raises(SourceError, match="status 404"):
        await collect(open_site(site))


async def test_private_addresses_are_refused_unless_allowed(site: StandInSite) -> None:
    port = site.address.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433"):  # noqa: S104
        with pytest.raises(
            SourceError, match=r"private or local address|cannot be read|not a public"
        ):
            await collect(
                open_site(site, url=f"http://{host}:{port}/", allow_private=False, retries=0)
            )
    assert site.requests == []


async def test_old_encodings_are_read(site: StandInSite) -> None:
    html = "<html><head><title>Größe</title></head><body><p>Größe: 5 €</p></body></html>"
    site.pages = {
        "/": Response(html.encode("cp1252"), media_type="text/html; charset=windows-1252")
    }
    found = await collect(open_site(site))
    assert "Größe: 5 €" in found.documents[site.address + "/"].body


async def test_packed_pages_are_unpacked_within_the_limit(site: StandInSite) -> None:
    def packed(encoding: str, body: bytes) -> Response:
        return Response(body, headers={"content-encoding": encoding}, media_type="text/html")

    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    site.pages = {
        "/": page("Home", "/gzip", "/deflate", "/frameless", "/bomb", "/broken"),
        "/gzip": packed("gzip", gzip.compress(page("Gzip").encode())),
        "/deflate": packed("deflate", zlib.compress(page("Deflate").encode())),
        "/frameless": packed("deflate", raw.compress(page("Frameless").encode()) + raw.flush()),
        "/bomb": packed("gzip", gzip.compress(bytes(50_000_000))),
        "/broken": packed("gzip", b"no gzip at all"),
    }
    found = await collect(open_site(site, retries=0))
    assert paths(site, found) == ["/", "/deflate", "/frameless", "/gzip"]
    assert "Text of Frameless." in found.documents[site.address + "/frameless"].body
    assert found.skipped_names[site.address + "/bomb"] == "larger than max_page_bytes"
    assert site.address + "/broken" in found.unreachable


async def test_include_and_exclude_choose_pages(site: StandInSite) -> None:
    site.pages = {
        "/": page("Home", "/blog/a", "/blog/private/b", "/shop/c"),
        "/blog/a": page("A"),
        "/blog/private/b": page("B"),
        "/shop/c": page("C"),
    }
    found = await collect(open_site(site, include=["/blog/**"], exclude=["/blog/private/**"]))
    assert paths(site, found) == ["/blog/a"]
