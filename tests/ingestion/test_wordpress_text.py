from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.reading.wordpress_text import render_post, strip_shortcodes
from ingestion.sources.php_values import read_php_value


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("See [1], [sic], [a note], [Optional] and [citation needed].",) * 2,
        ("a[gallery ids=\"1,2\"]b", "ab"),
        ("[caption width=\"1\"]<img> Dog[/caption]", "<img> Dog"),
        ("[[gallery]] is a shortcode", "[gallery] is a shortcode"),
        ("[embed]https://x.example/v[/embed] end", " end"),
        ("[video src=\"a.mp4\"][/video]x", "x"),
        ("[my_plugin_thing] x", "  x"),
        ("[contact-form-7 id=\"1\" title=\"Form\"]", " "),
        ("array[index] and f[x]",) * 2,
        ("[ ] open [x] done",) * 2,
        ("A [mark]marked[/mark], word.", "A marked, word."),
        ("[box]A[/box][box]B[/box]", "A\n\nB"),
        ("no closing [caption", "no closing [caption"),
    ],
)  # fmt: skip
def test_shortcodes_go_and_brackets_stay(text: str, left: str) -> None:
    assert strip_shortcodes(text) == left


def test_page_builders_leave_their_titles_and_texts() -> None:
    text = '[et_pb_toggle title="Do you ship?"]Yes.[/et_pb_toggle][vc_custom_heading text="Prices"]'
    html = render_post(text)
    assert "<h4>Do you ship?</h4>" in html
    assert "Yes." in html
    assert "<p>Prices</p>" in html


@settings(deadline=None)
@given(st.text(alphabet="[]/ab=\"' gallery\n", max_size=80))
def test_stripping_ends_for_any_brackets(text: str) -> None:
    strip_shortcodes(text)
    render_post(text)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ('a:1:{s:1:"k";s:3:"ü1";}', {"k": "ü1"}),
        ("i:5;", 5),
        ("b:1;", True),
        ("d:1.5;", 1.5),
        ("N;", None),
        ('O:3:"Foo":0:{}', None),
        ('s:99:"short";', None),
        ("a:3:{i:0;", None),
        ("", None),
    ],
)
def test_serialized_values_are_data_or_nothing(raw: str, value: object) -> None:
    assert read_php_value(raw) == value
