"""What happened to contacts in HubSpot since we last asked.

Changes are found by a search on `lastmodifieddate`. The search learns of a change some seconds
late, so each round looks back over `_OVERLAP`, and the cursor remembers what of that was told
already. Merges stand in the winner (`hs_merged_object_ids`); deletions in the list of archived
contacts, which HubSpot keeps for 90 days.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.outbound import Pages
from core.protocols.crm import CrmChanges, CrmRecord, CrmRef
from integrations.hubspot.client import VENDOR, HubSpotClient, read_next
from integrations.hubspot.values import read_moment

_OVERLAP = 120_000
_PAGE = 200
_ARCHIVE_PAGE = 100
# A search gives no more than 10,000 results; who has more changes is asked again at once.
_MOST = 9_800
MERGED = "hs_merged_object_ids"
MODIFIED = "lastmodifieddate"


@dataclass(slots=True)
class Cursor:
    """Where to go on; times in milliseconds since 1970. Nothing before `floor` is ever told."""

    since: int
    floor: int
    deleted_since: int
    seen: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Cursor:
        """From its text."""
        return cls(**json.loads(text))

    def write(self) -> str:
        """As text. What lies before the overlap cannot be met again."""
        edge = self.since - _OVERLAP
        recent = {key: at for key, at in self.seen.items() if at >= edge}
        return json.dumps(
            {
                "since": self.since,
                "floor": self.floor,
                "deleted_since": self.deleted_since,
                "seen": recent,
            }
        )


class Changes:
    """Lists them. `describe` makes a record of an item of the API."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client

    async def begin(self, tenant_id: str) -> CrmChanges:
        """The present: what was changed until now is not told. HubSpot's own times are used, so
        that a clock of ours that is wrong loses nothing."""
        answer = await self._search(tenant_id, 0, [], "0", newest_first=True)
        times = {str(one["id"]): read_modified(one) for one in answer["results"]}
        now = max(times.values(), default=0)
        seen = {key: at for key, at in times.items() if at >= now - _OVERLAP}
        archived = await self._list_archived(tenant_id, 0)
        gone = max((at for _, at in archived), default=now)
        return CrmChanges((), Cursor(now, now, max(gone, now), seen).write())

    async def list_items(
        self, tenant_id: str, cursor: Cursor, properties: Sequence[str]
    ) -> tuple[list[dict[str, Any]], list[CrmRecord]]:
        """Items that changed, and records of those that were merged or deleted. Moves `cursor`."""
        items: list[dict[str, Any]] = []
        edge, after = max(cursor.since - _OVERLAP, cursor.floor), "0"
        pages = Pages(VENDOR, "search for changes")
        wanted = [*properties, MODIFIED, MERGED]
        while True:
            answer = await self._search(tenant_id, edge, wanted, after)
            items += answer["results"]
            after = pages.find_next(read_next(answer))
            if not after or len(items) >= _MOST:
                break
        fresh = [one for one in items if cursor.seen.get(str(one["id"])) != read_modified(one)]
        for one in fresh:
            cursor.seen[str(one["id"])] = read_modified(one)
            cursor.since = max(cursor.since, read_modified(one))
        gone = [record for one in fresh for record in describe_merged(one)]
        merged = {record.ref.id for record in gone}
        for contact_id, at in await self._list_archived(tenant_id, cursor.deleted_since):
            cursor.deleted_since = max(cursor.deleted_since, at)
            if contact_id not in merged:
                gone.append(CrmRecord(CrmRef(contact_id, "contact"), deleted=True))
        return fresh, gone

    async def _search(
        self,
        tenant_id: str,
        edge: int,
        properties: Sequence[str],
        after: str,
        *,
        newest_first: bool = False,
    ) -> dict[str, Any]:
        condition = {"propertyName": MODIFIED, "operator": "GTE", "value": str(edge)}
        return await self._client.call(
            tenant_id,
            "search for changes",
            lambda parts: parts.search.do_search_with_http_info,
            "contacts",
            {
                "filterGroups": [{"filters": [condition]}],
                "properties": [*properties] or [MODIFIED],
                "sorts": [f"-{MODIFIED}" if newest_first else MODIFIED],
                "limit": _PAGE,
                "after": after,
            },
        )

    async def _list_archived(self, tenant_id: str, since: int) -> list[tuple[str, int]]:
        """Contacts deleted after `since`, with the time."""
        found: list[tuple[str, int]] = []
        pages = Pages(VENDOR, "list deleted contacts")
        after: dict[str, Any] = {}
        while True:
            answer = await self._client.call(
                tenant_id,
                "list deleted contacts",
                lambda parts: parts.objects.get_page_with_http_info,
                "contacts",
                # As text: the SDK would write `True`, with a capital letter.
                archived="true",
                limit=_ARCHIVE_PAGE,
                **after,
            )
            for one in answer["results"]:
                moment = one.get("archived_at") or one["updated_at"]
                at = int(moment.timestamp() * 1000)
                if at > since:
                    found.append((str(one["id"]), at))
            following = pages.find_next(read_next(answer))
            if not following:
                return found
            after = {"after": following}


def read_modified(item: Mapping[str, Any]) -> int:
    """When an item was changed last."""
    text = item["properties"].get(MODIFIED)
    moment = read_moment(text) if text else item["updated_at"]
    return round(moment.timestamp() * 1000)


def describe_merged(item: Mapping[str, Any]) -> list[CrmRecord]:
    """Records that went into this one."""
    losers = str(item["properties"].get(MERGED) or "").split(";")
    return [
        CrmRecord(CrmRef(one, "contact"), merged_into=str(item["id"]))
        for one in losers
        if one and one != str(item["id"])
    ]
