"""A field that the vendor's specification does not know makes each stand-in's suite fail."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.integrations.hubspot.harness import make_stand_in as make_hubspot
from tests.support.specification import load_specification
from tests.vendors.calendly import CalendlyStandIn
from tests.vendors.pinecone import KEY, PineconeStandIn
from tests.vendors.sendgrid import API_KEY, SendGridStandIn
from tests.vendors.slack import TOKEN, SlackStandIn
from tests.vendors.standin import HttpStandIn


def make(vendor: str) -> HttpStandIn:
    load_specification(vendor.partition("-")[0] if vendor != "pinecone" else "pinecone_data")
    return {
        "calendly": lambda: CalendlyStandIn(judge=load_specification("calendly")),
        "hubspot": make_hubspot,
        "pinecone": PineconeStandIn,
        "sendgrid": SendGridStandIn,
        "slack": SlackStandIn,
    }[vendor]()


_CONTACT = {"properties": {"email": "a@b.example"}, "associations": []}
_MAIL = {
    "personalizations": [{"to": [{"email": "a@b.example"}]}],
    "from": {"email": "c@d.example"},
    "subject": "s",
    "content": [{"type": "text/plain", "value": "v"}],
}


# What is wrong in the requests below.
_WORDS = ("weekday", "'because'", "'address'", "limits: unknown", "'extra'", "'owner'", "'colour'",
          "'nearest'", "'priority'", "'charset'", "no such operation")  # fmt: skip


@pytest.mark.parametrize(
    ("vendor", "method", "target", "body", "headers"),
    [
        ("calendly", "GET", "/user_busy_times?user=u&start_time=s&weekday=1", None, {}),
        ("calendly", "POST", "/scheduled_events/E1/cancellation", {"because": "x"}, {}),
        ("calendly", "POST", "/webhook_subscriptions", {"address": "https://x.example"}, {}),
        ("hubspot", "GET", "/crm/v3/objects/contacts?limits=1", None, {}),
        (
            "hubspot",
            "POST",
            "/crm/v3/objects/contacts/batch/upsert",
            {"extra": 1},
            {},
        ),
        ("hubspot", "POST", "/crm/v3/objects/notes", {**_CONTACT, "owner": "1"}, {}),
        ("hubspot", "POST", "/crm/v3/properties/deals", {"name": "n", "colour": "red"}, {}),
        (
            "pinecone",
            "POST",
            "/query",
            {"topK": 1, "vector": [1.0], "nearest": True},
            {"api-key": KEY, "x-pinecone-api-version": "2025-10"},
        ),
        ("sendgrid", "POST", "/v3/mail/send", {**_MAIL, "priority": "high"}, {}),
        (
            "sendgrid",
            "POST",
            "/v3/mail/send",
            {**_MAIL, "content": [{"type": "text/plain", "value": "v", "charset": "utf-8"}]},
            {},
        ),
        ("slack", "POST", "/api/chat.postMessage", {"channel": "C0SALES", "colour": "red"}, {}),
        ("slack", "POST", "/api/auth.test", None, {}),
    ],
)
def test_a_slip_of_ours_would_fail(
    vendor: str, method: str, target: str, body: Any, headers: dict[str, str]
) -> None:
    with make(vendor) as stand_in:
        token = {"slack": TOKEN, "sendgrid": API_KEY}.get(vendor, "token-0")
        sent = {"authorization": f"Bearer {token}", "token": token, **headers}
        httpx.request(method, stand_in.url + target, json=body, headers=sent, trust_env=False)
        said = " ".join(stand_in.errors)
        assert any(word in said for word in _WORDS), said
