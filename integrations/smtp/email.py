"""Mail over SMTP (RFC 5321) with STARTTLS (RFC 3207), TLS (RFC 8314) and authentication."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiosmtplib

from core.errors import AuthenticationFailed, ProviderError, Rejected, Unavailable
from core.logging import redact
from core.mail_encoding import build_message_id, encode_mail
from core.protocols.email import OutgoingMail
from core.protocols.vendor import VendorContext
from core.sending import OnceSender
from integrations.smtp.settings import SmtpSettings

VENDOR = "SMTP"
_PERMANENT = 500


class SmtpEmail:
    """Hands each mail to the server in a connection of its own."""

    def __init__(self, context: VendorContext) -> None:
        self._context = context
        self._settings: SmtpSettings = context.settings
        self._once = OnceSender(context.memory)

    async def send(self, mail: OutgoingMail) -> str:
        """Send it; returns its Message-ID.

        Raises:
            TransientError: no answer, or the server says "not now" (4yz).
            AuthenticationFailed: user name or password are refused.
            Rejected: the server says no (5yz), or an address is none.
        """
        content = encode_mail(mail)
        recipients = [person.email for person in mail.recipients]

        async def hand_over() -> str:
            async with self._connect(mail.tenant_id, "send") as client:
                await client.sendmail(mail.sender.email, recipients, content)
            return build_message_id(mail)

        return await self._once.send(mail.tenant_id, mail.idempotency_key, hand_over)

    async def check(self, tenant_id: str) -> str:
        """Sign in and say hello; what the server calls itself.

        Raises:
            ProviderError: as `send`.
        """
        async with self._connect(tenant_id, "check") as client:
            answer = await client.noop()
        return f"{self._settings.host}:{self._settings.port} answers {answer.code}"

    @asynccontextmanager
    async def _connect(self, tenant_id: str, operation: str) -> AsyncIterator[aiosmtplib.SMTP]:
        settings = self._settings
        values = await self._read_credentials(tenant_id)
        encrypted = settings.security != "none"
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            # True: a server that does not offer it is refused, so that nothing goes in the clear.
            start_tls=settings.security == "starttls",
            tls_context=ssl.create_default_context(cafile=settings.ca_file or None)
            if encrypted
            else None,
            timeout=settings.timeout_seconds,
            username=values.get("username") or None,
            password=values.get("password") or None,
        )
        try:
            async with client:
                yield client
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise _translate(error, operation) from None

    async def _read_credentials(self, tenant_id: str) -> dict[str, str]:
        try:
            return dict(await self._context.credentials.get(tenant_id))
        except AuthenticationFailed:
            # A server of one's own may ask for none.
            return {}


def _translate(error: Exception, operation: str) -> ProviderError:
    """The server's word as an error that says who acts next (RFC 5321, 4.2.1)."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return AuthenticationFailed(VENDOR, operation, f"{error.code} {redact(error.message)}")
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        answers = error.recipients
        words = "; ".join(f"{one.code} {redact(one.message)}" for one in answers)
        final = any(one.code >= _PERMANENT for one in answers)
        return (Rejected if final else Unavailable)(VENDOR, operation, words)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        words = f"{error.code} {redact(error.message)}"
        final = error.code >= _PERMANENT
        return (Rejected if final else Unavailable)(VENDOR, operation, words)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Rejected(
            VENDOR, operation, f"the certificate is not trusted: {error.verify_message}"
        )
    return Unavailable(VENDOR, operation, f"{type(error).__name__}: {redact(str(error))}")


def build_email(context: VendorContext) -> SmtpEmail:
    """The capability `email`."""
    return SmtpEmail(context)


async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Try the server. Raises `ProviderError`."""
    return await SmtpEmail(context).check(tenant_id)
