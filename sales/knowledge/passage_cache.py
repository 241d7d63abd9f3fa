"""Keeps the passages that questions ask for in memory, as long as they are true."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

from sales.knowledge.repository import KnowledgeRepository
from sales.knowledge.schemas import StoredPassage

# About 1 KB each: 20,000 passages are 20 MB.
_LIMIT = 20_000


class PassageCache:
    """The most recently used passages; a site's are dropped when its knowledge changes."""

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._passages: OrderedDict[int, StoredPassage] = OrderedDict()
        self._revisions: dict[str, int] = {}

    async def load(
        self,
        repository: KnowledgeRepository,
        site_id: str,
        revision: int,
        ids: Collection[int],
    ) -> dict[int, StoredPassage]:
        """The passages of `ids` that exist, by id. Asks the database for those that are not
        known as they are at this revision of the site's knowledge."""
        if self._revisions.get(site_id) != revision:
            # Which of them are this site's is not worth knowing: changes are rare.
            self._passages.clear()
            self._revisions[site_id] = revision
        found = {key: self._passages[key] for key in ids if key in self._passages}
        missing = [key for key in ids if key not in found]
        if missing:
            loaded = await repository.list_passages(missing)
            self._passages.update(loaded)
            found |= loaded
        for key in found:
            self._passages.move_to_end(key)
        while len(self._passages) > self._limit:
            self._passages.popitem(last=False)
        return found
