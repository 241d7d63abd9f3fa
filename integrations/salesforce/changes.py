"""What happened to our leads in Salesforce: changed, deleted, merged, converted.

SystemModstamp has seconds, and a second can hold several changes. So the cursor is the last time
seen with the ids that were seen at it: the next query begins at that same second and passes over
them. Where one moment holds more than a cursor has room for (an import), the order by id goes on
from the last one. Times are Salesforce's own: our clock may be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.moments import parse_moment
from core.protocols.crm import CrmChanges
from integrations.salesforce.client import SalesforceClient
from integrations.salesforce.people import LEAD, SalesforcePeople
from integrations.salesforce.records import CONVERSION, Row, build_time, choose_fields
from integrations.salesforce.schema import SalesforceSchema
from integrations.salesforce.soql import build_query, equals

_PAGE = 1000
_MOST_IDS = 12
_START = "1970-01-01T00:00:00.000Z"


class SalesforceChanges:
    """Lists changes, a page at a time."""

    def __init__(
        self, client: SalesforceClient, schema: SalesforceSchema, people: SalesforcePeople
    ) -> None:
        self._client, self._schema, self._people = client, schema, people
        self._key = client.settings.external_id_field

    async def list_since(self, tenant_id: str, cursor: str) -> CrmChanges:
        """The next page; "" begins at the last change that there is."""
        ours = f"{self._key} != null"
        if not cursor:
            order = "SystemModstamp DESC, Id DESC"
            soql = build_query(LEAD, ("Id", "SystemModstamp"), ours, order=order, limit=100)
            rows = await self._client.query(tenant_id, "list changes", soql, with_deleted=True)
            return CrmChanges((), build_cursor(rows[::-1], f"{_START}="))
        reader = await self._people.build_reader(tenant_id)
        needed = ["Id", "Email", "Status", "IsDeleted", "MasterRecordId", self._key, *CONVERSION]
        condition, seen = read_cursor(cursor)
        soql = build_query(
            LEAD,
            choose_fields(reader.described, needed),
            f"{ours} AND {condition}",
            order="SystemModstamp, Id",
            limit=_PAGE + len(seen),
        )
        rows = await self._client.query(tenant_id, "list changes", soql, with_deleted=True)
        fresh = [row for row in rows if (_stamp(row), str(row["Id"])) not in seen]
        records = tuple(reader.read(row) for row in fresh)
        return CrmChanges(records, build_cursor(rows, cursor) if fresh else cursor)


def build_cursor(rows: Sequence[Row], otherwise: str) -> str:
    """Where the next page begins, after these rows in the order of their times."""
    if not rows:
        return otherwise
    stamp = _stamp(rows[-1])
    ids = [str(row["Id"]) for row in rows if _stamp(row) == stamp]
    if len(ids) > _MOST_IDS:
        return f"{stamp}>{ids[-1]}"
    return f"{stamp}={','.join(ids)}"


def read_cursor(cursor: str) -> tuple[str, set[tuple[str, str]]]:
    """The condition of the next query, and what it will bring that was seen before."""
    if ">" in cursor:
        stamp, _, last = cursor.partition(">")
        later = equals("Id", last).replace("=", ">", 1)
        return f"(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND {later}))", set()
    stamp, _, ids = cursor.partition("=")
    return f"SystemModstamp >= {stamp}", {(stamp, one) for one in ids.split(",") if one}


def _stamp(row: Row) -> str:
    return build_time(parse_moment(str(row["SystemModstamp"])))
