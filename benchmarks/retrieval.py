"""How well recall finds the passage that answers, beside plain BM25 and plain vectors.

Usage: python -m benchmarks.retrieval [FOLDER] [--limit N] [--cache FOLDER] [--json FILE]
FOLDER: see `question_set`; else SALES_AGENT_RETRIEVAL_DEV, else ../shared/retrieval-dev.
Ends with 1 when the product does not beat both others in hit@1, hit@5 and nDCG@10.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.question_set import SITE, QuestionSet, choose_folder, index_set, load_set
from core.protocols.knowledge_index import VectorMatch
from sales.knowledge.ranking import KeywordHit, RankedPassage

_METRICS = ("hit@1", "hit@5", "nDCG@10")


def measure(found: list[str], relevant: set[str]) -> tuple[float, float, float]:
    """hit@1, hit@5 and nDCG@10 of one question."""
    gains = [float(item in relevant) for item in found[:10]]
    ideal = sum(1 / math.log2(rank + 2) for rank in range(min(len(relevant), 10)))
    gained = sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))
    return max(gains[:1], default=0.0), max(gains[:5], default=0.0), gained / ideal


async def run(questions: QuestionSet, cache: Path | None) -> dict[str, Any]:
    indexed = await index_set(questions.passages, cache)
    scores: dict[str, list[tuple[float, float, float]]] = {"BM25": [], "vectors": [], "product": []}
    times = []
    for question in questions.questions:
        text, relevant = question["text"], set(question["rel"])
        keyword, vector = await indexed.search_apart(text, set())
        started = time.perf_counter()
        recall = await indexed.knowledge.recall(SITE, text, 10)
        times.append((time.perf_counter() - started) * 1000)
        sides: dict[str, Sequence[KeywordHit | VectorMatch | RankedPassage]] = {
            "BM25": keyword,
            "vectors": vector,
            "product": recall.passages,
        }
        for name, hits in sides.items():
            found = [indexed.ids[hit.passage_id] for hit in hits[:10]]
            scores[name].append(measure(found, relevant))
    await indexed.close()
    means = {
        name: dict(zip(_METRICS, (statistics.fmean(column) for column in zip(*rows, strict=True))))  # noqa: B905
        for name, rows in scores.items()
    }
    return {
        "set": questions.name,
        "passages": len(questions.passages),
        "questions": len(questions.questions),
        "results": means,
        "recall_ms_without_embedding": {
            "median": statistics.median(times),
            "p95": statistics.quantiles(times, n=20)[-1],
        },
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    questions = load_set(choose_folder(arguments.folder), arguments.limit)
    report = asyncio.run(run(questions, arguments.cache))
    print(f"{report['set']}: {report['questions']} questions, {report['passages']} passages")
    print(f"{'':10}" + "".join(f"{metric:>10}" for metric in _METRICS))
    for name, means in report["results"].items():
        print(f"{name:10}" + "".join(f"{means[metric]:10.4f}" for metric in _METRICS))
    text = json.dumps(report, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text, encoding="utf-8")
    ours = report["results"]["product"]
    others = [report["results"]["BM25"], report["results"]["vectors"]]
    beaten = all(ours[metric] > other[metric] for metric in _METRICS for other in others)
    print("the product beats both" if beaten else "the product does NOT beat both")
    return 0 if beaten else 1


if __name__ == "__main__":
    sys.exit(main())
