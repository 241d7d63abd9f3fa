"""An operation that will go away says so, over real HTTP; and it has twelve months to live."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from app.api_document import DescribedApi
from core.deprecation import deprecate
from core.errors import BugError, NotFound
from core.http import ErrorResponses, RequestMiddleware

GUIDE = "https://www.acme.example/api/changes#old"


def build_app() -> DescribedApi:
    router = APIRouter(prefix="/api/v1")
    mark = deprecate(
        since=date(2026, 1, 31),
        sunset=date(2027, 2, 1),
        guide=GUIDE,
        successor="/api/v2/things",
        extra={"x-of-our-own": 1},
    )

    @router.get("/old", **mark)
    async def use_old(number: int = 1) -> dict[str, int]:
        """Refuses 404 by itself."""
        if number == 404:
            raise NotFound("There is no such thing.")
        return {"number": number}

    @router.get("/new")
    async def use_new() -> dict[str, int]:
        """Stays."""
        return {}

    errors = ErrorResponses()
    app = DescribedApi(exception_handlers=errors.handlers())
    app.add_middleware(RequestMiddleware, errors=errors)
    app.include_router(router)
    return app


@pytest.mark.parametrize(
    ("query", "status"), [("", 200), ("?number=404", 404), ("?number=many", 400)]
)
def test_every_answer_of_a_deprecated_operation_says_so(query: str, status: int) -> None:
    with TestClient(build_app()) as client:
        answer = client.get(f"/api/v1/old{query}")
    assert answer.status_code == status
    sign, seconds = answer.headers["deprecation"][0], int(answer.headers["deprecation"][1:])
    assert (sign, datetime.fromtimestamp(seconds, UTC).date()) == ("@", date(2026, 1, 31))
    assert answer.headers["sunset"] == "Mon, 01 Feb 2027 00:00:00 GMT"
    assert parsedate_to_datetime(answer.headers["sunset"]) == datetime(2027, 2, 1, tzinfo=UTC)
    assert answer.headers["link"] == (
        f'<{GUIDE}>; rel="deprecation"; type="text/html", </api/v2/things>; rel="successor-version"'
    )


def test_an_operation_that_stays_says_nothing() -> None:
    with TestClient(build_app()) as client:
        for path in ("/api/v1/new", "/api/v1/nowhere"):
            assert not {"deprecation", "sunset", "link"} & set(client.get(path).headers)


def test_the_description_says_it_too() -> None:
    paths = build_app().openapi()["paths"]
    old = paths["/api/v1/old"]["get"]
    assert (old["deprecated"], old["x-sunset"], old["x-of-our-own"]) == (True, "2027-02-01", 1)
    assert "deprecated" not in paths["/api/v1/new"]["get"]


def test_less_than_twelve_months_are_refused() -> None:
    since = date(2026, 1, 1)
    with pytest.raises(BugError, match="twelve months"):
        deprecate(since=since, sunset=since + timedelta(days=364), guide=GUIDE)
