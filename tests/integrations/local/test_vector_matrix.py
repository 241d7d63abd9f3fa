"""The matrix in memory finds exactly what is nearest, while others add and remove."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.protocols.knowledge_index import Vectors
from integrations.local.vector_matrix import VectorMatrix

SIZE = 8


def _vector(number: int) -> Vectors:
    vector = np.random.default_rng(number).normal(size=SIZE).astype(np.float32)
    unit: Vectors = vector / np.linalg.norm(vector)
    return unit


def _vectors(*numbers: int) -> Vectors:
    return np.array([_vector(number) for number in numbers], dtype=np.float32).reshape(-1, SIZE)


def test_an_empty_matrix_finds_nothing() -> None:
    matrix = VectorMatrix(SIZE)
    assert matrix.search(_vector(1), 5) == []
    assert len(matrix) == 0


def test_the_nearest_come_first_with_their_cosine() -> None:
    matrix = VectorMatrix(SIZE)
    matrix.add(range(50), _vectors(*range(50)))
    found = matrix.search(_vector(7), 5)
    assert found[0].passage_id == 7
    assert found[0].cosine == pytest.approx(1, abs=1e-5)
    cosines = [match.cosine for match in found]
    assert cosines == sorted(cosines, reverse=True)
    everything = _vectors(*range(50)) @ _vector(7)
    assert cosines == pytest.approx(sorted(everything.tolist(), reverse=True)[:5], abs=1e-6)


def test_asking_for_more_than_there_is_gives_all() -> None:
    matrix = VectorMatrix(SIZE)
    matrix.add([1, 2], _vectors(1, 2))
    assert len(matrix.search(_vector(1), 100)) == 2
    assert matrix.search(_vector(1), 0) == []


def test_adding_a_known_id_replaces_its_vector() -> None:
    matrix = VectorMatrix(SIZE)
    matrix.add([1, 2], _vectors(1, 2))
    matrix.add([1], _vectors(9))
    assert len(matrix) == 2
    assert matrix.search(_vector(9), 1)[0].passage_id == 1


def test_the_last_of_an_id_given_twice_counts() -> None:
    matrix = VectorMatrix(SIZE)
    matrix.add([1, 1], _vectors(1, 2))
    assert len(matrix) == 1
    assert matrix.search(_vector(2), 1)[0].cosine == pytest.approx(1, abs=1e-5)


def test_removed_passages_are_not_found_and_unknown_ones_are_no_error() -> None:
    matrix = VectorMatrix(SIZE)
    matrix.add([1, 2, 3], _vectors(1, 2, 3))
    matrix.remove([2, 99])
    assert 2 not in matrix
    assert {match.passage_id for match in matrix.search(_vector(2), 5)} == {1, 3}


def test_shapes_that_do_not_fit_are_refused() -> None:
    matrix = VectorMatrix(SIZE)
    with pytest.raises(ValueError, match="shape"):
        matrix.add([1], np.zeros((1, SIZE + 1), dtype=np.float32))
    with pytest.raises(ValueError, match="twice"):
        matrix.replace_all([1, 1], _vectors(1, 2))


def test_a_site_is_loaded_as_a_whole() -> None:
    matrix = VectorMatrix(SIZE)
    matrix.add([1], _vectors(1))
    matrix.replace_all([5, 6], _vectors(5, 6))
    assert {match.passage_id for match in matrix.search(_vector(1), 5)} == {5, 6}
    matrix.add([7], _vectors(7))
    assert len(matrix) == 3


@given(
    st.lists(
        st.tuples(st.booleans(), st.lists(st.integers(0, 12), min_size=1, max_size=6)), max_size=20
    )
)
def test_any_order_of_changes_gives_what_a_dictionary_holds(
    changes: list[tuple[bool, list[int]]],
) -> None:
    matrix = VectorMatrix(SIZE)
    expected: dict[int, int] = {}
    for turn, (adds, ids) in enumerate(changes):
        if adds:
            matrix.add(ids, _vectors(*[turn * 100 + passage_id for passage_id in ids]))
            expected |= {passage_id: turn * 100 + passage_id for passage_id in ids}
        else:
            matrix.remove(ids)
            for passage_id in ids:
                expected.pop(passage_id, None)
    found = {match.passage_id for match in matrix.search(_vector(1), 100)}
    assert found == set(expected)
    for passage_id, number in expected.items():
        assert matrix.search(_vector(number), 1)[0].passage_id == passage_id


def test_readers_see_whole_states_while_a_writer_works() -> None:
    matrix = VectorMatrix(SIZE)
    matrix.add(range(100), _vectors(*range(100)))
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            found = matrix.search(_vector(3), 200)
            # Row 3 is replaced by itself all the time: it must never be missing or doubled.
            if sum(match.passage_id == 3 for match in found) != 1:
                wrong.append(len(found))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        matrix.add([3, 1000 + number], _vectors(3, 1000 + number))
        matrix.remove([1000 + number - 5])
    done.set()
    reader.join()
    assert wrong == []
