from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.chunk import MAX_WORDS, chunk, content_hash
from ingestion.documents import Block, BlockKind, ExtractedPage, SourceDocument
from ingestion.extract import extract
from ingestion.reading.page_text import join_blocks
from ingestion.sentences import sentence_spans

_WORDS = st.lists(
    st.sampled_from("alpha beta gamma. Delta! eps? $49 3.5 e.g. 中文字 ünï".split()),
    min_size=1,
    max_size=400,
).map(" ".join)
_LINES = st.lists(
    st.text("ab c1.", min_size=1, max_size=80).map(str.strip).filter(bool), min_size=1, max_size=60
)


@st.composite
def pages(draw: st.DrawFn) -> ExtractedPage:
    blocks: list[Block] = []
    path: tuple[str, ...] = ()
    for index in range(draw(st.integers(1, 12))):
        kind: BlockKind = draw(st.sampled_from(["heading", "paragraph", "list", "table", "code"]))
        if kind == "heading":
            path = path[: draw(st.integers(0, 2))]
            text = f"Heading {index}"
            blocks.append(Block(path, text, "heading"))
            path = (*path, text)
        elif kind == "paragraph":
            blocks.append(Block(path, draw(_WORDS), kind))
        else:
            blocks.append(Block(path, "\n".join(draw(_LINES)), kind))
    found = tuple(blocks)
    return ExtractedPage("u", "t", None, "", "page", found, join_blocks(found))


@settings(deadline=None)
@given(pages())
def test_spans_are_exact_and_in_order_and_hold_all_the_text(page: ExtractedPage) -> None:
    passages = chunk(page)
    position = 0
    covered = [False] * len(page.text)
    for ordinal, passage in enumerate(passages):
        assert passage.ordinal == ordinal
        assert page.text[passage.start : passage.end] == passage.text
        assert passage.start >= position
        position = passage.end
        covered[passage.start : passage.end] = [True] * (passage.end - passage.start)
    in_paths = {heading for passage in passages for heading in passage.heading_path}
    start = 0
    for block in page.blocks:
        span = range(start, start + len(block.text))
        inside = all(covered[i] or page.text[i].isspace() for i in span)
        assert inside or (block.kind == "heading" and block.text in in_paths), block
        start += len(block.text) + 2


@settings(deadline=None)
@given(pages())
def test_passages_are_of_one_section_and_of_the_right_size(page: ExtractedPage) -> None:
    for passage in chunk(page):
        assert passage.text.strip() == passage.text
        assert passage.text
        assert len(passage.text.split()) <= 2 * MAX_WORDS


@settings(deadline=None)
@given(pages())
def test_the_same_page_gives_the_same_passages(page: ExtractedPage) -> None:
    assert chunk(page) == chunk(page)


def _markdown(body: str) -> ExtractedPage:
    return extract(SourceDocument("https://x.example/", "", body, "markdown"))


def test_a_question_and_its_answer_are_one_passage() -> None:
    passages = chunk(_markdown("# FAQ\n\n## Do you ship?\n\nYes.\n\n## Where?\n\nEverywhere."))
    assert [(p.heading_path, p.text) for p in passages] == [
        (("FAQ", "Do you ship?"), "Yes."),
        (("FAQ", "Where?"), "Everywhere."),
    ]


def test_no_row_item_or_sentence_is_cut() -> None:
    items = [f"- item {i} holds some seven words or so" for i in range(120)]
    sentences = [f"This is sentence {i}, of e.g. 3.5 parts." for i in range(120)]
    rows = ["| name | price |", "|---|---|", *(f"| plan {i} | ${i} a month |" for i in range(120))]
    page = _markdown("\n\n".join(["\n".join(items), " ".join(sentences), "\n".join(rows)]))
    passages = chunk(page)
    assert len(passages) > 5
    text = "\n".join(passage.text for passage in passages)
    for expected in (
        *items,
        *sentences,
        *(f"name: plan {i} | price: ${i} a month" for i in range(120)),
    ):
        assert expected in text
    assert all(re.search(r"[.hso\d]$", p.text) for p in passages)


def test_long_sections_are_cut_into_passages_of_about_equal_size() -> None:
    words = " ".join(f"This sentence number {i} has exactly eight words." for i in range(60))
    sizes = [len(p.text.split()) for p in chunk(_markdown(words))]
    assert max(sizes) <= MAX_WORDS
    assert min(sizes) >= 80


def test_a_label_stays_with_what_it_names() -> None:
    first, second, third = (" ".join(["word", *[f"w{n}"] * 69]) + "." for n in range(3))
    page = _markdown(f"{first}\n\n{second}\n\nTeam plan\n\n{third}")
    assert any(p.text.startswith("Team plan\n\nword") for p in chunk(page))


def test_headings_without_text_below_are_passages_themselves() -> None:
    passages = chunk(_markdown("# Why us\n\n### Fast\n\n### Safe\n\n## Price\n\n$5"))
    assert [(p.heading_path, p.text) for p in passages] == [
        (("Why us",), "Fast\n\nSafe"),
        (("Why us", "Price"), "$5"),
    ]


def test_text_without_spaces_or_sentences_is_cut_all_the_same() -> None:
    for text in ("中" * 4_000, "x" * 9_000, "word " * 3_000):
        passages = chunk(extract(SourceDocument("https://x.example/", "", text, "text")))
        assert len(passages) > 1 or text[0] == "x"
        assert "".join(p.text for p in passages).replace(" ", "") == text.replace(" ", "")


def test_the_hash_is_of_the_words_and_not_of_their_spacing() -> None:
    assert content_hash(("A",), "b  c\n") == content_hash(("A",), "b c")
    assert content_hash(("A",), "b") != content_hash((), "A b")
    assert content_hash((), "e\u0301") == content_hash((), "\u00e9")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One. Two! Three?", 3),
        ("It costs 3.50 e.g. in Rome. Next.", 2),
        ("Dr. Smith met J. Doe. They left.", 2),
        ("See example.com for more. Bye", 2),
        ("これは文です。次の文。", 2),
        ('He said "Stop." Then he left.', 2),
        ("no end", 1),
        ("", 0),
    ],
)
def test_sentences_end_where_a_reader_thinks_so(text: str, count: int) -> None:
    assert len(sentence_spans(text)) == count


@settings(deadline=None)
@given(st.text(max_size=300))
def test_sentences_hold_every_character_that_is_not_space(text: str) -> None:
    inside = "".join(text[start:end] for start, end in sentence_spans(text))
    assert "".join(inside.split()) == "".join(text.split())
