"""Signing in to the portal over HTTP: cookies, proofs, timeouts, refusals."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from core.clock import FixedClock
from portal.sign_in import choose_next
from tests.portal.conftest import COOKIE, PASSWORD, PortalServer, serve, text_of
from tests.support.website import write_website

PAGES = ("/portal/", "/portal/account", "/portal/team", "/portal/keys", "/portal/events")


def test_who_signs_in_comes_to_the_page_they_wanted(portal: PortalServer) -> None:
    browser = portal.browser()
    refused = browser.get("/portal/team?x=1")
    assert refused.status_code == 303
    sign_in = refused.headers["location"]
    assert sign_in == "/portal/login?next=/portal/team%3Fx%3D1"
    page = browser.get(sign_in)
    assert 'value="/portal/team?x=1"' in page.text
    done = browser.sign_in("ada", next="/portal/team?x=1")
    assert (done.status_code, done.headers["location"]) == (303, "/portal/team?x=1")
    assert browser.get("/portal/team").status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/portal/",
        "/portal//evil.example",
        "/portal/../\\evil.example",
        "javascript:alert(1)",
        "/demo/",
        "/portal/login?next=/portal/login",
        "/portal/\r\nset-cookie: x=y",
        "",
    ],
)
def test_signing_in_leads_to_no_other_place(wanted: str) -> None:
    assert choose_next(wanted) == "/portal/"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_shown_to_a_stranger(portal: PortalServer, page: str) -> None:
    browser = portal.browser()
    for token in ("", "A" * 43, "x;y", "../../"):
        if token:
            browser.http.cookies.set(COOKIE, token)
        response = browser.get(page)
        assert response.status_code == 303
        assert response.headers["location"].startswith("/portal/login")


def test_the_cookie_is_for_this_server_and_not_for_scripts(portal: PortalServer) -> None:
    browser = portal.browser()
    given = browser.sign_in("ada").headers.get_list("set-cookie")
    session = next(cookie for cookie in given if cookie.startswith(COOKIE))
    for part in ("HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"):
        assert part in session
    assert "Secure" not in session
    assert "Domain" not in session


def test_over_https_the_cookie_never_leaves_it(tmp_path: Path, clock: FixedClock) -> None:
    more = "tenants: [{key: default}, {key: other}]\nserver: {public_url: 'https://chat.example'}"
    with serve(write_website(tmp_path, more=more), clock) as server:
        http = server.http
        page = http.get("/portal/login")
        before = page.headers["set-cookie"]
        assert before.startswith("__Host-")
        csrf = re.findall(r'name="csrf" value="(\w+)"', page.text)[0]
        fields = {"email": "ada@acme.example", "password": PASSWORD, "csrf": csrf}
        headers = {"origin": "https://chat.example", "cookie": before.partition(";")[0]}
        done = http.post("/portal/login", data=fields, headers=headers)
        assert done.status_code == 303
        session = done.headers.get_list("set-cookie")[0]
        assert session.startswith(f"__Host-{COOKIE}=")
        assert "Secure" in session
        cookie = {"cookie": session.partition(";")[0]}
        assert http.get("/portal/account", headers=cookie).status_code == 200


def test_a_token_that_was_planted_before_is_worth_nothing_afterwards(portal: PortalServer) -> None:
    """Session fixation."""
    attacker = portal.enter("rolf")
    planted = attacker.http.cookies[COOKIE]
    victim = portal.browser()
    victim.http.cookies.set(COOKIE, planted, domain="127.0.0.1", path="/")
    # The sign-in page sends who is signed in on: so the form is fetched by another browser.
    helper = portal.browser()
    csrf = helper.csrf("/portal/login")
    victim.http.cookies.update(helper.http.cookies)
    victim.sign_in("ada", csrf=csrf)
    own = [c.value for c in victim.http.cookies.jar if c.name == COOKIE]
    assert planted not in own
    assert attacker.get("/portal/account").status_code == 303


def test_a_form_of_another_page_signs_nobody_in(portal: PortalServer) -> None:
    browser = portal.browser()
    fields = {"email": "ada@acme.example", "password": PASSWORD}
    good = browser.csrf("/portal/login")
    foreign = {"origin": "https://evil.example"}
    attempts = (
        browser.send("/portal/login", **fields, csrf=""),
        browser.send("/portal/login", **fields, csrf="0" * 64),
        browser.send("/portal/login", **fields, csrf=good, headers=foreign),
        browser.send("/portal/login", **fields, csrf=good, headers={"origin": "null"}),
        browser.send("/portal/login", **fields, csrf=good, headers={"sec-fetch-site": "same-site"}),
        portal.browser().send("/portal/login", **fields, csrf=good),
    )
    for response in attempts:
        assert response.status_code == 403
        assert COOKIE not in str(response.headers.get_list("set-cookie"))
    assert browser.send("/portal/login", **fields, csrf=good).status_code == 303


def test_a_refusal_does_not_tell_whether_the_account_exists(portal: PortalServer) -> None:
    answers = []
    for name, password in (("ada", "wrong horse battery"), ("nobody", PASSWORD), ("<b>", "")):
        response = portal.browser().sign_in(name, password)
        assert response.status_code == 401
        answers.append(text_of(response))
        assert "<b>@acme" not in response.text
    assert len(set(answers)) == 1
    assert "The e-mail address or the password is not right." in answers[0]


def test_guessing_is_ended_and_says_for_how_long(portal: PortalServer) -> None:
    browser = portal.browser()
    csrf = browser.csrf("/portal/login")
    for number in range(10):
        assert browser.sign_in("rita", f"guess number {number}", csrf=csrf).status_code == 401
    refused = browser.sign_in("rita", csrf=csrf)
    assert refused.status_code == 429
    assert "quarter of an hour" in text_of(refused)
    assert browser.sign_in("rolf", csrf=csrf).status_code == 303


def test_half_an_hour_without_use_signs_out(portal: PortalServer) -> None:
    browser = portal.enter("rita")
    portal.wait(minutes=29)
    assert browser.get("/portal/account").status_code == 200
    portal.wait(minutes=29)
    refresh = {"x-portal-refresh": "1", "hx-request": "true"}
    assert browser.get("/portal/account", headers=refresh).status_code == 200
    portal.wait(minutes=1)
    ended = browser.get("/portal/account", headers=refresh)
    assert ended.status_code == 401
    assert ended.headers["hx-redirect"] == "/portal/login"
    assert browser.get("/portal/account").status_code == 303


def test_signing_out_ends_the_session_and_not_only_the_cookie(portal: PortalServer) -> None:
    browser = portal.enter("rita")
    token = browser.http.cookies[COOKIE]
    left = browser.send("/portal/logout")
    assert left.headers["location"] == "/portal/login"
    assert COOKIE not in browser.http.cookies
    assert "You are signed out." in text_of(browser.get("/portal/login"))
    thief = httpx.Client(base_url=portal.address, cookies={COOKIE: token})
    assert thief.get("/portal/account").status_code == 303


def test_a_foreign_page_cannot_sign_anybody_out(portal: PortalServer) -> None:
    browser = portal.enter("rita")
    assert browser.send("/portal/logout", csrf="").status_code == 403
    assert browser.get("/portal/logout").status_code in (404, 405)
    assert browser.get("/portal/account").status_code == 200


def test_a_changed_password_signs_out_every_device(portal: PortalServer) -> None:
    desk, phone = portal.enter("rita"), portal.enter("rita")
    new = "another long one"
    typo = desk.send("/portal/account/password", old=PASSWORD, password=new, again="not the same")
    assert typo.status_code == 400
    wrong = desk.send("/portal/account/password", old="wrong", password=new, again=new)
    assert "The old password is not right." in text_of(wrong)
    done = desk.send("/portal/account/password", old=PASSWORD, password=new, again=new)
    assert (done.status_code, done.headers["location"]) == (303, "/portal/login")
    assert phone.get("/portal/account").status_code == 303
    assert portal.browser().sign_in("rita").status_code == 401
    assert portal.browser().sign_in("rita", new).status_code == 303


def test_other_devices_can_be_signed_out(portal: PortalServer) -> None:
    desk, phone = portal.enter("rita"), portal.enter("rita")
    assert desk.send("/portal/account/devices").status_code == 303
    assert phone.get("/portal/account").status_code == 303
    page = text_of(desk.get("/portal/account"))
    assert "Every other device is signed out." in page
    assert "Every other device" not in text_of(desk.get("/portal/account"))


def test_every_page_comes_with_the_strict_headers(portal: PortalServer) -> None:
    browser = portal.enter("ada")
    for path in ("/portal/team", "/portal/nowhere"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("page", ["/portal/login", "/portal/team", "/portal/keys"])
def test_no_page_holds_inline_scripts_or_styles_or_names_another_host(
    portal: PortalServer, page: str
) -> None:
    browser = portal.browser() if page.endswith("login") else portal.enter("ada")
    text = browser.get(page).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", text)
    for address in re.findall(r'(?:src|href|action)="([^"]*)"', text):
        assert address.startswith(("/portal/", "#", "tel:", "mailto:")), address
