"""The signals and objections that rules may name, with the words staff reads. Data."""

from __future__ import annotations

SIGNALS: dict[str, str] = {
    "pricing_asked": "Asked about prices",
    "quote_asked": "Asked for a quote or proposal",
    "demo_asked": "Asked for a demo",
    "trial_asked": "Asked for a trial or sample",
    "meeting_asked": "Asked for a meeting or a call",
    "purchase_asked": "Asked how to buy or sign up",
    "implementation_asked": "Asked about installation or onboarding",
    "integration_asked": "Asked about integrations",
    "security_asked": "Asked about security or compliance",
    "contract_asked": "Asked about terms, contract or payment",
    "reference_asked": "Asked for references or case studies",
    "comparison_asked": "Compares with others",
    "replacing_system": "Replaces what they have",
    "pain_named": "Named a problem to solve",
    "not_interested": "Said they are not interested",
    "job_seeker": "Looks for a job",
    "support_case": "Is a customer with a support case",
}

OBJECTIONS: dict[str, str] = {
    "price_objection": "Price sensitivity indicated",
    "contract_objection": "Fears a lock-in or a long contract",
    "timing_objection": "Not the right time",
    "authority_objection": "Others must approve",
    "switching_objection": "Fears the effort of switching",
    "trust_objection": "Doubts that it works",
    "feature_objection": "Misses a feature",
    "security_objection": "Worries about data or security",
    "satisfied_objection": "Has something already",
}
