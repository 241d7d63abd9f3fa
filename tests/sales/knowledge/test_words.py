"""Words are counted as the keyword index counts them."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.knowledge.words import (
    STOP_WORDS,
    build_keyword_query,
    choose_content_words,
    find_stems,
    stem,
)


def _index(*texts: str) -> list[list[str]]:
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE f USING fts5(t, tokenize='porter unicode61 remove_diacritics 2')"
    )
    database.execute("CREATE VIRTUAL TABLE v USING fts5vocab(f, 'instance')")
    database.executemany("INSERT INTO f VALUES (?)", [(text,) for text in texts])
    found: list[list[str]] = [[] for _ in texts]
    for term, row in database.execute("SELECT term, doc FROM v ORDER BY doc, offset"):
        found[row - 1].append(term)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "The quick ponies were running relationally to generalizations",
        "Café, naïve; Zürich's pricing — 1,200.50 USD in the 1990s",
        "caresses agreed plastered motoring conflated hopping falling controlling happy sky",
        "organization digitizer operator feudalism decisiveness hopefulness formality sensibility",
        "electrical adjustable defensible adoption replacement activate probate rate cease roll",
    ],
)
def test_stems_are_those_of_the_index(text: str) -> None:
    assert [find_stems(text)] == _index(text)


@given(st.text(alphabet="abcdeilmnorstuy", min_size=1, max_size=14))
def test_any_word_has_the_stem_of_the_index(word: str) -> None:
    assert [[stem(word)]] == _index(word)


def test_content_words_leave_out_question_words_and_repetitions() -> None:
    assert choose_content_words("What is the price of the Price List?") == ["price", "list"]
    assert choose_content_words("who are you") == []


@given(st.text(max_size=200))
def test_no_text_is_read_as_query_syntax(text: str) -> None:
    query = build_keyword_query(text)
    if not query:
        return
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE f USING fts5(t)")
    database.execute("SELECT * FROM f WHERE f MATCH ?", (query,)).fetchall()


def test_stop_words_are_folded() -> None:
    assert all(word == word.lower() and word.isalpha() for word in STOP_WORDS)
