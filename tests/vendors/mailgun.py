"""Mailgun's API, as far as we use it. There is no published specification at hand: the fields
are those of Mailgun's documentation of `messages.mime`, and unknown ones are refused."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote

from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

API_KEY, SIGNING_KEY, DOMAIN = "key-mailgun-test", "signing-key-test", "mg.larkmere.example"
# Of one address: Mailgun's documentation, "Suppressions".
_SUPPRESSION = re.compile(rf"/v3/{re.escape(DOMAIN)}/(bounces|unsubscribes|complaints)/([^/]+)")


class MailgunStandIn(HttpStandIn):
    """Takes mails, and signs events about them."""

    vendor = "mailgun"
    title = "Mailgun"

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[EmailMessage] = []
        self.fields: list[dict[str, list[str]]] = []
        self.suppressed: set[tuple[str, str]] = set()

    def answer(self, request: SeenRequest) -> Answer:
        """What Mailgun would answer."""
        expected = base64.b64encode(f"api:{API_KEY}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return Answer(401, {"message": "Invalid private key"})
        if (request.method, request.path) == ("GET", f"/v4/domains/{DOMAIN}"):
            return Answer(200, {"domain": {"name": DOMAIN, "state": "active"}})
        listed = _SUPPRESSION.fullmatch(request.path)
        if request.method == "DELETE" and listed:
            entry = (listed[1], unquote(listed[2]))
            if entry not in self.suppressed:
                return Answer(404, {"message": f"Address not found in {listed[1]} table"})
            self.suppressed.remove(entry)
            return Answer(200, {"message": "removed", "address": entry[1]})
        if (request.method, request.path) != ("POST", f"/v3/{DOMAIN}/messages.mime"):
            return Answer(404, {"message": "Domain not found"})
        fields, files = _read_form(request)
        unknown = [name for name in fields if name != "to" and not name.startswith(("v:", "o:"))]
        assert (unknown, list(files)) == ([], ["message"]), (unknown, list(files))
        mail = email.message_from_bytes(files["message"], policy=email.policy.default)
        self.mails.append(mail)
        self.fields.append(fields)
        return Answer(200, {"id": str(mail["Message-ID"]), "message": "Queued. Thank you."})

    def records(self) -> Records:
        """What arrived."""
        return {
            "mails": [
                {"to": str(mail["To"]), "subject": str(mail["Subject"])} for mail in self.mails
            ]
        }

    def settings(self) -> Mapping[str, Any]:
        """What `integrations.mailgun` must say."""
        return {"base_url": self.url, "domain": DOMAIN}

    def credentials(self) -> Mapping[str, str]:
        """What signs in here."""
        return {"api_key": API_KEY, "signing_key": SIGNING_KEY}

    def sign(self, data: dict[str, Any], at: datetime, token: str = "t" * 50) -> bytes:
        """The body of one event."""
        timestamp = str(int(at.timestamp()))
        digest = hmac.new(SIGNING_KEY.encode(), f"{timestamp}{token}".encode(), hashlib.sha256)
        signature = {"timestamp": timestamp, "token": token, "signature": digest.hexdigest()}
        return json.dumps({"signature": signature, "event-data": data}).encode()


def _read_form(request: SeenRequest) -> tuple[dict[str, list[str]], dict[str, bytes]]:
    """The fields and files of a multipart form (RFC 7578), read as a mail."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for part in form.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        if part.get_filename():
            # A file of type message/rfc822 was parsed as a mail: cut it out of the raw form.
            files[name] = _cut_file(request.body, name)
        else:
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            fields.setdefault(name, []).append(content.decode())
    return fields, files


def _cut_file(body: bytes, name: str) -> bytes:
    boundary = body[: body.index(b"\r\n")]
    part = next(one for one in body.split(boundary) if f'name="{name}"'.encode() in one[:300])
    return part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
