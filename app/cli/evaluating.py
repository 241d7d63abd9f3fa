"""`sales-agent eval`: golden questions, asked as a visitor would, without leaving a trace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.progress import track
from rich.table import Table

from agent.evaluation import (
    GoldenSet,
    Judgement,
    Verdict,
    count_verdicts,
    find_regressions,
    judge,
)
from agent.guarding import TrafficLimits
from agent.rehearsal import rehearse
from app.cli.console import console, notes
from app.cli.looking import choose_site
from app.embedder import load_embedder
from app.places import Places
from app.settings import AppSettings
from app.wiring import Resources, build_chat, build_resources, build_services
from core.errors import ConfigurationError
from core.settings import load_settings
from sales.organization.service import KnownSite

_EXCERPT = 160
_COLOURS = {Verdict.HEDGED: "yellow", Verdict.WRONG: "red", Verdict.SAID: "red"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command was asked for. `minimum`: the share that must pass, 0 to 1."""

    file: Path | None
    site: str = ""
    minimum: float = 1.0
    save: Path | None = None
    compare: Path | None = None
    as_json: bool = False
    everything: bool = False


async def evaluate(settings: AppSettings, places: Places, wish: Wish) -> int:
    """Ask all questions of the file and print a table. Exit code 1: too few passed, or one that
    passed in the run to compare with does not any more.

    Raises:
        ConfigurationError: the file, or the one to compare with, cannot be used.
    """
    golden = load_settings(GoldenSet, wish.file, {}) if wish.file else None
    before = _read_verdicts(wish.compare) if wish.compare else {}
    judgements = await _ask(settings, places, wish.site, golden)
    regressions = find_regressions(judgements, before)
    passed = sum(one.passed for one in judgements) / len(judgements)
    content = {
        "questions": len(judgements),
        "passed": round(passed, 4),
        "verdicts": count_verdicts(judgements),
        "regressions": [one.ask for one in regressions],
        "answers": [
            {"ask": one.ask, "verdict": one.verdict, "problem": one.problem, "text": one.text}
            for one in judgements
        ],
    }
    if wish.save:
        wish.save.write_text(json.dumps(content, ensure_ascii=False, indent=2), encoding="utf-8")
    if wish.as_json:
        console.out(json.dumps(content, ensure_ascii=False, indent=2), highlight=False)
    else:
        _print(judgements, everything=wish.everything)
        _print_sums(content, regressions)
    if wish.compare:
        return 1 if regressions else 0
    return 0 if passed >= wish.minimum else 1


async def _ask(
    settings: AppSettings, places: Places, site_key: str, golden: GoldenSet | None
) -> list[Judgement]:
    resources = await build_resources(settings, places, load_embedder())
    try:
        site = choose_site(resources, site_key)
        services = build_services(resources, settings)
        turn = build_chat(resources, services, settings, TrafficLimits(settings.limits)).turn
        if golden is None:
            golden = await _load_golden(resources, site)
        judgements = []
        for question in track(golden.questions, "Asking", console=notes, transient=True):
            done = await rehearse(turn, site.settings, site.ref, [*question.after, question.ask])
            judgements.append(judge(question, done))
        return judgements
    finally:
        await resources.close()


async def _load_golden(resources: Resources, site: KnownSite) -> GoldenSet:
    """The golden questions that staff made in the portal."""
    entries = await resources.gaps.list_golden(site.ref)
    if not entries:
        raise ConfigurationError(
            "the portal",
            ["it has no golden question for this site. Name a file, or make one there."],
        )
    questions = [{"ask": one.ask, "expect": one.expect, "refuse": one.refuse} for one in entries]
    return GoldenSet.model_validate({"questions": questions})


def _print(judgements: Sequence[Judgement], *, everything: bool) -> None:
    table = Table("Question", "Verdict", "Why", "Answer")
    for one in judgements:
        if one.verdict in (Verdict.RIGHT, Verdict.REFUSED) and not everything:
            continue
        colour = _COLOURS.get(one.verdict, "green")
        text = " ".join(one.text.split())
        shown = text[:_EXCERPT] + ("…" if len(text) > _EXCERPT else "")
        verdict = f"[{colour}]{one.verdict}[/{colour}]"
        table.add_row(escape(one.ask), verdict, escape(one.problem), escape(shown))
    if table.row_count:
        console.print(table)


def _print_sums(content: dict[str, Any], regressions: Sequence[Judgement]) -> None:
    sums = ", ".join(f"{count} {name}" for name, count in content["verdicts"].items())
    console.print(
        f"{content['questions']} questions, {content['passed']:.0%} as they should be: {sums}.",
        highlight=False,
    )
    for one in regressions:
        console.print(f"[red]worse than before:[/red] {escape(one.ask)}", highlight=False)


def _read_verdicts(path: Path) -> dict[str, str]:
    try:
        answers = json.loads(path.read_text(encoding="utf-8"))["answers"]
        return {str(one["ask"]): str(one["verdict"]) for one in answers}
    except FileNotFoundError:
        raise ConfigurationError(
            str(path), ["there is no such file. Make it with --save."]
        ) from None
    except (ValueError, KeyError, TypeError):
        raise ConfigurationError(
            str(path), ["it was not written by `sales-agent eval --save`. Name such a file."]
        ) from None
