"""What happened to our leads in Zoho: changed, converted, deleted.

Zoho's times have seconds, and one second can hold many changes (an import, a mass update). So a
place in the list is the last time seen with the ids seen at it; where they are too many for a
cursor, all pages of that second are read and the next query passes over it. Deleted records are a
list of their own. Times are Zoho's own: our clock may be wrong. Of a merge Zoho tells that one
record is gone, and not which one took it over.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.moments import parse_moment
from core.outbound import split_batches
from core.protocols.crm import CrmChanges, CrmRecord
from integrations.zoho.client import ZohoClient, read_date
from integrations.zoho.failures import ZohoRejected
from integrations.zoho.schema import ZohoSchema
from integrations.zoho.values import (
    LEADS,
    Described,
    Row,
    build_ref,
    build_time,
    read_record,
)

# Zoho's limits: records of a page, fields of a request, ids of a request, pages by number.
_PAGE = 200
_MOST_FIELDS = 50
_MOST_IDS = 100
_MOST_PAGES = 10
_IDS_KEPT = 12
_NEEDED = ("Last_Name", "Company", "Email", "Owner", "Lead_Status", "Modified_Time")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list that is ordered by time. `ids`: seen at `time`; None: all of them."""

    time: str
    ids: frozenset[str] | None = frozenset()

    def has_seen(self, row: Row, name: str) -> bool:
        """Whether a row was told of before."""
        time = parse_moment(str(row[name]))
        at = parse_moment(self.time)
        return time < at or (time == at and (self.ids is None or str(row["id"]) in self.ids))

    def write(self) -> str:
        """As a part of a cursor."""
        return f"{self.time}>" if self.ids is None else f"{self.time}={','.join(sorted(self.ids))}"

    @staticmethod
    def read(text: str) -> Place:
        """A part of a cursor."""
        if text.endswith(">"):
            return Place(text[:-1], None)
        time, _, ids = text.partition("=")
        return Place(time, frozenset(one for one in ids.split(",") if one))


class ZohoChanges:
    """Lists changes, a page at a time."""

    def __init__(self, client: ZohoClient, schema: ZohoSchema) -> None:
        self._client, self._schema = client, schema

    async def list_since(self, tenant_id: str, cursor: str) -> CrmChanges:
        """The next page; "" begins at the last change that there is."""
        if not cursor:
            return CrmChanges((), await self._begin(tenant_id))
        changed, _, deleted = cursor.partition("|")
        rows, at = await self._list_changed(tenant_id, Place.read(changed))
        gone, gone_at = await self._list_deleted(tenant_id, Place.read(deleted))
        described = await self._schema.describe(tenant_id, LEADS)
        address = await self._client.read_address(tenant_id)
        key = self._schema.key
        rows = await self._complete(tenant_id, described, rows)
        records = [
            read_record(described, row, LEADS, key, address)
            for row in rows
            if row.get(key) or key not in described
        ]
        records += [
            CrmRecord(build_ref(address, str(row["id"]), LEADS), deleted=True) for row in gone
        ]
        return CrmChanges(tuple(records), f"{at.write()}|{gone_at.write()}")

    async def _begin(self, tenant_id: str) -> str:
        params = {
            "fields": "Modified_Time",
            "sort_by": "Modified_Time",
            "sort_order": "desc",
            "per_page": "50",
            "converted": "both",
        }
        answer = await self._client.get(tenant_id, "list changes", f"/{LEADS}", params)
        now = build_time(read_date(answer.headers, self._client.now()))
        rows = answer.list_rows()[::-1]
        # Zoho keeps deleted records apart; its own clock says from when on they are news.
        return f"{move(rows, 'Modified_Time', Place(now)).write()}|{Place(now).write()}"

    async def _list_changed(self, tenant_id: str, place: Place) -> tuple[list[Row], Place]:
        """The next rows and the place behind them."""
        params = {
            "fields": ",".join(await self._choose_fields(tenant_id)),
            "sort_by": "Modified_Time",
            "sort_order": "asc",
            "per_page": str(_PAGE),
            "converted": "both",
        }
        return await self._read_pages(tenant_id, f"/{LEADS}", params, place, "Modified_Time")

    async def _list_deleted(self, tenant_id: str, place: Place) -> tuple[list[Row], Place]:
        params = {"type": "all", "per_page": str(_PAGE)}
        return await self._read_pages(
            tenant_id, f"/{LEADS}/deleted", params, place, "deleted_time", whole=True
        )

    async def _read_pages(
        self,
        tenant_id: str,
        path: str,
        params: dict[str, str],
        place: Place,
        name: str,
        *,
        whole: bool = False,
    ) -> tuple[list[Row], Place]:
        """Pages until there are new rows of more than one second; the last of those seconds may
        go on on the next page, and is left for the next time. `whole`: all pages, of a list
        without a promised order."""
        fresh: list[Row] = []
        for number in range(1, _MOST_PAGES + 1):
            page = {**params, "page": str(number)}
            try:
                answer = await self._client.get(
                    tenant_id, "list changes", path, page, since=place.time
                )
            except ZohoRejected as error:
                # Deleted records are a list that not every server has.
                if not whole or not error.is_elsewhere:
                    raise
                break
            # A server without a list of deleted records may answer with something else.
            rows = [row for row in answer.list_rows() if row.get(name) and row.get("id")]
            fresh += [row for row in rows if not place.has_seen(row, name)]
            if not answer.has_more:
                break
            last = parse_moment(str(fresh[-1][name])) if fresh else None
            ended = [row for row in fresh if parse_moment(str(row[name])) != last]
            if ended and not whole:
                fresh = ended
                break
        fresh.sort(key=lambda row: (parse_moment(str(row[name])), str(row["id"])))
        return fresh, move(fresh, name, place)

    async def _choose_fields(self, tenant_id: str) -> list[str]:
        described = await self._schema.describe(tenant_id, LEADS)
        key = [self._schema.key] if self._schema.key in described else []
        converted = [name for name in described if name.startswith("Converted_")]
        names = dict.fromkeys([*_NEEDED, *key, *converted, *described])
        return list(names)[:_MOST_FIELDS]

    async def _complete(self, tenant_id: str, described: Described, rows: list[Row]) -> list[Row]:
        """The fields beyond the fifty that one request may ask for."""
        asked = set(await self._choose_fields(tenant_id))
        rest = [name for name in described if name not in asked]
        more: dict[str, dict[str, object]] = {str(row["id"]): dict(row) for row in rows}
        for names in split_batches(rest, _MOST_FIELDS):
            for ids in split_batches(list(more), _MOST_IDS):
                params = {"ids": ",".join(ids), "fields": ",".join(names), "converted": "both"}
                answer = await self._client.get(tenant_id, "list changes", f"/{LEADS}", params)
                for row in answer.list_rows():
                    more[str(row["id"])] |= row
        return list(more.values())


def move(rows: list[Row], name: str, place: Place) -> Place:
    """The place behind rows that are in the order of their times."""
    if not rows:
        return place
    last = parse_moment(str(rows[-1][name]))
    ids = {str(row["id"]) for row in rows if parse_moment(str(row[name])) == last}
    if last == parse_moment(place.time):
        ids |= place.ids or set()
        if place.ids is None:
            return place
    return Place(build_time(last), frozenset(ids) if len(ids) <= _IDS_KEPT else None)
