"""Embedding models for tests: real arithmetic, no model file, and unlike the product's own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from core.protocols.knowledge_index import Vectors
from sales.knowledge.words import choose_content_words, stem


class WordEmbedder:
    """Hashed bags of words: texts that share words are near each other. Its cosines lie far
    lower than those of a language model."""

    def __init__(self, dimensions: int = 256, name: str = "hashed-words") -> None:
        self._dimensions, self._name = dimensions, name
        self.queries = 0
        self.texts = 0

    @property
    def name(self) -> str:
        """The model's name."""
        return f"{self._name}-{self._dimensions}"

    @property
    def dimensions(self) -> int:
        """Numbers in a vector."""
        return self._dimensions

    def embed_batch(self, texts: Sequence[str]) -> Vectors:
        """One unit vector for each text."""
        self.texts += len(texts)
        return np.stack([self._embed(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question."""
        self.queries += 1
        return self._embed(text)

    def _embed(self, text: str) -> Vectors:
        vector = np.zeros(self._dimensions, dtype=np.float32)
        vector[0] = 1e-3
        for word in choose_content_words(text):
            digest = hashlib.sha256(stem(word).encode()).digest()
            sign = 1.0 if digest[4] % 2 else -1.0
            vector[int.from_bytes(digest[:4], "big") % self._dimensions] += sign
        unit: Vectors = vector / np.linalg.norm(vector)
        return unit
