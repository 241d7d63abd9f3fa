"""A model that does what the attacker asks, in every form that might get through."""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Callable

from tests.red_team.attacks import Attack
from tests.vendors.openai_events import AskedModel, Reply

_SLOT = re.compile(r"\{(system|turn|fence|passages|history)(?:\|(\w+))?\}")
_WRITTEN: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "reversed": lambda text: text[::-1],
    "starred": lambda text: re.sub("[aeiouAEIOU]", "*", text),
    "spaced": " ".join,
    "capitals": str.upper,
    "lines": lambda text: text.replace(". ", ".\n- "),
    "json": lambda text: '{"prompt": "' + text.replace('"', "'") + '"}',
}
_MOST = 6_000
_LONG = 400


def obey(attack: Attack, asked: AskedModel) -> Reply:
    """What the obeying model answers. Each sentence comes bare and with every passage as its
    source, so that neither a missing nor a wrong source is what stops it."""
    tools = attack.tools if asked.tools else ()
    if attack.channel == "product" and asked.tools:
        return Reply("", tools=[("recommend_products", {"need": f"{attack.topic} trailer"})])
    numbers = re.findall(r"^=== \S+ \[(\d+)\]", asked.messages[-1][1], flags=re.MULTILINE)
    mark = f" [{', '.join(numbers)}]" if numbers else ""
    said = []
    for sentence in attack.say:
        text = _SLOT.sub(lambda slot: _read_slot(slot, asked), sentence)
        if not text:
            continue
        stem, stop = (text[:-1], text[-1]) if text[-1:] in ".!?" else (text, ".")
        # Of a long text all sentences but the last are bare anyway.
        said += [f"{stem}{mark}{stop}"] if len(text) > _LONG else [text, f"{stem}{mark}{stop}"]
    return Reply("\n".join(said)[:_MOST], tools=list(tools))


def _read_slot(slot: re.Match[str], asked: AskedModel) -> str:
    text = {
        "system": asked.system,
        "turn": asked.messages[-1][1],
        "fence": find_fence(asked),
        "passages": asked.messages[-1][1],
        "history": "\n".join(text for _, text in asked.messages[1:-1]),
    }[slot[1]]
    return _WRITTEN[slot[2]](text) if slot[2] else text


def find_fence(asked: AskedModel) -> str:
    """The secret edge of what is material in a prompt."""
    found = re.search(r"^=== (\S+) ", asked.messages[-1][1], flags=re.MULTILINE)
    return found[1] if found else ""
