# ruff: noqa: E501 - pages, exports and links are shown as they are
"""Real exports and projects, with counts that were taken from the files by hand.

How each was counted stands beside it; `grep` and a parser of its own were used, not this code.
"""

from __future__ import annotations

import pytest

from ingestion.errors import SourceError
from ingestion.extract import extract
from ingestion.pages import read_page
from ingestion.settings import AstroSettings, WordPressSettings
from ingestion.sources.astro import AstroSource
from ingestion.sources.wordpress import WordPressSource
from tests.ingestion.support import collect, real_site


def _export(name: str) -> WordPressSource:
    return WordPressSource(WordPressSettings(type="wordpress", path=real_site(name)))


async def test_the_theme_unit_test_export() -> None:
    """58 posts and 21 pages (grep -c of <wp:post_type>); of these 1 draft, 1 future, 1 with a
    password, and 2 whose content:encoded is empty. 37 attachments, 70 menu items."""
    source = _export("wordpress/theme_unit_test.xml")
    found = await collect(source)
    assert source.count_hint == 58 + 21 + 37 + 70
    assert len(found.documents) == 58 + 21 - 1 - 1 - 1 - 2
    kinds = [document.kind for document in found.documents.values()]
    assert kinds.count("page") + kinds.count("post") == len(kinds)
    assert found.skipped == {
        "type nav_menu_item": 70,
        "type attachment": 37,
        "status draft": 1,
        "status future": 1,
        "password protected": 1,
        "no text": 2,
    }


async def test_no_shortcode_or_block_comment_is_left_of_the_theme_unit_test() -> None:
    found = await collect(_export("wordpress/theme_unit_test.xml"))
    text = "\n".join(p.text for d in found.documents.values() for p in read_page(d).passages)
    for left in ("[gallery", "[caption", "[/caption]", "[embed", "[audio", "[video"):
        assert left not in text
    assert text.count("<!-- wp:") == 1  # one post shows such a comment as an example of code
    # Read off the file (line 8190 and 8869): an old caption's attribute, a row of a table.
    assert "Chunk of resinous blackboy husk, Clarkson, Western Australia." in text
    assert "Salary: $1 | Because that's all Steve Jobs needed for a salary." in text
    assert len(text) > 50_000


async def test_one_page_of_the_theme_unit_test_has_neither_words_nor_alternative_texts() -> None:
    """Line 9928: an empty caption of an image that the export lost."""
    found = await collect(_export("wordpress/theme_unit_test.xml"))
    wordless = [
        url for url, document in found.documents.items() if not read_page(document).passages
    ]
    assert wordless == ["https://wpthemetestdata.wordpress.com/2010/08/08/post-format-image/"]


async def test_the_shop_export() -> None:
    """18 products (grep), 7 variations of 2 of them, 22 attachments; prices read off the file."""
    found = await collect(_export("wordpress/woocommerce_sample_products.xml"))
    assert len(found.documents) == 18
    assert found.skipped == {"type attachment": 22, "type product_variation": 7}
    by_title = {document.title: dict(document.facts) for document in found.documents.values()}
    assert by_title["Beanie"]["Regular price"] == "20000"
    assert by_title["Beanie"]["Sale price"] == "18000"
    assert by_title["Beanie"]["Price"] == "18000"
    assert by_title["Belt"]["SKU"] == "woo-belt"
    assert by_title["Hoodie"]["Price"] == "42000 to 45000"
    assert by_title["V-Neck T-Shirt"]["Price"] == "15000 to 20000"
    assert by_title["V-Neck T-Shirt"]["Size"] == "Large, Medium, Small"
    assert by_title["Cap"]["Color"] == "Yellow"
    assert {facts["Availability"] for facts in by_title.values()} == {"In stock"}
    hoodie = next(d for d in found.documents.values() if d.title == "Hoodie")
    assert hoodie.url == "https://woocommercecore.mystagingwebsite.com/product/hoodie/"
    variations = [value for label, value in hoodie.facts if label == "Variation"]
    assert len(variations) == 4
    assert variations[0].startswith("Color: red | Logo: No | Price: 42000 | Regular price: 45000")


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("malformed-simple.xml", 14, "cut off"),
        ("malformed.xml", 90, "mismatched tag"),
        ("crazy-cdata.xml", 18, "not well-formed"),
    ],
)
async def test_broken_exports_fail_and_name_the_line(name: str, line: int, problem: str) -> None:
    with pytest.raises(SourceError, match=rf"{name}, line {line}: .*{problem}"):
        await collect(_export(f"wordpress-broken/{name}"))


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("missing-tags.xml", ["No Author Post"]),
        ("missing-version-tag.xml", []),  # categories and tags, but not one <item>
        (
            "namespace-edge-cases.xml",  # the sixth item's wp: is another namespace: no WordPress item
            [
                "Mixed Namespaces",
                "No Prefix",
                "Empty Namespace",
                "Unicode Namespace",
                "Namespace Bomb",
            ],
        ),
    ],
)
async def test_odd_but_readable_exports_are_read(name: str, titles: list[str]) -> None:
    source = _export(f"wordpress-broken/{name}")
    found = await collect(source)
    assert [document.title for document in found.documents.values()] == titles
    assert (source.incomplete is None) == bool(titles)


async def test_an_export_full_of_invisible_characters_is_readable_afterwards() -> None:
    found = await collect(_export("wordpress-broken/wxr-utf-8-challenges.xml"))
    assert len(found.documents) == 1
    page = read_page(next(iter(found.documents.values())))
    assert page.title == '"The Road Not Taken" by Robert Frost 🌲'
    assert not {"\u202e", "\u202d", "\u200b", "\u2060", "\ufeff"} & set(page.passages[0].text)


async def test_the_starlight_documentation() -> None:
    """37 files below src/content/docs (find | wc -l), one of them 404.md."""
    source = AstroSource(AstroSettings.model_validate({
        "type": "astro", "path": real_site("astro-starlight-docs"), "base_url": "https://starlight.astro.build",
    }))  # fmt: skip
    found = await collect(source)
    assert (source.count_hint, len(found.documents)) == (37, 36)
    assert found.skipped == {"error page": 1}
    origin = "https://starlight.astro.build"
    for path in (
        "/",
        "/getting-started/",
        "/guides/i18n/",
        "/reference/configuration/",
        "/components/tabs/",
    ):
        assert origin + path in found.documents
    pages = {url: read_page(document) for url, document in found.documents.items()}
    assert all(page.passages for page in pages.values())
    start = pages[f"{origin}/getting-started/"]
    assert start.title == "Getting Started"
    yarn = next(p for p in start.passages if p.text == "yarn create astro --template starlight")
    assert yarn.heading_path == ("Quick Start", "Create a new project", "Yarn")
    # grep -c '<Testimonial$' src/content/docs/index.mdx: 12 people
    home = pages[f"{origin}/"]
    people = {
        p.heading_path[1]
        for p in home.passages
        if p.heading_path[:1] == ("What people are saying",)
    }
    assert len(people) == 12


async def test_no_component_or_import_is_left_of_the_starlight_documentation() -> None:
    found = await collect(
        AstroSource(AstroSettings(type="astro", path=real_site("astro-starlight-docs")))
    )
    prose = "\n".join(
        block.text
        for document in found.documents.values()
        for block in extract(document).blocks
        if block.kind != "code"
    )
    for left in ("</Tab", "<TabItem label", "</Card>", "\n:::", "{frontmatter", "\nimport {"):
        assert left not in prose
