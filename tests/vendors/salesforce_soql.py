"""As much of SOQL as our client speaks, so that a query with a slip in it is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Condition = Callable[[Row], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_.]*)|(?P<number>\d+)|(?P<sign>!=|>=|<=|[=<>(),]))"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


class MalformedQueryError(Exception):
    """As Salesforce would say it."""


@dataclass(frozen=True)
class Query:
    """A query that was read. `filtered`: the fields of its condition."""

    sobject: str
    fields: tuple[str, ...]
    where: Condition
    filtered: frozenset[str]
    order: tuple[tuple[str, bool], ...]
    limit: int | None


def read_query(soql: str) -> Query:
    return _Reader(soql).read()


class _Reader:
    def __init__(self, soql: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self._filtered: set[str] = set()
        place = 0
        soql = soql.strip()
        while place < len(soql):
            found = _TOKEN.match(soql, place)
            if found is None:
                raise MalformedQueryError(f"unexpected token: {soql[place : place + 20]!r}")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            place = found.end()
        self._tokens.append(("end", ""))

    def read(self) -> Query:
        self._want("SELECT")
        fields = [self._word()]
        while self._take(","):
            fields.append(self._word())
        self._want("FROM")
        sobject = self._word()
        where: Condition = self._read_or() if self._take("WHERE") else lambda _: True
        order: list[tuple[str, bool]] = []
        if self._take("ORDER"):
            self._want("BY")
            order.append(self._read_order())
            while self._take(","):
                order.append(self._read_order())
        limit = int(self._next()[1]) if self._take("LIMIT") else None
        if self._tokens[0][0] != "end":
            raise MalformedQueryError(f"unexpected token: {self._tokens[0][1]!r}")
        return Query(sobject, tuple(fields), where, frozenset(self._filtered), tuple(order), limit)

    def _read_order(self) -> tuple[str, bool]:
        name = self._word()
        down = self._take("DESC")
        if not down:
            self._take("ASC")
        return name, down

    def _read_or(self) -> Condition:
        parts = [self._read_and()]
        while self._take("OR"):
            parts.append(self._read_and())
        return parts[0] if len(parts) == 1 else lambda row: any(part(row) for part in parts)

    def _read_and(self) -> Condition:
        parts = [self._read_one()]
        while self._take("AND"):
            parts.append(self._read_one())
        if len(parts) > 1 and self._peek() == "OR":
            raise MalformedQueryError("mixed AND and OR need parentheses")
        return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)

    def _read_one(self) -> Condition:
        if self._take("("):
            inner = self._read_or()
            self._want(")")
            return inner
        name = self._word()
        self._filtered.add(name)
        if self._take("IN"):
            self._want("(")
            values = [_fold(self._value())]
            while self._take(","):
                values.append(_fold(self._value()))
            self._want(")")
            return lambda row: _fold(row.get(name)) in values
        return _compare(name, self._next()[1], self._value())

    def _value(self) -> Any:
        kind, text = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text[1:-1])
        if kind == "time":
            return text.replace("Z", "+0000")
        if kind == "number":
            return int(text)
        words = {"null": None, "true": True, "false": False}
        if text.lower() not in words:
            raise MalformedQueryError(f"unexpected token: {text!r}")
        return words[text.lower()]

    def _next(self) -> tuple[str, str]:
        return self._tokens.pop(0)

    def _peek(self) -> str:
        return self._tokens[0][1].upper()

    def _word(self) -> str:
        kind, text = self._next()
        if kind != "word":
            raise MalformedQueryError(f"unexpected token: {text!r}")
        return text

    def _take(self, word: str) -> bool:
        if self._tokens[0][0] != "text" and self._peek() == word:
            self._tokens.pop(0)
            return True
        return False

    def _want(self, word: str) -> None:
        if not self._take(word):
            raise MalformedQueryError(f"expecting {word}, found {self._tokens[0][1]!r}")


def _fold(value: Any) -> Any:
    # Salesforce compares texts without regard to case.
    return value.lower() if isinstance(value, str) else value


def _compare(name: str, sign: str, value: Any) -> Condition:
    wanted = _fold(value)

    def holds(row: Row) -> bool:
        given = _fold(row.get(name))
        if sign == "=":
            return bool(given == wanted)
        if sign == "!=":
            return bool(given != wanted)
        if given is None or wanted is None:
            return False
        outcomes = {
            ">": given > wanted,
            "<": given < wanted,
            ">=": given >= wanted,
            "<=": given <= wanted,
        }
        if sign not in outcomes:
            raise MalformedQueryError(f"unexpected token: {sign!r}")
        return bool(outcomes[sign])

    return holds


def sort_rows(rows: Sequence[Row], order: Sequence[tuple[str, bool]]) -> list[Row]:
    done = list(rows)
    for name, down in reversed(order):
        done.sort(
            key=lambda row: (row.get(name) is not None, row.get(name) or ""),
            reverse=down,
        )
    return done
