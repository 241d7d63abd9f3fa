"""What a salesperson should know and do: interests, objections, steps, talking points. Pure.

Everything is drawn from the conversation and points at the words it rests on; nothing is
guessed. The names are those of S0 3.1's `recommendedActions`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sales.leads.facts import ConversationFacts
from sales.leads.fields import Field
from sales.leads.qualification import Score
from sales.leads.rule_matching import Recognised, recognise
from sales.leads.settings import QualificationSettings
from sales.leads.signal_ids import OBJECTIONS, SIGNALS
from sales.leads.signals import Quote


@dataclass(frozen=True, slots=True)
class Point:
    """One statement and the words it rests on. `id` names the signal, field or rule."""

    id: str
    text: str
    evidence: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Briefing:
    """For the sales team, before the first call."""

    interests: tuple[Point, ...]
    objections: tuple[Point, ...]
    competitors: tuple[Point, ...]
    next_steps: tuple[Point, ...]
    talking_points: tuple[Point, ...]


_NO_INTEREST = ("not_interested", "job_seeker", "support_case")
# What to do about a signal, the most pressing first.
_STEPS = (
    ("not_interested", "Do not contact them unasked"),
    ("support_case", "Pass them on to support"),
    ("job_seeker", "Pass them on to whoever hires"),
    ("purchase_asked", "Send what they need to buy"),
    ("quote_asked", "Send a quote"),
    ("demo_asked", "Offer a demo"),
    ("trial_asked", "Offer a trial"),
    ("meeting_asked", "Offer a meeting"),
    ("reference_asked", "Send a reference from their industry"),
    ("security_asked", "Send the security and compliance papers"),
    ("integration_asked", "Clear up the integration with an engineer"),
    ("implementation_asked", "Explain how the installation goes"),
    ("pricing_asked", "Talk through the prices"),
)
_ANSWERS = {
    "price_objection": "Price matters to them: speak of cost against benefit",
    "contract_objection": "They fear a lock-in: explain terms and cancellation",
    "timing_objection": "The time is not right: agree when to speak again",
    "authority_objection": "Others decide with them: ask who, and what they need",
    "switching_objection": "They fear the effort: describe the move step by step",
    "trust_objection": "They doubt it works: bring proof and references",
    "feature_objection": "They miss a feature: check what they need it for",
    "security_objection": "They worry about data: bring the security papers",
    "satisfied_objection": "They have something already: ask what it lacks",
}
_ABOUT = (
    (Field.TIMELINE, "They need it: {}"),
    (Field.BUDGET_RANGE, "Their budget: {}"),
    (Field.COMPANY_SIZE, "Size of their company: {}"),
    (Field.INDUSTRY, "Their industry: {}"),
    (Field.JOB_TITLE, "Their role: {}"),
)
_METHODS = {"email": "Write an e-mail", "phone": "Call", "sms": "Send a text message"}


def build_briefing(
    facts: ConversationFacts, rules: QualificationSettings, score: Score
) -> Briefing:
    """The briefing for a scored conversation."""
    found = recognise(facts, rules)
    objections = _objections(found, rules)
    return Briefing(
        interests=_interests(found, rules),
        objections=objections,
        competitors=_listed("competitor", rules.competitors, found, "Mentioned {}"),
        next_steps=_next_steps(facts, found, score),
        talking_points=_talking_points(facts, found, rules),
    )


def _listed(kind: str, names: tuple[str, ...], found: Recognised, text: str) -> tuple[Point, ...]:
    points = []
    for name in names:
        quotes = found.quotes(f"{kind}:{name}")
        if quotes:
            points.append(Point(f"{kind}:{name}", text.format(name), quotes))
    return tuple(points)


def _interests(found: Recognised, rules: QualificationSettings) -> tuple[Point, ...]:
    own = _listed("topic", tuple(topic.name for topic in rules.topics), found, "Interested in {}")
    signals = [
        Point(name, text, found.quotes(name))
        for name, text in SIGNALS.items()
        if name not in _NO_INTEREST and found.quotes(name)
    ]
    return (*own, *signals)


def _objections(found: Recognised, rules: QualificationSettings) -> tuple[Point, ...]:
    built_in = [
        Point(name, text, found.quotes(name))
        for name, text in OBJECTIONS.items()
        if found.quotes(name)
    ]
    names = tuple(item.name for item in rules.objections)
    return (*built_in, *_listed("objection", names, found, "{}"))


def _next_steps(facts: ConversationFacts, found: Recognised, score: Score) -> tuple[Point, ...]:
    steps = [Point(name, text, found.quotes(name)) for name, text in _STEPS if found.quotes(name)]
    if any(step.id in _NO_INTEREST for step in steps):
        return tuple(step for step in steps if step.id in _NO_INTEREST)
    contact = _contact(facts, score)
    return (contact, *steps) if contact else tuple(steps)


def _contact(facts: ConversationFacts, score: Score) -> Point | None:
    """How to reach them, and how soon: S0's "Call within 1 hour - hot lead"."""
    profile = facts.profile
    method = profile.evidence(Field.PREFERRED_CONTACT_METHOD)
    known = {"phone": profile.evidence(Field.PHONE), "email": profile.evidence(Field.EMAIL)}
    wish = str(method.value) if method else ""
    way = wish if known.get("phone" if wish == "sms" else wish) else ""
    way = way or ("phone" if known["phone"] else "email" if known["email"] else "")
    if not way:
        return None
    evidence = known["phone" if way == "sms" else way]
    quotes = [item for item in (method if way == wish else None, evidence) if item]
    soon = {"critical": " within 1 hour", "high": " today"}.get(score.priority, "")
    when = profile.value(Field.PREFERRED_CONTACT_TIME)
    liked = f" ({when})" if when and when != "anytime" else ""
    text = f"{_METHODS[way]}{soon}{liked} - {score.tier} lead"
    return Point(
        "contact", text, tuple(Quote(item.message_id or "", item.quote) for item in quotes)
    )


def _talking_points(
    facts: ConversationFacts, found: Recognised, rules: QualificationSettings
) -> tuple[Point, ...]:
    points = []
    for name, text in _ABOUT:
        evidence = facts.profile.evidence(name)
        if evidence:
            quote = Quote(evidence.message_id or "", evidence.quote)
            points.append(Point(name, text.format(evidence.value), (quote,)))
    points.extend(
        Point(signal, SIGNALS[signal], found.quotes(signal))
        for signal in ("pain_named", "replacing_system")
        if found.quotes(signal)
    )
    topics = tuple(topic.name for topic in rules.topics)
    points.extend(_listed("topic", topics, found, "Interested in {}"))
    points.extend(
        Point(objection, text, found.quotes(objection))
        for objection, text in _ANSWERS.items()
        if found.quotes(objection)
    )
    points.extend(_listed("competitor", rules.competitors, found, "Knows {}: say what differs"))
    return tuple(points)
