"""Generated documents are fresh, and the shipped app.yaml is valid and of S1's shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.documenting import build_configuration_page, build_schema
from app.settings import load_app_settings

ROOT = Path(__file__).parents[2]
# S1, "Configuration Schema (app.yaml)".
S1: dict[str, dict[str, Any]] = {
    "page_tracking": {
        "enabled": True,
        "track_utm_parameters": True,
        "track_referrer_domain": True,
    },
    "profile_capture": {
        "required_fields": ["customer_name", "email"],
        "optional_fields": ["phone", "company", "industry"],
    },
    "vector_database": {
        "namespace": "sales_content",
        "similarity_threshold": 0.7,
        "max_results": 5,
    },
    "conversation_summaries": {
        "auto_generate": True,
        "email_enabled": True,
        "send_to_customer": True,
        "send_to_sales_team": True,
        "template_style": "professional",
    },
    "appointment_scheduling": {
        "default_duration": 30,
        "advance_booking_days": 14,
        "timezone_handling": "auto_detect",
    },
    "crm_integration": {
        "zoho": {"enabled": False, "api_domain": "www.zohoapis.com"},
        "salesforce": {"enabled": False, "sandbox_mode": True},
        "hubspot": {"enabled": False, "portal_id": None},
    },
}
# Which provider, and whether anything needs an account, is the shipped file's own choice.
CHOICES = {
    "vector_database": {"provider"},
    "appointment_scheduling": {"enabled", "calendar_provider"},
}


def test_the_configuration_page_is_fresh() -> None:
    shown = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert shown == build_configuration_page(), "run: python -m app.documenting"


def test_the_schema_for_editors_is_fresh() -> None:
    shown = (ROOT / "docs" / "app.schema.json").read_text(encoding="utf-8")
    assert shown == build_schema(), "run: python -m app.documenting"
    assert json.loads(shown)["properties"]["sales_agent"]


def test_the_shipped_configuration_is_valid() -> None:
    settings = load_app_settings(ROOT / "app.yaml")
    assert "demo" in {site.key for site in settings.sites}


@pytest.mark.parametrize("section", S1)
def test_the_shipped_configuration_keeps_the_names_and_values_of_s1(section: str) -> None:
    shipped = yaml.safe_load((ROOT / "app.yaml").read_text(encoding="utf-8"))["sales_agent"]
    # Keys that S1 does not know may stand beside its own.
    values = {key: shipped[section].get(key) for key in S1[section]}
    assert values == S1[section]
    assert CHOICES.get(section, set()) <= set(shipped[section])
    assert set(shipped) >= set(S1)


def test_the_schema_of_s1_is_read_as_it_stands_but_for_vendors(tmp_path: Path) -> None:
    head = yaml.safe_dump({"sales_agent": S1})
    path = tmp_path / "app.yaml"
    path.write_text(head + "sites: [{key: a, name: A, allowed_origins: [self]}]\n")
    settings = load_app_settings(path)
    assert settings.sales_agent.vector_database.max_results == 5
