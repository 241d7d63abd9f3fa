from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sales.leads.settings import PhraseList
from sales.leads.signals import VisitorMessage, detect_signals

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def _ids(text: str) -> set[str]:
    signals = detect_signals(VisitorMessage("m", text, NOW), competitors=("Frostline",))
    assert all(text[signal.start : signal.end] == signal.quote for signal in signals)
    return {signal.id for signal in signals}


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("how much is it?", "pricing_asked"),
        ("What does the starter plan cost", "pricing_asked"),
        ("pricing?", "pricing_asked"),
        ("do you offer discounts for charities", "pricing_asked"),
        ("can you send me a quote?", "quote_asked"),
        ("I'd like to see a demo", "demo_asked"),
        ("is there a free trial", "trial_asked"),
        ("could we talk on Thursday?", "meeting_asked"),
        ("how do I sign up?", "purchase_asked"),
        ("does it integrate with SAP?", "integration_asked"),
        ("are you GDPR compliant", "security_asked"),
        ("can I cancel any time, what's the notice period?", "contract_asked"),
        ("do you have case studies from hospitals?", "reference_asked"),
        ("how do you compare to others", "comparison_asked"),
        ("we want to replace our current system", "replacing_system"),
        ("we still do it by hand", "pain_named"),
        ("sorry, not interested", "not_interested"),
        ("do you have any open positions?", "job_seeker"),
        ("my sensor is broken", "support_case"),
        ("that's too expensive for us", "price_objection"),
        ("I don't want a long-term contract", "contract_objection"),
        ("it's not a good time", "timing_objection"),
        ("I'd need approval from above", "authority_objection"),
        ("sounds like a lot of hassle", "switching_objection"),
        ("never heard of you, is this a scam?", "trust_objection"),
        ("it doesn't support Arabic", "feature_objection"),
        ("I'm worried about data privacy", "security_objection"),
        ("we already have something for that", "satisfied_objection"),
        ("Frostline quoted us less", "competitor:Frostline"),
    ],
)
def test_a_signal_is_recognised(text: str, signal: str) -> None:
    assert signal in _ids(text)


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("I don't need a demo", "demo_asked"),
        ("no trial needed", "trial_asked"),
        ("how much time does it take?", "pricing_asked"),
        ('the page says "book a demo today" but it\'s broken', "demo_asked"),
        ("frostlines are pretty", "competitor:Frostline"),
        ("hello", "meeting_asked"),
        ("what is a hub?", "purchase_asked"),
    ],
)
def test_what_only_looks_like_a_signal_is_none(text: str, signal: str) -> None:
    assert signal not in _ids(text)


def test_topics_and_objections_of_the_site_are_recognised() -> None:
    signals = detect_signals(
        VisitorMessage("m", "We ship vaccines and your hub is too big", NOW),
        topics=(PhraseList(name="Pharma", phrases=("vaccine", "vaccines")),),
        objections=(PhraseList(name="Size", phrases=("too big",)),),
    )
    assert {"topic:Pharma", "objection:Size"} <= {signal.id for signal in signals}
