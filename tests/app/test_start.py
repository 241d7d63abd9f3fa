"""What a start of the embedded default loads: nothing that only a chosen vendor needs."""

from __future__ import annotations

import json
import subprocess
import sys

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
_LOADED = """
import json, sys
import app.cli.main, app.cli.serving, app.runtime
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_a_start_loads_no_sdk_of_a_vendor() -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED], stdout=subprocess.PIPE, check=True)
    loaded = set(json.loads(done.stdout))
    assert "fastapi" in loaded
    assert loaded.isdisjoint(VENDORS)
