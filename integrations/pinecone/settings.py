"""The section `integrations.pinecone` of `app.yaml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from core.settings import Section, ServerAddress, check_address

DIMENSIONS = "{dimensions}"


class PineconeSettings(Section):
    """Which index the vectors of the websites lie in."""

    base_url: ServerAddress = "https://api.pinecone.io"
    """The control plane's address."""
    index: str = Field(default=f"sales-agent-{DIMENSIONS}", pattern=r"^[a-z0-9{][a-z0-9{}-]{0,60}$")
    """The index's name. {dimensions} stands for the length of the embedding model's vectors, so
    that a model with longer ones gets an index of its own beside the old one."""
    index_host: str | None = Field(default=None, pattern=r"^(https?://)?[^/\s]+/?$")
    """The index's own address. Unset: the control plane is asked. Set: the control plane is not
    needed, and a key that may only read and write vectors is enough."""
    create_index: bool = False
    """Whether a missing index may be created (serverless, metric cosine). It may cost money."""
    cloud: Literal["aws", "gcp", "azure"] = "aws"
    """Where an index is created."""
    region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,40}$")
    """Where an index is created."""
    ready_seconds: float = Field(default=120, ge=1, le=900)
    """How long a new index is waited for."""
    timeout_seconds: float = Field(default=20, ge=0.1, le=120)
    """How long one call may take."""
    namespace: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """Prefix of each site's namespace. Unset: that of sales_agent.vector_database."""

    @field_validator("index_host")
    @classmethod
    def _check_host(cls, value: str | None) -> str | None:
        return check_address(value) if value and "://" in value else value
