"""The data at the head of a Markdown file: YAML between lines of `---`, or TOML between `+++`."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, date, datetime, time
from typing import Any

import frontmatter
import yaml

from ingestion.reading.data_text import NO_TEXT, TECHNICAL_KEYS, spoken, texts_only

_TOML = re.compile(r"\A\s*\+\+\+[ \t]*\n(.*?)\n\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_BLOCK = re.compile(r"\A\s*---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_SIMPLE_LINE = re.compile(r"^([A-Za-z_][\w-]*):[ \t]+(?![\[{|>&*!])(.+?)[ \t]*$", re.MULTILINE)

_FACT_CHARS = 300


def split_front_matter(  # noqa: PLR0911 - one for each form
    text: str,
) -> tuple[dict[str, Any], str, str]:
    """Return the data, the text below, and what is wrong with the data ("" if nothing).

    Data that does not parse is read line by line as far as it goes: the text below is still good.
    """
    text = text.lstrip("\ufeff").replace("\r\n", "\n")
    toml = _TOML.match(text)
    if toml:
        try:
            return tomllib.loads(toml[1]), text[toml.end() :], ""
        except tomllib.TOMLDecodeError as error:
            return {}, text[toml.end() :], str(error)
    if not text.lstrip().startswith("---"):
        return {}, text, ""
    try:
        data, body = frontmatter.parse(text)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        block = _BLOCK.match(text)
        if block is None:
            return {}, text, str(error)
        lines = {key: value.strip("\"'") for key, value in _SIMPLE_LINE.findall(block[1])}
        return lines, text[block.end() :], " ".join(str(error).split())
    if not isinstance(data, dict):
        return {}, body, ""
    return {str(key): value for key, value in data.items()}, body, ""


def text_of(data: dict[str, Any], *keys: str) -> str:
    """The first of these keys that holds a text or a number."""
    for key in keys:
        value = data.get(key)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return str(value).strip()
    return ""


def moment_of(data: dict[str, Any], *keys: str) -> datetime | None:
    """The first of these keys that holds a date; one without a time zone is taken as UTC."""
    lowered = {key.lower(): value for key, value in data.items()}
    for key in keys:
        value = lowered.get(key)
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                continue
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        if isinstance(value, date):
            return datetime.combine(value, time(), UTC)
    return None


def facts_of(data: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Values that say something to a reader: a price, a size, a delivery time."""
    facts: list[tuple[str, str]] = []
    for key, value in data.items():
        if key.lower().replace("_", "").replace("-", "") in TECHNICAL_KEYS:
            continue
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(v, str | int | float) and not isinstance(v, bool) for v in values):
            continue
        text = " ".join(", ".join(map(str, values)).split())
        if text and len(text) <= _FACT_CHARS and not NO_TEXT.match(text):
            facts.append((spoken(key), text))
    return tuple(facts)


def nested_data(data: dict[str, Any]) -> dict[str, Any]:
    """Lists and objects that hold texts (`faqs`, `features`, `hero`), for the page's end."""
    kept: dict[str, Any] = {}
    for key, value in data.items():
        plain = key.lower().replace("_", "").replace("-", "")
        if plain == "hero" and isinstance(value, dict):
            kept[key] = {
                k: v
                for k, v in value.items()
                if k in {"title", "tagline", "subtitle", "text", "description"}
            }
        elif plain == "banner" and isinstance(value, dict):
            kept[key] = value.get("content")
        elif plain in TECHNICAL_KEYS:
            continue
        elif (
            isinstance(value, dict)
            or (isinstance(value, list) and any(isinstance(v, dict) for v in value))
            or (isinstance(value, str) and len(value) > _FACT_CHARS)
        ):
            kept[key] = value
    return {key: texts_only(value) for key, value in kept.items() if value}
