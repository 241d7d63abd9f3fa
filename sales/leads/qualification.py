"""A conversation's score and what speaks for it. Pure and replayable.

The same facts under the same rules give the same score, on any day: nothing here reads a clock
or a store. The score is the sum of S0 3.1's four parts, every point of which names its rule and
quotes its evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal, NamedTuple

from sales.leads.facts import ConversationFacts
from sales.leads.fields import Field
from sales.leads.rule_matching import Match, match_rule, recognise
from sales.leads.settings import PARTS, Part, QualificationSettings, Rule, SourceRule
from sales.leads.signals import Quote
from sales.leads.timelines import URGENCY, Urgency, read_timeline

Tier = Literal["hot", "warm", "cool", "cold"]
Priority = Literal["critical", "high", "standard", "low"]
PRIORITIES: tuple[Priority, ...] = ("low", "standard", "high", "critical")
_BASE: dict[Tier, int] = {"hot": 2, "warm": 1, "cool": 0, "cold": 0}


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that counted. `points` are points of the score, those of all reasons of a part
    together the part's score; 0 where the part was full already."""

    rule: str
    part: Part
    points: int
    text: str
    evidence: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A rule that does not count yet, and how much the score would rise if it did."""

    rule: str
    text: str
    gain: int


@dataclass(frozen=True, slots=True)
class Score:
    """S0's `leadScoring` with its reasons."""

    overall: int
    completeness: int
    engagement: int
    readiness: int
    source_quality: int
    tier: Tier
    priority: Priority
    urgency: Urgency
    is_qualified: bool
    reasons: tuple[Reason, ...]
    # Enough of the largest steps to become hot; all there are when they are not enough.
    what_would_make_hot: tuple[Missing, ...]


def score_conversation(facts: ConversationFacts, rules: QualificationSettings) -> Score:
    """The score of a conversation under the rules of `app.yaml`."""
    found = recognise(facts, rules)
    matches = {rule.id: match_rule(rule, facts, found) for rule in rules.rules}
    parts: dict[Part, int] = {}
    reasons: list[Reason] = []
    for part in PARTS:
        counted = _count_part(part, rules, matches)
        reasons.extend(counted)
        parts[part] = sum(reason.points for reason in counted)
    overall = sum(parts.values())
    tier = choose_tier(overall, rules)
    urgency = read_urgency(facts)
    return Score(
        overall=overall,
        completeness=parts["completeness"],
        engagement=parts["engagement"],
        readiness=parts["readiness"],
        source_quality=parts["source_quality"],
        tier=tier,
        priority=choose_priority(tier, urgency),
        urgency=urgency,
        is_qualified=overall >= rules.qualify_at,
        reasons=tuple(reasons),
        what_would_make_hot=_steps_to_hot(overall, rules, matches),
    )


def _count_part(
    part: Part, rules: QualificationSettings, matches: dict[str, Match | None]
) -> list[Reason]:
    """The reasons of one part: gains first, then what takes away, so that what takes away
    shows however full the part is."""
    weight = getattr(rules.weights, part)
    counting = [rule for rule in rules.rules if rule.part == part and matches[rule.id]]
    counting.sort(key=lambda rule: rule.points < 0)
    reasons: list[Reason] = []
    percent = 0
    for rule in counting:
        match = matches[rule.id]
        if match is None:
            continue
        before = _part_points(weight, percent)
        percent = max(0, min(100, percent + rule.points))
        gained = _part_points(weight, percent) - before
        reasons.append(Reason(rule.id, part, gained, rule.text or rule.id, match.evidence))
    return reasons


def _part_points(weight: int, percent: int) -> int:
    return (weight * percent + 50) // 100


def choose_tier(overall: int, rules: QualificationSettings) -> Tier:
    """S0's tier for a score."""
    if overall >= rules.tiers.hot:
        return "hot"
    if overall >= rules.tiers.warm:
        return "warm"
    return "cool" if overall >= rules.tiers.cool else "cold"


def choose_priority(tier: Tier, urgency: Urgency) -> Priority:
    """Hot is high, warm standard, the rest low; one step up where time presses."""
    step = 1 if urgency in ("critical", "high") and tier != "cold" else 0
    return PRIORITIES[_BASE[tier] + step]


def read_urgency(facts: ConversationFacts) -> Urgency:
    """S0's `urgency` from the timeline, as meant on the day it was said; standard when unknown."""
    evidence = facts.profile.evidence(Field.TIMELINE)
    if evidence is None:
        return "standard"
    timeline = read_timeline(str(evidence.value), evidence.at.date())
    return URGENCY[timeline] if timeline else "standard"


def _steps_to_hot(
    overall: int, rules: QualificationSettings, matches: dict[str, Match | None]
) -> tuple[Missing, ...]:
    """The largest gains first, until hot. Where somebody came from cannot be changed."""
    if overall >= rules.tiers.hot:
        return ()
    parts = {part: _PartSum(getattr(rules.weights, part)) for part in PARTS}
    left: dict[str, tuple[int, Rule]] = {}
    for place, rule in enumerate(rules.rules):
        if matches[rule.id]:
            parts[rule.part] = parts[rule.part].with_points(rule.points)
        elif rule.points > 0 and not isinstance(rule, SourceRule):
            left[rule.id] = (-place, rule)
    steps: list[Missing] = []
    while left and overall < rules.tiers.hot:
        now = {part: part_sum.total() for part, part_sum in parts.items()}
        gain, _, best = max(
            (
                (parts[rule.part].total_with(rule.points) - now[rule.part], place, rule)
                for place, rule in left.values()
            ),
            key=itemgetter(0, 1),
        )
        if gain <= 0:
            break
        parts[best.part] = parts[best.part].with_points(best.points)
        del left[best.id]
        overall += gain
        steps.append(Missing(best.id, best.text or best.id, gain))
    return tuple(steps)


class _PartSum(NamedTuple):
    """What `_count_part` adds up to, without the reasons: `up` and `down` are the points of the
    rules that count, in percent of the part's `weight`."""

    weight: int
    up: int = 0
    down: int = 0

    def with_points(self, points: int) -> _PartSum:
        """One more rule counts."""
        if points < 0:
            return self._replace(down=self.down + points)
        return self._replace(up=self.up + points)

    def total(self) -> int:
        """The part's points of the score."""
        return _part_points(self.weight, max(0, min(100, self.up) + self.down))

    def total_with(self, points: int) -> int:
        """The same with one more rule; `points` above 0."""
        return _part_points(self.weight, max(0, min(100, self.up + points) + self.down))


def explain_score(score: Score) -> Sequence[str]:
    """The reasons as lines: "+5 Asked for a demo (“can I see a demo?”)"."""
    lines = []
    for reason in score.reasons:
        quotes = "; ".join(f"“{quote.quote}”" for quote in reason.evidence if quote.quote)
        lines.append(f"{reason.points:+d} {reason.text}" + (f" ({quotes})" if quotes else ""))
    return lines
