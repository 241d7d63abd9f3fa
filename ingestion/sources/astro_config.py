"""What an Astro project's configuration says about addresses, read without running it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ingestion.reading.code_scanning import end_of_brackets
from ingestion.reading.javascript import read_declarations, read_value

_CONFIG_NAMES = tuple(
    f"astro.config.{ending}" for ending in ("mjs", "ts", "js", "mts", "cjs", "cts")
)
_CONFIG_START = re.compile(r"(?:defineConfig\s*\(|export\s+default|module\.exports\s*=)\s*(?=\{)")
_STARLIGHT_START = re.compile(r"\bstarlight\s*\(\s*(?=\{)")
_COLLECTION = re.compile(r"\b(?:const\s+)?(['\"]?[\w-]+['\"]?)\s*[:=]\s*defineCollection\s*\(")
_BASE_IN_LOADER = re.compile(r"\bbase\s*:\s*['\"`]([^'\"`$]+)['\"`]")
_EXPORTED = re.compile(r"export\s+const\s+collections\s*=\s*(?=\{)")
_COMMENTS = re.compile(r"(?<![:'\"`/])//[^\n'\"`]*$|/\*.*?\*/", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class AstroConfig:
    """Addresses and folders of a project; defaults are Astro's own."""

    site: str = ""
    base: str = "/"
    trailing_slash: str = "ignore"
    build_format: str = "directory"
    source_folder: str = "src"
    built_folder: str = "dist"
    starlight: bool = False
    languages: Mapping[str, str] = field(default_factory=dict)
    """Language by folder of the locale; the key "" stands for pages outside such folders."""
    collections: Mapping[str, str] = field(default_factory=dict)
    """Folder (relative to the project) by collection, where the configuration says it."""

    def url(self, route: str, origin: str = "") -> str:
        """The address of a route ("", "about", "blog/first") as the site writes it."""
        origin = (origin or self.site).rstrip("/")
        base = "/" + self.base.strip("/") if self.base.strip("/") else ""
        if base and urlsplit(origin).path.rstrip("/").endswith(base):
            base = ""  # a base_url that holds the base already
        path = quote(route.strip("/"), safe="/:@!$&'()*+,;=~-._%")
        if not path:
            return (
                f"{origin}{base}/"
                if self.trailing_slash != "never" or not base
                else f"{origin}{base}"
            )
        slash = self.trailing_slash == "always" or (
            self.trailing_slash == "ignore" and self.build_format != "file"
        )
        return f"{origin}{base}/{path}{'/' if slash else ''}"


def find_config(project: Path) -> Path | None:
    """The project's astro.config file, if it has one."""
    return next((project / name for name in _CONFIG_NAMES if (project / name).is_file()), None)


def read_config(project: Path) -> AstroConfig:
    """Read astro.config and the collections' configuration; what is computed there is unknown."""
    path = find_config(project)
    text = _COMMENTS.sub("", path.read_text("utf-8", "replace")) if path else ""
    values = _object_after(_CONFIG_START, text)
    starlight = _object_after(_STARLIGHT_START, text)
    build = values.get("build")
    source = _folder(values.get("srcDir"), "src")
    return AstroConfig(
        site=_text(values.get("site")) or _quoted(text, "site"),
        base=_text(values.get("base")) or _quoted(text, "base") or "/",
        trailing_slash=_text(values.get("trailingSlash"))
        or _quoted(text, "trailingSlash")
        or "ignore",
        build_format=_text(build.get("format"))
        if isinstance(build, dict) and build.get("format")
        else "directory",
        source_folder=source,
        built_folder=_folder(values.get("outDir"), "dist"),
        starlight="starlight(" in text.replace(" ", "") or _depends_on_starlight(project),
        languages=_languages(values, starlight),
        collections=_collections(project, source),
    )


def _object_after(start: re.Pattern[str], text: str) -> dict[str, Any]:
    match = start.search(text)
    if match is None:
        return {}
    value, _ = read_value(text, match.end(), read_declarations(text[: match.start()], {}))
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _quoted(text: str, key: str) -> str:
    """The last quoted text on a key's line: `site: process.env.SITE ?? "https://..."`."""
    match = re.search(rf"^\s*{key}\s*:(.*)$", text, re.MULTILINE)
    found = re.findall(r"['\"`]([^'\"`$]*)['\"`]", match[1]) if match else []
    return found[-1] if found and (key != "site" or "://" in found[-1]) else ""


def _folder(value: Any, default: str) -> str:
    return _text(value).removeprefix("./").strip("/") or default


def _depends_on_starlight(project: Path) -> bool:
    try:
        package = json.loads((project / "package.json").read_text("utf-8", "replace"))
        return any(
            "@astrojs/starlight" in package.get(k, {}) for k in ("dependencies", "devDependencies")
        )
    except (OSError, ValueError, AttributeError, TypeError):
        return False


def _languages(values: Mapping[str, Any], starlight: Mapping[str, Any]) -> dict[str, str]:
    """Language by locale folder, from Starlight's `locales` or Astro's `i18n`."""
    found: dict[str, str] = {}
    locales = starlight.get("locales")
    if isinstance(locales, dict):
        for folder, locale in locales.items():
            language = _text(locale.get("lang")) if isinstance(locale, dict) else ""
            found["" if folder == "root" else folder] = language or folder
    i18n = values.get("i18n")
    if isinstance(i18n, dict):
        for locale in i18n.get("locales") or []:
            if isinstance(locale, str):
                found.setdefault(locale, locale)
            elif isinstance(locale, dict) and isinstance(locale.get("path"), str):
                codes = locale.get("codes") or [locale["path"]]
                found.setdefault(locale["path"], _text(codes[0]))
        found.setdefault("", _text(i18n.get("defaultLocale")))
    return found


def _collections(project: Path, source: str) -> dict[str, str]:
    """Folders of collections whose loader names one (`glob({ base: "./src/blog" })`)."""
    names = (f"{source}/content.config", f"{source}/content/config")
    files = (
        project / f"{name}.{ending}" for name in names for ending in ("ts", "js", "mjs", "mts")
    )
    path = next((file for file in files if file.is_file()), None)
    if path is None:
        return {}
    text = _COMMENTS.sub("", path.read_text("utf-8", "replace"))
    starts = list(_COLLECTION.finditer(text))
    folders: dict[str, str] = {}
    for match, following in zip(starts, [*starts[1:], None], strict=True):
        body = text[match.end() : following.start() if following else len(text)]
        base = _BASE_IN_LOADER.search(body)
        if base:
            folders[match[1].strip("'\"")] = base[1].removeprefix("./").strip("/")
    exported = _EXPORTED.search(text)
    if exported is None:
        return folders
    listed = text[exported.end() + 1 : end_of_brackets(text, exported.end()) - 1]
    by_variable: dict[str, str] = {}
    for part in listed.split(","):
        name, _, variable = part.partition(":")
        by_variable[(variable or name).strip()] = name.strip(" '\"\n\t")
    return {by_variable.get(name, name): folder for name, folder in folders.items()}
