"""A mail as the body of SendGrid's `POST /v3/mail/send`. Pure."""

from __future__ import annotations

import base64
from typing import Any

from core.mail_encoding import build_message_id, encode_mail
from core.protocols.email import MailAddress, OutgoingMail


def build_body(mail: OutgoingMail, *, open_tracking: bool) -> dict[str, Any]:
    """The body, as SendGrid's published specification describes it.

    Raises:
        Rejected: an address, a name or the subject cannot stand in a mail.
    """
    # The same checks as for everybody else: nothing is smuggled into a header.
    encode_mail(mail)
    body: dict[str, Any] = {
        "personalizations": [
            {
                "to": [_describe(person) for person in mail.recipients],
                # Comes back with every event, so that a bounce finds its mail.
                "custom_args": {"mail_key": mail.idempotency_key},
            }
        ],
        "from": _describe(mail.sender),
        "subject": mail.subject,
        "content": [
            {"type": "text/plain", "value": mail.text},
            {"type": "text/html", "value": mail.html},
        ],
        "headers": _build_headers(mail),
        # Links stay as they are: a rewritten link names SendGrid, and a one-use link would be
        # followed by its scanner.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": open_tracking},
        },
    }
    if mail.reply_to:
        body["reply_to"] = _describe(mail.reply_to)
    if mail.calendar:
        body["attachments"] = [
            {
                "content": base64.b64encode(mail.calendar.content.encode()).decode(),
                # Without parameters: SendGrid refuses a semicolon here. What the calendar file
                # asks stands in its own METHOD line (RFC 5546), which mail programs read.
                "type": "text/calendar",
                "filename": "invite.ics",
                "disposition": "attachment",
            }
        ]
    return body


def _build_headers(mail: OutgoingMail) -> dict[str, str]:
    headers = {
        "Message-ID": build_message_id(mail),
        "Auto-Submitted": "auto-generated",
        "Content-Language": mail.language,
    }
    if mail.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _describe(person: MailAddress) -> dict[str, str]:
    return {"email": person.email, **({"name": person.name} if person.name else {})}
