"""SendGrid's Web API, as far as we use it; every request is held against its published
specification where that is at hand."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.specification import VARIABLE, Specification, load_specification
from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

API_KEY = "SG.test-key"
# Named in the documentation of v3 mail send: these may not be given as custom headers.
_RESERVED = {"to", "from", "subject", "reply-to", "cc", "bcc", "content-type", "received"}


class SendGridStandIn(HttpStandIn):
    """Takes mails, and signs events about them."""

    vendor = "sendgrid"
    title = "SendGrid"

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[dict[str, Any]] = []
        self.erased: list[str] = []
        # Older accounts lack the right.
        self.may_erase = True
        self._key = ec.generate_private_key(ec.SECP256R1())
        named = os.environ.get(VARIABLE)
        self._specification: Specification | None = (
            load_specification("sendgrid") if named else None
        )

    def answer(self, request: SeenRequest) -> Answer:
        """What SendGrid would answer."""
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return Answer(
                401, {"errors": [{"message": "The provided authorization grant is invalid"}]}
            )
        # Of another specification than the one at hand.
        if (request.method, request.path) == ("POST", "/v3/recipients/erasejob"):
            return self._take_order(request.json())
        if self._specification is not None:
            problems = self._specification.check_request(
                request.method, request.target, headers=request.headers, body=request.body
            )
            assert problems == [], problems
        if request.method == "GET" and request.path.startswith("/v3/mail/batch/"):
            return Answer(400, {"errors": [{"field": None, "message": "invalid batch id"}]})
        if (request.method, request.path) != ("POST", "/v3/mail/send"):
            return Answer(404, {"errors": [{"message": "not found"}]})
        body = request.json()
        if refused := _find_fault(body):
            return Answer(400, {"errors": [{"message": refused}]})
        self.bodies.append(body)
        return Answer(202, None, {"x-message-id": f"sg-{len(self.bodies)}"})

    def _take_order(self, body: dict[str, Any]) -> Answer:
        """As the reference of the Recipients' Data Erasure API says; the specification at hand
        describes sending only."""
        if not self.may_erase:
            return Answer(403, {"errors": [{"message": "access forbidden"}]})
        addresses = body.get("email_addresses")
        if body.keys() != {"email_addresses"} or not addresses or len(addresses) > 5000:
            return Answer(400, {"errors": [{"message": "email_addresses is required"}]})
        self.erased += addresses
        return Answer(202, {"job_id": f"job-{len(self.erased)}"})

    def mails(self) -> list[EmailMessage]:
        """What arrived, put together as SendGrid does."""
        return [_put_together(body) for body in self.bodies]

    def records(self) -> Records:
        """What arrived."""
        return {
            "mails": [
                {"to": body["personalizations"][0]["to"], "subject": body["subject"]}
                for body in self.bodies
            ]
        }

    def credentials(self) -> Mapping[str, str]:
        """What signs in here."""
        public = self._key.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        return {"api_key": API_KEY, "verification_key": base64.b64encode(public).decode()}

    def sign(self, events: list[dict[str, Any]], at: datetime) -> tuple[dict[str, str], bytes]:
        """Headers and body of a batch of events."""
        body = json.dumps(events).encode()
        timestamp = str(int(at.astimezone(UTC).timestamp()))
        signed = self._key.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "x-twilio-email-event-webhook-signature": base64.b64encode(signed).decode(),
            "x-twilio-email-event-webhook-timestamp": timestamp,
        }
        return headers, body


def _find_fault(body: dict[str, Any]) -> str:
    types = [one["type"] for one in body["content"]]
    types += [one.get("type", "") for one in body.get("attachments", [])]
    if any(";" in one for one in types):
        return "The content type cannot contain ';', or CRLF characters"
    if types[:1] != ["text/plain"]:
        return "text/plain must come first"
    if _RESERVED & {name.lower() for name in body.get("headers", {})}:
        return "a reserved header"
    return ""


def _put_together(body: dict[str, Any]) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = _address(body["from"])
    mail["To"] = [_address(one) for one in body["personalizations"][0]["to"]]
    mail["Subject"] = body["subject"]
    if "reply_to" in body:
        mail["Reply-To"] = _address(body["reply_to"])
    mail.set_content(body["content"][0]["value"])
    mail.add_alternative(body["content"][1]["value"], subtype="html")
    for one in body.get("attachments", []):
        kind, _, subtype = one["type"].partition("/")
        content = base64.b64decode(one["content"])
        mail.add_attachment(content, maintype=kind, subtype=subtype, filename=one["filename"])
    for name, value in body["headers"].items():
        mail[name] = value
    return mail


def _address(person: dict[str, str]) -> Address:
    return Address(display_name=person.get("name", ""), addr_spec=person["email"])
