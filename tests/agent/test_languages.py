"""In which language a message is written: told when it shows, else nothing."""

from __future__ import annotations

import pytest

from agent.languages import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How much does a service cost?", "en"),
        ("What is the price of the Team plan?", "en"),
        ("Wie viel kostet eine Reparatur?", "de"),
        ("Haben Sie auch am Samstag offen und kann ich bei euch ein Rad leihen?", "de"),
        ("¿Cuánto cuesta el servicio y dónde están?", "es"),
        ("Combien coûte la livraison pour la France ?", "fr"),
        ("Quanto costa la spedizione e come posso pagare?", "it"),
        ("Hoeveel kost het en kan ik ook in de winkel betalen?", "nl"),
        ("Сколько стоит доставка?", "ru"),
        ("كم سعر الخدمة؟", "ar"),
        ("料金はいくらですか？", "ja"),
        ("价格是多少", "zh"),
        ("가격이 얼마예요?", "ko"),
        ("πόσο κοστίζει", "el"),
    ],
)
def test_a_language_that_shows_is_told(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "?!", "42", "🎉", "   ", "\x00", "GDPR", "PIN-2040"])
def test_nothing_is_told_of_what_has_no_language(text: str) -> None:
    assert detect_language(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Do you ship to Baden-Baden and Sankt Gallen?",
        "Is the Müller model in stock?",
        "Does the café table come in blue?",
        "What is the Die Cut price?",
        "Is El Paso in your delivery area?",
        "How do I order from São Paulo?",
        "Can I pay in the Москва shop?",
    ],
)
def test_names_and_loan_words_make_no_foreign_message(text: str) -> None:
    assert detect_language(text) in ("en", None)


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("es", "¿Cómo instalo Larkbase?"),
        ("de", "Wie groß ist der Hub?"),
        ("en", "the café"),
    ],
)
def test_one_accented_word_is_enough(language: str, message: str) -> None:
    assert detect_language(message) == language
