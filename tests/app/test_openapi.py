"""Requests for every operation of the OpenAPI document, by everybody: no 5xx, and no answer that
the document does not promise.

First one request that can succeed, by each caller; then generated ones, with ids that exist among
them. Every operation is shown to have been reached, and by whom.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.failures import FailureGroup

from tests.app.api_world import CALLERS, GOOD, SECRET, SETTINGS, ApiWorld, Caller, Good
from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.website import SITE_KEY, write_website

CHECKS = [
    not_a_server_error,
    response_schema_conformance,
    content_type_conformance,
    status_code_conformance,
]
EXAMPLES = 10
# What cannot succeed here, and how it is answered when it was reached.
ELSEWISE = {
    # No CRM is connected.
    "POST /api/v1/leads/{lead_id}/crm-sync": 409,
    # Accepted already, so nothing is left to settle.
    "POST /api/v1/handoffs/{handoff_id}/override": 409,
    # Nothing waits any more.
    "POST /api/v1/privacy/erasures/{erasure_id}/retry": 409,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiWorld]:
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_WORLD_SECRET", SECRET)
    config = write_website(tmp_path_factory.mktemp("generated"), more=SETTINGS)
    with ThreadedServer(lambda: build_runtime(config)) as running:
        found = ApiWorld(running)
        found.build()
        yield found
    patch.undo()


@pytest.fixture(scope="module")
def operations(world: ApiWorld) -> dict[str, Any]:
    schema = schemathesis.openapi.from_url(f"{world.server.address}/openapi.json")
    listed: list[Any] = list(schema.get_all_operations())
    listed = [found.ok() for found in listed]
    return {f"{one.method.upper()} {one.path}": one for one in listed}


def open_session() -> requests.Session:
    """A connection that is kept. Answers come whole: an event stream is no JSON to check."""
    session = requests.Session()
    session.headers["accept"] = "application/json"
    return session


def send(world: ApiWorld, case: Any, caller: Caller, http: requests.Session) -> int:
    """Send a request and hold its answer against the document; its status."""
    answer = case.call_and_validate(
        headers=world.callers[caller], checks=CHECKS, timeout=60, session=http
    )
    return int(answer.status_code)


def build_good(world: ApiWorld, name: str, operation: Any) -> Any:
    """A request that can succeed, for whoever may."""
    good = GOOD[name](world) if name in GOOD else Good()
    ids = {**world.ids, **good.ids}
    wanted = [one.name for one in operation.path_parameters]
    more: dict[str, Any] = {}
    if good.body is not None:
        form = name == "POST /oauth/token"
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        more = {"body": good.body, "media_type": kind}
    return operation.Case(
        path_parameters={one: ids[one] for one in wanted},
        query=good.query,
        headers=good.headers,
        **more,
    )


def test_every_operation_is_reached_and_answers_as_promised(
    world: ApiWorld, operations: dict[str, Any]
) -> None:
    assert len(operations) >= 70
    assert set(GOOD) <= set(operations)
    statuses: dict[str, dict[Caller, int]] = {}
    with open_session() as http:
        # Nothing is said any more in a conversation that has ended.
        for name in sorted(operations, key=lambda one: one.endswith("/end")):
            operation = operations[name]
            statuses[name] = {
                caller: send(world, build_good(world, name, operation), caller, http)
                for caller in CALLERS
            }
    unreached = {
        name: found
        for name, found in statuses.items()
        if not any(200 <= one < 300 or one == ELSEWISE.get(name) for one in found.values())
    }
    assert not unreached, unreached
    for caller in CALLERS:
        reached = [name for name, found in statuses.items() if 200 <= found[caller] < 300]
        print(f"{caller}: {len(reached)} of {len(operations)} operations succeed")  # noqa: T201


def test_no_generated_request_breaks_a_promise(world: ApiWorld, operations: dict[str, Any]) -> None:
    world.admit_visitor()
    broken: dict[str, str] = {}
    with open_session() as http:
        for name, operation in operations.items():
            try:
                _try(world, operation, http)
            except FailureGroup as group:
                broken[name] = "\n".join(str(one) for one in group.exceptions)
    assert not broken, "\n\n".join(f"{name}: {words}" for name, words in broken.items())


def _try(world: ApiWorld, operation: Any, http: requests.Session) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), caller=st.sampled_from(CALLERS), is_known=st.booleans())
    def try_one(case: Any, caller: Caller, is_known: bool) -> None:
        if is_known:
            for name in case.path_parameters:
                case.path_parameters[name] = world.ids[name]
        if isinstance(case.body, dict) and isinstance(case.body.get("site_key"), str):
            # A key that exists, so that what comes after it is tried too.
            case.body["site_key"] = SITE_KEY
        send(world, case, caller, http)

    try_one()
