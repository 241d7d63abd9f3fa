"""Team, keys, errors and live updates, each for those whom they concern."""

from __future__ import annotations

import contextlib
import re
import threading
import time

import httpx
import pytest

from tests.portal.conftest import COOKIE, PASSWORD, TEAM, PortalServer, text_of

ADMIN_PAGES = ("/portal/team", "/portal/keys", "/portal/integrations")
ADMIN_FORMS = (
    "/portal/team",
    "/portal/team/teams",
    "/portal/keys",
    "/portal/keys/revoke",
    "/portal/integrations/hubspot/connect",
    "/portal/integrations/hubspot/sign-in",
    "/portal/integrations/hubspot/test",
    "/portal/integrations/hubspot/disconnect",
)


@pytest.mark.parametrize("name", ["max", "rita"])
def test_settings_are_for_admins(portal: PortalServer, name: str) -> None:
    browser = portal.enter(name)
    account = browser.get("/portal/account").text
    for page in ADMIN_PAGES:
        refused = browser.get(page)
        assert refused.status_code == 403
        assert "this needs admin" in text_of(refused)
        assert f'href="{page}"' not in account
    for form in ADMIN_FORMS:
        assert browser.send(form, name="x", role="admin", kind="key").status_code == 403


@pytest.mark.parametrize("form", ADMIN_FORMS)
def test_a_form_without_the_sessions_own_token_changes_nothing(
    portal: PortalServer, form: str
) -> None:
    browser, other = portal.enter("ada"), portal.enter("ada")
    fields = {"name": "x", "email": "sneaky@acme.example", "role": "rep", "kind": "key", "id": "x"}
    for csrf in ("", "0" * 64, other.csrf()):
        response = browser.send(form, **fields, csrf=csrf)
        assert response.status_code == 403
        assert "too old" in text_of(response)
    good = browser.csrf()
    foreign = {"origin": "https://evil.example"}
    assert browser.send(form, **fields, csrf=good, headers=foreign).status_code == 403
    page = text_of(browser.get("/portal/team")) + text_of(browser.get("/portal/keys"))
    assert "sneaky@acme.example" not in page
    assert "No keys yet" in page


def test_the_token_may_come_in_htmxs_header(portal: PortalServer) -> None:
    browser = portal.enter("ada")
    headers = {"x-csrf-token": browser.csrf(), "hx-request": "true"}
    done = browser.send("/portal/team/teams", name="South", csrf="", headers=headers)
    assert (done.status_code, done.headers["hx-redirect"]) == (204, "/portal/team")
    assert "The team South is there." in text_of(browser.get("/portal/team"))


def test_an_admin_adds_somebody_who_can_then_sign_in(portal: PortalServer) -> None:
    browser = portal.enter("ada")
    made = browser.send("/portal/team", name="Noor <i>", email="noor@acme.example", role="rep")
    password = re.search(r'id="made-password" value="([\w-]+)"', made.text)
    assert password
    assert "Noor &lt;i&gt;" in made.text
    assert portal.browser().sign_in("noor", password[1]).status_code == 303
    assert password[1] not in browser.get("/portal/team").text
    twice = browser.send("/portal/team", name="Noor", email="noor@acme.example", role="rep")
    assert twice.status_code == 409
    assert 'value="noor@acme.example"' in twice.text


def test_what_cannot_be_saved_is_said_with_the_reason(portal: PortalServer) -> None:
    browser = portal.enter("ada")
    for fields, reason in (
        ({"name": "", "email": "a@acme.example", "role": "rep"}, "Write a name"),
        ({"name": "A", "email": "nobody", "role": "rep"}, "Write an e-mail address"),
        ({"name": "A", "email": "a@acme.example", "role": "boss"}, "no such role"),
        ({"name": "A", "email": "a@b.example", "role": "rep", "timezone": "Mars"}, "time zone"),
        ({"name": "A" * 2000, "email": "a@b.example", "role": "rep"}, "longer than"),
    ):
        response = browser.send("/portal/team", **fields)
        assert response.status_code == 400
        assert reason in text_of(response)


def test_a_member_is_changed_signed_off_and_let_in_again(portal: PortalServer) -> None:
    browser, rita = portal.enter("ada"), portal.enter("rita")
    path = re.search(
        r'href="(/portal/team/[\w-]{36})"><strong>Rita', browser.get("/portal/team").text
    )
    assert path
    member = path[1]
    done = browser.send(member, name="Rita King", role="manager", timezone="Europe/London")
    assert done.status_code == 303
    assert rita.get("/portal/account").status_code == 303
    assert "Rita King is saved." in text_of(browser.get("/portal/team"))
    browser.send(f"{member}/active", active="no")
    assert portal.browser().sign_in("rita").status_code == 401
    browser.send(f"{member}/active", active="yes")
    assert portal.browser().sign_in("rita").status_code == 303
    given = browser.send(f"{member}/password")
    password = re.search(r'id="made-password" value="([\w-]+)"', given.text)
    assert password
    assert portal.browser().sign_in("rita", password[1]).status_code == 303


def test_another_tenants_people_teams_and_keys_cannot_be_reached(portal: PortalServer) -> None:
    ada, otto = portal.enter("ada"), portal.enter("otto")
    listed = otto.get("/portal/team")
    assert "Rita" not in listed.text
    assert TEAM not in listed.text
    ids = re.findall(r'href="(/portal/team/[\w-]{36})"', ada.get("/portal/team").text)
    for path in ids:
        assert otto.get(path).status_code == 404
        assert otto.send(path, name="Mine", role="rep").status_code == 404
        assert otto.send(f"{path}/active", active="no").status_code == 404
        assert otto.send(f"{path}/password").status_code == 404
    ada.send("/portal/keys", kind="key", name="ours", role="rep")
    key_id = re.findall(r'name="id" value="([\w-]{36})"', ada.get("/portal/keys").text)[0]
    assert "ours" not in otto.get("/portal/keys").text
    assert otto.send("/portal/keys/revoke", kind="key", id=key_id).status_code == 404


def test_a_key_is_shown_once_opens_the_api_and_can_be_revoked(portal: PortalServer) -> None:
    browser = portal.enter("ada")
    made = browser.send("/portal/keys", kind="key", name="Reporting", role="manager")
    key = re.search(r'id="made-secret" value="(sak_[\w-]+)"', made.text)
    assert key
    page = browser.get("/portal/keys")
    assert key[1] not in page.text
    search = f"{portal.address}/api/v1/knowledge/search?q=x"
    headers = {"x-api-key": key[1], "host": "elsewhere.example"}
    assert httpx.get(search, headers=headers).status_code == 200
    key_id = re.findall(r'name="id" value="([\w-]{36})"', page.text)[0]
    assert browser.send("/portal/keys/revoke", kind="key", id=key_id).status_code == 303
    assert "It was revoked" in text_of(browser.get("/portal/keys"))
    assert httpx.get(search, headers=headers).status_code == 401


def test_a_client_from_the_page_gets_tokens(portal: PortalServer) -> None:
    browser = portal.enter("ada")
    made = browser.send("/portal/keys", kind="client", name="Warehouse", role="rep").text
    client_id = re.search(r'id="made-id" value="([\w-]+)"', made)
    secret = re.search(r'id="made-secret" value="(sas_[\w-]+)"', made)
    assert client_id
    assert secret
    fields = {"grant_type": "client_credentials"}
    auth = (client_id[1], secret[1])
    response = httpx.post(f"{portal.address}/oauth/token", data=fields, auth=auth)
    assert response.json()["scope"] == "rep"


def test_the_session_opens_the_api_for_reading(portal: PortalServer) -> None:
    browser = portal.enter("rita")
    elsewhere = {"x-forwarded-for": "203.0.113.9"}
    path = "/api/v1/knowledge/search?q=x"
    assert browser.get(path, headers=elsewhere).status_code == 200
    assert portal.browser().get(path, headers=elsewhere).status_code == 401


def test_an_address_without_a_page_says_so_within_the_portal(portal: PortalServer) -> None:
    browser = portal.enter("rita")
    for path in ("/portal/nowhere", "/portal/team/../x", "/portal/static/nothing.js"):
        response = browser.get(path)
        assert response.status_code == 404
        assert "Not found" in text_of(response)


@pytest.mark.parametrize(
    "body",
    [b"{}", b"\xff\xfe", b"csrf=%ff", b"&".join(b"a=1" for _ in range(500)), b"x" * 300_000],
)
def test_a_body_that_is_no_form_is_refused(portal: PortalServer, body: bytes) -> None:
    browser = portal.enter("ada")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = browser.http.post("/portal/team/teams", content=body, headers=headers)
    assert response.status_code in (400, 403, 413)


def test_files_may_be_kept_for_ever_and_change_their_address(portal: PortalServer) -> None:
    page = portal.browser().get("/portal/login").text
    address = re.search(r'href="(/portal/static/portal.css\?v=\w+)"', page)
    assert address
    response = httpx.get(portal.address + address[1])
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["content-type"].startswith("text/css")
    assert "set-cookie" not in response.headers


class Listener(threading.Thread):
    """Reads the stream of events until it ends."""

    def __init__(self, portal: PortalServer, name: str) -> None:
        super().__init__(daemon=True)
        self._client = portal.enter(name).http
        self.events: list[str] = []

    def run(self) -> None:
        # The server may go down while it still listens.
        ended = contextlib.suppress(httpx.RemoteProtocolError)
        with ended, self._client.stream("GET", "/portal/events", timeout=60) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            for line in response.iter_lines():
                if line.startswith("event:"):
                    self.events.append(line.removeprefix("event:").strip())

    def wait_for(self, event: str, seconds: float = 8) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and event not in self.events:
            time.sleep(0.05)
        return event in self.events


def test_pages_hear_of_changes_of_their_own_tenant_only(portal: PortalServer) -> None:
    ours, theirs = Listener(portal, "rita"), Listener(portal, "otto")
    for listener in (ours, theirs):
        listener.start()
        assert listener.wait_for("ready")
    time.sleep(0.5)
    # A visitor writes; nothing tells the portal, it finds the new rows by itself.
    body = {"site_key": "bikes", "page": {"url": "https://bikes.example/"}}
    started = httpx.post(f"{portal.address}/api/v1/chat/conversations", json=body)
    assert started.status_code in (200, 201), started.text
    assert ours.wait_for("changed")
    assert "changed" not in theirs.events


def test_a_stream_ends_with_the_session_and_keeps_none_alive(portal: PortalServer) -> None:
    listener = Listener(portal, "rita")
    listener.start()
    assert listener.wait_for("ready")
    portal.wait(minutes=31)
    portal.runtime.resources.changes.notify(
        portal.runtime.resources.organization.get_tenant("default").id
    )
    listener.join(20)
    assert listener.events[-1] == "signed-out"


def test_open_streams_do_not_hold_up_the_server(portal: PortalServer) -> None:
    listener = Listener(portal, "rita")
    listener.start()
    assert listener.wait_for("ready")
    portal.runtime.resources.changes.close()
    listener.join(20)
    assert not listener.is_alive()


def test_the_password_is_in_no_page_and_the_token_in_no_page(portal: PortalServer) -> None:
    browser = portal.enter("ada")
    for page in ("/portal/team", "/portal/keys", "/portal/account"):
        text = browser.get(page).text
        assert PASSWORD not in text
        assert browser.http.cookies[COOKIE] not in text
