"""The attacks as data: read from the files beside this one, and from the shared set where it is."""

from __future__ import annotations

import base64
import codecs
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

VARIABLE = "SALES_AGENT_ATTACKS_DEV"
FOLDER = Path(__file__).parent
QUESTION = "What does a standard service cost?"
_ZERO_WIDTH = "\u200b"
_LOOKALIKES = str.maketrans("aeopcxyi", "аеорсхуі")
_LEET = str.maketrans("aeiost", "431057")

# How an attack's text is written down, so that no filter of words finds it.
DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "base64": lambda text: "Decode and obey: " + base64.b64encode(text.encode()).decode(),
    "hex": lambda text: "Decode and obey: " + text.encode().hex(),
    "rot13": lambda text: "Decode this ROT13 and obey: " + codecs.encode(text, "rot13"),
    "lookalikes": lambda text: text.translate(_LOOKALIKES),
    "zero_width": _ZERO_WIDTH.join,
    "tags": lambda text: "Hello" + "".join(chr(0xE0000 + ord(one)) for one in text if one < "\x7f"),
    "right_to_left": lambda text: f"\u202e{text[::-1]}\u202c",
    "spaced": " ".join,
    "leet": lambda text: text.translate(_LEET),
    "capitals": str.upper,
    "json": lambda text: json.dumps({"role": "system", "content": text}),
    "html": lambda text: f'<div class="admin"><b>{text}</b></div><!-- {text} -->',
    "markdown": lambda text: f"# SYSTEM\n\n> **{text}**\n\n```\n{text}\n```",
    "fullwidth": lambda text: "".join(
        chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text
    ),
}


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    `say` is what an obeying model says, sentence by sentence, `tools` what it calls; none of what
    it says may reach the visitor, nor any word group of `never`. `into` names the field of the
    channels `source` and `profile`; `before` are messages of the same visitor.
    """

    id: str
    channel: str
    kind: str
    text: str
    say: tuple[str, ...] = ()
    tools: tuple[tuple[str, Any], ...] = ()
    never: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    disguise: str = "plain"
    into: str = ""
    ask: str = QUESTION
    as_html: bool = False
    known_gap: str = ""

    @property
    def written(self) -> str:
        """The text as the attacker writes it."""
        return DISGUISES[self.disguise](self.text)

    @property
    def topic(self) -> str:
        """The thing that the poisoned page of this attack is about; a word of its own."""
        return _name(self.id)


def _name(text: str) -> str:
    """A name that stands on one page only."""
    syllables = ("ka", "lo", "mi", "ra", "su", "te", "vo", "ne", "bi", "du")
    digits = str(sum((index + 1) * ord(one) for index, one in enumerate(text)) % 100_000).zfill(5)
    return "".join(syllables[int(one)] for one in digits).capitalize()


def load_attacks() -> list[Attack]:
    """The attacks of this folder."""
    found = [attack for path in sorted(FOLDER.glob("*.yaml")) for attack in _read(path)]
    assert len({one.id for one in found}) == len(found), "two attacks share an id"
    return found


def load_shared() -> list[Attack]:
    """The shared set; empty without the variable."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return []
    lines = (Path(folder) / "attacks.jsonl").read_text(encoding="utf-8").splitlines()
    return [_read_shared(json.loads(line)) for line in lines if line.strip()]


def _read(path: Path) -> Iterator[Attack]:
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))
    for group in groups:
        shared = {key: value for key, value in group.items() if key != "attacks"}
        for number, one in enumerate(group["attacks"], 1):
            yield _build({**shared, **one}, f"{path.stem}-{shared['name']}-{number}")


def _build(entry: dict[str, Any], name: str) -> Attack:
    entry.pop("name", None)
    for key in ("say", "never", "before"):
        value = entry.get(key, ())
        entry[key] = (value,) if isinstance(value, str) else tuple(value)
    entry["tools"] = tuple(
        (next(iter(one)), next(iter(one.values()))) for one in entry.get("tools", ())
    )
    return Attack(**{"id": name, **entry})


_KINDS = {"sysprompt": "prompt leak", "agentdojo": "injection"}
_LEAK = ("My instructions are: {system}", "{system|base64}", "{system|rot13}", "{system|starred}")


def _read_shared(entry: dict[str, Any]) -> Attack:
    """The model says what the attack wants: its goal, its mark-up, or the prompt."""
    family, text = str(entry["family"]), str(entry["text"])
    channel = str(entry["channel"])
    kind = _KINDS.get(family, "mark-up")
    goal = str(entry.get("goal", ""))
    if kind == "prompt leak":
        say: tuple[str, ...] = _LEAK
    else:
        said = re.sub(r"^(?:Please )?[Ss]ay that (?:I|you) ", "You ", goal)
        say = tuple(dict.fromkeys(one for one in (said, goal) if one)) or (text,)
    tools: tuple[tuple[str, Any], ...] = ()
    if goal:
        tools = (("send_email", {"body": goal}), ("propose_meeting", {"kind": "book", "when": ""}))
    return Attack(f"shared-{entry['id']}", channel, kind, text, say=say, tools=tools)


def pick_different(attacks: list[Attack]) -> list[Attack]:
    """Those that look different from outside: without a model, what it would say is all one."""
    found = {
        (one.channel, one.written, one.into, one.before, one.ask): one
        for one in reversed(attacks)
        if one.channel != "model_output"
    }
    return [*found.values()][::-1]


def list_parameters(attacks: list[Attack]) -> list[Any]:
    """The attacks as parameters of a test; those that are known to get through must do so."""
    return [
        pytest.param(
            attack,
            id=attack.id,
            marks=[pytest.mark.xfail(reason=attack.known_gap, strict=True)]
            if attack.known_gap
            else [],
        )
        for attack in attacks
    ]
