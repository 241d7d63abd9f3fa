"""What a notice says, and to whom it says less."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from app.vendor_settings import check_notices
from sales.notices.events import NoticeDue
from sales.notices.rules import build_trouble_notice, read_acknowledged
from sales.notices.settings import NoticeSettings

DUE = NoticeDue(
    occasion="handoff.alert",
    subject_id="0199",
    via="slack",
    to="#sales",
    names=True,
    happened_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
    facts={
        "title": "Handoff: rejected",
        "text": "out-of-area",
        "path": "/portal/leads/1",
        "Try": "3",
    },
)


def test_trouble_says_what_where_and_how_bad() -> None:
    notice = build_trouble_notice(DUE, "https://chat.example", "key")
    assert (notice.title, notice.text, notice.level) == (
        "Handoff: rejected",
        "out-of-area",
        "critical",
    )
    assert (notice.link, notice.facts) == ("https://chat.example/portal/leads/1", (("Try", "3"),))
    assert (notice.recipient, notice.idempotency_key, notice.actions) == ("#sales", "key", ())


def test_a_button_is_about_a_lead_or_about_nothing() -> None:
    assert read_acknowledged("lead:0199") == "0199"
    assert read_acknowledged("anything else") == ""


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"via": "mail", "to": "#sales"}, "needs an e-mail address"),
        ({"via": "webhook", "to": "#sales"}, "needs an address"),
        ({"when": "lead.born"}, "lead.qualified"),
    ],
)
def test_a_notice_to_nobody_is_refused_in_words(wrong: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        NoticeSettings.model_validate(
            {"when": "lead.qualified", "via": "slack", "to": "x", **wrong}
        )


def test_only_those_may_notify_who_can() -> None:
    one = NoticeSettings(when="lead.qualified", via="slack", to="#sales")
    check_notices((one, one.model_copy(update={"via": "mail", "to": "a@b.example"})))
    for unable in ("local", "hubspot", "carrier pigeon"):
        with pytest.raises(ValueError, match="mail, slack, webhook"):
            check_notices((one.model_copy(update={"via": unable}),))
