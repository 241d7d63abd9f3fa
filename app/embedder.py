"""The embedding model, opened on its own.

Opening it takes 220 MB for a moment and 100 MB for good. `serve` does it before it imports
anything else, even the types of its settings, which then moves into what was given back: the
process stays under 300 MB even while it starts. So this file imports little.
"""

from __future__ import annotations

import structlog

from integrations.local.embeddings import EmbeddingUnavailableError, LocalMiniLM

log = structlog.get_logger(__name__)


def load_embedder() -> LocalMiniLM | None:
    """The local model, loaded; None, with a warning, where it cannot be had."""
    model = LocalMiniLM()
    try:
        model.load()
    except EmbeddingUnavailableError as error:
        log.warning("searching_by_keywords_only", reason=error.excerpt)
        return None
    return model
