"""How vectors are searched in PostgreSQL."""

from __future__ import annotations

from typing import Literal

from core.settings import Section


class PgvectorSettings(Section):
    """`search` is that of `sales_agent.vector_database`."""

    search: Literal["exact", "hnsw"] = "exact"
    """exact: every vector of the site is compared, nothing is missed; fast up to about 50,000
    passages a site. hnsw: an approximate index with iterative scan, for more; it misses some."""
    ef_search: int = 100
    """hnsw only: how many candidates are looked at before the site's are picked out. More finds
    more and takes longer."""
