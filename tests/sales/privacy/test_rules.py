"""What comes next, and what is looked for."""

from __future__ import annotations

from sales.privacy.rules import build_needles, find_kinds, list_due, redact
from sales.privacy.schemas import Subject

ANN, PHONE = "ann.privata@private.example", "+49 170 1234567"
OTHER = "joann.privata@private.example"


def test_steps_wait_for_those_before_them() -> None:
    outside = ["crm", "calendar"]
    assert list_due({}, outside) == ["queue"]
    assert list_due({"queue": []}, outside) == ["crm", "calendar"]
    assert list_due({"queue": [], "crm": []}, outside) == ["calendar"]
    assert list_due({"queue": [], "crm": [], "calendar": []}, outside) == ["own"]
    over: dict[str, object] = {"queue": [], "crm": [], "calendar": [], "own": []}
    assert list_due(over, outside) == ["storage"]
    assert list_due({**over, "storage": []}, outside) == ["read_back"]


def test_a_needle_is_found_in_every_form_and_not_in_other_words() -> None:
    needles = build_needles(Subject((ANN,), (PHONE,), ("Jörg Müller",)))
    for words in ("JÖRG MÜLLER", "müller, jörg", "joerg"):
        assert bool(find_kinds(words, needles)) is (words != "joerg"), words
    written: tuple[object, ...]
    written = ("0170-123 45 67", "+491701234567", {"a": [f"x {ANN.upper()}."]})
    for one in written:
        assert find_kinds(one, needles), one
    for words in (OTHER, f"{ANN}-2", "91701234567890", "Müller"):
        assert not find_kinds(words, needles), words
    assert redact({"a": f"to {ANN}, {PHONE}"}, needles) == {"a": "to [erased], [erased]"}
