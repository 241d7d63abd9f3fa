"""Signing in at Zoho: data centres, tokens, and what its refusals mean."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from core.clock import FixedClock, SystemClock
from core.errors import AuthenticationFailed, Rejected, Unavailable, VendorRateLimited
from core.ids import new_id
from core.protocols.vendor import VendorContext
from integrations.zoho.crm import build_crm
from integrations.zoho.failures import build_failure
from integrations.zoho.manifest import MANIFEST
from integrations.zoho.settings import DATA_CENTRES, ZohoSettings
from integrations.zoho.values import build_ref
from tests.contracts.crm_harness import TENANT, make_person
from tests.integrations.zoho.harness import ZohoHarness, make_stand_in
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.standin import Fault
from tests.vendors.zoho import CLIENT_SECRET, REFRESH_TOKEN, ZohoStandIn


@pytest.fixture
def harness() -> Iterator[ZohoHarness]:
    with make_stand_in() as stand_in:
        yield ZohoHarness(stand_in)
        assert stand_in.errors == []


def test_each_data_centre_has_its_own_accounts() -> None:
    for domain, accounts in DATA_CENTRES.items():
        settings = ZohoSettings(api_domain=domain)
        assert settings.accounts_address == f"https://{accounts}"
        assert settings.choose_address("") == f"https://{domain}"
    assert MANIFEST.oauth is not None
    address = MANIFEST.oauth.authorize_url(ZohoSettings(api_domain="https://www.zohoapis.eu/"))
    assert address == "https://accounts.zoho.eu/oauth/v2/auth"
    with pytest.raises(ValidationError, match="no data centre of Zoho"):
        ZohoSettings(api_domain="zohoapis.evil.example")
    proxy = ZohoSettings(api_domain="https://zoho.proxy.example/")
    assert proxy.accounts_address == proxy.choose_address("https://www.zohoapis.eu")
    assert proxy.accounts_address == "https://zoho.proxy.example"


@pytest.mark.parametrize(
    ("named", "used"),
    [
        ("https://www.zohoapis.eu", "https://www.zohoapis.eu"),
        ("https://www.zohoapis.com.au", "https://www.zohoapis.com.au"),
        ("http://www.zohoapis.eu", "https://www.zohoapis.com"),
        ("https://www.zohoapis.eu.evil.example", "https://www.zohoapis.com"),
        ("https://www.zohoapis.eu@evil.example", "https://www.zohoapis.com"),
    ],
)
def test_a_token_goes_to_a_data_centre_alone(named: str, used: str) -> None:
    assert ZohoSettings().choose_address(named) == used
    assert ZohoSettings(base_url="http://127.0.0.1:1").choose_address(named) == "http://127.0.0.1:1"


def test_a_records_page_is_of_its_data_centre() -> None:
    ref = build_ref("https://www.zohoapis.eu", "57", "Leads")
    assert ref.url == "https://crm.zoho.eu/crm/EntityInfo.do?module=Leads&id=57"


@pytest.mark.parametrize("code", ["invalid_code", "invalid_client"])
async def test_a_refusal_that_comes_as_200_is_one(harness: ZohoHarness, code: str) -> None:
    harness.stand_in.refused = code
    with pytest.raises(AuthenticationFailed, match=code) as refused:
        await harness.make_crm().upsert_person(TENANT, make_person())
    assert CLIENT_SECRET not in str(refused.value)
    assert REFRESH_TOKEN not in str(refused.value)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, '{"error":"Access Denied","error_description":"You have made too many requests '
         'continuously. Please try again after some time."}', VendorRateLimited),
        (500, "<html>", Unavailable),
        (400, '{"error":"invalid_client"}', AuthenticationFailed),
        (200, "nonsense", AuthenticationFailed),
    ],
)  # fmt: skip
async def test_what_the_token_endpoint_says_is_understood(
    harness: ZohoHarness, status: int, body: str, error: type[Exception]
) -> None:
    harness.stand_in.faults.order(Fault("status", status, body=body, path="/oauth"))
    with pytest.raises(error):
        await harness.make_crm().upsert_person(TENANT, make_person())


async def test_a_token_is_renewed_before_it_ends(harness: ZohoHarness) -> None:
    clock = FixedClock(datetime.now(UTC))
    settings = ZohoSettings(base_url=harness.stand_in.url)
    crm = build_crm(VendorContext(settings, harness.credentials, clock))
    await crm.prepare(TENANT)
    clock.set(clock.now() + timedelta(minutes=58))
    await crm.upsert_person(TENANT, make_person())
    assert harness.renewals == 1
    clock.set(clock.now() + timedelta(minutes=2))
    await crm.upsert_person(TENANT, make_person())
    assert harness.renewals == 2


async def test_each_tenant_speaks_with_its_own_token_at_the_same_time() -> None:
    tenants = [new_id() for _ in range(3)]
    with ZohoStandIn() as stand_in:
        stored = {one: {**stand_in.credentials(), "access_token": f"of-{one}"} for one in tenants}
        stand_in.tokens |= {f"of-{one}" for one in tenants}
        settings = ZohoSettings(base_url=stand_in.url)
        crm = build_crm(VendorContext(settings, MemoryCredentials(stored), SystemClock()))
        await asyncio.gather(*(crm.prepare(one) for one in tenants))
        people = [make_person(email=f"{n}@{one}.example") for one in tenants for n in range(5)]
        owners = [one for one in tenants for _ in range(5)]
        await asyncio.gather(
            *(crm.upsert_person(one, who) for one, who in zip(owners, people, strict=True))
        )
        for request in stand_in.requests:
            if request.path.endswith("/upsert"):
                (record,) = request.json()["data"]
                tenant = record["Email"].partition("@")[2].removesuffix(".example")
                assert request.headers["authorization"] == f"Zoho-oauthtoken of-{tenant}"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, '{"code":"TOO_MANY_REQUESTS","message":"slow down"}', VendorRateLimited),
        (429, '{"code":"TOO_MANY_REQUESTS","message":"slow down"}', VendorRateLimited),
        (401, '{"code":"INVALID_TOKEN","message":"invalid oauth token"}', AuthenticationFailed),
        (400, '{"code":"INTERNAL_ERROR","message":"try again"}', Unavailable),
        (401, '{"code":"OAUTH_SCOPE_MISMATCH","message":"invalid scope"}', Rejected),
        (403, '{"code":"NO_PERMISSION","message":"permission denied"}', Rejected),
        (409, "{}", Unavailable),
        (503, "<html>", Unavailable),
    ],
)
def test_what_zoho_says_tells_who_acts_next(status: int, body: str, error: type[Exception]) -> None:
    failure = build_failure("try", status, body)
    assert isinstance(failure, error)
    for word in ("slow down", "invalid oauth token", "try again", "invalid scope"):
        assert (word in body) == (word in failure.excerpt)
