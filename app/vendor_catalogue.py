"""Which vendors there are: the folders of `integrations/` with a manifest, and nothing else.

Manifests are cheap to import. What they name is imported only where a vendor is switched on, so
that an installation without a vendor's library starts, and starts fast.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import pkgutil
import re
from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Any

import integrations
from core.errors import BugError, ConfigurationError
from core.protocols.vendor import Capability, Manifest, VendorContext

_DISTRIBUTION = "sales-agent"
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_KEY = re.compile(r"^[a-z][a-z0-9_]{1,39}$")

Manifests = Mapping[str, Manifest]


def find_manifests(package: ModuleType = integrations) -> Manifests:
    """The manifests of all vendors by key, in alphabetical order. Folders that begin with an
    underscore and those without a manifest (`local` needs none) are no vendors.

    Raises:
        BugError: a manifest's key is not its folder's name, or is no short word.
    """
    found: dict[str, Manifest] = {}
    for folder in sorted(pkgutil.iter_modules(package.__path__), key=lambda each: each.name):
        place = f"{package.__name__}.{folder.name}"
        if folder.name.startswith("_") or not folder.ispkg:
            continue
        if importlib.util.find_spec(f"{place}.manifest") is None:
            continue
        manifest: Manifest = importlib.import_module(f"{place}.manifest").MANIFEST
        if manifest.key != folder.name or not _KEY.match(manifest.key):
            raise BugError(f"{place}.manifest: the key must be the folder's name, a small word")
        found[manifest.key] = manifest
    return MappingProxyType(found)


def load_function(manifest: Manifest, name: str) -> Any:
    """What `module:function` names.

    Raises:
        ConfigurationError: the vendor's library is not installed; says what to install.
    """
    module, _, function = name.partition(":")
    try:
        return getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not manifest.extra or missing.split(".")[0] == module.split(".", maxsplit=1)[0]:
            raise
        raise ConfigurationError(
            f"integrations.{manifest.key}",
            [
                f"{manifest.name} needs a library that is not installed ({missing}). "
                f"Run: pip install '{_DISTRIBUTION}[{manifest.extra}]'"
            ],
        ) from None


def open_capability(manifest: Manifest, capability: Capability, context: VendorContext) -> Any:
    """The vendor's implementation of a capability's protocol.

    Raises:
        ConfigurationError: the vendor cannot do that, or its library is not installed.
    """
    name = manifest.build.get(capability)
    if name is None:
        able = ", ".join(manifest.capabilities)
        raise ConfigurationError(
            f"integrations.{manifest.key}",
            [f"{manifest.name} is no {capability}. It can be used as: {able}."],
        )
    return load_function(manifest, name)(context)


def list_missing_libraries(manifest: Manifest) -> list[str]:
    """The distributions of the vendor's extra that are not installed here."""
    if not manifest.extra:
        return []
    try:
        requirements = importlib.metadata.requires(_DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    wanted = re.compile(rf"""extra == ['"]{re.escape(manifest.extra)}['"]""")
    names = [_NAME.findall(line)[0] for line in requirements if wanted.search(line)]
    return [name for name in names if not _is_installed(name)]


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
