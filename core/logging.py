"""Logs as JSON lines or readable text, with personal data and secrets taken out.

Redaction is the last line of defence, not the first: code logs ids, not people.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(r"(?<![\w.:/-])(?!\d{4}-\d\d-\d\d(?!\d))\+?\d[\d ()./-]{6,18}\d(?![\w:/-])")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}")
_TOKEN = re.compile(r"\b(?:ey[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}|sak_[\w-]{8,}|sk-[\w-]{8,})")
_QUERY_SECRET = re.compile(r"(?i)([?&](?:token|key|secret|password|signature|code)=)[^&\s\"']+")
_SENSITIVE_KEYS = re.compile(
    r"(?i)(password|secret|token|authorization|api_?key|credential|cookie|e?mail|phone|"
    r"(first|last|full|customer)_?name|(^|_)text)$"
)
_REPLACEMENTS = (
    (_BEARER, r"\1 [redacted]"),
    (_TOKEN, "[redacted]"),
    (_QUERY_SECRET, r"\1[redacted]"),
    (_EMAIL, "[email]"),
    (_PHONE, "[phone]"),
)


def redact(text: str) -> str:
    """`text` without e-mail addresses, phone numbers, tokens and credentials."""
    for pattern, replacement in _REPLACEMENTS:
        text = pattern.sub(replacement, text)
    return text


def _redact_value(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redact_item(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_value(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    # Errors, dates, models: the renderer would write their text, so it is read here first.
    return redact(str(value))


def _redact_item(key: str, value: Any) -> Any:
    if value is not None and _SENSITIVE_KEYS.search(key):
        return "[redacted]"
    return _redact_value(value)


_OURS = ("timestamp", "level", "logger", "event")


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Any:
    """A structlog processor: redacts every value of a log entry."""
    event.pop("color_message", None)  # uvicorn's message a second time, for terminals
    return {
        key: value if key in _OURS[:3] else _redact_item(key, value) for key, value in event.items()
    }


def configure_logging(*, json_lines: bool, level: str = "INFO") -> None:
    """Send our log and that of every library through the same redaction, to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            *(step for step in shared if not isinstance(step, structlog.stdlib.ExtraAdder)),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
    for noisy in (
        "httpx",
        "httpcore",
        "alembic.runtime.migration",
        "aiosqlite",
        "watchfiles.main",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)
