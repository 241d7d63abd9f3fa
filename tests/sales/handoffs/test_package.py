"""The package: canonical form, schema, verticals, attribution, scripts. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.handoffs.canonical import (
    NotCanonical,
    hash_canonical,
    read_strict,
    write_canonical,
    write_number,
)
from sales.handoffs.package_attribution import (
    choose_channel,
    choose_medium,
    describe_attribution,
)
from sales.handoffs.package_schema import build_schema, check_package, read_moment, write_moment
from sales.handoffs.package_scripts import SCRIPTS, choose_script
from sales.handoffs.package_verticals import PACKS, fill_sections
from sales.leads.notice_custom import notice_custom
from sales.leads.reading import Reading
from sales.leads.schemas import Touch
from tests.contracts.sales_system import PACKAGE

AT = datetime(2026, 12, 1, tzinfo=UTC)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_canonical_json_reads_back_and_is_its_own_canonical_form(value: Any) -> None:
    written = write_canonical(value)
    assert write_canonical(read_strict(written)) == written
    # However it was laid out on its way, the hash is the same.
    loose = json.dumps(value, indent=3, ensure_ascii=True).encode()
    assert hash_canonical(write_canonical(read_strict(loose))) == hash_canonical(written)


# RFC 8785, appendix B, and ECMA-262's own examples.
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (999999999999999700000.0, "999999999999999700000"),
        (1e21, "1e+21"),
        (0.000001, "0.000001"),
        (9.999999999999997e-7, "9.999999999999997e-7"),
        (333333333.33333329, "333333333.3333333"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"),
    ],
)
def test_numbers_are_written_as_the_rfc_has_them(value: float, text: str) -> None:
    assert write_number(value) == text


def test_members_are_sorted_by_utf_16() -> None:
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    names = list(json.loads(write_canonical(value)))
    assert names == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1, "\ud800", {1: 2}, b"x"])
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        write_canonical({"a": value} if not isinstance(value, dict) else value)


def test_every_field_of_s0_is_named_and_required() -> None:
    package = {**PACKAGE, "leadId": "a", "externalLeadId": "a"}
    assert check_package(package) == []
    schema = build_schema()
    for section, content in package.items():
        assert [
            p["code"] for p in check_package({k: v for k, v in package.items() if k != section})
        ]
        if isinstance(content, dict):
            assert set(schema["properties"][section]["required"]) == set(content)
            for name in content:
                less = {k: v for k, v in content.items() if k != name}
                (problem,) = check_package({**package, section: less})
                assert problem["field"] == f"{section}.{name}"
                assert problem["code"] == "MISSING_FIELD"
    assert check_package({**package, "more": 1}) == []


@pytest.mark.parametrize("text", ["2026-12-01T09:00:00Z", "2026-12-01T09:00:00.125+01:00"])
def test_times_are_read_and_written(text: str) -> None:
    moment = read_moment(text)
    assert moment is not None
    assert read_moment(write_moment(moment)) == moment


@pytest.mark.parametrize("text", ["2026-12-01", "2026-13-01T00:00:00Z", "now", 7, None, ""])
def test_what_is_no_time_is_none(text: object) -> None:
    assert read_moment(text) is None


def build_touch(**more: Any) -> Touch:
    values = {"page_url": "https://x.example/", "page_path": "/", "page_title": "", "referrer": "",
              "referrer_domain": "", "utm": {}, "touched_at": AT, "channel": "widget"}  # fmt: skip
    return Touch(conversation_id="c", **{**values, **more})


@pytest.mark.parametrize(
    ("domain", "utm", "channel", "medium"),
    [
        ("", {}, "website", None),
        ("www.google.co.uk", {}, "organic", "organic"),
        ("notgoogle.example", {}, "website", "referral"),
        ("www.linkedin.com", {}, "website", "social"),
        ("", {"utm_medium": "cpc", "utm_source": "google"}, "digital-ads", "cpc"),
        ("", {"utm_medium": "Newsletter"}, "website", "email"),
        ("", {"utm_medium": "partner", "utm_source": "acme"}, "partner", None),
        ("", {"utm_medium": "press"}, "pr", None),
        ("", {"utm_source": "developer"}, "developer", None),
        ("", {"utm_medium": "skywriting"}, "website", None),
    ],
)
def test_where_a_lead_came_from_is_said_in_s0s_words(
    domain: str, utm: dict[str, str], channel: str, medium: str | None
) -> None:
    touch = build_touch(referrer_domain=domain, utm=utm)
    assert (choose_channel(touch), choose_medium(touch)) == (channel, medium)
    assert (choose_channel(None), choose_medium(None)) == (None, None)


@pytest.mark.parametrize(
    ("source", "channel", "medium", "referrer"),
    [
        ("contact-form", "website", None, None),
        ("google-ads", "digital-ads", "cpc", None),
        ("partner: Acme & Sons", "partner", None, "partner: Acme & Sons"),
        ("newsletter", None, "email", None),
        ("api", None, None, None),
    ],
)
def test_of_whom_a_machine_entered_only_the_named_source_is_told(
    source: str, channel: str | None, medium: str | None, referrer: str | None
) -> None:
    touch = replace(
        build_touch(channel=source, referrer_domain=source, page_url=""), conversation_id=None
    )
    told = describe_attribution([touch], "something else")
    assert (told["channel"], told["medium"], told["source"]) == (channel, medium, source)
    assert (told["referrer"], told["landingPage"]) == (referrer, None)


def test_each_pack_fills_its_sections_or_says_null() -> None:
    lead = {"timeline": "3-months", "urgency": "high", "company": "Acme", "employee_count": 7}
    for pack in PACKS.values():
        empty = fill_sections(pack, {}, {})
        assert check_sections(empty) == []
        assert all(value is None for section in empty.values() for value in section.values())
        assert check_sections(fill_sections(pack, lead, {})) == []
    custom = {"service_type": "remortgage", "property_value": 325_000, "property_type": "castle"}
    filled = fill_sections(PACKS["conveyancing"], lead, custom)
    assert filled["serviceRequest"]["serviceType"] == "remortgage"
    assert filled["serviceRequest"]["timeline"] == "3-months"
    assert filled["property"]["estimatedValue"] == 325_000
    # Never made up: a value that S0 does not list is not known.
    assert filled["property"]["propertyType"] is None


def check_sections(sections: dict[str, Any]) -> list[dict[str, str]]:
    return check_package({**PACKAGE, "leadId": "a", "externalLeadId": "a", **sections})


@pytest.mark.parametrize(
    ("said", "field", "value"),
    [
        ("It is about a transfer of equity.", "service_type", "transfer-of-equity"),
        ("We need a remortgage for our flat.", "service_type", "remortgage"),
        ("Our house is semi-detached.", "property_type", "semi-detached"),
        ("The property is in SW1A 1AA.", "property_postcode", "SW1A 1AA"),
        ("The purchase price is £450,000.", "property_value", 450_000),
        ("It is worth £1.2m.", "property_value", 1_200_000),
    ],
)
def test_a_packs_fields_are_heard_in_a_conversation(said: str, field: str, value: object) -> None:
    fields = PACKS["conveyancing"].custom_fields
    reading = Reading(said, None, {}, "GB", "en-GB", frozenset())
    assert {one.field: one.value for one in notice_custom(reading, fields)}[field] == value


def test_a_lead_s_own_words_for_when_are_one_of_s0s_where_only_those_fit() -> None:
    said, chosen = {"timeline": "within two weeks"}, {"timeline": "1-month"}
    for pack, section, timeline in (
        ("conveyancing", "serviceRequest", "1-month"),
        ("b2b_saas", "opportunity", "within two weeks"),
    ):
        assert fill_sections(PACKS[pack], said, {}, chosen)[section]["timeline"] == timeline


def test_a_script_is_suggested_by_what_the_lead_fears_and_wants() -> None:
    assert choose_script(SCRIPTS, "hot", {"price_objection"}, set()) == "price-first"
    assert choose_script(SCRIPTS, "hot", set(), {"demo_asked"}) == "demo-offer"
    assert choose_script(SCRIPTS, "hot", set(), set()) == "ready-to-buy"
    assert choose_script(SCRIPTS, "cold", set(), set()) == "nurture"
    assert choose_script((), "hot", set(), set()) is None
