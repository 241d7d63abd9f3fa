"""A contact's history: notes and meetings, each made once.

HubSpot's notes cannot have a unique id of ours in every plan, so the id stands at the end of the
text, and before an entry is made the contact's entries are read for it. They are read by their
associations, which, unlike a search, know what was made a moment ago.

A note holds at most 65,536 characters. A longer text becomes several notes, "(1 of 3)" and so on,
in order: nothing is cut, and nothing needs the right to upload files.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from core.outbound import Pages
from core.protocols.crm import CrmActivity, CrmRef
from integrations.hubspot.client import VENDOR, HubSpotClient, Missing, read_id, read_next
from integrations.hubspot.values import write_value

# Below the 65,536 of the property, with room for what the editor may add.
NOTE_UNITS = 60_000
# HubSpot's own kinds of association: note to contact, meeting to contact.
_LINK = {"notes": 202, "meetings": 200}
_BODY = {"notes": "hs_note_body", "meetings": "hs_meeting_body"}
_PAGE = 100


class History:
    """Writes and erases a contact's entries."""

    def __init__(self, client: HubSpotClient) -> None:
        self._client = client

    async def log(self, tenant_id: str, activity: CrmActivity) -> CrmRef:
        """The entry of an activity; the first one, where it takes several.

        Raises:
            ProviderError: HubSpot's.
        """
        kind = "meetings" if activity.kind == "meeting" else "notes"
        parts = split_text(activity.body) if kind == "notes" else [activity.body]
        if activity.known is not None and len(parts) == 1:
            try:
                return await self._change(tenant_id, kind, activity, activity.known.id)
            except Missing:
                pass  # Deleted there: it is made again.
        found = await self._find(tenant_id, kind, activity)
        ids = []
        for number, text in enumerate(parts, 1):
            mark = build_mark(activity.external_id, number)
            if mark not in found:
                title = activity.subject
                if len(parts) > 1:
                    title += f" ({number} of {len(parts)})"
                moment = activity.starts_at + timedelta(milliseconds=number - 1)
                piece = replace(activity, subject=title, body=text, starts_at=moment)
                found[mark] = await self._make(tenant_id, kind, piece, mark)
            elif kind == "meetings":
                await self._change(tenant_id, kind, activity, found[mark])
            ids.append(found[mark])
        return CrmRef(ids[0], kind.removesuffix("s"))

    async def erase(self, tenant_id: str, contact_id: str, kind: str) -> None:
        """Delete a contact's entries of one kind: notes, meetings, deals."""
        ids = await self._list_ids(tenant_id, contact_id, kind)
        for start in range(0, len(ids), _PAGE):
            await self._client.call(
                tenant_id,
                f"delete {kind}",
                lambda parts: parts.batches.archive_with_http_info,
                kind,
                {"inputs": [{"id": one} for one in ids[start : start + _PAGE]]},
            )

    async def _find(self, tenant_id: str, kind: str, activity: CrmActivity) -> dict[str, str]:
        """Entries of this activity that are there already, by their mark."""
        ids = await self._list_ids(tenant_id, activity.person.id, kind)
        begin = f"Ref. {activity.external_id}"
        found: dict[str, str] = {}
        for start in range(0, len(ids), _PAGE):
            answer = await self._client.call(
                tenant_id,
                f"read {kind}",
                lambda parts: parts.batches.read_with_http_info,
                kind,
                {
                    "inputs": [{"id": one} for one in ids[start : start + _PAGE]],
                    "properties": [_BODY[kind]],
                    "propertiesWithHistory": [],
                },
            )
            for item in answer["results"]:
                body = str(item["properties"].get(_BODY[kind]) or "")
                place = body.rfind(begin)
                if place >= 0:
                    mark = body[place:].partition("<")[0].strip()
                    found.setdefault(mark, str(item["id"]))
        return found

    async def _list_ids(self, tenant_id: str, contact_id: str, kind: str) -> list[str]:
        ids: list[str] = []
        pages = Pages(VENDOR, f"list {kind}")
        after: dict[str, Any] = {}
        while True:
            try:
                answer = await self._client.call(
                    tenant_id,
                    f"list {kind}",
                    lambda parts: parts.links.get_page_with_http_info,
                    "contacts",
                    contact_id,
                    kind,
                    limit=500,
                    **after,
                )
            except Missing:
                return ids
            ids += [str(one["to_object_id"]) for one in answer["results"]]
            following = pages.find_next(read_next(answer))
            if not following:
                return ids
            after = {"after": following}

    async def _make(self, tenant_id: str, kind: str, activity: CrmActivity, mark: str) -> str:
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _LINK[kind]}
        answer = await self._client.call(
            tenant_id,
            f"create {kind}",
            lambda parts: parts.objects.create_with_http_info,
            kind,
            {
                "properties": build_properties(kind, activity, mark),
                "associations": [{"to": {"id": activity.person.id}, "types": [link]}],
            },
        )
        return read_id(answer)

    async def _change(
        self, tenant_id: str, kind: str, activity: CrmActivity, entry_id: str
    ) -> CrmRef:
        mark = build_mark(activity.external_id, 1)
        await self._client.call(
            tenant_id,
            f"change {kind}",
            lambda parts: parts.objects.update_with_http_info,
            kind,
            entry_id,
            {"properties": build_properties(kind, activity, mark)},
        )
        return CrmRef(entry_id, kind.removesuffix("s"))


def build_mark(external_id: str, number: int) -> str:
    """What stands at the end of an entry, to know it again."""
    return f"Ref. {external_id}/{number}"


def build_properties(kind: str, activity: CrmActivity, mark: str) -> dict[str, str]:
    """An entry as the API wants it."""
    text = html.escape(activity.body).replace("\n", "<br>")
    start = write_value(activity.starts_at, "datetime")
    if kind == "notes":
        title = html.escape(activity.subject)
        body = f"<p><strong>{title}</strong></p><p>{text}</p><p>{mark}</p>"
        return {"hs_timestamp": start, "hs_note_body": body}
    return {
        "hs_timestamp": start,
        "hs_meeting_title": activity.subject,
        "hs_meeting_body": f"<p>{text}</p><p>{mark}</p>",
        "hs_meeting_start_time": start,
        "hs_meeting_end_time": write_value(activity.ends_at or activity.starts_at, "datetime"),
    }


def split_text(text: str, limit: int = NOTE_UNITS) -> list[str]:
    """`text` in pieces that fit into a note each, at ends of lines; together they are the text.
    A line that is too long by itself is parted between characters."""
    pieces: list[str] = []
    lines: list[str] = []
    used = 0
    for line in _short_lines(text.split("\n"), limit):
        size = measure(line)
        if lines and used + size > limit:
            pieces.append("\n".join(lines))
            lines, used = [], 0
        lines.append(line)
        used += size
    pieces.append("\n".join(lines))
    return pieces


def _short_lines(lines: Sequence[str], limit: int) -> list[str]:
    short: list[str] = []
    # A character takes at most 6 units: `&quot;`.
    step = limit // 6
    for line in lines:
        if measure(line) <= limit:
            short.append(line)
        else:
            short += [line[start : start + step] for start in range(0, len(line), step)]
    return short


def measure(line: str) -> int:
    """How much room a line takes in a note: as HTML, in units of UTF-16, with its line end."""
    return len(html.escape(line).encode("utf-16-le")) // 2 + len("<br>")
