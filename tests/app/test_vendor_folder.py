"""A vendor's folder, copied from the template that the docs offer, and no other file touched."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import create_model

import integrations
from app.settings import AppSettings
from app.vendor_catalogue import (
    find_manifests,
    list_missing_libraries,
    load_function,
    open_capability,
)
from app.vendor_settings import (
    MANIFESTS,
    build_choice,
    build_crm_settings,
    build_integrations,
    read_credentials,
    read_vendor_settings,
)
from core.clock import FixedClock
from core.errors import (
    AuthenticationFailed,
    ConfigurationError,
    Invalid,
    Rejected,
    Unauthorized,
    VendorRateLimited,
)
from core.protocols.email import EmailSender
from core.protocols.vendor import Capability, Manifest, VendorContext, WebhookRequest
from core.settings import Section, parse_settings
from portal.integrations import CAPABILITY_NAMES
from sales.connections.events import EVENT_OF
from sales.followups.settings import EmailSettings
from tests.contracts.email import MAIL, EmailSenderContract
from tests.support.acme import API_KEY, AcmeStandIn, copy_template, on_the_path, sign
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.standin import Fault

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def acme_folder(tmp_path: Path) -> Iterator[Path]:
    folder = copy_template(tmp_path)
    with on_the_path(tmp_path):
        yield folder


@pytest.fixture
def acme() -> Iterator[AcmeStandIn]:
    with AcmeStandIn() as stand_in:
        yield stand_in
        assert stand_in.errors == []


@pytest.fixture
def manifest() -> Manifest:
    return find_manifests(integrations)["acme"]


@pytest.fixture
def context(acme: AcmeStandIn, manifest: Manifest) -> VendorContext:
    settings = manifest.settings.model_validate({"base_url": acme.url})
    known = MemoryCredentials({"": acme.credentials(), "t1": acme.credentials()})
    return VendorContext(settings, known, FixedClock(NOW))


class TestAcmeMail(EmailSenderContract):
    @pytest.fixture
    def sender(self, acme: AcmeStandIn, manifest: Manifest, context: VendorContext) -> EmailSender:
        self._acme = acme
        opened: EmailSender = open_capability(manifest, "email", context)
        return opened

    def inbox(self) -> list[EmailMessage]:
        return list(self._acme.mails.values())


async def test_the_vendors_answers_are_our_errors(
    acme: AcmeStandIn, manifest: Manifest, context: VendorContext
) -> None:
    sender = open_capability(manifest, "email", context)
    acme.faults.order(Fault(status=429, retry_after=7), Fault(status=422))
    with pytest.raises(VendorRateLimited) as asked:
        await sender.send(MAIL)
    assert asked.value.retry_after == timedelta(seconds=7)
    with pytest.raises(Rejected):
        await sender.send(MAIL)
    acme.tokens.clear()
    with pytest.raises(AuthenticationFailed, match="This key is not known"):
        await sender.send(MAIL)


async def test_the_check_names_the_account(manifest: Manifest, context: VendorContext) -> None:
    assert await load_function(manifest, manifest.check)(context, "t1") == "Acme of Larkmere"


def build_webhook(body: bytes, headers: dict[str, str]) -> WebhookRequest:
    return WebhookRequest("t1", "POST", "https://us.example/x", headers, {}, body)


async def test_a_webhook_is_read_when_its_signature_holds_and_not_before(
    manifest: Manifest, context: VendorContext
) -> None:
    read = load_function(manifest, manifest.webhook)
    event = {"id": "e1", "type": "bounce", "key": "k", "recipient": "a@b.example", "at": "1"}
    body = json.dumps({"events": [{**event, "reason": "full"}]}).encode()
    answer = await read(context, build_webhook(body, sign(body, NOW)))
    assert [(one.id, one.kind, one.subject) for one in answer.events] == [("e1", "bounced", "k")]
    old = sign(body, NOW - timedelta(hours=1))
    for headers in (sign(body + b" ", NOW), sign(body, NOW, "guess"), old, {}):
        with pytest.raises(Unauthorized):
            await read(context, build_webhook(body, headers))
    with pytest.raises(Invalid):
        await read(context, build_webhook(b"[]", sign(b"[]", NOW)))


def parse(kind: Any, text: str, **environment: str) -> Any:
    return parse_settings(kind, text, "app.yaml", environment)


def build_app_settings() -> Any:
    """As app/settings.py composes them, with the vendors that there are now."""
    manifests = find_manifests(integrations)
    section: Any = build_integrations(manifests)
    email: Any = build_choice(EmailSettings, "provider", manifests, "email")
    fields: Any = {"integrations": (section, section()), "email": (email, email())}
    return create_model("Settings", __base__=Section, **fields)


def test_the_settings_know_the_folder_and_tell_mistakes_by_path(manifest: Manifest) -> None:
    kind = build_app_settings()
    text = (
        "integrations: {acme: {base_url: 'https://x', api_key: '${KEY}'}}\nemail: {provider: acme}"
    )
    settings = parse(kind, text, KEY=API_KEY)
    assert settings.email.provider == "acme"
    assert read_credentials(manifest, settings.integrations.acme) == {"api_key": API_KEY}
    assert API_KEY not in repr(settings)
    schema = kind.model_json_schema()
    assert "acme" in json.dumps(schema)
    for wrong, problem in (
        ("integrations: {acme: {api_key: abc}}", "integrations.acme.api_key: a secret stands"),
        ("integrations: {acme: {api_kee: abc}}", "integrations.acme.api_kee: there is no such key"),
        ("integrations: {acmee: {}}", "Did you mean acme?"),
        ("email: {provider: acmee}", "email.provider"),
    ):
        with pytest.raises(ConfigurationError) as refused:
            parse(kind, wrong)
        assert problem in "\n".join(refused.value.problems)


def test_a_folder_that_is_gone_leaves_nothing_behind(tmp_path: Path) -> None:
    assert "acme" in find_manifests(integrations)
    copy_template(tmp_path / "more").rename(tmp_path / "integrations" / "_acme2")
    assert set(find_manifests(integrations)) - {"acme"} == set(MANIFESTS)


def test_a_missing_library_is_told_with_what_to_install(
    acme_folder: Path, manifest: Manifest, context: VendorContext
) -> None:
    email = acme_folder / "email.py"
    email.write_text(email.read_text() + "import a_library_that_is_not_here\n")
    text = (acme_folder / "manifest.py").read_text()
    (acme_folder / "manifest.py").write_text(text.replace("docs=", 'extra="slack",\n    docs='))
    for name in [name for name in sys.modules if name.startswith("integrations.acme")]:
        del sys.modules[name]
    changed = find_manifests(integrations)["acme"]
    assert list_missing_libraries(changed) == []
    with pytest.raises(ConfigurationError, match=r"pip install 'sales-agent\[slack\]'"):
        open_capability(changed, "email", context)
    with pytest.raises(ConfigurationError, match="Acme Mail is no crm"):
        open_capability(changed, "crm", context)


def test_a_crm_of_s1_without_a_folder_is_refused_in_so_many_words() -> None:
    kind = build_crm_settings(find_manifests(integrations))
    for name in ("pipedrive", "dynamics"):
        with pytest.raises(ConfigurationError, match=f"{name} is not supported; supported are"):
            parse(kind, f"{name}: {{enabled: true}}")
        assert not getattr(parse(kind, ""), name).enabled


def test_keys_of_s1_fill_the_vendors_settings_unless_these_say_otherwise() -> None:
    class Settings(Section):
        api_domain: str = "www.default.example"

    manifest = Manifest("zoho", "Zoho", "", "", {"crm": "x:y"}, Settings)
    manifests = {"zoho": manifest}
    crm = parse(build_crm_settings(manifests), "zoho: {api_domain: www.zohoapis.eu}")
    kind = build_integrations(manifests)
    plain, own = parse(kind, ""), parse(kind, "zoho: {api_domain: localhost}")
    taken: Any = read_vendor_settings(manifest, plain.zoho, crm)
    kept: Any = read_vendor_settings(manifest, own.zoho, crm)
    assert (taken.api_domain, kept.api_domain) == ("www.zohoapis.eu", "localhost")


def test_with_several_tenants_a_secret_in_the_file_must_name_whose_it_is() -> None:
    text = """
sites: [{key: a, name: A, allowed_origins: [self]}]
tenants: [{key: default}, {key: other}]
integrations: {hubspot: {access_token: '${KEY}'%s}}
"""
    parse(AppSettings, text % ", tenants: [other]", KEY="x")
    for more, problem in (("", "Name those whose account"), (", tenants: [x]", "x is no tenant")):
        with pytest.raises(ConfigurationError, match=problem):
            parse(AppSettings, text % more, KEY="x")


def test_every_capability_has_its_event_and_its_name_on_the_page() -> None:
    assert set(EVENT_OF) == set(get_args(Capability)) == set(CAPABILITY_NAMES)
