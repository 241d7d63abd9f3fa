"""The section `sales_agent.vector_database` of `app.yaml` (S1)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from core.settings import Section


class VectorDatabaseSettings(Section):
    """Where the vectors of the website's passages live, and what counts as found."""

    provider: Literal["local", "pinecone", "pgvector"] = "local"
    """local: in our own database, exact, no account."""
    namespace: str = Field(default="sales_content", pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Prefix of each site's namespace at a vendor. `local` needs none."""
    similarity_threshold: float = Field(default=0.7, ge=0, le=1)
    """The probability that a passage helps, from which on it may answer a question."""
    max_results: int = Field(default=5, ge=1, le=50)
    """How many passages an answer may draw on."""

    @field_validator("provider")
    @classmethod
    def _check_built(cls, value: str) -> str:
        if value != "local":
            raise ValueError(f"{value} is not built in yet. Write local")
        return value
