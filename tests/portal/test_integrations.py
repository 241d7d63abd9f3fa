"""The page Integrations, the door for webhooks, and `check`, over a vendor that nobody knows: its
folder is a copy of the docs' template, on the path of a real server."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.portal.conftest import PASSWORD, Browser, text_of
from tests.support.acme import (
    API_KEY,
    CLIENT_ID,
    CLIENT_SECRET,
    SIGNING_KEY,
    AcmeStandIn,
    add_sign_in,
    copy_template,
    sign,
)
from tests.support.process import ServerProcess, run_command
from tests.support.website import write_website
from tests.vendors.standin import Fault

PAGE = "/portal/integrations"
SECRETS = (API_KEY, SIGNING_KEY, CLIENT_SECRET, "access-", "refresh-")


@dataclass
class Shop:
    """A running server, the vendor's stand-in, and where things are."""

    address: str
    folder: Path
    environment: dict[str, str]
    acme: AcmeStandIn
    server: ServerProcess

    def enter(self, name: str = "ada") -> Browser:
        browser = Browser(httpx.Client(base_url=self.address, timeout=30))
        assert browser.sign_in(name).status_code == 303
        return browser

    def query(self, statement: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.folder / ".data" / "sales-agent.db") as connection:
            return connection.execute(statement).fetchall()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_command(*arguments, cwd=self.folder, environment=self.environment)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("integrations")
    vendors = folder / "vendors"
    add_sign_in(copy_template(vendors))
    with AcmeStandIn() as acme:
        more = f"""
email: {{provider: acme}}
integrations: {{acme: {{base_url: "{acme.url}"}}}}
"""
        write_website(folder, more=more)
        environment = {
            "PYTHONPATH": str(vendors),
            "SALES_AGENT_ADMIN_PASSWORD": PASSWORD,
            "PATH": os.environ["PATH"],
        }
        made = run_command("create-admin", "ada@acme.example", cwd=folder, environment=environment)
        assert made.returncode == 0, made.stderr
        server = ServerProcess(folder, environment=environment)
        try:
            yield Shop(server.address(), folder, environment, acme, server)
            log = server.read_log()
            assert [secret for secret in SECRETS if secret in log] == []
            assert acme.errors == []
        finally:
            server.stop()


@pytest.fixture
def admin(shop: Shop) -> Iterator[Browser]:
    """A browser of the admin; what was connected is disconnected afterwards."""
    browser = shop.enter()
    yield browser
    shop.acme.faults.clear()
    browser.send(f"{PAGE}/acme/disconnect")


def after(browser: Browser, response: httpx.Response) -> str:
    """What the page says after a form was sent."""
    assert response.status_code == 303, text_of(response)
    return text_of(browser.get(response.headers["location"]))


def connect(browser: Browser, key: str = API_KEY) -> str:
    sent = browser.send(f"{PAGE}/acme/connect", api_key=key, signing_key=SIGNING_KEY)
    return after(browser, sent)


def test_a_new_folder_appears_on_the_page_without_any_other_file(admin: Browser) -> None:
    page = admin.get(PAGE)
    assert page.status_code == 200
    assert "Acme Mail Not connected Mail: in use Delivers mail." in text_of(page)
    fields = re.findall(r'<input id="acme-key-(\w+)" name="\w+" type="(\w+)"', page.text)
    assert fields == [("api_key", "password"), ("signing_key", "password")]
    assert "integrations/callback" in page.text


def test_a_key_is_tried_stored_encrypted_and_never_shown_again(shop: Shop, admin: Browser) -> None:
    assert "Acme Mail is connected: Acme of Larkmere" in connect(admin)
    page = admin.get(PAGE).text
    assert "Connected" in text_of(admin.get(PAGE))
    assert [secret for secret in SECRETS if secret in page] == []
    stored = json.dumps(shop.query("SELECT * FROM crm_integrations"), default=str)
    assert [secret for secret in SECRETS if secret in stored] == []
    again = after(admin, admin.send(f"{PAGE}/acme/disconnect"))
    assert "Acme Mail is disconnected." in again
    assert shop.query("SELECT * FROM crm_integrations") == []
    history = text_of(admin.get(PAGE))
    for what in ("Connected by key ada", "Tested worked ada", "Disconnected ada"):
        assert what in history


def test_what_is_missing_is_said_and_nothing_is_kept(shop: Shop, admin: Browser) -> None:
    refused = admin.send(f"{PAGE}/acme/connect", api_key=" ")
    assert refused.status_code == 400
    assert "API key is needed." in text_of(refused)
    assert shop.query("SELECT * FROM crm_integrations") == []
    assert admin.send(f"{PAGE}/nobody/connect", api_key="x").status_code == 404
    assert admin.send(f"{PAGE}/acme/disconnect").status_code == 404


def test_a_failing_test_says_why_in_the_vendors_words_without_secrets(
    shop: Shop, admin: Browser
) -> None:
    said = connect(admin, "a-wrong-key-123")
    assert "Acme Mail: It refuses the credentials. Its words: 401" in said
    assert "This key is not known." in said
    assert "Needs attention" in said
    shop.acme.faults.order(Fault(status=500, body=f'{{"said": "{"a-wrong-key-123"}"}}'))
    said = after(admin, admin.send(f"{PAGE}/acme/test"))
    assert "It does not answer as it should just now. Its words: 500" in said
    assert "a-wrong-key-123" not in said
    assert "[hidden]" in said


def sign_in(browser: Browser, **fields: str) -> httpx.Response:
    """Follow the sign-in to the vendor and back; the answer to the callback."""
    begun = browser.send(f"{PAGE}/acme/sign-in", **fields)
    assert begun.status_code == 200, text_of(begun)
    found = re.search(r'class="button primary" href="([^"]+)"', begun.text)
    assert found
    address = unescape(found[1])
    assert parse_qs(urlsplit(address).query)["code_challenge_method"] == ["S256"]
    answer = httpx.get(address)
    return browser.get(answer.headers["location"].replace(str(browser.http.base_url), ""))


def test_signing_in_stores_tokens_and_disconnecting_takes_them_back(
    shop: Shop, admin: Browser
) -> None:
    done = sign_in(admin, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    assert "Acme Mail is connected: Acme of Larkmere" in after(admin, done)
    page = admin.get(PAGE).text
    assert "by signing in" in page
    assert [secret for secret in SECRETS if secret in page] == []
    assert "Acme Mail is disconnected." in after(admin, admin.send(f"{PAGE}/acme/disconnect"))
    assert shop.acme.revoked[-1].startswith("refresh-")


def test_a_sign_in_belongs_to_its_session_and_is_finished_once(shop: Shop, admin: Browser) -> None:
    begun = admin.send(f"{PAGE}/acme/sign-in", client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    found = re.search(r'class="button primary" href="([^"]+)"', begun.text)
    assert found
    back = httpx.get(unescape(found[1])).headers["location"].replace(shop.address, "")
    other = shop.enter()
    assert "was not begun here" in after(other, other.get(back))
    assert "is connected" in after(admin, admin.get(back))
    assert "was not begun here" in after(admin, admin.get(back))
    forged = admin.get(f"{PAGE}/callback?code=x&state=guess")
    assert "was not begun here" in after(admin, forged)


def test_a_sign_in_that_the_vendor_refuses_says_why_without_the_secret(
    shop: Shop, admin: Browser
) -> None:
    done = sign_in(admin, client_id=CLIENT_ID, client_secret="wrong-secret-99")
    said = after(admin, done)
    assert "Acme Mail did not connect. It says no." in said
    assert "wrong-secret-99" not in said
    refused = admin.send(f"{PAGE}/acme/sign-in", client_id=" ")
    assert (refused.status_code, "Client ID is needed" in text_of(refused)) == (400, True)
    assert shop.query("SELECT * FROM crm_integrations") == []


def test_disconnecting_ends_here_even_if_the_vendor_does_not_hear_it(
    shop: Shop, admin: Browser
) -> None:
    sign_in(admin, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    shop.acme.faults.order(Fault(status=503, path="/oauth/revoke"))
    said = after(admin, admin.send(f"{PAGE}/acme/disconnect"))
    assert "Acme Mail did not take the access back." in said
    assert "here it is deleted" in said
    assert shop.query("SELECT * FROM crm_integrations") == []


def post_events(shop: Shop, body: bytes, headers: dict[str, str], tenant: str = "default") -> int:
    url = f"{shop.address}/webhooks/vendors/acme/{tenant}"
    return httpx.post(url, content=body, headers=headers, timeout=30).status_code


def test_what_a_vendor_tells_is_stored_once_and_only_with_its_signature(
    shop: Shop, admin: Browser
) -> None:
    now = datetime.now(UTC)
    one = {"type": "bounce", "key": "k", "recipient": "a@b.example", "reason": "full", "at": "1"}
    body = json.dumps({"events": [{**one, "id": "e1"}, {**one, "id": "e2"}]}).encode()
    assert post_events(shop, body, sign(body, now)) == 404  # not connected
    connect(admin)
    assert post_events(shop, body, {}) == 401
    assert post_events(shop, body, sign(body, now - timedelta(hours=1))) == 401
    assert post_events(shop, body + b" ", sign(body, now)) == 401
    assert post_events(shop, body, sign(body, now), "nobody") == 404
    assert shop.query("SELECT * FROM vendor_events") == []
    assert [post_events(shop, body, sign(body, now)) for _ in range(3)] == [200, 200, 200]
    rows = shop.query("SELECT event_key, capability, kind FROM vendor_events ORDER BY event_key")
    assert rows == [("e1", "email", "bounced"), ("e2", "email", "bounced")]
    large = b" " * (2 * 1024 * 1024 + 1)
    assert post_events(shop, large, sign(large, now)) == 413
    # A batch that is larger than what visitors may send is read.
    batch = json.dumps({"events": [{**one, "id": "e3", "reason": "x" * 400_000}]}).encode()
    assert post_events(shop, batch, sign(batch, now)) == 200


def test_check_tries_the_vendor_and_fails_when_it_fails(shop: Shop, admin: Browser) -> None:
    failed = shop.run("check")
    assert failed.returncode == 1
    assert "✗ Acme Mail (email): It refuses the credentials. Its words: not connected" in (
        failed.stdout + failed.stderr
    )
    connect(admin)
    done = shop.run("check")
    assert done.returncode == 0, done.stderr
    assert "✓ Acme Mail (email): Acme of Larkmere" in done.stdout + done.stderr
    rotated = shop.run("rotate-keys")
    assert (rotated.returncode, "0 encrypted anew" in rotated.stdout) == (0, True)
