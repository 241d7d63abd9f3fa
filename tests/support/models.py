"""A server with a scripted language model, and answers in the form a good model gives them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.website import build_config, write_pages
from tests.vendors.openai import OpenAiStandIn
from tests.vendors.openai_events import AskedModel, Reply

KEY_NAME = "TEST_MODEL_KEY"
KEY = "sk-test-not-a-secret"


def write_model_website(
    folder: Path, model: OpenAiStandIn, budget: Mapping[str, Any] | None = None, **more: Any
) -> Path:
    """Pages and an app.yaml whose answers come from `model`; `more` are keys of its section."""
    section: dict[str, Any] = {
        "chat": "openai:gpt-5-mini",
        "base_url": model.base_url,
        "api_key": f"${{{KEY_NAME}}}",
        "first_token_timeout": 2,
        "token_timeout": 1,
        "timeout": 15,
        **more,
    }
    write_pages(folder / "pages")
    config = folder / "app.yaml"
    text = build_config(more=yaml.safe_dump({"model": section, "budget": dict(budget or {})}))
    config.write_text(text, encoding="utf-8")
    return config


def cite(asked: AskedModel, sentences: Mapping[str, str]) -> str:
    """Sentences, each with the number of the passage that holds its words."""
    said = []
    for sentence, words in sentences.items():
        number = asked.find_number(words)
        said.append(f"{sentence.rstrip('.')} [{number}]." if number else sentence)
    return " ".join(said)


def speak(sentences: Mapping[str, str], **parts: Any) -> Any:
    """A reply that cites: {sentence: words of its passage}."""
    return lambda asked: Reply(cite(asked, sentences), **parts)
