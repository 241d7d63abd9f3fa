"""Compares meanings with the embedding model: what verification would gain and lose by it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from app.embedder import load_embedder
from core.errors import ConfigurationError, ProviderError
from core.protocols.knowledge_index import PassageEmbedder

CLOSE = 0.8


@dataclass(frozen=True, slots=True)
class MeaningComparison:
    """Two short texts, some milliseconds each."""

    embedder: PassageEmbedder
    threads: Executor
    close: float = CLOSE

    @classmethod
    def load(cls) -> MeaningComparison:
        """With the shipped model.

        Raises:
            ConfigurationError: the model is not installed.
        """
        embedder = load_embedder()
        if embedder is None:
            raise ConfigurationError("the embedding model", ["it is not installed here."])
        return cls(embedder, ThreadPoolExecutor(1))

    async def is_close(self, sentence: str, source: str) -> bool:
        """Whether the cosine of both is high enough; False where the model fails."""
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self.threads, self._compare, (sentence, source))
        except ProviderError:
            return False

    def _compare(self, texts: Sequence[str]) -> bool:
        one, other = (np.asarray(self.embedder.embed_query(text)).ravel() for text in texts)
        return float(one @ other) >= self.close
