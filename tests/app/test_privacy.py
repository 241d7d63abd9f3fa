"""What people wrote and what proves who they are appears in no log and in no address."""

from __future__ import annotations

import re

from tests.app.conftest import Served


def test_the_log_holds_no_message_address_token_or_key(served: Served) -> None:
    page = {
        "url": "https://www.brightwater.example/?email=ann@private.example&utm_campaign=x",
        "title": "Ann Privata",
        "referrer": "https://ann.private.example/?q=geheimnis",
    }
    visitor = served.arrive(page=page)
    message = "I am Ann Privata, ann@private.example, +49 170 1234567. What does a service cost?"
    visitor.ask(message)
    visitor.ask("Do you have geheimnis?")
    visitor.ask("yes")
    served.http.get("/api/v1/knowledge/search", params={"q": "geheimnis ann@private.example"})
    served.http.get("/nothing?token=geheimnis", headers={"authorization": "Bearer geheimnis"})
    visitor.send("x" * 5000 + "geheimnis")
    visitor.http.post(visitor.path + "/messages", json={"message_id": 1, "text": ["geheimnis"]})
    log = served.read_new_log()
    assert "ready" in log
    for private in ("geheimnis", "private.example", "Privata", "1234567", "a service cost"):
        assert private not in log, private
    for token in (visitor.started["token"], visitor.started["visitor_token"]):
        assert token not in log
        assert token.split(".")[2] not in log
    assert not re.search(r"eyJ[\w-]+\.", log)


def test_the_log_of_ordinary_work_holds_no_error(served: Served) -> None:
    assert not re.search(r"\[(error|critical)|Traceback", served.read_new_log())


def test_no_address_of_the_api_holds_a_secret(served: Served) -> None:
    paths = served.http.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method in methods.values():
            names = [one["name"] for one in method.get("parameters", ()) if one["in"] != "header"]
            assert not any(re.search("token|secret|key|email", name) for name in names), path
