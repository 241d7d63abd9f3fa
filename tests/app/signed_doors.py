"""Every door that believes a signature: how its senders sign, written from their documentation."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.ids import new_id

Headers = dict[str, str]
# Of nobody: what an attacker makes up.
STRANGE = "whsec_" + base64.b64encode(b"strange key of nobody we know!!!").decode()
SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())
_STRANGE_KEY = ec.generate_private_key(ec.SECP256R1())
SALES_KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
OTHER_SALES_KEY = "whsec_" + base64.b64encode(b"o" * 32).decode()
KEYS = {
    "slack": "slack-signing-secret",
    "mailgun": "mailgun-signing-key",
    "calendly": "calendly-signing-key",
    "hubspot": "hubspot-client-secret",
}


def describe_sendgrid_key() -> str:
    """The public key, as SendGrid shows it."""
    public = SENDGRID_KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(public).decode()


@dataclass(frozen=True)
class Message:
    """What is sent, before it is signed. `name`: the sender's id of it."""

    name: str
    body: bytes
    url: str


@dataclass(frozen=True)
class Door:
    """A door. `sign` takes a message, the time as text, a key and a digest's name, and gives
    headers and body. `replayed`: how the very same message is answered when it comes again.
    `unsigned`: how one without a signature is refused."""

    name: str
    path: str
    key: str
    write: Callable[[str], bytes]
    sign: Callable[[Message, str, str, str], tuple[Headers, bytes]]
    headers: tuple[str, ...]
    per_second: int = 1
    replayed: int = 200
    unsigned: int = 401
    # What cannot be seen from the signature, by the vendor's own scheme.
    covers_body: bool = True

    def stamp(self, at: datetime) -> str:
        """A moment as this sender writes it."""
        return str(int(at.timestamp() * self.per_second))

    def build(self, url: str, name: str = "") -> Message:
        """A message of its own."""
        name = name or new_id()
        return Message(name, self.write(name), url)


def _mac(key: bytes, text: bytes, digest: str) -> bytes:
    return hmac.new(key, text, digest).digest()


def _sign_sales(message: Message, stamp: str, key: str, digest: str) -> tuple[Headers, bytes]:
    secret = base64.b64decode(key.removeprefix("whsec_"))
    signed = f"{message.name}.{stamp}.".encode() + message.body
    found = base64.b64encode(_mac(secret, signed, digest)).decode()
    headers = {
        "webhook-id": message.name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{found}",
    }
    return headers, message.body


def _sign_slack(message: Message, stamp: str, key: str, digest: str) -> tuple[Headers, bytes]:
    signed = f"v0:{stamp}:".encode() + message.body
    found = _mac(key.encode(), signed, digest).hex()
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={found}"}
    return headers, message.body


def _sign_calendly(message: Message, stamp: str, key: str, digest: str) -> tuple[Headers, bytes]:
    found = _mac(key.encode(), f"{stamp}.".encode() + message.body, digest).hex()
    return {"calendly-webhook-signature": f"t={stamp},v1={found}"}, message.body


def _sign_hubspot(message: Message, stamp: str, key: str, digest: str) -> tuple[Headers, bytes]:
    signed = b"POST" + unquote(message.url).encode() + message.body + stamp.encode()
    found = base64.b64encode(_mac(key.encode(), signed, digest)).decode()
    headers = {"x-hubspot-signature-v3": found, "x-hubspot-request-timestamp": stamp}
    return headers, message.body


def _sign_mailgun(message: Message, stamp: str, key: str, digest: str) -> tuple[Headers, bytes]:
    found = _mac(key.encode(), f"{stamp}{message.name}".encode(), digest).hex()
    signature = {"timestamp": stamp, "token": message.name, "signature": found}
    content = {"signature": signature, "event-data": json.loads(message.body)}
    return {"content-type": "application/json"}, json.dumps(content).encode()


def _sign_sendgrid(message: Message, stamp: str, key: str, digest: str) -> tuple[Headers, bytes]:
    private = _STRANGE_KEY if key == STRANGE else SENDGRID_KEY
    kind = hashes.SHA256() if digest == "sha256" else hashes.SHA512()
    signed = private.sign(stamp.encode() + message.body, ec.ECDSA(kind))
    headers = {
        "x-twilio-email-event-webhook-signature": base64.b64encode(signed).decode(),
        "x-twilio-email-event-webhook-timestamp": stamp,
    }
    return headers, message.body


def _press(name: str) -> bytes:
    action = {"action_id": "acknowledge", "value": "notice", "action_ts": "1700000000.5"}
    payload = {"type": "block_actions", "user": {"id": name}, "actions": [action]}
    return urlencode({"payload": json.dumps(payload)}).encode()


def _bounce(name: str) -> bytes:
    event = {"event": "bounce", "email": "a@b.example", "sg_event_id": name, "mail_key": name}
    return json.dumps([event]).encode()


def _fail(name: str) -> bytes:
    data = {"event": "failed", "severity": "permanent", "timestamp": 1700000000.0, "id": name}
    return json.dumps({**data, "user-variables": {"mail_key": name}}).encode()


def _change(name: str) -> bytes:
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    event: dict[str, Any] = {"subscriptionType": "contact.deletion", "objectId": number}
    return json.dumps([{**event, "eventId": number, "occurredAt": 1_700_000_000_000}]).encode()


def _invite(name: str) -> bytes:
    return json.dumps({"event": "invitee.created", "payload": {"uri": quote(name)}}).encode()


VENDORS = "/webhooks/vendors/{}/default"
DOORS = (
    Door(
        "slack",
        VENDORS.format("slack"),
        KEYS["slack"],
        _press,
        _sign_slack,
        ("x-slack-request-timestamp", "x-slack-signature"),
    ),
    Door(
        "sendgrid",
        VENDORS.format("sendgrid"),
        "",
        _bounce,
        _sign_sendgrid,
        ("x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"),
    ),
    Door(
        "mailgun",
        VENDORS.format("mailgun"),
        KEYS["mailgun"],
        _fail,
        _sign_mailgun,
        (),
        unsigned=400,
        covers_body=False,
    ),
    Door(
        "calendly",
        VENDORS.format("calendly"),
        KEYS["calendly"],
        _invite,
        _sign_calendly,
        ("calendly-webhook-signature",),
    ),
    Door(
        "hubspot",
        VENDORS.format("hubspot"),
        KEYS["hubspot"],
        _change,
        _sign_hubspot,
        ("x-hubspot-signature-v3", "x-hubspot-request-timestamp"),
        per_second=1000,
    ),
)


def build_sales_door(lead_id: str) -> Door:
    """The sales system's door, for messages about a lead that was handed over."""

    def write(name: str) -> bytes:
        message = {"leadId": lead_id, "eventType": "lead.updated", "transactionId": name}
        payload = {"status": f"status of {name}"}
        stamped = {"timestamp": "2024-11-02T09:00:00Z", "payload": payload}
        return json.dumps({**message, **stamped}).encode()

    return Door(
        "sales-updates",
        "/webhooks/sales-updates",
        SALES_KEY,
        write,
        _sign_sales,
        ("webhook-id", "webhook-timestamp", "webhook-signature"),
        replayed=409,
    )
