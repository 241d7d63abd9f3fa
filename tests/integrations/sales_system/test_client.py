"""Our client against somebody else's sales system: the contract, and every fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from core.clock import SystemClock
from core.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ProviderError,
    Rejected,
    Unavailable,
    VendorRateLimited,
)
from core.protocols.sales_system import SalesSystem
from core.protocols.vendor import VendorContext
from integrations.sales_system.client import build_sales_systems, check_connection
from integrations.sales_system.settings import SalesSystemSettings
from tests.contracts.sales_system import SalesSystemContract, build_package
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.sales_system import PATH, SalesSystemStandIn
from tests.vendors.standin import Fault


@pytest.fixture
def stand_in() -> Iterator[SalesSystemStandIn]:
    with SalesSystemStandIn() as running:
        yield running
        assert running.errors == []


def build_context(stand_in: SalesSystemStandIn, **more: object) -> VendorContext:
    settings = SalesSystemSettings.model_validate({**stand_in.settings(), **more})
    return VendorContext(
        settings, MemoryCredentials({"tenant": stand_in.credentials()}), SystemClock()
    )


@pytest.fixture
async def system(stand_in: SalesSystemStandIn) -> AsyncIterator[SalesSystem]:
    built = build_sales_systems(build_context(stand_in))["primary"]
    yield built
    await built.close()


@pytest.fixture
def tenant_id() -> str:
    return "tenant"


class TestOverHttp(SalesSystemContract):
    """`SalesSystemContract` over a real socket."""


async def test_a_token_is_got_once_and_renewed_before_it_ends(
    stand_in: SalesSystemStandIn, system: SalesSystem
) -> None:
    await asyncio.gather(*(system.push("tenant", build_package()) for _ in range(8)))
    assert stand_in.issued == 1
    stand_in.token_seconds = 30
    stand_in.forget_tokens()
    await asyncio.gather(*(system.push("tenant", build_package()) for _ in range(8)))
    # Refused once, renewed by one caller for all. It ends within a minute, so it is stale.
    assert stand_in.issued == 2
    await system.push("tenant", build_package())
    assert stand_in.issued == 3


async def test_while_the_first_place_is_away_the_backup_hands_out_tokens(
    stand_in: SalesSystemStandIn,
) -> None:
    nobody = "http://127.0.0.1:9/oauth/token"
    context = build_context(stand_in, token_url=nobody, backup_endpoint=stand_in.url + PATH)
    backup = build_sales_systems(context)["backup"]
    with pytest.raises(Unavailable):
        await backup.push("tenant", build_package())
    await backup.close()
    more = {"token_url": nobody, "backup_token_url": f"{stand_in.url}/oauth/token"}
    backup = build_sales_systems(build_context(stand_in, **more))["primary"]
    assert (await backup.push("tenant", build_package())).status == "accepted"
    await backup.close()


async def test_wrong_credentials_are_told_as_such(stand_in: SalesSystemStandIn) -> None:
    context = build_context(stand_in)
    wrong = {"client_id": "marketing", "client_secret": "wrong"}
    context = VendorContext(context.settings, MemoryCredentials({"tenant": wrong}), context.clock)
    with pytest.raises(AuthenticationFailed):
        await build_sales_systems(context)["primary"].push("tenant", build_package())


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("status", status=500, path=PATH), Unavailable),
        (Fault("status", status=503, path=PATH, done=True), Unavailable),
        (Fault("cut_before", path=PATH), Unavailable),
        (Fault("cut_after", path=PATH), Unavailable),
        (Fault("half", path=PATH), Unavailable),
        (Fault("slow", seconds=3, path=PATH), Unavailable),
        (Fault("status", status=404, path=PATH), Rejected),
        (Fault("status", status=403, path=PATH), Rejected),
        (Fault("status", status=400, body="<html>", path=PATH), Rejected),
        (Fault("status", status=200, body="<html>", path=PATH), Unavailable),
        (Fault("status", status=200, body='{"status": "perhaps"}', path=PATH), Unavailable),
        (Fault("status", status=429, retry_after=7, path=PATH), VendorRateLimited),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
async def test_a_fault_has_a_name_and_then_there_is_one_lead(
    stand_in: SalesSystemStandIn, fault: Fault, error: type[ProviderError]
) -> None:
    system = build_sales_systems(build_context(stand_in, timeout_seconds=fault.patience))["primary"]
    package = build_package()
    stand_in.faults.order(fault)
    with pytest.raises(error) as raised:
        await system.push("tenant", package)
    if fault.retry_after:
        assert raised.value.retry_after == timedelta(seconds=7)  # type: ignore[attr-defined]
    assert "acme" not in str(raised.value)
    assert (await system.push("tenant", package)).status == "accepted"
    assert stand_in.packages[package.lead_id] == [package.body]


async def test_a_refusal_that_names_fields_is_a_rejection(
    stand_in: SalesSystemStandIn, system: SalesSystem
) -> None:
    body = (
        '{"error": {"code": "VALIDATION_ERROR", "details": {"problems": '
        '[{"field": "contact.email", "code": "WRONG_FORMAT", "problem": "ada@ is wrong"}]}}}'
    )
    stand_in.faults.order(Fault("status", status=400, body=body, path=PATH))
    ack = await system.push("tenant", build_package())
    assert (ack.status, ack.rejection_reason) == ("rejected", "invalid-data")
    # Their own words may repeat what was sent.
    assert ack.problems == ({"field": "contact.email", "code": "WRONG_FORMAT"},)


async def test_a_package_that_was_changed_on_its_way_is_sent_again(
    stand_in: SalesSystemStandIn, system: SalesSystem
) -> None:
    package = build_package()
    changed = type(package)(
        package.lead_id,
        package.transaction_id,
        package.idempotency_key,
        package.body + b" ",
        package.body_hash,
        package.schema_version,
    )
    with pytest.raises(Unavailable):
        await system.push("tenant", changed)
    assert stand_in.leads == {}


async def test_the_connection_can_be_tried(stand_in: SalesSystemStandIn) -> None:
    backup = {"backup_endpoint": stand_in.url + PATH}
    said = await check_connection(build_context(stand_in, **backup), "tenant")
    assert "primary and backup" in said


def test_where_it_is_must_be_said_and_be_encrypted(stand_in: SalesSystemStandIn) -> None:
    with pytest.raises(ConfigurationError):
        build_sales_systems(build_context(stand_in, endpoint=""))
    for wrong in ("http://sales.acme.example/leads", "ftp://x", "sales.acme.example"):
        with pytest.raises(ValueError, match=r"write a whole|Write https"):
            SalesSystemSettings(endpoint=wrong)
