# ruff: noqa: E501 - pages, exports and links are shown as they are
"""A pricing page keeps every fact, in words that stand by themselves."""

from __future__ import annotations

import pytest

from ingestion.chunk import chunk
from ingestion.documents import Block, SourceDocument
from ingestion.extract import extract

PRICING = """<!doctype html><html lang="en"><head><title>Pricing | Acme</title>
<meta property="og:site_name" content="Acme"><style>.x{}</style></head><body>
<div class="cookie-banner">We use cookies. <button>Accept</button></div>
<header><a href="/">Acme</a><nav><a href="/pricing">Pricing</a><a href="/blog">Blog</a></nav></header>
<nav aria-label="breadcrumb"><ol><li>Home</li><li>Pricing</li></ol></nav>
<main><h1>Pricing</h1><p>Every plan starts with a <strong>30-day trial</strong>.</p>
<div class="cards">
 <div class="card"><h3>Starter</h3><h2 class="price">$15<small>/mo</small></h2>
  <ul><li><i class="fa fa-check"></i> 5 users</li><li><i class="fa fa-times"></i> SSO</li></ul>
  <button>Choose Starter</button></div>
 <div class="card"><h3>Team</h3><p class="price"><span>$</span><span>49</span><sup>90</sup></p>
  <p><del>$59</del> until May</p><ul><li>50 users</li><li class="not-included">Phone support</li></ul></div>
</div>
<table><caption>Limits</caption><thead><tr><th></th><th>Starter</th><th>Team</th></tr></thead>
<tbody><tr><th>Storage</th><td>10 GB</td><td>1 TB</td></tr>
<tr><td>API</td><td><svg class="icon-x"></svg></td><td><svg aria-label="Included"></svg></td></tr>
<tr><td colspan="3">Support</td></tr><tr><td>Reply within</td><td>2 days</td><td>4 hours</td></tr>
</tbody></table>
<div role="tablist"><button role="tab" aria-controls="m">Monthly</button>
<button role="tab" aria-controls="y">Annually</button></div>
<div id="m" role="tabpanel"><h3>Agency</h3><p>$120</p></div>
<div id="y" role="tabpanel" hidden style="display:none"><h3>Agency</h3><p>$100</p></div>
<details><summary>Can I cancel?</summary><p>Yes, within 14 days.</p></details>
<h3><button aria-expanded="false" aria-controls="p1">Do you take purchase orders?</button></h3>
<div id="p1" class="accordion-panel" aria-hidden="true"><p>From $1,000 on.</p></div>
<dl><dt>Setup fee</dt><dd>none</dd><dt>Minimum term</dt><dd>1 month</dd></dl>
<p>Area: 10<sup>2</sup> m<sup>2</sup>. <a href="mailto:sales@acme.example">Write to sales</a> or
<a href="tel:+15551234567">call us</a>.</p>
<figure><img src="a.png" alt="Chart: 99.95% uptime in 2025"><figcaption>Our uptime</figcaption></figure>
<form><label>E-mail</label><input name="e"><button>Send</button></form>
<aside class="related-posts"><h2>Read next</h2></aside>
</main>
<div class="share-buttons">Share on X</div><section id="comments"><p>Nice post!</p></section>
<footer><p>© Acme 2026</p><address>1 Main St, Springfield</address></footer>
<script>var price = "$1";</script></body></html>"""


def _blocks(html: str, url: str = "https://acme.example/pricing") -> tuple[Block, ...]:
    return extract(SourceDocument(url, "", html, "html")).blocks


@pytest.mark.parametrize(
    ("path_end", "fact"),
    [
        ("Pricing", "Every plan starts with a 30-day trial."),
        ("Starter", "$15/mo"),
        ("Starter", "- 5 users\n- ✗ SSO"),
        ("Team", "$49.90"),
        ("Team", "(was $59) until May"),
        ("Team", "- 50 users\n- ✗ Phone support"),
        ("Pricing", "Storage | Starter: 10 GB | Team: 1 TB"),
        ("Pricing", "API | Starter: ✗ | Team: Included"),
        ("Pricing", "Support | Reply within | Starter: 2 days | Team: 4 hours"),
        ("Can I cancel?", "Yes, within 14 days."),
        ("Do you take purchase orders?", "From $1,000 on."),
        ("", "Setup fee: none\nMinimum term: 1 month"),
        ("", "Area: 10² m². Write to sales (sales@acme.example) or call us (+15551234567)."),
        ("", "Chart: 99.95% uptime in 2025"),
        ("", "Our uptime"),
    ],
)
def test_every_fact_of_a_pricing_page_is_kept_under_its_heading(path_end: str, fact: str) -> None:
    matching = [block for block in _blocks(PRICING) if fact in block.text]
    assert matching, fact
    assert not path_end or matching[0].heading_path[-1] == path_end


def test_the_same_plan_in_two_tabs_keeps_its_two_prices_apart() -> None:
    prices = {b.text: b.heading_path[-2:] for b in _blocks(PRICING) if b.text in {"$120", "$100"}}
    assert prices == {"$120": ("Monthly", "Agency"), "$100": ("Annually", "Agency")}


def test_the_furniture_of_a_page_is_gone() -> None:
    text = extract(SourceDocument("https://acme.example/pricing", "", PRICING, "html")).text
    for gone in (
        "cookies", "Blog", "Choose Starter", "E-mail", "Send", "Read next", "Share on", "Nice post",
        "© Acme", "Main St", "var price", "Home",
    ):  # fmt: skip
        assert gone not in text


def test_the_title_is_the_pages_own_without_the_sites_name() -> None:
    page = extract(SourceDocument("https://acme.example/pricing", "", PRICING, "html"))
    assert (page.title, page.language) == ("Pricing", "en")


def test_contact_details_of_the_footer_are_kept_on_the_home_page_only() -> None:
    assert any("1 Main St" in b.text for b in _blocks(PRICING, "https://acme.example/"))
    assert not any("1 Main St" in b.text for b in _blocks(PRICING, "https://acme.example/about"))


def test_a_page_without_main_loses_nothing_but_furniture() -> None:
    html = """<html><body><div id="header"><ul class="menu"><li><a href="/">Home</a></li></ul></div>
    <div class="menu"><h2>Lunch menu</h2><p>Soup $7</p></div><div class="wrap"><h1>Bistro</h1>
    <div class="header">Open 9-17</div></div><div class="footer">Imprint</div></body></html>"""
    text = "\n".join(block.text for block in _blocks(html))
    assert "Soup $7" in text
    assert "Bistro" in text
    assert "Home" not in text
    assert "Imprint" not in text


def test_a_main_that_holds_only_the_first_screen_is_not_believed() -> None:
    html = f"""<html><body><main><h1>Hi</h1><p>Welcome to us.</p></main>
    <section><h2>Plans</h2><p>{"The plan costs $9 and more. " * 20}</p></section></body></html>"""
    assert any("costs $9" in block.text for block in _blocks(html))


def test_facts_for_machines_are_added_where_the_text_lacks_them() -> None:
    html = """<html><body><main><h1>Mug</h1><p>A mug for 12.50 EUR.</p></main>
    <script type="application/ld+json">{"@type":"Product","name":"Mug","sku":"M-1","offers":
    {"price":12.5,"priceCurrency":"EUR","availability":"https://schema.org/InStock"}}</script>
    <script type="application/ld+json">{"@graph":[{"@type":"FAQPage","mainEntity":[{"@type":"Question",
    "name":"Dishwasher?","acceptedAnswer":{"text":"<p>Yes, at 60&deg;C.</p>"}}]}]}</script>
    <script type="application/ld+json">{broken</script></body></html>"""
    page = extract(SourceDocument("https://acme.example/mug", "", html, "html"))
    assert page.kind == "product"
    assert "SKU: M-1" in page.text
    assert "Availability: In stock" in page.text
    answer = next(block for block in page.blocks if "60°C" in block.text)
    assert answer.heading_path[-1] == "Dishwasher?"


def test_a_table_without_headers_reads_as_label_and_value() -> None:
    html = "<table><tr><td>Weight</td><td>2 kg</td></tr><tr><td>Color</td><td>red</td></tr></table>"
    assert [block.text for block in _blocks(html)] == ["Weight: 2 kg\nColor: red"]


def test_cells_that_span_rows_count_for_each_of_them() -> None:
    html = """<table><tr><th>Zone</th><th>Weight</th><th>Price</th></tr>
    <tr><td rowspan="2">EU</td><td>1 kg</td><td>€5</td></tr><tr><td>5 kg</td><td>€9</td></tr></table>"""
    assert [b.text for b in _blocks(html)] == [
        "Zone: EU | Weight: 1 kg | Price: €5\nZone: EU | Weight: 5 kg | Price: €9"
    ]


def test_neighbouring_elements_are_words_of_their_own_where_the_style_sheet_parts_them() -> None:
    html = "<div><span>Team</span><span>$49</span><span>/mo</span></div><p>f<b>oo</b>bar</p>"
    assert [block.text for block in _blocks(html)] == ["Team $49/mo", "foobar"]


def test_a_question_set_bold_is_the_heading_of_its_answer() -> None:
    blocks = _blocks("<p><strong>Do you ship?</strong></p><p>To 40 countries.</p>")
    assert [(b.kind, b.text) for b in blocks] == [
        ("heading", "Do you ship?"),
        ("faq", "To 40 countries."),
    ]


def test_a_page_within_a_form_is_read() -> None:
    html = "<form id='aspnetForm'><h1>About</h1><p>Since 1990.</p><label>Name</label></form>"
    assert [block.text for block in _blocks(html)] == ["About", "Since 1990."]


def test_the_copy_for_phones_is_not_a_second_fact() -> None:
    html = "<h2>Hours</h2><p class='desktop'>Open 9 to 5</p><p class='phone'>Open 9 to 5</p>"
    assert [block.text for block in _blocks(html)] == ["Hours", "Open 9 to 5"]


def test_the_pricing_page_becomes_passages_that_hold_every_price() -> None:
    passages = chunk(extract(SourceDocument("https://acme.example/pricing", "", PRICING, "html")))
    starter = next(p for p in passages if p.heading_path == ("Pricing", "Starter"))
    assert starter.text == "$15/mo\n\n- 5 users\n- ✗ SSO"


def test_a_page_right_below_products_is_a_product() -> None:
    def kind_at(path: str) -> str:
        body = "<html><body><main><p>Some words.</p></main></body></html>"
        document = SourceDocument(f"https://a.example{path}", "", body, "html")
        return extract(document).kind

    assert kind_at("/demo/products/door/") == kind_at("/product/door") == "product"
    assert kind_at("/products/") == kind_at("/products/cat/door") == kind_at("/door/") == "page"
