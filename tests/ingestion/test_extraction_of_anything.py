# ruff: noqa: E501 - pages, exports and links are shown as they are
"""Whatever a site holds, extraction ends and does not raise."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.documents import BodyFormat, SourceDocument
from ingestion.pages import read_page

_TAGS = "div p ul ol li table tr td th h1 h2 h3 details summary dl dt dd pre code a b span br form nav main svg template sup del".split()
_HTML = st.lists(
    st.one_of(
        st.sampled_from(_TAGS).map("<{}>".format),
        st.sampled_from(_TAGS).map("</{}>".format),
        st.sampled_from(
            [
                "<td rowspan=3 colspan=-1>",
                "<div aria-hidden=true class='faq x'>",
                "<!--",
                "{",
                "}",
                "`",
                "<Card title={'x'}>",
                "[gallery]",
                "::: tip",
                "```",
                "---\n",
                "import x from 'y'\n",
                "\n\n",
            ]
        ),
        st.text(max_size=12),
    ),
    max_size=60,
).map("".join)
_FORMATS: list[BodyFormat] = ["html", "markdown", "mdx", "text", "astro"]


@settings(max_examples=300, deadline=None)
@given(_HTML, st.sampled_from(_FORMATS))
def test_no_text_makes_extraction_fail(body: str, form: BodyFormat) -> None:
    page = read_page(SourceDocument("https://x.example/", "", body, form))
    for passage in page.passages:
        passage.text.encode()
        assert "\x00" not in passage.text


@pytest.mark.parametrize("form", _FORMATS)
@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 20_000 + "deep",
        "<ul><li>" * 3_000 + "deep",
        "<table><tr><td>" * 800 + "deep",
        "<b>" * 5_000 + "x",
        "> " * 3_000 + "quote",
        "{" * 20_000,
        "<Card title={" * 3_000,
        "[" * 20_000,
        "`" * 9_999,
        "[a](" * 4_000,
        "<p>" + "word " * 100_000,
        "<!doctype html><html><body>" + "<script type='application/ld+json'>" + "[" * 100_000,
        "import {\n" * 2_000,
    ],
    ids=lambda body: str(body)[:24],
)
def test_hostile_nesting_ends_soon(body: str, form: BodyFormat) -> None:
    started = time.perf_counter()
    read_page(SourceDocument("https://x.example/", "", body, form))
    assert time.perf_counter() - started < 10
