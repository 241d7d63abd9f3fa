"""Tokens that end: when they hold, how often they are renewed, and what an answer says of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.bearer_tokens import BearerTokens, read_tokens, token_holds
from core.errors import AuthenticationFailed
from core.moments import parse_moment, split_range
from tests.vendors.credentials import MemoryCredentials

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ends", "holds"),
    [
        (str(NOW.timestamp() + 61), True),
        (str(NOW.timestamp() + 60), False),
        ("1", False),
        ("inf", True),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_a_token_holds_until_a_margin_before_its_end(ends: str, holds: bool | None) -> None:
    values = {"access_token": "t", "expires_at": ends}
    for without_end in (True, False):
        expected = without_end if holds is None else holds
        assert token_holds(values, NOW, MINUTE, without_end=without_end) is expected
    assert not token_holds({"expires_at": ends}, NOW, MINUTE, without_end=True)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"access_token": "t", "expires_in": 60}, {"access_token": "t", "expires_at": "60"}),
        ({"access_token": "t", "expires_in": "60"}, {"access_token": "t", "expires_at": "60"}),
        ({"access_token": "t", "expires_in": None}, {"access_token": "t", "expires_at": "3600"}),
        ({"access_token": "t", "expires_in": "?"}, {"access_token": "t", "expires_at": "3600"}),
        (
            {"access_token": "t", "refresh_token": "r", "scope": "all"},
            {"access_token": "t", "expires_at": "3600", "refresh_token": "r"},
        ),
        ({"access_token": None}, {}),
        ({"access_token": {"of": "nothing"}}, {}),
        ({}, {}),
    ],
)
def test_what_a_token_endpoint_answers_is_read(
    answer: Mapping[str, Any], expected: Mapping[str, str]
) -> None:
    assert read_tokens(answer, datetime.fromtimestamp(0, UTC), timedelta(hours=1)) == expected


class Service:
    """Takes the tokens of `good` and gives out one after another."""

    def __init__(self, *good: str, can_renew: bool = True) -> None:
        self.credentials = MemoryCredentials({"t": {"access_token": "0", "expires_at": "9e9"}})
        self.good, self.seen = good, list[str]()
        self.tokens = BearerTokens(
            self.credentials,
            self._renew,
            holds=lambda values: token_holds(values, NOW, MINUTE),
            may_renew=lambda _values, _error: can_renew,
        )

    async def attempt(self, values: Mapping[str, str]) -> str:
        self.seen.append(values["access_token"])
        if values["access_token"] not in self.good:
            raise AuthenticationFailed("acme", "call", "401")
        return "done"

    async def _renew(self, values: Mapping[str, str]) -> Mapping[str, str]:
        return {"access_token": str(int(values["access_token"]) + 1)}


async def test_a_refused_token_is_renewed_once() -> None:
    service = Service("1")
    assert await service.tokens.use("t", service.attempt) == "done"
    assert (service.seen, service.credentials.renewals) == (["0", "1"], 1)
    again = Service("2")
    with pytest.raises(AuthenticationFailed):
        await again.tokens.use("t", again.attempt)
    assert (again.seen, again.credentials.renewals) == (["0", "1"], 1)


async def test_where_nothing_else_could_help_nothing_is_renewed() -> None:
    service = Service("1", can_renew=False)
    with pytest.raises(AuthenticationFailed):
        await service.tokens.use("t", service.attempt)
    assert (service.seen, service.credentials.renewals) == (["0"], 0)


async def test_a_token_that_ends_soon_is_renewed_before_it_is_used() -> None:
    service = Service("1")
    service.credentials.stored["t"]["expires_at"] = str(NOW.timestamp())
    await service.tokens.use("t", service.attempt)
    assert service.seen == ["1"]


@pytest.mark.parametrize(
    "text",
    ["2026-11-22T12:00:00Z", "2026-11-22t12:00:00.0000000z", "2026-11-22T13:00:00.000+0100",
     "2026-11-22 12:00:00", "2026-11-22T12:00:00.0"],
)  # fmt: skip
def test_programs_write_a_moment_in_many_ways(text: str) -> None:
    assert parse_moment(text) == NOW


@pytest.mark.parametrize("text", ["", "soon", "12", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(text)


def test_a_range_is_split_without_holes() -> None:
    parts = list(split_range(NOW, NOW + 5 * MINUTE, 2 * MINUTE))
    assert [parts[0][0], parts[-1][1]] == [NOW, NOW + 5 * MINUTE]
    assert all(left[1] == right[0] for left, right in itertools.pairwise(parts))
    assert max(end - begin for begin, end in parts) == 2 * MINUTE
    assert list(split_range(NOW, NOW, MINUTE)) == []
