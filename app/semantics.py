"""Compares meanings with the embedding model that search uses anyway."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from app.embedder import load_embedder
from core.errors import ConfigurationError, ProviderError
from core.protocols.knowledge_index import PassageEmbedder

# Calibrated by benchmarks/verification.py on rule-made paraphrases: see docs/verification.md.
CLOSE = 0.8


@dataclass(frozen=True, slots=True)
class MeaningComparison:
    """`agent.semantics.Semantics` over an embedding model: two short texts, some milliseconds."""

    embedder: PassageEmbedder
    threads: Executor
    close: float = CLOSE

    @classmethod
    def load(cls) -> MeaningComparison:
        """With a model of its own: for measuring.

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
