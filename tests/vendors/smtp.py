"""A mail server: aiosmtpd, with STARTTLS or TLS, authentication and answers to order."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import tempfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.vendors.standin import Records, StandIn

USER, PASSWORD = "larkmere", "correct horse battery staple"


class _Server(Controller):
    """Listens in a thread of its own; with TLS from the first byte where `tls` says so."""

    def __init__(self, handler: Any, context: ssl.SSLContext | None, **options: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=0, ssl_context=context)
        self._options = options

    def factory(self) -> SMTP:
        """One session."""
        return SMTP(self.handler, hostname="mail.test", **self._options)

    def _trigger_server(self) -> None:
        """Any port was asked for; the base class connects to the one it got."""
        assert isinstance(self.server, asyncio.Server)
        self.port = int(self.server.sockets[0].getsockname()[1])
        super()._trigger_server()  # type: ignore[no-untyped-call]


class SmtpStandIn(StandIn):
    """Keeps what arrives. `answers` are given to the next mails, e.g. `451 4.3.0 Later`."""

    vendor = "smtp"
    title = "Mail server"

    def __init__(self, security: str = "starttls") -> None:
        super().__init__()
        self.security = security
        self.mails: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.answers: list[str] = []
        self.refused: dict[str, str] = {}
        self._folder = tempfile.TemporaryDirectory()
        self.ca_file = Path(self._folder.name) / "ca.pem"
        self._server = self._build()

    def _build(self) -> _Server:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        options: dict[str, Any] = {
            "authenticator": self._authenticate,
            "auth_required": True,
            "auth_require_tls": self.security == "starttls",
        }
        if self.security == "starttls":
            options["tls_context"] = context
        elif self.security == "tls":
            # aiosmtpd counts only its own STARTTLS as TLS.
            options["auth_require_tls"] = False
        return _Server(self, context if self.security == "tls" else None, **options)

    @staticmethod
    def _authenticate(
        _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        given = data if isinstance(data, LoginPassword) else LoginPassword(b"", b"")
        right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """A recipient is named."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """A mail arrived."""
        if self.answers:
            return self.answers.pop(0)
        content = cast(bytes, envelope.content)
        self.envelopes.append(envelope)
        self.mails.append(email.message_from_bytes(content, policy=email.policy.default))
        return "250 Message accepted for delivery"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    @property
    def url(self) -> str:
        """Where it listens, as an address."""
        return f"smtp://127.0.0.1:{self.port}"

    def records(self) -> Records:
        """What arrived."""
        shown: Sequence[Mapping[str, Any]] = [
            {"to": str(mail["To"]), "subject": str(mail["Subject"]), "id": mail["Message-ID"]}
            for mail in self.mails
        ]
        return {"mails": shown}

    def settings(self) -> Mapping[str, Any]:
        """What `integrations.smtp` must say."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "security": self.security,
            "ca_file": str(self.ca_file),
        }

    def credentials(self) -> Mapping[str, str]:
        """What signs in here."""
        return {"username": USER, "password": PASSWORD}

    def start(self) -> None:
        """Listen at a free port."""
        self._server.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.stop()
        self._folder.cleanup()
