"""Every vendor's servers can be named in app.yaml, so that another server may stand there; and
secrets travel encrypted, but on this very machine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.vendor_settings import MANIFESTS

DOCS = Path(__file__).parents[2] / "docs" / "integrations.md"
# Vendors that are reached otherwise: by host and port, by a notice's own address, in our database.
_WITHOUT = {"smtp", "webhook", "pgvector"}
_NAME = re.compile(r"(\w+_url|index_host|endpoint|backup_endpoint)")


def list_addresses() -> list[tuple[str, str]]:
    return [
        (key, name)
        for key, manifest in MANIFESTS.items()
        for name in manifest.settings.model_fields
        if _NAME.fullmatch(name)
    ]


def read(vendor: str, name: str, address: str) -> Any:
    return getattr(MANIFESTS[vendor].settings.model_validate({name: address}), name)


def test_every_vendor_has_an_address_that_can_be_set() -> None:
    named = {vendor for vendor, _ in list_addresses()}
    assert set(MANIFESTS) - named - {"local"} == _WITHOUT & set(MANIFESTS)


@pytest.mark.parametrize(("vendor", "name"), list_addresses())
def test_an_address_is_https_or_of_this_machine(vendor: str, name: str) -> None:
    for address in ("https://vendor.example", "http://127.0.0.1:4010", "http://[::1]:4010"):
        assert read(vendor, name, f"{address}/") == address
    for address in (
        "http://vendor.example",
        "http://127.0.0.1.vendor.example",
        "http://localhost@vendor.example",
        "ftp://vendor.example",
        "https://",
    ):
        with pytest.raises(ValidationError):
            read(vendor, name, address)


@pytest.mark.parametrize(("vendor", "name"), list_addresses())
def test_the_docs_name_it(vendor: str, name: str) -> None:
    row = next(line for line in DOCS.read_text().splitlines() if line.startswith(f"| `{vendor}` |"))
    assert f"`{name}`" in row


@pytest.mark.parametrize(
    "vendor", [key for key, manifest in MANIFESTS.items() if manifest.oauth is not None]
)
def test_signing_in_goes_where_the_settings_say(vendor: str) -> None:
    manifest = MANIFESTS[vendor]
    here = "http://127.0.0.1:4010"
    names = [name for key, name in list_addresses() if key == vendor]
    settings = manifest.settings.model_validate(dict.fromkeys(names, here))
    flow = manifest.oauth
    assert flow is not None
    urls = [flow.authorize_url(settings), flow.token_url(settings)]
    urls += [flow.revoke_url(settings)] if flow.revoke_url else []
    assert all(url.startswith(here) for url in urls)
