"""Which address each file of an Astro project will have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

_CALL = re.compile(r"\bgetCollection\s*(?:<[^>]*>)?\s*\(\s*['\"`]([\w-]+)['\"`]")
_PARAMETER = re.compile(r"\[(\.\.\.)?([\w-]+)\]")
_BY_DATA = re.compile(r"\.data\.(slug|permalink|path|url|id)\b")
_STRIPPED = re.compile(r"[^\w\- ]+")
_LOCALE_PARAMETERS = frozenset({"lang", "locale", "language"})
NOT_PAGES = frozenset({"404", "500"})


@dataclass(frozen=True, slots=True)
class Route:
    """A page file with parameters in its name that shows the entries of a collection."""

    pattern: str
    by_data: str  # the front matter key that the parameter is taken from, "" for the entry's id


def slugify(path: str) -> str:
    """An entry's id as Astro makes it from its path (github-slugger, each part by itself)."""
    return "/".join(
        _STRIPPED.sub("", part.lower()).strip().replace(" ", "-") for part in path.split("/")
    )


def entry_id(relative: PurePosixPath, data: Mapping[str, Any]) -> str:
    """A collection entry's id: `slug` of its front matter, else its path without extension."""
    own = data.get("slug")
    if isinstance(own, str) and own.strip():
        return own.strip().strip("/")
    path = relative.with_suffix("").as_posix()
    path = (
        path.removesuffix("/index") if path.endswith("/index") else "" if path == "index" else path
    )
    return slugify(path)


def page_route(relative: PurePosixPath) -> str | None:
    """The route of a file in `src/pages`; None if it is no page (`_part`, `[slug]`, 404)."""
    parts = relative.with_suffix("").parts
    if any(part.startswith("_") for part in parts) or any("[" in part for part in parts):
        return None
    if parts[-1] in NOT_PAGES:
        return None
    if parts[-1] == "index":
        parts = parts[:-1]
    return "/".join(parts)


def collection_routes(pages: Path) -> Iterator[tuple[str, Route]]:
    """The collections that page files with parameters show, each with its route."""
    if not pages.is_dir():
        return
    for path in sorted(pages.rglob("*.astro")):
        name = path.relative_to(pages).with_suffix("").as_posix()
        if "[" not in name or "/_" in f"/{name}":
            continue
        text = path.read_text("utf-8", "replace")
        parameters = _PARAMETER.findall(name)
        if any(word in {"page", "tag", "category", "author"} for _, word in parameters):
            continue  # lists of entries, not entries
        by_data = _BY_DATA.search(text)
        for collection in dict.fromkeys(_CALL.findall(text)):
            yield collection, Route(name, by_data[1] if by_data else "")


def listed_collections(text: str) -> list[str]:
    """The collections that a page's script reads."""
    return list(dict.fromkeys(_CALL.findall(text)))


def fill_route(route: Route, identifier: str, data: Mapping[str, Any]) -> str:
    """The route of one entry."""
    own = data.get(route.by_data) if route.by_data else None
    value = own.strip("/") if isinstance(own, str) and own.strip() else identifier
    parameters = _PARAMETER.findall(route.pattern)
    filled = route.pattern
    if len(parameters) > 1 and parameters[0][1] in _LOCALE_PARAMETERS and "/" in value:
        locale, _, value = value.partition("/")
        filled = _PARAMETER.sub(lambda _: locale, filled, count=1)
    filled = _PARAMETER.sub(lambda _: value, filled, count=1)
    filled = _PARAMETER.sub("", filled)
    return filled.removesuffix("/index").replace("//", "/").strip("/")
