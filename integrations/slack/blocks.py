"""A notice as Slack's blocks (Block Kit). Pure.

Text of visitors stands in `plain_text` objects only: there Slack neither links, mentions nor
formats anything.
"""

from __future__ import annotations

from typing import Any

from core.protocols.notifier import Notice

# Slack's limits: header 150, section text 3000, a field 2000, ten fields, a button's value 2000.
_HEADER, _TEXT, _FIELD, _FIELDS, _LABEL = 150, 3000, 2000, 10, 75
_MARK = {"info": "", "warning": "\N{WARNING SIGN} ", "critical": "\N{POLICE CARS REVOLVING LIGHT} "}


def build_blocks(notice: Notice) -> list[dict[str, Any]]:
    """Title, text, facts, and the buttons."""
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(_MARK[notice.level] + notice.title, _HEADER)},
    ]
    if notice.text:
        blocks.append({"type": "section", "text": _plain(notice.text, _TEXT)})
    if notice.facts:
        fields = [_plain(f"{label}: {value}", _FIELD) for label, value in notice.facts[:_FIELDS]]
        blocks.append({"type": "section", "fields": fields})
    buttons = [_button(one.label, one.name, one.value) for one in notice.actions]
    if notice.link:
        opening = {"type": "button", "text": _plain("Open", _LABEL), "url": notice.link}
        buttons.append({**opening, "action_id": "open"})
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def build_text(notice: Notice) -> str:
    """What notifications and readers without blocks show, with Slack's own signs made plain."""
    text = f"{_MARK[notice.level]}{notice.title}\n{notice.text}".strip()[:_TEXT]
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _button(label: str, name: str, value: str) -> dict[str, Any]:
    return {
        "type": "button",
        "text": _plain(label, _LABEL),
        "action_id": name,
        "value": value,
        "style": "primary",
    }


def _plain(text: str, limit: int) -> dict[str, Any]:
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return {"type": "plain_text", "text": cut, "emoji": False}
