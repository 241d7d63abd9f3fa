"""Identifiers are unique, sort by time, and are recognised."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.ids import is_id, new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    value = uuid.UUID(new_id())
    assert value.version == 7
    assert value.variant == uuid.RFC_4122


def test_an_id_holds_the_time_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(new_id()).int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


def test_newer_ids_sort_after_older_ones() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(made)


def test_neighbours_cannot_be_counted_out() -> None:
    made = [uuid.UUID(new_id()).int for _ in range(1000)]
    steps = {later - earlier for earlier, later in pairwise(made)}
    assert len(steps) > 900


def test_threads_do_not_share_ids() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [
            one
            for many in pool.map(lambda _: [new_id() for _ in range(2000)], range(8))
            for one in many
        ]
    assert len(set(made)) == len(made)


def test_many_ids_made_at_once_differ() -> None:
    assert len({new_id() for _ in range(20_000)}) == 20_000


def test_all_random_bits_vary() -> None:
    seen_ones, seen_zeros = 0, 0
    for _ in range(60):
        time.sleep(0.001)
        value = uuid.UUID(new_id()).int
        seen_ones |= value
        seen_zeros |= ~value
    # All but the top one, which is kept free for counting up.
    random_bits = ((1 << 11) - 1) << 64 | (1 << 62) - 1
    assert seen_ones & random_bits == random_bits
    assert seen_zeros & random_bits == random_bits


@given(st.uuids())
def test_every_uuid_in_its_usual_form_is_an_id(value: uuid.UUID) -> None:
    assert is_id(str(value))
    assert is_id(str(value).upper())
    assert not is_id(value.hex)
    assert not is_id(f"{{{value}}}")
    assert not is_id(f" {value}")


@given(st.text())
def test_no_other_text_is_an_id(text: str) -> None:
    assert not is_id(text)
