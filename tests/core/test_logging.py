"""Nothing that names a person or opens a door reaches the log."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from core.ids import new_id
from core.logging import configure_logging, redact, redact_event

around = st.sampled_from(["", " ", "<", ">", '"', "'", ",", "=", "(", ")", "\n", "mail: ", "; "])
emails = st.from_regex(
    r"[a-z0-9][a-z0-9._+-]{0,15}@[a-z0-9]{1,10}(\.[a-z]{2,6}){1,2}", fullmatch=True
)
separators = st.sampled_from(["", " ", "-", ".", "/"])


@st.composite
def phones(draw: st.DrawFn) -> str:
    groups = draw(st.lists(st.from_regex(r"[0-9]{3,4}", fullmatch=True), min_size=3, max_size=4))
    return draw(st.sampled_from(["+44 ", "+1", "0", "+49 ("])) + draw(separators).join(groups)


@given(emails, around, around)
def test_no_email_address_survives(email: str, before: str, after: str) -> None:
    assert email not in redact(f"{before}{email}{after}")


@given(
    phones(), st.sampled_from([" ", "", "call ", "(", "'"]), st.sampled_from(["", " ", ".", ")"])
)
def test_no_phone_number_survives(phone: str, before: str, after: str) -> None:
    assert phone not in redact(f"{before}{phone}{after}")


secrets = st.text("abcdefgABCDEFG0123456789_-", min_size=12, max_size=60)


@given(secrets)
def test_no_credential_survives(secret: str) -> None:
    for text in (
        f"Authorization: Bearer {secret}",
        f"authorization: basic {secret}==",
        f"key sak_{secret}",
        f"key sk-{secret}",
        f"GET /x?token={secret}&a=1",
        f"GET /x?a=1&signature={secret}",
        f"ey{secret}.{secret}.{secret}",
    ):
        assert secret not in redact(text)


@given(st.text(max_size=300))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_ids_times_versions_and_sizes_stay_readable() -> None:
    kept = [
        f"conversation {new_id()}",
        "at 2026-01-02T03:04:05.678901+00:00",
        "on 2026-01-02",
        "127.0.0.1:8000",
        "version 1.2.3",
        "took 123456 ms for 1234 rows",
        "https://example.com/products/12?page=2",
    ]
    assert [redact(text) for text in kept] == kept


SENSITIVE = (
    "password",
    "api_key",
    "token",
    "Authorization",
    "client_secret",
    "email",
    "phone",
    "first_name",
    "customer_name",
    "text",
    "message_text",
)


@pytest.mark.parametrize("key", SENSITIVE)
def test_values_under_sensitive_keys_are_taken_out_at_any_depth(key: str) -> None:
    event = {"event": "x", key: "jo", "deep": [{"deeper": {key: ["jo"]}}]}
    assert "jo" not in json.dumps(redact_event(None, "info", event))


@pytest.mark.parametrize("key", ["context", "effect", "site_key_id", "hostname", "count"])
def test_values_under_harmless_keys_stay(key: str) -> None:
    assert redact_event(None, "info", {"event": "x", key: "hello"})[key] == "hello"


class Person(BaseModel):
    address: str


@pytest.mark.parametrize(
    "value",
    [
        ValueError("jo@example.com"),
        Person(address="jo@example.com"),
        b"jo@example.com",
        {"jo@example.com"},
        ("jo@example.com",),
        [{"a": ("jo@example.com",)}],
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_of_every_type_are_read_before_they_are_written(value: object) -> None:
    written = redact_event(None, "info", {"event": "x", "value": value})
    assert "jo@example.com" not in json.dumps(written)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The lines that a configured process writes."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging(json_lines=True)
    yield written
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def test_our_log_and_that_of_libraries_are_redacted_alike(log: io.StringIO) -> None:
    structlog.get_logger("ours").warning("to jo@example.com", who="jo@example.com", count=3)
    logging.getLogger("library").warning("to %s", "jo@example.com", extra={"who": "jo@example.com"})
    ours, theirs = (json.loads(line) for line in log.getvalue().splitlines())
    assert (ours["event"], ours["who"], ours["count"]) == ("to [email]", "[email]", 3)
    assert theirs["event"] == "to [email]"
    assert ours["timestamp"]
    assert theirs["level"] == "warning"
    assert "jo@example.com" not in log.getvalue()


def test_tracebacks_are_redacted_too(log: io.StringIO) -> None:
    try:
        int("jo@example.com")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("library").exception("failed")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert all("ValueError: invalid literal" in line["exception"] for line in lines)
    assert "jo@example.com" not in log.getvalue()
