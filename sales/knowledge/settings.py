"""The section `sales_agent.vector_database` of `app.yaml` (S1)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.settings import Section


class VectorDatabaseSettings(Section):
    """Where the vectors of the website's passages live, and what counts as found."""

    provider: Literal["local", "pinecone", "pgvector"] = "local"
    """local: in our own tables, exact, no account. pgvector: in the same PostgreSQL. pinecone: at
    Pinecone, see integrations.pinecone. docs/knowledge-indexes.md says which to choose. A change
    is made without downtime."""
    namespace: str = Field(default="sales_content", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Prefix of each site's namespace at a vendor. `local` needs none."""
    similarity_threshold: float = Field(default=0.7, ge=0, le=1)
    """The probability that a passage helps, from which on it may answer a question."""
    max_results: int = Field(default=5, ge=1, le=50)
    """How many passages an answer may draw on."""
    search: Literal["exact", "hnsw"] = "exact"
    """pgvector only. exact: every vector of the site is compared, nothing is missed. hnsw: an
    approximate index with iterative scan, for sites of more than about 50,000 passages."""
    search_seconds: float = Field(default=2.0, ge=0.1, le=10)
    """How long an index or model that is not on this machine is waited for; then keywords alone
    answer."""
