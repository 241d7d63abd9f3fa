"""Any embedding model that LangChain's `init_embeddings` opens, as a `PassageEmbedder`."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from core.errors import ConfigurationError, ProviderError, Rejected, Unavailable
from core.outbound import build_error
from core.protocols.knowledge_index import Vectors

_TEXTS = 64
"""Texts in one request: vendors take 96 to 2,048."""
_CHARACTERS = 20_000
"""Longer texts are cut: about 5,000 tokens; OpenAI's models take 8,191."""
_CACHED_QUERIES = 512
_RETRIES = 2
_PLACE = "model.embeddings"


def open_embeddings(
    model: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    timeout: timedelta = timedelta(seconds=20),
) -> LangChainEmbedder:
    """The model that `provider:name` says, e.g. `openai:text-embedding-3-small`. Cheap: nothing
    is asked before the first text.

    Raises:
        ConfigurationError: LangChain, or the provider's package for it, is not installed.
    """

    def build() -> Any:
        from langchain.embeddings import init_embeddings  # noqa: PLC0415 - takes a second

        options: dict[str, Any] = {}
        provider = model.partition(":")[0]
        if base_url:
            options["base_url"] = base_url
        if api_key:
            options["api_key"] = api_key
        if provider in ("openai", "azure_openai"):
            # Otherwise it downloads the tokenizer's data, and sends tokens in place of text,
            # which servers other than OpenAI's do not understand.
            options["check_embedding_ctx_length"] = False
            options |= {"timeout": timeout.total_seconds(), "max_retries": _RETRIES}
        return init_embeddings(model, **options)

    try:
        return LangChainEmbedder(model, build())
    except ImportError as error:
        package = "sales-agent[model]" if model.startswith("openai:") else str(error.name)
        raise ConfigurationError(
            _PLACE, [f"{model} needs a package that is not installed. Run: pip install {package}"]
        ) from None
    except Exception as error:  # noqa: BLE001 - every provider has classes of its own
        # LangChain's and the providers' own classes; their words may hold the key.
        raise ConfigurationError(
            _PLACE,
            [f"{model} cannot be opened ({type(error).__name__}). Is the key set, the name right?"],
        ) from None


class LangChainEmbedder:
    """Texts to unit vectors, by a model of LangChain's `Embeddings`. Safe between threads.

    `dimensions` is found out with the first text, so ask for it in a thread.
    """

    def __init__(self, name: str, model: Any) -> None:
        self._name, self._model = name, model
        self._vendor = name.partition(":")[0]
        self._dimensions = 0
        self._queries: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Provider and model, as in `app.yaml`."""
        return self._name

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has. Blocking, until a text was embedded.

        Raises:
            ProviderError: the model does not answer.
        """
        if not self._dimensions:
            self.embed_query("dimensions")
        return self._dimensions

    def embed_batch(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, shape (len(texts), dimensions). Blocking.

        Raises:
            ProviderError: the model does not answer, or answers nonsense.
        """
        parts = [
            self._embed(texts[first : first + _TEXTS]) for first in range(0, len(texts), _TEXTS)
        ]
        if not parts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return np.concatenate(parts)

    def embed_query(self, text: str) -> Vectors:
        """The unit vector of a question; the last 512 are remembered. Blocking.

        Raises:
            ProviderError: the model does not answer, or answers nonsense.
        """
        with self._lock:
            known = self._queries.get(text)
            if known is not None:
                self._queries.move_to_end(text)
                return known
        rows = self._ask(lambda: [self._model.embed_query(text[:_CHARACTERS] or " ")])
        vector: Vectors = self._check(rows, 1)[0]
        vector.setflags(write=False)
        with self._lock:
            self._queries[text] = vector
            while len(self._queries) > _CACHED_QUERIES:
                self._queries.popitem(last=False)
        return vector

    def _embed(self, texts: Sequence[str]) -> Vectors:
        # An empty text is refused by some.
        cut = [text[:_CHARACTERS] or " " for text in texts]
        return self._check(self._ask(lambda: self._model.embed_documents(cut)), len(cut))

    def _ask(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Exception as error:  # noqa: BLE001 - every provider has classes of its own
            raise self._translate(error) from None

    def _check(self, rows: Any, count: int) -> Vectors:
        """What came back as unit vectors.

        Raises:
            Rejected: the wrong number of them, of another length, or no numbers.
        """
        try:
            vectors = np.array(rows, dtype=np.float32)
        except (TypeError, ValueError):
            raise Rejected(self._vendor, "embed", "the answer holds no vectors") from None
        wanted = self._dimensions or (vectors.shape[1] if vectors.ndim == 2 else 0)
        if vectors.shape != (count, wanted) or not wanted:
            raise Rejected(
                self._vendor, "embed", f"{count} vectors of {wanted} wanted, got {vectors.shape}"
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise Rejected(self._vendor, "embed", "a vector without a direction")
        self._dimensions = wanted
        unit: Vectors = vectors / lengths
        return unit

    def _translate(self, error: Exception) -> ProviderError:
        status = getattr(error, "status_code", None)
        headers = getattr(getattr(error, "response", None), "headers", None) or {}
        if isinstance(status, int):
            words = str(getattr(error, "message", type(error).__name__))
            retry_after = headers.get("retry-after")
            known = build_error(self._vendor, "embed", status, words, retry_after)
            return known or Rejected(self._vendor, "embed", f"{status} there is no such model")
        if isinstance(error, (TypeError, ValueError)):
            return Rejected(self._vendor, "embed", type(error).__name__)
        return Unavailable(self._vendor, "embed", type(error).__name__)
