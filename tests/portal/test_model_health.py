"""How language models do, on the page Health: admins see why a model is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from agent.circuit import Circuit
from agent.model_failures import FailureKind, KeptFailure, ModelRecord
from ingestion.report import IngestReport
from tests.portal.conftest import PortalServer, text_of


def test_a_failing_model_is_shown_with_the_vendors_words(portal: PortalServer) -> None:
    record = ModelRecord()
    circuit = Circuit(portal.clock, 1, timedelta(minutes=5))
    record.watch("openai:gpt-5-mini", circuit)
    runtime = portal.runtime
    runtime.portal = replace(runtime.portal, models=record)
    admin = portal.enter("ada")
    assert "In use" in text_of(admin.get("/portal/health"))
    circuit.fail()
    words = "401 Incorrect <b>key</b>"
    kind = FailureKind.REFUSED_KEY
    record.keep(KeptFailure(portal.clock.now(), "openai:gpt-5-mini", kind, words))
    page = admin.get("/portal/health")
    shown = text_of(page)
    assert "Left alone until 09:05" in shown
    assert "refused key: 1" in shown
    assert "<b>key</b>" not in page.text


def test_the_page_tells_when_a_source_was_last_read_in(portal: PortalServer) -> None:
    admin = portal.enter("ada")
    assert "Never" in text_of(admin.get("/portal/health"))
    knowledge = portal.runtime.resources.knowledge
    site = portal.runtime.resources.organization.list_sites()[0].ref
    report = IngestReport("shop", found=3, new=1, unchanged=2, kept="<b>max_pages</b>")
    at = portal.clock.now()
    portal.server.wait(
        knowledge.record_reading(site, report.describe(at, at + timedelta(minutes=2)))
    )
    page = admin.get("/portal/health")
    shown = text_of(page)
    assert "shop" in shown
    assert "Incomplete" in shown
    assert "3 pages, 1 new" in shown
    assert "<b>max_pages" not in page.text


def test_without_a_model_the_page_does_not_speak_of_any(portal: PortalServer) -> None:
    admin = portal.enter("ada")
    assert "Language models" not in text_of(admin.get("/portal/health"))
