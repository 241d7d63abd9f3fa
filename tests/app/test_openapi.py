"""Generated requests for every endpoint of the OpenAPI document: no 5xx, answers as promised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
)

from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.visitor import Visitor
from tests.support.website import SITE_KEY, write_website

CHECKS = [not_a_server_error, response_schema_conformance, content_type_conformance]
EXAMPLES = 15
# Every route once more as an admin: there are many, so fewer each.
EXAMPLES_OF_STAFF = 4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedServer]:
    limits = "limits: {conversations_per_minute_per_address: 100000}"
    config = write_website(tmp_path_factory.mktemp("generated"), more=limits)
    with ThreadedServer(lambda: build_runtime(config)) as running:
        yield running


def _list_operations(server: ThreadedServer) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{server.address}/openapi.json")
    operations: list[Any] = list(schema.get_all_operations())
    return [found.ok() for found in operations]


def _try(
    operation: Any,
    visitor: Visitor | None = None,
    key: str = "",
    examples: int = EXAMPLES,
) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        headers = {"accept": "application/json", **({"x-api-key": key} if key else {})}
        if visitor is not None:
            headers |= visitor.token
            case.path_parameters["conversation_id"] = visitor.started["conversation_id"]
        elif isinstance(case.body, dict) and isinstance(case.body.get("site_key"), str):
            # A key that exists, so that what comes after it is tried too.
            case.body["site_key"] = SITE_KEY
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=20)

    send()


def test_no_generated_request_breaks_a_promise(server: ThreadedServer) -> None:
    operations = _list_operations(server)
    assert len(operations) >= 11
    for operation in operations:
        _try(operation)


def test_nor_does_one_within_a_conversation(server: ThreadedServer) -> None:
    for operation in _list_operations(server):
        if "conversation_id" in operation.path:
            _try(operation, Visitor.arrive(server.http))


def test_nor_does_one_of_an_admin(server: ThreadedServer) -> None:
    server.http.get("/healthz")
    assert server.runtime is not None
    resources = server.runtime.resources
    tenant_id = resources.organization.get_tenant("default").id
    key = server.wait(resources.access.create_api_key(tenant_id, "tests", "admin"))
    operations = _list_operations(server)
    for part in ("handoffs", "sales/leads", "webhooks"):
        assert any(part in operation.path for operation in operations), part
    for operation in operations:
        _try(operation, key=key, examples=EXAMPLES_OF_STAFF)
