"""Scores: bounded, explained, monotone, and the same whenever they are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sales.leads.briefing import build_briefing
from sales.leads.facts import ConversationFacts
from sales.leads.fields import Field
from sales.leads.noticing import notice_profile
from sales.leads.profile import Profile, SetBy, merge_noticed, set_field
from sales.leads.qualification import choose_priority, explain_score, score_conversation
from sales.leads.settings import PARTS, QualificationSettings
from sales.leads.signals import VisitorMessage

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RULES = QualificationSettings(competitors=("Frostline", "Sensitech"))
TALK = (
    "Hi, how much is the Pro plan for 40 sensors?",
    "We keep losing stock. Sounds a bit expensive compared to Frostline though",
    "I'm Tom Becker, operations manager at Saltmarsh Kitchens, we're 60 people. Can I see a demo?",
    "tom@saltmarsh.example, budget is about 12k and we need it by December",
)


def _facts(texts: tuple[str, ...] = TALK, **more: Any) -> ConversationFacts:
    profile, messages = Profile(), []
    for number, text in enumerate(texts):
        at = START + timedelta(minutes=number)
        noticed = notice_profile(text, known=profile.values(), default_region="GB")
        profile = merge_noticed(profile, noticed, message_id=f"m{number}", at=at)
        messages.append(VisitorMessage(f"m{number}", text, at))
    return ConversationFacts(profile, tuple(messages), **more)


def test_every_point_names_its_rule_and_quotes_words_of_the_conversation() -> None:
    facts = _facts(pages=("/", "/pricing"), answered_questions=2)
    score = score_conversation(facts, RULES)
    texts = {message.id: message.text for message in facts.messages}
    assert sum(reason.points for reason in score.reasons) == score.overall
    for reason in score.reasons:
        assert reason.rule in {rule.id for rule in RULES.rules}
        assert reason.evidence
        for quote in reason.evidence:
            assert not quote.message_id or quote.quote in texts[quote.message_id]


def test_the_parts_add_up_and_the_tier_follows() -> None:
    score = score_conversation(_facts(), RULES)
    parts = score.completeness + score.engagement + score.readiness + score.source_quality
    assert parts == score.overall
    assert score.readiness == 25
    assert (score.tier, score.urgency, score.priority) == ("warm", "high", "high")
    assert score.is_qualified


def test_what_would_make_it_hot_does() -> None:
    score = score_conversation(_facts(), RULES)
    assert score.what_would_make_hot
    gains = sum(missing.gain for missing in score.what_would_make_hot)
    assert score.overall + gains >= RULES.tiers.hot
    assert (
        score_conversation(
            _facts(answered_questions=3, pages=("/a", "/b", "/pricing"), previous_conversations=1),
            RULES,
        ).tier
        == "hot"
    )


def test_an_empty_conversation_scores_nothing() -> None:
    score = score_conversation(ConversationFacts(), RULES)
    assert (score.overall, score.tier, score.priority) == (0, "cold", "low")


def test_who_is_not_interested_or_looks_for_a_job_is_not_ready() -> None:
    for text in ("I'm not interested, unsubscribe me", "are you hiring? here is my CV"):
        facts = _facts((*TALK, text))
        assert score_conversation(facts, RULES).readiness <= 10
        steps = build_briefing(facts, RULES, score_conversation(facts, RULES)).next_steps
        assert len(steps) == 1


def test_weights_of_the_administrator_hold() -> None:
    weights = {"completeness": 70, "engagement": 10, "readiness": 10, "source_quality": 10}
    rules = QualificationSettings.model_validate({"weights": weights})
    score = score_conversation(_facts(), rules)
    assert score.completeness > 50
    assert score.readiness <= 10


@pytest.mark.parametrize(
    ("tier", "urgency", "priority"),
    [
        ("hot", "critical", "critical"),
        ("hot", "standard", "high"),
        ("warm", "high", "high"),
        ("warm", "low", "standard"),
        ("cool", "critical", "standard"),
        ("cold", "critical", "low"),
    ],
)
def test_priority_follows_from_tier_and_urgency(tier: Any, urgency: Any, priority: str) -> None:
    assert choose_priority(tier, urgency) == priority


def test_the_briefing_quotes_what_it_says() -> None:
    facts = _facts()
    briefing = build_briefing(facts, RULES, score_conversation(facts, RULES))
    assert [point.id for point in briefing.competitors] == ["competitor:Frostline"]
    assert "price_objection" in [point.id for point in briefing.objections]
    assert {"pricing_asked", "demo_asked"} <= {point.id for point in briefing.interests}
    assert briefing.next_steps[0].text == "Write an e-mail today - warm lead"
    texts = {message.id: message.text for message in facts.messages}
    for points in (
        briefing.interests,
        briefing.objections,
        briefing.competitors,
        briefing.next_steps,
        briefing.talking_points,
    ):
        for point in points:
            assert point.evidence
            assert all(quote.quote in texts[quote.message_id] for quote in point.evidence)


EVERY_KIND = """
competitors: [Frostline]
rules:
  - {id: a, part: readiness, points: 20, kind: phrase_said, phrases: [cold chain]}
  - {id: b, part: readiness, points: 20, kind: signal_seen, signal: competitor}
  - {id: c, part: engagement, points: 20, kind: page_opened, paths: [/Docs]}
  - {id: d, part: source_quality, points: 9, kind: source_is, key: utm_campaign, values: [spring*]}
  - {id: e, part: source_quality, points: 9, kind: source_is, key: page, values: [/other]}
  - {id: f, part: completeness, points: 30, kind: field_known, field: decision_maker,
     values: [true]}
"""


def test_rules_of_every_kind_count() -> None:
    rules = QualificationSettings.model_validate(yaml.safe_load(EVERY_KIND))
    facts = _facts(
        ("Our Cold  Chain is on Frostline", "I'm the one who signs off"),
        pages=("/docs/alerts",),
        source={"utm_campaign": "Spring-sale", "referrer_domain": "google.com"},
    )
    score = score_conversation(facts, rules)
    assert [reason.rule for reason in score.reasons] == ["f", "c", "a", "b", "d"]
    assert explain_score(score)[0].startswith("+8 f (“")


_TEXTS = st.lists(
    st.sampled_from(
        [*TALK, "thanks", "is there an API?", "my boss decides", "not now", "ok", "demo?"]
    ),
    max_size=6,
).map(tuple)
_FACTS = st.builds(
    _facts,
    _TEXTS,
    pages=st.lists(st.sampled_from(["/", "/pricing", "/docs"]), max_size=4).map(tuple),
    answered_questions=st.integers(0, 5),
    previous_conversations=st.integers(0, 2),
    appointments=st.integers(0, 1),
    source=st.dictionaries(
        st.sampled_from(["utm_medium", "referrer_domain", "page"]),
        st.sampled_from(["cpc", "google.com", "/pricing", "x"]),
    ),
)


@given(_FACTS)
@settings(max_examples=40, deadline=None)
def test_scores_are_bounded_and_replayable(facts: ConversationFacts) -> None:
    score = score_conversation(facts, RULES)
    for part in PARTS:
        assert 0 <= getattr(score, part) <= getattr(RULES.weights, part)
    assert 0 <= score.overall <= 100
    assert score == score_conversation(replace(facts, messages=tuple(facts.messages)), RULES)


@given(_FACTS, st.sampled_from(sorted(Field)))
@settings(max_examples=40, deadline=None)
def test_telling_more_never_lowers_the_score(facts: ConversationFacts, field: str) -> None:
    before = score_conversation(facts, RULES).overall
    if facts.profile.value(field) is None:
        told = set_field(facts.profile, field, "x", at=START, set_by=SetBy.FORM)
        assert score_conversation(replace(facts, profile=told), RULES).overall >= before
    more = replace(
        facts,
        pages=(*facts.pages, "/pricing"),
        answered_questions=facts.answered_questions + 1,
        appointments=facts.appointments + 1,
    )
    assert score_conversation(more, RULES).overall >= before


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=6), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_any_rules_and_weights_stay_within_bounds(points: list[int], weight: int) -> None:
    rules = QualificationSettings.model_validate(
        {
            "weights": {
                "completeness": weight,
                "engagement": 100 - weight,
                "readiness": 0,
                "source_quality": 0,
            },
            "rules": [
                {
                    "id": f"r{n}",
                    "part": "engagement",
                    "points": p,
                    "kind": "count_reached",
                    "what": "messages",
                    "at_least": 1,
                }
                for n, p in enumerate(points)
            ],
        }
    )
    score = score_conversation(_facts(("hello",)), rules)
    assert 0 <= score.engagement <= 100 - weight
    assert score.overall == sum(reason.points for reason in score.reasons)
