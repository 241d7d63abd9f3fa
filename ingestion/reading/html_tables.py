"""Tables as lines that each explain themselves: "Plan: Team | Price: $49 | Seats: 10"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest

from selectolax.lexbor import LexborNode

from ingestion.reading.html_inline import flat_text, icon_meaning

_MAX_SPAN = 60
_LONG_CELL_CHARS = 700
_SHORT_LABEL_CHARS = 60
_RICH_CELLS = re.compile(r"<(?:table|h[1-4]|pre|details)[\s>]")
_CELL_ROLES = frozenset({"cell", "gridcell", "columnheader", "rowheader"})


@dataclass(slots=True)
class _Cell:
    node: LexborNode
    text: str
    header: bool
    colspan: int

    def is_bold(self) -> bool:
        """Whether all of its text is set bold."""
        first = self.node.css_first("strong, b")
        return first is not None and flat_text(first) == self.text


def is_layout(table: LexborNode) -> bool:
    """Whether a table only places things: then its cells are read one by one."""
    if table.attributes.get("role") in {"presentation", "none"}:
        return True
    # Searching the serialized table takes a tenth of the time of a selector.
    if _RICH_CELLS.search(table.html or "", 1):
        return True
    cells = table.css("td, th")
    return len(cells) == 1 or (
        len(cells) <= 4
        and any(len(cell.text()) > _LONG_CELL_CHARS for cell in cells)
        and table.css_first("th") is None
    )


def table_lines(table: LexborNode) -> list[str]:
    """One line per row, each value behind its column's label.

    A first column without a label names the row; a row of one cell over the whole width names the
    rows below it; without labels, two columns read "left: right".
    """
    rows = _grid(table)
    if not rows:
        return []
    width = max(len(row) for row in rows)
    labels, body = _split_head(rows, width)
    lines: list[str] = []
    group = ""
    for row in body:
        texts = [cell.text for cell in row]
        filled = [text for text in texts if text]
        if not filled:
            continue
        if width > 1 and row[0].colspan >= width:
            group = texts[0]
            lines.append(group)
            continue
        line = _line(row, labels) if any(labels) else _unlabelled(row)
        lines.append(f"{group} | {line}" if group and line else line)
    if not body and labels:
        lines.append(" | ".join(label for label in labels if label))
    return [line for line in _without_lone_groups(lines) if line]


def _without_lone_groups(lines: list[str]) -> list[str]:
    """Drop a group's own line where the next line repeats it as its beginning."""
    return [
        line
        for line, following in zip_longest(lines, lines[1:], fillvalue="")
        if not following.startswith(f"{line} | ")
    ]


def _line(row: list[_Cell], labels: list[str]) -> str:
    parts: list[str] = []
    for index, cell in enumerate(row):
        if not cell.text:
            continue
        label = labels[index] if index < len(labels) else ""
        if index and cell.colspan > 1 and row[index - 1] is cell:
            continue  # a cell over several columns is said once
        parts.append(
            f"{label.rstrip(':')}: {cell.text}" if label and label != cell.text else cell.text
        )
    return " | ".join(parts)


def _unlabelled(row: list[_Cell]) -> str:
    texts = [
        cell.text for i, cell in enumerate(row) if cell.text and (not i or row[i - 1] is not cell)
    ]
    if len(texts) >= 2 and (row[0].header or len(texts) == 2) and row[0].text == texts[0]:
        left = texts[0].rstrip(":")
        if len(left) <= _SHORT_LABEL_CHARS:
            return f"{left}: {' | '.join(texts[1:])}"
    return " | ".join(texts)


def _split_head(rows: list[list[_Cell]], width: int) -> tuple[list[str], list[list[_Cell]]]:
    """Column labels, from the leading rows that hold nothing but headers, and the other rows."""
    count = 0
    for row in rows:
        if not all(cell.header or not cell.text for cell in row) or not any(c.text for c in row):
            break
        count += 1
    if count == len(rows) and count > 1:
        count = 1  # a table of nothing but <th>: only the first row can be labels
    first = rows[0]
    if (
        count == 0
        and len(rows) > 2
        and len(first) > 1
        and all(c.is_bold() or not c.text for c in first)
    ):
        count = 1  # visual editors make a bold first row instead of headers
    labels = [""] * width
    for row in rows[:count]:
        if row[0].colspan >= width > 1:
            continue  # a title over the whole table is not a column's label
        for index, cell in enumerate(row):
            if cell.text and cell.text not in labels[index]:
                labels[index] = f"{labels[index]} {cell.text}".strip()
    return labels, rows[count:]


def _grid(table: LexborNode) -> list[list[_Cell]]:
    """Rows with every cell in each place that its spans cover."""
    rows: list[list[_Cell]] = []
    pending: dict[int, tuple[int, _Cell]] = {}  # column -> rows still covered from above
    for tr in _rows(table):
        row: list[_Cell] = []
        for node in _cells(tr):
            _fill_from_above(row, pending)
            attributes = node.attributes
            colspan = _span(attributes.get("colspan"))
            cell = _cell(node, colspan)
            rowspan = _span(attributes.get("rowspan"))
            for _ in range(colspan):
                if rowspan > 1:
                    pending[len(row)] = (rowspan - 1, cell)
                row.append(cell)
        _fill_from_above(row, pending)
        if row:
            rows.append(row)
    return rows


def _fill_from_above(row: list[_Cell], pending: dict[int, tuple[int, _Cell]]) -> None:
    while len(row) in pending:
        left, cell = pending.pop(len(row))
        if left > 1:
            pending[len(row)] = (left - 1, cell)
        row.append(cell)


def _cell(node: LexborNode, colspan: int) -> _Cell:
    text = flat_text(node).replace("\n", ", ") or icon_meaning(node)
    header = node.tag == "th" or node.attributes.get("role") == "columnheader"
    return _Cell(node, text, header, colspan)


def _span(raw: str | None) -> int:
    return min(int(raw), _MAX_SPAN) if raw and raw.isascii() and raw.isdigit() and int(raw) else 1


def _rows(table: LexborNode) -> list[LexborNode]:
    """<tr> of this table and not of tables inside; or elements with the role of rows."""
    if table.tag == "table":
        return table.css("tr")
    return table.css("[role=row]")


def _cells(row: LexborNode) -> list[LexborNode]:
    if row.tag == "tr":
        return [child for child in row.iter() if child.tag in {"td", "th"}]
    return [child for child in row.iter() if child.attributes.get("role") in _CELL_ROLES]
