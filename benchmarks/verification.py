"""How many true sentences verification lets out, and how many false ones.

`python -m benchmarks.verification [--meanings] [--show KIND]`.

The demo website, and the passages of `SALES_AGENT_RETRIEVAL_DEV` where it is set, said again by
the rules of `benchmarks.perturbations`. `--show KIND` prints what was judged wrongly.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from agent.answers import Sentence
from agent.verification import Evidence, verify_sentence
from app.settings import load_app_settings
from benchmarks.meanings import MeaningComparison
from benchmarks.perturbations import BAD, GOOD, Change, list_sentences
from ingestion.documents import SourceDocument
from ingestion.pages import read_pages
from ingestion.sources import open_source
from sales.knowledge.schemas import StoredPassage

SENTENCES = 400
SEED = 7
Judged = tuple[str, str, bool, bool]


def read_demo() -> list[StoredPassage]:
    """The demo website's passages."""
    settings = load_app_settings(Path("app.yaml"))
    source = open_source(settings.knowledge.sources[0])

    async def read() -> list[StoredPassage]:
        found: list[StoredPassage] = []
        async for document in source.documents():
            pages = read_pages([document]) if isinstance(document, SourceDocument) else []
            for page in pages:
                for one in page.passages:
                    found.append(
                        StoredPassage(
                            len(found) + 1,
                            page.url,
                            page.title,
                            one.heading_path,
                            one.text,
                            0,
                            len(one.text),
                            one.content_hash,
                        )
                    )
        return found

    return asyncio.run(read())


def read_development_set() -> list[StoredPassage]:
    """The passages of the retrieval set; none where it is not at hand."""
    folder = os.environ.get("SALES_AGENT_RETRIEVAL_DEV")
    if not folder:
        return []
    lines = (Path(folder) / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        StoredPassage(number, "", one["title"], (), one["text"], 0, len(one["text"]), "")
        for number, one in enumerate(map(json.loads, lines), 1)
    ]


def change_all(
    passages: Iterable[StoredPassage], rules: dict[str, Change], chance: Random
) -> Iterator[tuple[str, str, StoredPassage]]:
    """(rule, changed sentence, passage) of as many sentences as are wanted."""
    pairs = [(one, sentence) for one in passages for sentence in list_sentences(one.text)]
    for passage, sentence in chance.sample(pairs, min(SENTENCES, len(pairs))):
        for name, rule in rules.items():
            changed = rule(sentence, passage.text, chance)
            if (changed and changed != sentence) or name == "word for word":
                yield name, changed or sentence, passage


async def judge(
    passages: list[StoredPassage], rules: dict[str, Change], meanings: MeaningComparison | None
) -> list[Judged]:
    """(rule, sentence, let out by rules alone, let out with the comparison of meanings)."""
    judged = []
    for name, sentence, passage in change_all(passages, rules, Random(SEED)):
        evidence = Evidence({passage.passage_id: passage})
        said = Sentence(sentence, is_free=True, sources=(passage.passage_id,))
        verdict = verify_sentence(said, evidence)
        alone = both = verdict.objection is None
        if verdict.doubtful and meanings is not None:
            both = await meanings.is_close(sentence, verdict.doubtful)
        judged.append((name, f"{sentence}   <<{verdict.objection}>>", alone, both))
    return judged


def show(title: str, judged: list[Judged]) -> None:
    print(f"\n{title}\n| | sentences | let out | with meanings |\n| --- | --- | --- | --- |")
    names = list(dict.fromkeys(name for name, *_ in judged))
    for name in [*names, "all"]:
        rows = [one for one in judged if name in (one[0], "all")]
        alone = sum(one[2] for one in rows) / len(rows)
        both = sum(one[3] for one in rows) / len(rows)
        print(f"| {name} | {len(rows)} | {alone:.1%} | {both:.1%} |")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--show", default="")
    parser.add_argument("--meanings", action="store_true")
    options = parser.parse_args()
    meanings = MeaningComparison.load() if options.meanings else None
    for name, passages in (("demo website", read_demo()), ("SQuAD", read_development_set())):
        if not passages:
            continue
        began = time.process_time()
        good = asyncio.run(judge(passages, GOOD, meanings))
        bad = asyncio.run(judge(passages, BAD, meanings))
        spent = (time.process_time() - began) / (len(good) + len(bad))
        show(f"{name}: true sentences", good)
        show(f"{name}: false sentences", bad)
        print(f"CPU a sentence, cold caches: {spent * 1000:.1f} ms")
        for kind, text, alone, _ in [*good, *bad]:
            wrong = alone if kind in BAD else not alone
            if kind == options.show and wrong:
                print("-", text)


if __name__ == "__main__":
    main()
