"""Keeps the passages that questions ask for in memory, as long as they are true."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping

from sales.knowledge.schemas import StoredPassage

# About 1 KB each: 20,000 passages are 20 MB.
_LIMIT = 20_000


class PassageCache:
    """The most recently used passages; a site's are dropped when its knowledge changes."""

    def __init__(self, limit: int = _LIMIT) -> None:
        self._limit = limit
        self._passages: OrderedDict[int, StoredPassage] = OrderedDict()
        self._revisions: dict[str, int] = {}

    def find(self, site_id: str, revision: int, ids: Collection[int]) -> dict[int, StoredPassage]:
        """Those of `ids` that are known as they are at this revision of the site's knowledge."""
        if self._revisions.get(site_id) != revision:
            # Which of them are this site's is not worth knowing: changes are rare.
            self._passages.clear()
            self._revisions[site_id] = revision
        found = {key: self._passages[key] for key in ids if key in self._passages}
        for key in found:
            self._passages.move_to_end(key)
        return found

    def keep(self, site_id: str, revision: int, loaded: Mapping[int, StoredPassage]) -> None:
        """Remember passages that were read at this revision or later; not if another was seen
        meanwhile."""
        if self._revisions.get(site_id) != revision:
            return
        self._passages.update(loaded)
        while len(self._passages) > self._limit:
            self._passages.popitem(last=False)
