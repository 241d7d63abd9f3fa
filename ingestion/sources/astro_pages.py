"""Text of `.astro` pages, with the project's own components and data in their places."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.reading.astro_template import split_component
from ingestion.reading.javascript import read_declarations
from ingestion.reading.jsx import Template
from ingestion.sources.front_matter import split_front_matter

Entries = Mapping[str, list[dict[str, Any]]]
"""Each collection's entries as a script sees them: {"id", "slug", "data"}."""

_IMPORT = re.compile(
    r"^\s*import\s+(?!type\b)(?:(?:\*\s+as\s+)?([A-Za-z_$][\w$]*)\s*,?\s*)?(?:\{([^}]*)\}\s*)?from\s*['\"]([^'\"]+)['\"]",
    re.MULTILINE,
)
_COLLECTION = re.compile(
    r"(?:const|let)\s+([A-Za-z_$][\w$]*)\s*(?::[^=]+)?=\s*\(*\s*await\s+getCollection\s*(?:<[^>]*>)?\(\s*['\"]([\w-]+)['\"]"
)
_FURNITURE = re.compile(
    r"^(?:Base)?(?:Head|Header|Footer|Nav|Navbar|Navigation|Menu|Sidebar|TopBar|Breadcrumbs?|Cookie\w*"
    r"|Seo|SEO|BaseHead|Meta|Analytics|ThemeToggle|SkipLink|ShareButtons?|SocialLinks?|Announcement\w*)$"
)
_SCRIPTS = (".ts", ".js", ".mjs", ".mts")
_MARK_UP_SCRIPTS = (".jsx", ".tsx")
_MAX_DEPTH = 8
_MAX_FILE_BYTES = 1_000_000


@dataclass(slots=True)
class AstroPage:
    """A page's HTML, and the title and description it hands to its layout."""

    html: str = ""
    title: str = ""
    description: str = ""


class AstroPages:
    """Reads pages of one project. Nothing is executed; files outside the project are not read."""

    def __init__(self, project: Path, source: Path, entries: Entries) -> None:
        self._project = project.resolve()
        self._source = source
        self._entries = entries
        self._aliases = _aliases(project, source)
        self._texts: dict[Path, str] = {}

    def read(self, path: Path, text: str) -> AstroPage:
        """Render a page file."""
        page = AstroPage()
        page.html = self._component(path, text, {}, page, (path,))
        return page

    def expander(self, path: Path, script: str, page: AstroPage) -> tuple[Any, dict[str, Any]]:
        """For MDX: what its imports stand for, as a component expander and as data."""
        components, known = self._imports(path, script, {})
        return self._expand(components, page, (path,)), known

    def _component(
        self,
        path: Path,
        text: str,
        props: Mapping[str, Any],
        page: AstroPage,
        above: tuple[Path, ...],
    ) -> str:
        script, template = split_component(text)
        components, known = self._imports(path, script, {"Astro": {"props": dict(props)}})
        for name, collection in _COLLECTION.findall(script):
            known[name] = self._entries.get(collection, [])
        known = read_declarations(script, known)
        rendered = Template(self._expand(components, page, above)).render(template, known)
        if len(above) == 1:
            page.title = page.title or _named("title", known)
            page.description = page.description or _named("description", known)
        return rendered

    def _expand(
        self, components: Mapping[str, Path], page: AstroPage, above: tuple[Path, ...]
    ) -> Any:
        def expand(name: str, attributes: Mapping[str, Any]) -> str | None:
            path = components.get(name)
            if _is_layout(name, path):
                if not page.title and len(above) == 1:
                    page.title = _named("title", attributes)
                    page.description = _named("description", attributes)
                return ""
            if _FURNITURE.match(name):
                return ""
            if path is None or path in above or len(above) > _MAX_DEPTH:
                return None
            text = self._read(path)
            if path.suffix == ".astro":
                return self._component(path, text, attributes, page, (*above, path))
            if path.suffix in _MARK_UP_SCRIPTS:
                inner, known = self._imports(path, text, {"props": dict(attributes)})
                known = read_declarations(text, {**known, **attributes})
                return Template(self._expand(inner, page, (*above, path))).expression(
                    f" {text}", known
                )
            return None

        return expand

    def _imports(
        self, path: Path, script: str, known: dict[str, Any]
    ) -> tuple[dict[str, Path], dict[str, Any]]:
        """Components by name, and the data of imported JSON and scripts."""
        components: dict[str, Path] = {}
        for default, names, specifier in _IMPORT.findall(script):
            target = self._resolve(path, specifier)
            if target is None:
                continue
            if target.suffix in {".astro", *_MARK_UP_SCRIPTS}:
                for name in [default, *_imported(names)]:
                    components[name] = target
            elif target.suffix == ".json" and default:
                known[default] = _json(self._read(target))
            elif target.suffix in _SCRIPTS:
                data = read_declarations(self._read(target), {})
                known.update(
                    {new: data[old] for old, new in _imported(names).items() if old in data}
                )
            elif target.suffix in {".md", ".mdx"} and default:
                known[default] = {"frontmatter": split_front_matter(self._read(target))[0]}
        return components, known

    def _resolve(self, path: Path, specifier: str) -> Path | None:
        """The file that an import names, if it is in the project."""
        specifier = specifier.partition("?")[0]
        base: Path | None = None
        if specifier.startswith("."):
            base = path.parent / specifier
        elif specifier.startswith("/"):
            base = self._project / specifier.lstrip("/")
        else:
            for prefix, folder in self._aliases:
                if specifier.startswith(prefix):
                    base = folder / specifier[len(prefix) :]
                    break
        if base is None:
            return None
        for candidate in (
            base,
            *(
                base.with_name(base.name + ending)
                for ending in (*_SCRIPTS, *_MARK_UP_SCRIPTS, ".astro")
            ),
            *(base / f"index{ending}" for ending in _SCRIPTS),
        ):
            if candidate.is_file():
                resolved = candidate.resolve()
                return resolved if resolved.is_relative_to(self._project) else None
        return None

    def _read(self, path: Path) -> str:
        if path not in self._texts:
            fits = path.stat().st_size <= _MAX_FILE_BYTES
            self._texts[path] = path.read_text("utf-8", "replace") if fits else ""
        return self._texts[path]


def _imported(names: str) -> dict[str, str]:
    """`{ a, b as c }`: imported name -> name here."""
    found: dict[str, str] = {}
    for part in names.split(","):
        old, _, new = part.strip().removeprefix("type ").partition(" as ")
        if old.strip():
            found[old.strip()] = new.strip() or old.strip()
    return found


def _is_layout(name: str, path: Path | None) -> bool:
    """Layouts hold the furniture; what they are given as title and children is the page."""
    return (
        name.endswith(("Layout", "StarlightPage"))
        or (path is not None and "layouts" in path.parts)
        or name in {"Layout", "Base", "Page", "BasePage"}
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _named(name: str, values: Mapping[str, Any]) -> str:
    """A title or description, also where layouts take both in one object."""
    inner = (values.get(key) for key in ("metadata", "meta", "seo", "frontmatter", "head"))
    within = next((v[name] for v in inner if isinstance(v, Mapping) and v.get(name)), "")
    return _text(values.get(name)) or _text(within)


def _json(text: str) -> Any:
    def as_text(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: as_text(item) for key, item in value.items()}
        if isinstance(value, list):
            return [as_text(item) for item in value]
        return value if isinstance(value, bool | str) or value is None else str(value)

    try:
        return as_text(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _aliases(project: Path, source: Path) -> list[tuple[str, Path]]:
    """Import prefixes: those of tsconfig.json, then the usual ones."""
    found: list[tuple[str, Path]] = []
    for name in ("tsconfig.json", "jsconfig.json"):
        file = project / name
        if not file.is_file():
            continue
        text = re.sub(
            r"(?m)^\s*//.*$|/\*.*?\*/|,(?=\s*[}\]])", "", file.read_text("utf-8", "replace")
        )
        data = _json(text)
        options = data.get("compilerOptions") if isinstance(data, dict) else None
        paths = options.get("paths") if isinstance(options, dict) else None
        base = (
            project / (_text(options.get("baseUrl")) or ".")
            if isinstance(options, dict)
            else project
        )
        for alias, targets in (paths or {}).items():
            if isinstance(targets, list) and targets and alias.endswith("*"):
                found.append((alias[:-1], base / _text(targets[0]).removesuffix("*")))
    return [
        *found,
        ("@/", source),
        ("~/", source),
        ("src/", source),
        ("@components/", source / "components"),
    ]
