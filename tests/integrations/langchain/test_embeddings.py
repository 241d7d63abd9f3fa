"""The real `langchain-openai` client against a stand-in of the embeddings API."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from core.errors import (
    AuthenticationFailed,
    ConfigurationError,
    PermanentError,
    TransientError,
    VendorRateLimited,
)
from integrations.langchain.embeddings import LangChainEmbedder, open_embeddings
from tests.vendors.openai_embeddings import KEY, OpenAIEmbeddingsStandIn
from tests.vendors.standin import Fault

MODEL = "openai:text-embedding-3-small"


@pytest.fixture
def openai() -> Iterator[OpenAIEmbeddingsStandIn]:
    with OpenAIEmbeddingsStandIn() as stand_in:
        yield stand_in
        assert stand_in.errors == []


def open_at(
    openai: OpenAIEmbeddingsStandIn, model: str = MODEL, key: str = KEY, seconds: float = 5
) -> LangChainEmbedder:
    return open_embeddings(
        model, base_url=f"{openai.url}/v1", api_key=key, timeout=timedelta(seconds=seconds)
    )


def test_texts_become_unit_vectors_of_dimensions_that_are_found_out(
    openai: OpenAIEmbeddingsStandIn,
) -> None:
    embedder = open_at(openai)
    assert openai.requests == []
    assert (embedder.name, embedder.dimensions) == (MODEL, 256)
    vectors = embedder.embed_batch(["anvils by post", "opening hours of the shop", ""])
    assert vectors.shape == (3, 256)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    query = embedder.embed_query("anvils by post")
    assert query @ vectors[0] == pytest.approx(1, abs=1e-5)
    assert embedder.embed_batch([]).shape == (0, 256)


def test_text_is_sent_in_batches_and_a_question_once(openai: OpenAIEmbeddingsStandIn) -> None:
    embedder = open_at(openai)
    embedder.embed_batch([f"text {number}" for number in range(150)])
    sent = [request.json()["input"] for request in openai.requests]
    assert [len(texts) for texts in sent] == [64, 64, 22]
    assert all(isinstance(text, str) for texts in sent for text in texts)
    openai.requests.clear()
    for _ in range(3):
        embedder.embed_query("the same question")
    assert len(openai.requests) == 1


def test_a_short_failure_is_tried_again_and_a_long_one_named(
    openai: OpenAIEmbeddingsStandIn,
) -> None:
    embedder = open_at(openai, seconds=0.5)
    openai.faults.order(Fault("status", status=500, retry_after=0))
    assert embedder.embed_query("one").shape == (256,)
    openai.faults.order(Fault("status", status=503, retry_after=0, times=20))
    with pytest.raises(TransientError):
        embedder.embed_query("two")
    assert len(openai.requests) <= 6
    openai.faults.clear()
    openai.faults.order(Fault("cut_before", times=20))
    with pytest.raises(TransientError):
        embedder.embed_query("three")


def test_too_many_requests_and_refused_keys_are_named_without_the_key(
    openai: OpenAIEmbeddingsStandIn,
) -> None:
    body = '{"error": {"message": "slow down"}}'
    openai.faults.order(Fault("status", status=429, retry_after=0, body=body, times=3))
    with pytest.raises(VendorRateLimited):
        open_at(openai).embed_query("one")
    with pytest.raises(AuthenticationFailed) as caught:
        open_at(openai, key="sk-wrong-key-0123456789").embed_query("one")
    assert "sk-wrong-key" not in str(caught.value)


def test_nonsense_is_refused(openai: OpenAIEmbeddingsStandIn) -> None:
    with pytest.raises(PermanentError):
        open_at(openai, "openai:no-such-model").embed_query("one")

    class Strange:
        def embed_query(self, _text: str) -> list[float]:
            return [0.0, 0.0]

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [[1.0, 2.0]] * (len(texts) + 1)

    with pytest.raises(PermanentError, match="direction"):
        LangChainEmbedder("x:y", Strange()).embed_query("one")
    with pytest.raises(PermanentError, match="wanted"):
        LangChainEmbedder("x:y", Strange()).embed_batch(["one"])


def test_a_model_that_cannot_be_opened_is_refused_with_the_fix() -> None:
    with pytest.raises(ConfigurationError, match="pip install"):
        open_embeddings("cohere:embed-v4")
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        open_embeddings("nobody:nothing")
