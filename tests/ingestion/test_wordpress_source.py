# ruff: noqa: E501 - pages, exports and links are shown as they are
from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from ingestion.errors import SourceError
from ingestion.extract import extract
from ingestion.settings import WordPressSettings
from ingestion.sources.wordpress import WordPressSource
from tests.ingestion.support import Collected, collect

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/{v}/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:wp="http://wordpress.org/export/{v}/">
<channel><title>Shop</title><link>https://shop.example</link><language>de-DE</language>
<wp:wxr_version>{v}</wp:wxr_version><wp:base_blog_url>https://shop.example</wp:base_blog_url>
"""
TAIL = "</channel></rss>"


def item(
    number: int,
    content: str = "Text.",
    *,
    kind: str = "post",
    status: str = "publish",
    title: str = "A title",
    link: str | None = None,
    extra: str = "",
) -> str:
    address = f"https://shop.example/p{number}/" if link is None else link
    return f"""<item><title>{title}</title><link>{address}</link>
<content:encoded><![CDATA[{content}]]></content:encoded><wp:post_id>{number}</wp:post_id>
<wp:post_date_gmt>2025-03-01 10:00:00</wp:post_date_gmt>
<wp:status>{status}</wp:status><wp:post_type>{kind}</wp:post_type>{extra}</item>
"""


def meta(key: str, value: str) -> str:
    return f"<wp:postmeta><wp:meta_key>{key}</wp:meta_key><wp:meta_value><![CDATA[{value}]]></wp:meta_value></wp:postmeta>"


def export(tmp_path: Path, *items: str, version: str = "1.2", tail: str = TAIL) -> Path:
    path = tmp_path / "export.xml"
    path.write_text(HEAD.format(v=version) + "".join(items) + tail, encoding="utf-8")
    return path


def open_export(path: Path, **settings: object) -> WordPressSource:
    return WordPressSource(
        WordPressSettings.model_validate({"type": "wordpress", "path": path, **settings})
    )


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2"])
async def test_every_version_of_the_format_is_read(tmp_path: Path, version: str) -> None:
    path = export(
        tmp_path, item(1, title="Tea &amp; <![CDATA[&#8220;Cake&#8221;]]>"), version=version
    )
    found = await collect(open_export(path))
    document = found.documents["https://shop.example/p1/"]
    assert document.title == "Tea & “Cake”"
    assert document.language == "de-DE"
    assert document.modified_at is not None
    assert document.modified_at.isoformat() == "2025-03-01T10:00:00+00:00"


async def test_only_what_is_published_and_public_is_read(tmp_path: Path) -> None:
    path = export(
        tmp_path,
        item(1),
        item(2, status="draft"),
        item(3, status="trash"),
        item(4, status="private"),
        item(5, extra="<wp:post_password>secret</wp:post_password>"),
        item(6, kind="attachment", status="inherit"),
        item(7, kind="nav_menu_item"),
        item(8, kind="portfolio", link="https://shop.example/portfolio/a/"),
        item(9, kind="hidden_thing", link="https://shop.example/?post_type=hidden_thing&amp;p=9"),
        item(10, content="[gallery ids='1,2']"),
    )
    found = await collect(open_export(path))
    assert sorted(found.documents) == [
        "https://shop.example/p1/",
        "https://shop.example/portfolio/a/",
    ]
    assert found.skipped == {
        "status draft": 1,
        "status trash": 1,
        "status private": 1,
        "password protected": 1,
        "type attachment": 1,
        "type nav_menu_item": 1,
        "type hidden_thing": 1,
        "no text": 1,
    }


async def test_post_types_can_be_chosen(tmp_path: Path) -> None:
    path = export(tmp_path, item(1), item(2, kind="page"), item(3, kind="hidden_thing"))
    found = await collect(open_export(path, post_types=["page", "hidden_thing"]))
    assert sorted(found.documents) == ["https://shop.example/p2/", "https://shop.example/p3/"]


async def test_links_move_to_the_public_address(tmp_path: Path) -> None:
    path = export(tmp_path, item(1), item(2, link=""))
    found = await collect(open_export(path, base_url="https://www.shop.com/"))
    assert sorted(found.documents) == ["https://www.shop.com/?p=2", "https://www.shop.com/p1/"]


async def test_classic_text_has_paragraphs_and_blocks_lose_their_comments(tmp_path: Path) -> None:
    classic = "First [sic] line\nsecond line\n\n[caption id='1']<img src='a.jpg'> A dog[/caption]\n\nLast [1] [vc_row]inner[/vc_row]"
    blocks = '<!-- wp:paragraph --><p>One</p><!-- /wp:paragraph -->\n\n<!-- wp:list {"a":1} --><ul><li>Two</li></ul><!-- /wp:list -->'
    found = await collect(open_export(export(tmp_path, item(1, classic), item(2, blocks))))
    texts = [extract(document).text for document in found.documents.values()]
    assert texts == ["First [sic] line\nsecond line\n\nA dog\n\nLast [1]\n\ninner", "One\n\n- Two"]


async def test_a_product_has_its_facts(tmp_path: Path) -> None:
    attributes = 'a:1:{s:5:"stoff";a:3:{s:4:"name";s:5:"Stoff";s:5:"value";s:14:"Wolle | Köper";s:10:"is_visible";i:1;}}'
    path = export(
        tmp_path,
        item(
            21, "", kind="product_variation",
            extra="<wp:post_parent>20</wp:post_parent>" + meta("attribute_pa_color", "dark-blue")
            + meta("_price", "9.50") + meta("_sku", "C-B") + meta("_stock_status", "outofstock"),
        ),
        item(
            20, "Long text.", kind="product", title="Cap",
            extra="<excerpt:encoded><![CDATA[Short text.]]></excerpt:encoded>" + meta("_price", "9.50")
            + meta("_price", "12.00") + meta("_sku", "CAP") + meta("_stock_status", "instock")
            + meta("_stock", "7") + meta("_manage_stock", "yes") + meta("_weight", "0.2")
            + meta("_product_attributes", attributes)
            + '<category domain="product_cat" nicename="h"><![CDATA[Hats &amp; more]]></category>',
        ),
        item(
            22, kind="product_variation",
            extra="<wp:post_parent>20</wp:post_parent>" + meta("attribute_pa_color", "red") + meta("_price", "12.00"),
        ),
    )  # fmt: skip
    found = await collect(open_export(path, currency="€"))
    document = found.documents["https://shop.example/p20/"]
    assert document.kind == "product"
    assert document.facts == (
        ("Price", "€9.50 to €12.00"),
        ("SKU", "CAP"),
        ("Availability", "In stock (7)"),
        ("Weight", "0.2"),
        ("Stoff", "Wolle, Köper"),
        ("Category", "Hats & more"),
        ("Variation", "Color: dark blue | Price: €9.50 | SKU: C-B | Out of stock"),
        ("Variation", "Color: red | Price: €12.00"),
    )
    page = extract(document)
    assert page.text.startswith("Price: €9.50 to €12.00\nSKU: CAP\n")
    assert page.text.endswith("Short text.\n\nLong text.")


async def test_a_packed_export_is_read(tmp_path: Path) -> None:
    path = tmp_path / "export.xml.gz"
    path.write_bytes(gzip.compress(export(tmp_path, item(1)).read_bytes()))
    assert len((await collect(open_export(path))).documents) == 1


async def test_control_characters_of_the_database_do_not_cost_the_export(tmp_path: Path) -> None:
    path = export(tmp_path, item(1, "A\x08B\x0b C"))
    found = await collect(open_export(path))
    assert extract(found.documents["https://shop.example/p1/"]).text == "AB C"


async def test_blank_lines_before_the_declaration_are_forgiven(tmp_path: Path) -> None:
    path = export(tmp_path, item(1))
    path.write_text("\n\n" + path.read_text("utf-8"), "utf-8")
    assert len((await collect(open_export(path))).documents) == 1


async def test_an_entity_bomb_is_refused_with_its_line(tmp_path: Path) -> None:
    path = export(tmp_path, item(1, "x"))
    bomb = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>\n<rss'
    path.write_text(path.read_text("utf-8").replace("<rss", bomb, 1), "utf-8")
    with pytest.raises(SourceError, match=r"export\.xml, line 2: .*entities"):
        await collect(open_export(path))


async def test_a_mistake_in_the_middle_fails_after_what_came_before_and_names_the_line(
    tmp_path: Path,
) -> None:
    path = export(tmp_path, *(item(i) for i in range(50)), "<item><title>Broken</item>")
    line = path.read_text("utf-8").count("\n") + 1
    found = Collected()
    with pytest.raises(SourceError, match=rf"line {line}: not well-formed XML") as caught:
        await collect(open_export(path), found)
    assert len(found.documents) == 50
    assert "stay as they are" in caught.value.message


async def test_a_cut_off_export_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cut off"):
        await collect(open_export(export(tmp_path, item(1), tail="<item><title>")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<html><body></body></html>", "not <rss>"),
        (
            '<rss version="2.0"><channel><item><title>x</title></item></channel></rss>',
            "no WordPress items",
        ),
        ("", "cut off"),
        ("hello", "not well-formed"),
    ],
)
async def test_what_is_no_export_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "other.xml"
    path.write_text(content)
    with pytest.raises(SourceError, match=message):
        await collect(open_export(path))


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.xml: there is no such file"):
        await collect(open_export(tmp_path / "nowhere.xml"))


async def test_an_export_without_items_removes_nothing(tmp_path: Path) -> None:
    source = open_export(export(tmp_path))
    assert not (await collect(source)).documents
    assert source.incomplete == "the export holds no items"


_MEASURE = """
import asyncio, resource, sys
from pathlib import Path
from ingestion.settings import WordPressSettings
from ingestion.sources.wordpress import WordPressSource
async def main():
    count = 0
    async for _ in WordPressSource(WordPressSettings(type="wordpress", path=Path(sys.argv[1]))).documents():
        count += 1
    print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
asyncio.run(main())
"""


def test_memory_does_not_grow_with_the_export(tmp_path: Path) -> None:
    """Peak memory (kB) of a process of its own for 2 MB and for 60 MB."""
    peaks: dict[int, int] = {}
    body = "Lorem ipsum dolor sit amet. " * 700
    for count in (100, 3_000):
        path = tmp_path / f"{count}.xml"
        with path.open("w", encoding="utf-8") as file:
            file.write(HEAD.format(v="1.2"))
            file.writelines(item(i, body) for i in range(count))
            file.write(TAIL)
        run = subprocess.run(
            [sys.executable, "-c", _MEASURE, str(path)], capture_output=True, text=True, check=True
        )
        read, peak = map(int, run.stdout.split())
        assert read == count
        peaks[count] = peak
    assert peaks[3_000] - peaks[100] < 12_000
