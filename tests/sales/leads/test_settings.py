"""An administrator who misspells something is told where and what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import ConfigurationError
from core.settings import Section, parse_settings
from sales.leads.settings import (
    ProfileCaptureSettings,
    QualificationSettings,
    check_rule_fields,
)


class _File(Section):
    qualification: QualificationSettings = QualificationSettings()
    profile_capture: ProfileCaptureSettings = ProfileCaptureSettings()


def _problems(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_settings(_File, text, "app.yaml", {})
    return "\n".join(caught.value.problems)


def _rule(line: str) -> str:
    return "qualification:\n  rules:\n    - {" + line + "}\n"


@pytest.mark.parametrize(
    ("text", "path", "fix"),
    [
        (
            _rule("id: x, part: readiness, points: 5, kind: signal_seen, signal: pricing_askd"),
            "qualification.rules[0].signal",
            "Did you mean pricing_asked?",
        ),
        (
            _rule("id: x, part: readines, points: 5, kind: signal_seen, signal: demo_asked"),
            "rules[0].part",
            "readiness",
        ),
        (
            _rule("id: x, part: readiness, points: 5, kind: signal_sen, signal: demo_asked"),
            "rules[0]",
            "signal",
        ),
        (
            _rule("id: x, part: readiness, point: 5, kind: signal_seen, signal: demo_asked"),
            "qualification.rules[0].point",
            "Did you mean points?",
        ),
        (
            _rule("id: x, part: readiness, points: 500, kind: signal_seen, signal: demo_asked"),
            "qualification.rules[0].points",
            "100",
        ),
        (
            _rule(
                "id: Big One, part: readiness, points: 5, "
                "kind: count_reached, what: messages, at_least: 1"
            ),
            "id",
            "small letters",
        ),
        ("qualification: {weights: {readiness: 50}}", "qualification.weights", "make 100"),
        ("qualification: {tiers: {warm: 90}}", "qualification.tiers", "hot must be above"),
        (
            "profile_capture: {required_fields: [customer_nam]}",
            "profile_capture",
            "Did you mean customer_name?",
        ),
        (
            "profile_capture: {required_fields: [email], optional_fields: [email]}",
            "profile_capture",
            "Choose one",
        ),
        ("profile_capture: {default_region: XX}", "profile_capture.default_region", "ISO 3166"),
        ("profile_capture: {custom_fields: [{id: email}]}", "custom_fields[0].id", "another id"),
        (
            "profile_capture: {custom_fields: [{id: a, patterns: ['(']}]}",
            "custom_fields[0].patterns",
            "Mend",
        ),
        (
            "profile_capture: {custom_fields: [{id: a, patterns: ['(a+)+']}]}",
            "patterns",
            "Simplify",
        ),
        (
            "profile_capture: {custom_fields: [{id: a, type: choice}]}",
            "custom_fields[0]",
            "choices",
        ),
    ],
)
def test_an_error_names_the_path_and_the_fix(text: str, path: str, fix: str) -> None:
    problems = _problems(text)
    assert path in problems
    assert fix in problems


def test_two_rules_of_one_name_are_refused() -> None:
    line = "    - {id: x, part: readiness, points: 5, kind: signal_seen, signal: demo_asked}\n"
    assert "two have the id x" in _problems("qualification:\n  rules:\n" + line * 2)


def test_a_rule_may_name_a_custom_field_and_no_other() -> None:
    rule: dict[str, Any] = {
        "id": "x",
        "part": "completeness",
        "points": 5,
        "kind": "field_known",
        "field": "locatons",
    }
    rules = QualificationSettings.model_validate({"rules": [rule]})
    capture = ProfileCaptureSettings.model_validate(
        {"custom_fields": [{"id": "locations", "type": "number"}]}
    )
    with pytest.raises(ValueError, match=r"rules\[0\]\.field.*Did you mean locations\?"):
        check_rule_fields(rules, capture)
    right = QualificationSettings.model_validate({"rules": [{**rule, "field": "locations"}]})
    check_rule_fields(right, capture)


def test_the_built_in_rules_name_fields_that_exist() -> None:
    check_rule_fields(QualificationSettings(), ProfileCaptureSettings())
