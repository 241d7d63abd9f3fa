"""How often the chosen sentences hold the answer, and how well what is not there is refused.

Usage: python -m benchmarks.answers [FOLDER] [--limit N] [--cache FOLDER]
The set's titles are cut in two halves. One half is indexed and all questions are asked: those of
the other half must be refused. Then every question of the indexed half is asked again with its
passage left out: a fact that is absent among near neighbours.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

from agent.sentences import choose_sentences, score_sentences
from benchmarks.question_set import SITE, Indexed, choose_folder, index_set, load_set
from sales.knowledge.ranking import (
    RankedPassage,
    check_answerable,
    estimate_on_topic,
    rank_passages,
)


def choose_half(titles: set[str]) -> set[str]:
    """Every other title, in alphabetical order."""
    return set(sorted(titles)[::2])


def holds_answer(text: str, answers: list[str]) -> bool:
    """Whether one of the answers stands in `text` as whole words."""
    return any(re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", text) for answer in answers)


def measure_auc(positive: list[float], negative: list[float]) -> float:
    """Probability that a positive scores above a negative; ties count half."""
    ranked = sorted([(value, 1) for value in positive] + [(value, 0) for value in negative])
    below = 0
    total = 0.0
    index = 0
    while index < len(ranked):
        end = index
        while end < len(ranked) and ranked[end][0] == ranked[index][0]:
            end += 1
        ups = sum(label for _, label in ranked[index:end])
        downs = end - index - ups
        total += ups * (below + downs / 2)
        below += downs
        index = end
    return total / max(1, len(positive) * len(negative))


def measure_calibration(pairs: list[tuple[float, bool]]) -> tuple[float, list[str]]:
    """Expected calibration error over ten bins, and the bins as text."""
    error, lines = 0.0, []
    for low in range(10):
        inside = [pair for pair in pairs if low <= min(pair[0] * 10, 9.999) < low + 1]
        if inside:
            said = statistics.fmean(p for p, _ in inside)
            true = statistics.fmean(y for _, y in inside)
            error += len(inside) / len(pairs) * abs(said - true)
            lines.append(f"{low / 10:.1f}: said {said:.2f}, true {true:.2f}, n {len(inside)}")
    return error, lines


class Tally:
    def __init__(self) -> None:
        self.within = Counter[int]()
        self.questions = 0
        self.shown: list[int] = []
        self.shown_hit = 0
        self.choose_ms: list[float] = []
        self.probability: dict[str, list[float]] = {"own": [], "foreign": [], "absent": []}
        self.on_topic: dict[str, list[float]] = {"own": [], "foreign": [], "absent": []}
        self.bands: dict[str, Counter[str]] = {key: Counter() for key in self.probability}
        self.pairs: list[tuple[float, bool]] = []

    def add_refusal(self, kind: str, question: str, ranked: list[RankedPassage]) -> None:
        self.probability[kind].append(ranked[0].probability if ranked else 0.0)
        self.on_topic[kind].append(estimate_on_topic(ranked) if ranked else 0.0)
        self.bands[kind][check_answerable(question, ranked).value] += 1

    def add_answer(
        self, question: dict[str, Any], ranked: list[RankedPassage], own: set[int]
    ) -> None:
        text = question["text"]
        started = time.perf_counter()
        chosen = choose_sentences(text, ranked)
        self.choose_ms.append((time.perf_counter() - started) * 1000)
        self.questions += 1
        self.shown.append(len(chosen))
        self.shown_hit += any(
            item.passage_id in own and holds_answer(item.text, question["answers"])
            for item in chosen
        )
        best = sorted(score_sentences(text, ranked[:3]), key=lambda item: -item.score)[:3]
        for size in (1, 2, 3):
            self.within[size] += any(
                ranked[item.passage].passage_id in own
                and holds_answer(
                    ranked[item.passage].text[item.sentence.start : item.sentence.end],
                    question["answers"],
                )
                for item in best[:size]
            )


async def ask(indexed: Indexed, questions: list[dict[str, Any]]) -> Tally:
    tally = Tally()
    by_name = {name: passage_id for passage_id, name in indexed.ids.items()}
    for question in questions:
        text = question["text"]
        ranked = list((await indexed.knowledge.recall(SITE, text, 16)).passages)
        own = {by_name[name] for name in question["rel"] if name in by_name}
        tally.add_refusal("own" if own else "foreign", text, ranked)
        if ranked:
            tally.pairs.append((ranked[0].probability, ranked[0].passage_id in own))
        if own and question.get("answers"):
            tally.add_answer(question, ranked, own)
        if own:
            keyword, vector = await indexed.search_apart(text, own)
            tally.add_refusal("absent", text, rank_passages(text, keyword, vector, indexed.stored))
    return tally


def report(tally: Tally) -> dict[str, Any]:
    error, bins = measure_calibration(tally.pairs)
    count = max(1, tally.questions)
    return {
        "questions": {kind: len(values) for kind, values in tally.probability.items()},
        "answer within 1, 2, 3 sentences": [tally.within[size] / count for size in (1, 2, 3)],
        "answer in what is shown": tally.shown_hit / count,
        "sentences shown": statistics.fmean(tally.shown) if tally.shown else 0,
        "choosing, ms median": statistics.median(tally.choose_ms) if tally.choose_ms else 0,
        "AUC off-topic by probability": measure_auc(
            tally.probability["own"], tally.probability["foreign"]
        ),
        "AUC absent by probability": measure_auc(
            tally.probability["own"], tally.probability["absent"]
        ),
        "AUC off-topic by on-topic": measure_auc(tally.on_topic["own"], tally.on_topic["foreign"]),
        "bands": {kind: dict(bands) for kind, bands in tally.bands.items()},
        "calibration error": error,
        "calibration": bins,
    }


async def run(folder: Path, limit: int | None, cache: Path | None) -> dict[str, Any]:
    questions = load_set(folder, limit)
    half = choose_half({passage.get("title", "") for passage in questions.passages})
    inside = [passage for passage in questions.passages if passage.get("title", "") in half]
    indexed = await index_set(inside or questions.passages, cache)
    tally = await ask(indexed, questions.questions)
    await indexed.close()
    return {"set": questions.name, **report(tally)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--cache", type=Path)
    arguments = parser.parse_args()
    result = asyncio.run(run(choose_folder(arguments.folder), arguments.limit, arguments.cache))
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
