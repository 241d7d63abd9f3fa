"""A vendor that nobody knows, for tests of what is the same for all: its stand-in, with keys and
with sign-in, and its folder, copied from the template that docs offer."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import integrations
from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

TEMPLATE = Path(__file__).parents[2] / "docs" / "templates" / "vendor"
API_KEY = "acme-key-4711-secret"
SIGNING_KEY = "acme-signing-key-0815"
CLIENT_ID, CLIENT_SECRET = "client-of-acme", "acme-client-secret-77"


def copy_template(path: Path) -> Path:
    """`integrations/acme` below a folder for Python's path, as the document says to make it."""
    folder = path / "integrations" / "acme"
    shutil.copytree(TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@contextmanager
def on_the_path(path: Path) -> Iterator[None]:
    """Let this process know the vendors below `path`, until the block ends."""
    integrations.__path__.append(str(path / "integrations"))
    try:
        yield
    finally:
        integrations.__path__.remove(str(path / "integrations"))
        for name in [name for name in sys.modules if name.startswith("integrations.acme")]:
            del sys.modules[name]


def sign(body: bytes, sent_at: datetime, key: str = SIGNING_KEY) -> dict[str, str]:
    """The headers that Acme sends with a webhook."""
    moment = str(int(sent_at.timestamp()))
    proof = hmac.new(key.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"x-acme-time": moment, "x-acme-signature": proof}


def add_sign_in(folder: Path) -> None:
    """Let the copied vendor be connected by signing in as well."""
    manifest = folder / "manifest.py"
    text = manifest.read_text()
    text = text.replace("CredentialField, Manifest", "CredentialField, Manifest, OAuthFlow")
    flow = """    oauth=OAuthFlow(
        authorize_url=lambda settings: settings.base_url + "/oauth/authorize?tenant=1",
        token_url=lambda settings: settings.base_url + "/oauth/token",
        revoke_url=lambda settings: settings.base_url + "/oauth/revoke",
        scopes=("mail.send", "account"),
        extra={"access_type": "offline"},
        keep=("server",),
    ),
    check="""
    manifest.write_text(text.replace("    check=", flow, 1))
    client = folder / "client.py"
    code = client.read_text().replace(
        "values['api_key']", "values.get('api_key') or values['access_token']"
    )
    client.write_text(code)


class AcmeStandIn(HttpStandIn):
    """Takes mails under a key, once each; and is its own authorization server."""

    title = "Acme Mail"

    def __init__(self) -> None:
        super().__init__()
        self.mails: dict[str, EmailMessage] = {}
        self.tokens: set[str] = {API_KEY}
        self.revoked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def answer(self, request: SeenRequest) -> Answer:
        """One endpoint each."""
        if request.path.startswith("/oauth/"):
            return self._sign_in(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer(401, {"message": "This key is not known."})
        if request.path == "/v1/account":
            return Answer(200, {"name": "Acme of Larkmere"})
        sent: Any = request.json()
        content = base64.b64decode(sent["mime"])
        self.mails.setdefault(sent["key"], message_from_bytes(content, policy=policy.default))
        return Answer(202, {"id": sent["key"]})

    def _sign_in(self, request: SeenRequest) -> Answer:
        if request.path == "/oauth/authorize":
            asked = {name: values[0] for name, values in request.query.items()}
            code = secrets.token_urlsafe(8)
            self._codes[code] = asked
            joined = urlencode({"code": code, "state": asked["state"]})
            return Answer(302, None, {"location": f"{asked['redirect_uri']}?{joined}"})
        form = request.form()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            said = f"client {form.get('client_id')} with {form.get('client_secret')} is unknown"
            return Answer(400, {"error": "invalid_client", "error_description": said})
        if request.path == "/oauth/revoke":
            self.revoked.append(form["token"])
            self.tokens.discard(form["token"].replace("refresh", "access"))
            return Answer(200)
        asked = self._codes.pop(form.get("code", ""), {})
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not asked or asked["code_challenge"] != challenge:
            return Answer(400, {"error": "invalid_grant"})
        if asked["redirect_uri"] != form["redirect_uri"] or form["grant_type"] == "":
            return Answer(400, {"error": "invalid_grant"})
        tail = secrets.token_urlsafe(12)
        self.tokens.add(f"access-{tail}")
        given = {"access_token": f"access-{tail}", "refresh_token": f"refresh-{tail}"}
        return Answer(200, {**given, "expires_in": 3600, "server": "eu", "scope": "x"})

    def records(self) -> Records:
        """The mails that were taken."""
        return {"Mails": [{"key": key, "to": mail["To"]} for key, mail in self.mails.items()]}

    def credentials(self) -> Mapping[str, str]:
        """What connects by key."""
        return {"api_key": API_KEY, "signing_key": SIGNING_KEY}
