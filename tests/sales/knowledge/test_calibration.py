"""Cosines of another model are taken to where the built-in one's would lie."""

from __future__ import annotations

import pytest

from sales.knowledge.calibration import (
    REFERENCE_FOREIGN,
    REFERENCE_OWN,
    Calibration,
    fit_calibration,
    make_question,
)


def test_both_anchors_land_where_they_belong() -> None:
    found = fit_calibration([0.9] * 20, [0.7] * 20, 100)
    assert found is not None
    assert found.apply(0.9) == pytest.approx(REFERENCE_OWN)
    assert found.apply(0.7) == pytest.approx(REFERENCE_FOREIGN)
    assert found.apply(0.95) > found.apply(0.9) > found.apply(0.8)
    assert (found.apply(50), found.apply(-50)) == (1, -1)


def test_too_little_to_tell_concludes_nothing() -> None:
    assert fit_calibration([0.9] * 3, [0.7] * 20, 3) is None
    assert fit_calibration([0.7] * 20, [0.7] * 20, 20) is None
    assert fit_calibration([0.9] * 20, [], 20) is None


def test_what_is_stored_is_read_again() -> None:
    kept = Calibration(2.5, -0.3, 77)
    assert Calibration.read(kept.describe()) == kept
    assert Calibration.read(None).apply(0.4) == 0.4


def test_a_question_is_made_of_some_of_a_passages_words() -> None:
    text = "Our anvils are forged from recycled steel and delivered within three working days."
    question = make_question("Shop", ("Shop", "Delivery of anvils"), text)
    assert question is not None
    assert "delivery" in question
    assert question not in text
    assert make_question("Shop", (), "Hi.") is None
