"""What a start of the embedded default loads: nothing that only a chosen vendor needs."""

from __future__ import annotations

import json
import subprocess
import sys

from app.settings import ServerSettings
from core.settings import Section, read_field_docstrings

# What the optional extras install. None of it is the embedded default's.
VENDORS = (
    "anthropic",
    "google",
    "googleapiclient",
    "hubspot",
    "langchain",
    "langchain_core",
    "langchain_openai",
    "langgraph",
    "msal",
    "openai",
    "pinecone",
    "qdrant_client",
    "sendgrid",
    "simple_salesforce",
    "slack_sdk",
    "tiktoken",
    "twilio",
    "weaviate",
)
# What the default uses, but not before the first meeting, handoff or migration.
LATER = ("alembic", "dateutil", "icalendar", "jsonschema_rs", "mako", "onnxruntime")
# The server, which settings do without: they are read before the embedding model is opened, which
# then finds room (app/embedder.py).
SERVER = ("argon2", "cryptography", "fastapi", "httpx", "jinja2", "numpy", "portal", "uvicorn")
_LOADED = """
import json, sys
import {modules}
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""


def test_a_start_loads_nothing_that_it_may_not_need() -> None:
    loaded = list_loaded("app.cli.main, app.cli.serving, app.runtime, app.server")
    assert "fastapi" in loaded
    assert loaded.isdisjoint(VENDORS)
    assert loaded.isdisjoint(LATER)


def test_settings_are_read_without_the_server() -> None:
    loaded = list_loaded("app.cli.main, app.settings, app.embedder")
    assert "pydantic" in loaded
    # The embedding model's own.
    assert loaded.isdisjoint({*VENDORS, *LATER, *SERVER} - {"numpy"})


def list_loaded(modules: str) -> set[str]:
    """The packages in memory after importing `modules`."""
    code = _LOADED.format(modules=modules)
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    return set(json.loads(done.stdout))


def test_a_start_reads_no_source_for_descriptions() -> None:
    """Descriptions of settings are for the document; reading them was a third of a start."""
    assert not Section.model_config.get("use_attribute_docstrings")
    assert read_field_docstrings(ServerSettings)["log_format"] == "json: one object a line."
