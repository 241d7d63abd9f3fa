"""`POST /oauth/token` as RFC 6749 has it, against a running server."""

from __future__ import annotations

import base64
from urllib.parse import quote_plus

import httpx
import pytest

from tests.app.conftest import Served
from tests.support.visitor import check_error

PATH = "/oauth/token"
GRANT = {"grant_type": "client_credentials"}
SEARCH = "/api/v1/knowledge/search?q=price"
FROM_AFAR = {"x-forwarded-for": "203.0.113.9"}


@pytest.fixture(scope="module")
def client(served: Served) -> tuple[str, str]:
    printed = served.run("create-client", "warehouse", "--role", "manager")
    values = dict(line.split(": ") for line in printed.strip().splitlines())
    return values["client_id"], values["client_secret"]


def basic(client_id: str, secret: str) -> dict[str, str]:
    joined = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"authorization": f"Basic {base64.b64encode(joined.encode()).decode()}"}


def check_refused(response: httpx.Response, status: int, error: str) -> None:
    assert response.status_code == status, response.text
    content = response.json()
    assert set(content) == {"error", "error_description"}
    assert content["error"] == error
    assert response.headers["cache-control"] == "no-store"
    if status == 401:
        assert response.headers["www-authenticate"].startswith("Basic ")


def test_a_client_gets_a_token_by_basic_and_in_the_form(
    served: Served, client: tuple[str, str]
) -> None:
    form = {**GRANT, "client_id": client[0], "client_secret": client[1]}
    by_form = served.http.post(PATH, data=form)
    by_basic = served.http.post(PATH, data=GRANT, headers=basic(*client))
    for response in (by_form, by_basic):
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["pragma"] == "no-cache"
        content = response.json()
        assert set(content) == {"access_token", "token_type", "expires_in", "scope"}
        assert (content["token_type"], content["expires_in"]) == ("Bearer", 3600)
        assert content["scope"] == "manager"
        bearer = {"authorization": f"Bearer {content['access_token']}", **FROM_AFAR}
        assert served.http.get(SEARCH, headers=bearer).status_code == 200


def test_a_token_is_not_written_to_the_log(served: Served, client: tuple[str, str]) -> None:
    token = served.http.post(PATH, data=GRANT, headers=basic(*client)).json()["access_token"]
    served.http.get(SEARCH, headers={"authorization": f"Bearer {token}"})
    log = served.read_new_log()
    assert token not in log
    assert client[1] not in log


@pytest.mark.parametrize("secret", ["", "x", "sas_" + "A" * 43, "ä", "a:b"])
def test_a_wrong_secret_or_an_unknown_client_is_invalid_client(
    served: Served, client: tuple[str, str], secret: str
) -> None:
    for client_id in (client[0], "nobody", "00000000-0000-7000-8000-000000000000"):
        response = served.http.post(PATH, data=GRANT, headers=basic(client_id, secret))
        check_refused(response, 401, "invalid_client")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic " + "eA==", "Bearer x", "x"])
def test_a_header_that_cannot_be_read_is_invalid_client(served: Served, header: str) -> None:
    response = served.http.post(PATH, data=GRANT, headers={"authorization": header})
    check_refused(response, 401, "invalid_client")


def test_no_credentials_at_all_are_invalid_client(served: Served) -> None:
    check_refused(served.http.post(PATH, data=GRANT), 401, "invalid_client")


def test_what_is_no_request_for_a_token_is_said_as_the_rfc_has_it(
    served: Served, client: tuple[str, str]
) -> None:
    proof = basic(*client)
    form = "application/x-www-form-urlencoded"

    def post(body: str, kind: str = form) -> httpx.Response:
        headers = {**proof, "content-type": kind}
        return served.http.post(PATH, content=body, headers=headers)

    check_refused(post("scope=x"), 400, "invalid_request")
    check_refused(post("grant_type=password&username=a"), 400, "unsupported_grant_type")
    check_refused(post("grant_type=client_credentials&grant_type=x"), 400, "invalid_request")
    check_refused(post("grant_type=%ff"), 400, "invalid_request")
    check_refused(
        post('{"grant_type": "client_credentials"}', "application/json"), 400, "invalid_request"
    )
    two_ways = f"grant_type=client_credentials&client_id={client[0]}&client_secret={client[1]}"
    check_refused(post(two_ways), 400, "invalid_request")
    other = "grant_type=client_credentials&client_id=somebody-else"
    check_refused(post(other), 400, "invalid_request")


def test_a_token_that_does_not_hold_opens_nothing(served: Served, client: tuple[str, str]) -> None:
    token = served.http.post(PATH, data=GRANT, headers=basic(*client)).json()["access_token"]
    head, body, signature = token.split(".")
    for wrong in (token[:-3], f"{head}.{body}.", f"{head}.{body}x.{signature}", "x", "a.b.c"):
        response = served.http.get(SEARCH, headers={"authorization": f"Bearer {wrong}"})
        check_error(response, 401, "UNAUTHORIZED")
        assert response.headers["www-authenticate"] == "Bearer"


def test_a_visitors_token_is_no_access_token(served: Served) -> None:
    visitor = served.arrive()
    response = served.http.get(SEARCH, headers=visitor.token)
    check_error(response, 401, "UNAUTHORIZED")


def test_a_token_and_a_key_must_be_of_one_tenant(served: Served, client: tuple[str, str]) -> None:
    token = served.http.post(PATH, data=GRANT, headers=basic(*client)).json()["access_token"]
    bearer = {"authorization": f"Bearer {token}"}
    own = served.run("api-key", "ours").strip()
    foreign = served.run("api-key", "theirs", "--tenant", "other").strip()
    assert served.http.get(SEARCH, headers={**bearer, "x-api-key": own}).status_code == 200
    for key in (foreign, "wrong"):
        response = served.http.get(SEARCH, headers={**bearer, "x-api-key": key})
        check_error(response, 401, "UNAUTHORIZED")


def test_guessing_at_a_client_is_ended(served: Served) -> None:
    client_id = "01a202dc-0ec5-7249-8233-000000000000"
    for _ in range(10):
        response = served.http.post(PATH, data=GRANT, headers=basic(client_id, "x"))
        check_refused(response, 401, "invalid_client")
    response = served.http.post(PATH, data=GRANT, headers=basic(client_id, "x"))
    check_refused(response, 429, "invalid_request")


def test_an_admin_made_by_command_can_sign_in_and_only_once_made(served: Served) -> None:
    from_command = served.run("create-admin", "boss@acme.example", "--name", "Boss").strip()
    assert len(from_command) >= 12
    again = served.run("create-admin", "boss@acme.example", "--reset").strip()
    assert again != from_command
