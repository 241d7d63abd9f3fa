"""Reads what a campaign of crashes left behind, without any code of the product."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg


def read_rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    if url.startswith("sqlite:///"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            return connection.execute(statement).fetchall()
    with psycopg.connect(url) as server:
        return server.execute(statement.encode()).fetchall()


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def find_faults(url: str, folder: Path, total: int, *, kills: int, concurrency: int) -> list[str]:
    """Everything that is not as promised, in words. None is what we want."""
    shipped = read_lines(folder / "shipped")
    told = {line["number"] for line in read_lines(folder / "told")}
    orders = {number for (number,) in read_rows(url, "SELECT number FROM orders")}
    entries = read_rows(url, "SELECT idempotency_key, state, attempts FROM outbox_entries")
    attempts = {key: tries for key, _, tries in entries}
    faults = []
    if told - orders:
        faults.append(f"told as taken, then lost: {sorted(told - orders)}")
    if orders != set(range(1, total + 1)):
        faults.append(f"orders missing: {sorted(set(range(1, total + 1)) - orders)}")
    if len(entries) != len(orders):
        faults.append(f"{len(orders)} orders, but {len(entries)} promises")
    if {state for _, state, _ in entries} != {"done"}:
        faults.append(f"not all done: {Counter(state for _, state, _ in entries)}")
    keys: dict[int, set[str]] = {}
    for line in shipped:
        keys.setdefault(line["number"], set()).add(line["key"])
    if orders - keys.keys():
        faults.append(f"lost: {sorted(orders - keys.keys())}")
    doubled = sorted(number for number, found in keys.items() if len(found) > 1)
    if doubled:
        faults.append(f"shipped under two keys: {doubled}")
    if len({line["key"] for line in shipped}) != len(orders):
        faults.append("a key was used for two orders")
    return faults + _find_strange_attempts(shipped, attempts, kills * concurrency)


def _find_strange_attempts(
    shipped: list[dict[str, Any]], attempts: dict[str, int], most_repeats: int
) -> list[str]:
    faults = []
    by_try = Counter((line["key"], line["try"]) for line in shipped)
    if by_try.most_common(1)[0][1] > 1:
        faults.append(f"one attempt ran twice: {by_try.most_common(3)}")
    late = [line for line in shipped if line["try"] > attempts.get(line["key"], 0)]
    if late:
        faults.append(f"attempts that were not counted: {late[:3]}")
    repeats = len(shipped) - len({line["key"] for line in shipped})
    if repeats > most_repeats:
        faults.append(f"{repeats} repeats, more than could have been running: {most_repeats}")
    return faults


def find_disorder(folder: Path, customers: int) -> list[str]:
    """Customers who were served out of order. A repeat of the last one is in order."""
    faults = []
    last: dict[int, int] = {}
    for line in read_lines(folder / "shipped"):
        customer = line["number"] % customers
        if line["number"] < last.get(customer, 0):
            faults.append(f"{line['number']} after {last[customer]}")
        last[customer] = line["number"]
    return faults
