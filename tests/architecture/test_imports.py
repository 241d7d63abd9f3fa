"""Which way imports point: the contracts of pyproject.toml, and what they cannot say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.architecture.source import PACKAGES, ROOT, product_modules

# What another module of sales, and everybody above it, may use. The rest is its own affair.
DOORS = {"service", "schemas", "settings", "events", "errors", "api", "rules"}
# A pure module of names, ranking and the like is a door as well: see `PURE` in test_purity.
INNER = {"models", "repository", "effects", "workflow"}
SHARED_VALUES = {"sales.organization.models.SiteRef"}


def test_the_import_contracts_hold() -> None:
    checker = Path(sys.executable).parent / "lint-imports"
    checked = subprocess.run(
        [str(checker), "--no-cache"], check=False, cwd=ROOT, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout[checked.stdout.find("Contracts:") :]


def test_every_package_of_ours_is_under_contract() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    start = text.index("root_packages = [")
    roots = text[start : text.index("]", start)]
    present = [name for name in PACKAGES if (ROOT / name / "__init__.py").exists()]
    assert [name for name in present if f'"{name}"' not in roots] == []


def test_modules_of_sales_meet_at_services_and_values_not_at_tables() -> None:
    """Only wiring, effects' registry and migrations know insides; only a module itself its
    repository."""
    faults = []
    for module in product_modules():
        knows = module.name in (
            "app.wiring",
            "app.handoffs",
            "app.feedback",
            "app.notices",
            "app.effects",
        )
        if module.place.startswith("app/migrations/") or knows:
            continue
        for imported, line in module.imported():
            parts = imported.split(".")
            if parts[0] != "sales" or len(parts) < 3 or parts[2] not in INNER:
                continue
            home = f"sales.{parts[1]}."
            if not module.name.startswith(home) and imported not in SHARED_VALUES:
                faults.append(f"{module.place}:{line} imports {imported}")
    assert faults == []


def test_vendors_are_imported_by_their_integration_alone() -> None:
    """A vendor's library belongs into its folder, so that `rm -r` takes the vendor out."""
    vendors = (
        "openai",
        "hubspot",
        "simple_salesforce",
        "sendgrid",
        "pinecone",
        "googleapiclient",
        "langchain_openai",
        "zohocrmsdk",
        "msal",
        "aiosmtplib",
        "onnxruntime",
        "tokenizers",
    )
    faults = [
        f"{module.place}:{line} imports {imported}"
        for module in product_modules()
        if not module.place.startswith("integrations/")
        for imported, line in module.imported()
        if imported.split(".")[0] in vendors
    ]
    assert faults == []


def test_importing_the_kernel_imports_no_vendor_and_no_web_server() -> None:
    """A base install must start fast: heavy libraries are imported where they are used."""
    code = "import sys, core.outbox, core.settings, core.logging; print('\\n'.join(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True
    )
    loaded = {name.split(".")[0] for name in ran.stdout.split()}
    assert loaded & {"fastapi", "uvicorn", "onnxruntime", "langchain", "langchain_core"} == set()


def test_the_server_starts_without_any_models_library() -> None:
    """LangChain takes seconds and is an extra: only a configured model imports it."""
    code = "import sys, app.server, app.wiring; print('\\n'.join(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True
    )
    loaded = {name.split(".")[0] for name in ran.stdout.split()}
    assert loaded & {"langchain", "langchain_core", "langchain_openai", "openai"} == set()
