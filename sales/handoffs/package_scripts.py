"""Call scripts: what a rep may say first, by how warm the lead is and what it fears. Pure.

The package names one (`recommendedActions.suggestedScript`); the sales side reads it at
`GET /api/v1/handoffs/scripts/{id}`. `app.yaml` may add scripts or replace these.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Script:
    """A call script. It is suggested for leads of one of `tiers` (empty: all) with one of
    `objections` or of the briefing's steps `steps` (both empty: any). The first that fits is
    taken, so that special ones stand before general ones."""

    id: str
    title: str
    opening: str
    questions: tuple[str, ...]
    close: str
    tiers: tuple[str, ...] = ()
    objections: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


SCRIPTS: tuple[Script, ...] = (
    Script(
        id="price-first",
        title="Price is on their mind",
        opening="You looked at our prices. May I ask what you compare us with?",
        questions=(
            "What does it cost you today, with all the work around it?",
            "What would it have to save to be worth its price?",
        ),
        close="I'll send you a calculation with your own figures. When may I call about it?",
        tiers=("hot", "warm"),
        objections=("price_objection",),
    ),
    Script(
        id="security-first",
        title="They worry about data",
        opening="You asked about security. I can send our papers, and bring an engineer.",
        questions=("Who on your side has to agree?", "Which standards must be met?"),
        close="I'll send the papers today. Shall we go through them with your colleague?",
        objections=("security_objection",),
        steps=("security_asked",),
    ),
    Script(
        id="demo-offer",
        title="They want to see it",
        opening="You asked to see it. I can show you exactly what you came for.",
        questions=("What would you like to see first?", "Who else should be there?"),
        close="Which of these two times suits you?",
        steps=("demo_asked", "trial_asked", "meeting_asked"),
    ),
    Script(
        id="ready-to-buy",
        title="Hot: help them buy",
        opening="Thank you for talking with us. What do you need from me to decide?",
        questions=("By when do you need it?", "Who signs?"),
        close="I'll send it today and call you tomorrow.",
        tiers=("hot",),
    ),
    Script(
        id="warm-discovery",
        title="Warm: find out more",
        opening="You asked us something on the website. Did the answer help?",
        questions=("What made you look now?", "How do you do it today?"),
        close="May I call again when you have looked at it?",
        tiers=("warm",),
    ),
    Script(
        id="nurture",
        title="Early: stay in touch",
        opening="You visited our website. Is there anything I can explain?",
        questions=("What would have to change for this to matter to you?",),
        close="I'll send you one thing worth reading, and no more than that.",
    ),
)


def choose_script(
    scripts: Sequence[Script], tier: str, objections: Collection[str], steps: Collection[str]
) -> str | None:
    """The id of the first script that fits; None where none does."""
    for script in scripts:
        if script.tiers and tier not in script.tiers:
            continue
        asks = {*script.objections, *script.steps}
        if not asks or asks & {*objections, *steps}:
            return script.id
    return None
