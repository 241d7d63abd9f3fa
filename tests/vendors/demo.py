"""`make demo-vendors`: the demo with every stand-in of this folder in its vendor's place.

Whatever `tests/vendors/<vendor>.py` descends from `StandIn` and can be made without arguments is
started, connected by a key of `app.yaml`, switched on, and shown on a page of its own, with its
records and a button for each fault.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

import tests.vendors
from app.vendor_settings import MANIFESTS
from core.protocols.vendor import Capability
from tests.vendors.demo_page import serve_page
from tests.vendors.standin import StandIn

ROOT = Path(__file__).parents[2]
# What the demo uses where several can: mail stays in the portal unless EMAIL names a vendor.
_EMAIL = "EMAIL"
_PORT = "PORT"
_TRIES = 20


def find_stand_ins() -> list[StandIn]:
    """One of each class, not started; in alphabetical order of their titles."""
    found: dict[str, StandIn] = {}
    for module in pkgutil.iter_modules(tests.vendors.__path__):
        loaded = importlib.import_module(f"tests.vendors.{module.name}")
        for _, kind in inspect.getmembers(loaded, inspect.isclass):
            if not issubclass(kind, StandIn) or kind.__module__ != loaded.__name__:
                continue
            if kind.title and _needs_nothing(kind):
                made = kind()
                made.vendor = made.vendor or module.name
                found[made.title] = made
    return [found[title] for title in sorted(found)]


def _needs_nothing(kind: type[StandIn]) -> bool:
    plain = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(
        parameter.default is not parameter.empty or parameter.kind in plain
        for parameter in inspect.signature(kind).parameters.values()
    )


def build_config(
    shipped: Mapping[str, Any], stand_ins: Sequence[StandIn], public_url: str, email: str
) -> tuple[dict[str, Any], dict[str, str]]:
    """The demo's app.yaml with the stand-ins in it, and the environment that holds its secrets."""
    config: dict[str, Any] = dict(shipped)
    environment: dict[str, str] = {}
    known = [one for one in stand_ins if one.vendor in MANIFESTS]
    config["integrations"] = {
        one.vendor: {**one.settings(), **_build_secrets(one, environment)} for one in known
    }
    agent = config["sales_agent"]
    able: dict[Capability, list[str]] = {}
    for one in known:
        for capability in MANIFESTS[one.vendor].build:
            able.setdefault(capability, []).append(one.vendor)
    for key in able.get("crm", ()):
        switch = agent["crm_integration"].setdefault(key, {})
        agent["crm_integration"][key] = {**switch, "enabled": True}
    if able.get("calendar"):
        chosen = "google" if "google" in able["calendar"] else able["calendar"][0]
        agent["appointment_scheduling"]["calendar_provider"] = chosen
    # Stand-ins of notifiers take a notice to whomever it is.
    config["notices"] = [
        {"when": "lead.qualified", "via": key, "to": "#sales"} for key in able.get("notifier", ())
    ]
    if email in able.get("email", ()):
        config["email"]["provider"] = email
    config["server"] = {**config.get("server", {}), "public_url": public_url}
    for source in config["knowledge"]["sources"]:
        source["path"] = str(ROOT / source["path"])
    return config, environment


def _build_secrets(one: StandIn, environment: dict[str, str]) -> dict[str, str]:
    """The stand-in's credentials as `app.yaml` may have them; secrets by way of the environment."""
    manifest = MANIFESTS[one.vendor]
    fields = {field.name: field.secret for field in manifest.credentials}
    written = {}
    for name, value in one.credentials().items():
        if name not in fields:
            continue
        variable = f"DEMO_{one.vendor}_{name}".upper()
        written[name] = f"${{{variable}}}" if fields[name] else value
        if fields[name]:
            environment[variable] = value
    return written


def find_port(wanted: int) -> int:
    """`wanted`, or a free port near it."""
    for port in range(wanted, wanted + _TRIES):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SystemExit(f"No free port near {wanted}. Name another: {_PORT}=9000 make demo-vendors")


def main() -> int:
    """Run until stopped."""
    stand_ins = find_stand_ins()
    for one in stand_ins:
        one.start()
    data = Path(os.environ.get("SALES_AGENT_DATA") or ROOT / ".data").with_name(".data-vendors")
    data.mkdir(parents=True, exist_ok=True)
    for file in data.glob("sales-agent.db*"):
        # Stand-ins begin with nothing: no lead may name a record that an earlier one held.
        file.unlink()
    port = find_port(int(os.environ.get(_PORT) or 8000))
    shipped = yaml.safe_load((ROOT / "app.yaml").read_text(encoding="utf-8"))
    email = os.environ.get(_EMAIL, "")
    public_url = f"http://127.0.0.1:{port}"
    config, environment = build_config(shipped, stand_ins, public_url, email)
    path = data / "app.yaml"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    page = serve_page(stand_ins, find_port(port + 100), public_url)
    names = ", ".join(one.title for one in stand_ins)
    sys.stdout.write(f"Stand-ins: {names}\nWatch and break them at {page.url}\n")
    sys.stdout.flush()
    command = Path(sys.executable).with_name("sales-agent")
    options = ["demo", "--port", str(port), "--config", str(path), "--data", str(data)]
    server = subprocess.Popen([str(command), *options], env={**os.environ, **environment})
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        return server.wait()
    except KeyboardInterrupt:
        return server.wait()
    finally:
        page.stop()
        for one in stand_ins:
            one.stop()


if __name__ == "__main__":
    raise SystemExit(main())
