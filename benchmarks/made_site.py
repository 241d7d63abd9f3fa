"""A website made from word lists: the same pages and questions on every machine.

Words are drawn as in real text: few are frequent, most are rare. Every page is about a product
of its own, so that a question has one right page among thousands that share most of its words.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from benchmarks.processes import ROOT

_MAKERS = (
    "Alder Birch Cedar Dogwood Elm Fir Ginkgo Hazel Ivory Juniper Katsura Larch Maple Nutmeg Oak "
    "Poplar Quince Rowan Spruce Tamarack Ulmus Viburnum Willow Yew Zelkova Acacia Bamboo Cypress "
    "Douglas Ebony"
).split()
_THINGS = (
    "sensor gateway scanner printer charger router camera monitor keyboard speaker lamp heater "
    "cooler filter pump valve meter probe cable adapter battery switch relay drive tablet display "
    "projector dock headset antenna"
).split()
_FRAME = (
    "every customer receives support within one working day of the first message",
    "the service is included for all teams and can be changed at any time",
    "our engineers check the result before it leaves the workshop",
    "the order is sent by courier and arrives with a printed guide",
    "you may return it in the original packaging without giving a reason",
    "the contract is renewed each year unless it is ended in writing",
    "data stays in the region that was chosen when the account was opened",
    "installation needs no tools and takes less than an hour",
)
# A word list that ships with the product, of words as they are in English text.
_WORD_LIST = ROOT / "integrations" / "local" / "data" / "bert-base-uncased-vocab.txt"
_FIRST_HEADINGS = ("Overview", "Price", "Delivery", "Warranty", "Setup", "Limits")


@dataclass(frozen=True, slots=True)
class MadePage:
    path: str
    title: str
    sections: tuple[tuple[str, str], ...]

    def to_html(self, links: tuple[str, ...] = ()) -> str:
        """The page as a website would send it, with the boilerplate that sites have."""
        body = "".join(
            f"<section><h2>{escape(heading)}</h2>"
            + "".join(f"<p>{escape(part)}</p>" for part in text.split("\n"))
            + "</section>"
            for heading, text in self.sections
        )
        more = "".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f"<title>{escape(self.title)}</title>"
            f'<meta name="description" content="{escape(self.title)} in detail"></head><body>'
            f"<header><nav><ul><li><a href='/'>Home</a></li>{more}</ul></nav></header>"
            f"<main><h1>{escape(self.title)}</h1>{body}</main>"
            f"<footer><p>All rights reserved.</p></footer></body></html>"
        )


def name_product(number: int) -> str:
    """The product that page `number` is about."""
    maker = _MAKERS[number % len(_MAKERS)]
    thing = _THINGS[number // len(_MAKERS) % len(_THINGS)]
    return f"{maker} {thing} {100 + number}"


def make_pages(count: int, sections: int = 5) -> Iterator[MadePage]:
    """`count` pages of `sections` sections; each section becomes one passage."""
    rare = _read_words(6_000)
    for number in range(count):
        dice = random.Random(number)
        product = name_product(number)
        parts = []
        for index in range(sections):
            heading = _FIRST_HEADINGS[index % len(_FIRST_HEADINGS)]
            parts.append((f"{heading} of the {product}", _make_text(dice, product, heading, rare)))
        yield MadePage(f"products/{number:05d}.html", f"{product}: what it does", tuple(parts))


def _read_words(count: int) -> list[str]:
    """The first `count` longer words of the list, which has the frequent ones first."""
    lines = _WORD_LIST.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if len(line) > 4 and line.isascii() and line.isalpha()][:count]


def _make_text(dice: random.Random, product: str, heading: str, rare: list[str]) -> str:
    price, days, years = dice.randint(20, 900), dice.randint(1, 30), dice.randint(1, 9)
    facts = {
        "Overview": f"The {product} was made for teams of {days} to {days * 10} people.",
        "Price": f"The {product} costs {price} euros, or {price // 10 + 1} euros a month.",
        "Delivery": f"We ship the {product} within {days} days to every country of the union.",
        "Warranty": f"The {product} carries a warranty of {years} years on all of its parts.",
        "Setup": f"To set up the {product}, hold the button for {days} seconds.",
        "Limits": f"The {product} works between {-years} and {days + 30} degrees.",
    }
    sentences = [facts[heading]]
    for _ in range(dice.randint(4, 6)):
        # Cubed: low numbers, that is a few of the words, come up again and again.
        extra = " ".join(rare[int(dice.random() ** 3 * len(rare))] for _ in range(6))
        sentences.append(f"In {extra}, {dice.choice(_FRAME)}.")
    half = len(sentences) // 2
    return " ".join(sentences[:half]) + "\n" + " ".join(sentences[half:])


_ASKED = (
    "How much does the {} cost?",
    "How long does the warranty of the {} last?",
    "When will the {} arrive if I order today?",
    "How do I set up the {}?",
    "What is the {} made for?",
)


def make_questions(count: int, pages: int, seed: int = 1) -> list[str]:
    """Questions about the pages' products; no two are the same."""
    dice = random.Random(seed)
    numbers = list(range(pages))
    asked: list[str] = []
    for form in _ASKED:
        dice.shuffle(numbers)
        asked += [form.format(name_product(number)) for number in numbers]
    dice.shuffle(asked)
    if count > len(asked):
        raise ValueError(f"{pages} pages give {len(asked)} questions, not {count}")
    return asked[:count]


def write_site(folder: Path, count: int) -> None:
    """The pages as files below `folder`."""
    for page in make_pages(count):
        path = folder / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page.to_html(), encoding="utf-8")
