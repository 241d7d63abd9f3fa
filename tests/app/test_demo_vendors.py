"""`make demo-vendors`: its app.yaml is a valid one, and its page shows and breaks stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from app.settings import AppSettings
from app.vendor_settings import MANIFESTS, list_enabled_crms, read_credentials
from core.settings import parse_settings
from tests.support.acme import AcmeStandIn
from tests.vendors.demo import build_config, find_stand_ins
from tests.vendors.demo_page import FAULTS, serve_page
from tests.vendors.standin import StandIn

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[list[StandIn]]:
    with ExitStack() as stack:
        yield [stack.enter_context(one) for one in find_stand_ins()]


def test_every_stand_in_that_has_a_vendor_is_connected_and_switched_on(
    stand_ins: list[StandIn],
) -> None:
    shipped = yaml.safe_load((ROOT / "app.yaml").read_text(encoding="utf-8"))
    config, environment = build_config(shipped, stand_ins, "http://127.0.0.1:8000", "mailgun")
    settings = parse_settings(AppSettings, yaml.safe_dump(config), "app.yaml", environment)
    crms = {one.vendor for one in stand_ins if "crm" in MANIFESTS.get(one.vendor, _NOTHING).build}
    assert set(list_enabled_crms(settings.sales_agent.crm_integration)) == crms
    assert {"hubspot", "salesforce", "zoho"} <= crms
    assert settings.sales_agent.appointment_scheduling.calendar_provider == "google"
    assert settings.email.provider == "mailgun"
    assert [one.via for one in settings.notices] == ["slack"]
    for one in stand_ins:
        if one.vendor in MANIFESTS and one.credentials():
            section: Any = getattr(settings.integrations, one.vendor)
            assert read_credentials(MANIFESTS[one.vendor], section), one.title


class _Nothing:
    build: dict[str, str] = {}  # noqa: RUF012 - never changed


_NOTHING: Any = _Nothing()


def test_the_page_shows_records_escaped_and_orders_faults() -> None:
    with AcmeStandIn() as acme:
        page = serve_page([acme], 0, "http://127.0.0.1:1")
        try:
            acme.mails["<script>alert(1)</script>"] = {"To": "<b>x"}  # type: ignore[assignment]
            shown = httpx.get(page.url).text
            assert "&lt;script&gt;alert(1)" in shown
            assert "<script>" not in shown
            form = {"stand_in": "0", "fault": "429, Retry-After 5"}
            assert httpx.post(page.url + "fault", data=form).status_code == 303
            assert acme.faults.list_waiting() == [(FAULTS["429, Retry-After 5"], 3)]
            assert "Waiting: 429, Retry-After 5, 3 times" in httpx.get(page.url).text
            foreign = {"origin": "https://evil.example"}
            httpx.post(page.url + "fault", data={**form, "fault": "500"}, headers=foreign)
            assert len(acme.faults.list_waiting()) == 1
            httpx.post(page.url + "fault", data={**form, "fault": "all well"})
            assert acme.faults.list_waiting() == []
        finally:
            page.stop()
