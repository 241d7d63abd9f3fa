"""What `app.yaml` may say about meetings, and how mistakes in it are told."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from core.errors import ConfigurationError
from core.settings import parse_settings
from sales.appointments.settings import AppointmentSettings, read_hours

REP = "{key: ada, name: Ada, email: ada@acme.example, timezone: Europe/Berlin, "


def parse(text: str) -> AppointmentSettings:
    return parse_settings(AppointmentSettings, text, "app.yaml", {})


def test_hours_are_read_by_day_and_range() -> None:
    nine, five, noon = time(9), time(17), time(12)
    assert read_hours({"mon-wed": "9:00-17:00"}) == dict.fromkeys(range(3), ((nine, five),))
    assert read_hours({"sat": ("13:00-17:00", "9:00-12:00")}) == {
        5: ((nine, noon), (time(13), five))
    }
    assert sorted(read_hours({"Friday-Monday": "22:00-24:00"})) == [0, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"reps: [{REP}}}]", "reps[0]: this rep has no working hours"),
        (f"reps: [{REP} working_hours: {{}}}}]", "reps[0].working_hours: this rep has no working"),
        (f"reps: [{REP} working_hours: {{mon: [] }}}}]", "this rep has no working hours"),
        (f"reps: [{REP} working_hours: {{someday: 9:00-17:00}}}}]", "someday is no weekday"),
        (f"reps: [{REP} working_hours: {{mon: all day}}}}]", "all day are no hours"),
        (f"reps: [{REP} working_hours: {{mon: 9:00-25:00}}}}]", "are no hours of a day"),
        (
            f"reps: [{REP} working_hours: {{mon: [9:00-12:00, 11:00-13:00]}}}}]",
            "the hours of mon overlap",
        ),
        (
            "reps: [{key: ada, name: Ada, email: ada, timezone: UTC, "
            "working_hours: {mon: 9:00-17:00}}]",
            "this is no e-mail address",
        ),
        (
            "reps: [{key: ada, name: Ada, email: a@b.example, timezone: Berlin, "
            "working_hours: {mon: 9:00-17:00}}]",
            "there is no such time zone",
        ),
        ("enabled: true", "there is nobody to meet"),
        ("durations: [1]", "a meeting has 5 to 480 minutes"),
        (f"reps: [{REP} working_hours: {{mon: 9:00-17:00}}, holiday: []}}]", "Did you mean"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_to_write(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(text)
    assert problem in "\n".join(refused.value.problems)


def test_two_reps_never_share_a_key_or_an_address() -> None:
    rep: dict[str, Any] = {
        "key": "ada",
        "name": "Ada",
        "email": "ada@acme.example",
        "timezone": "UTC",
        "working_hours": {"mon": "9:00-17:00"},
    }
    for change in ({"email": "b@acme.example"}, {"key": "b"}):
        with pytest.raises(ValueError, match="two reps have the"):
            AppointmentSettings.model_validate({"reps": [rep, {**rep, **change}]})


def test_the_nearest_length_that_may_be_had_is_taken() -> None:
    settings = parse("durations: [15, 60]")
    minute = timedelta(minutes=1)
    assert settings.choose_duration(None) == minute * 30
    for wished, had in ((15, 15), (20, 15), (45, 60), (300, 60), (5, 15)):
        assert settings.choose_duration(minute * wished) == minute * had
