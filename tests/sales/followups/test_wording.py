"""The words of mails, in every language."""

from __future__ import annotations

import string

import pytest

from sales.followups.rules import LANGUAGES, choose_language, one_line, open_link
from sales.followups.wording import _WORDS, list_keys
from sales.organization.settings import LinkSettings


def test_every_language_says_everything_with_the_same_values() -> None:
    assert set(_WORDS) == set(LANGUAGES)

    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for language in LANGUAGES:
        assert list_keys(language) == list_keys("en")
        for key, text in _WORDS[language].items():
            assert fields(text) <= fields(_WORDS["en"][key.partition(".")[0]]), (language, key)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (("de-AT", "en"), "de"),
        (("pt-BR", "es"), "es"),
        (("", ""), "en"),
        (("DE",), "de"),
        (("den", "es_MX"), "es"),
    ],
)
def test_the_first_language_that_mails_speak_is_chosen(
    wanted: tuple[str, ...], chosen: str
) -> None:
    assert choose_language(*wanted) == chosen


def test_text_from_outside_becomes_one_line() -> None:
    assert one_line("a\r\nBcc: b\x00\u2028c\u202e") == "a Bcc: b c"
    assert one_line("x" * 700, 10) == "x" * 9 + "…"


def test_only_web_addresses_become_links() -> None:
    links = LinkSettings(replace="https://acme.example/", by="/demo/")
    assert open_link("https://acme.example/a", links, "http://h") == "http://h/demo/a"
    assert open_link("https://other.example/a", links, "http://h") == "https://other.example/a"
    assert open_link("javascript:alert(1)", None, "http://h") == ""
    assert open_link("https://a.example/ x", None, "http://h") == ""
