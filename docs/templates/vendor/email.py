"""The capability `email`."""

from __future__ import annotations

import base64

from core.mail_encoding import build_message_id, encode_mail
from core.protocols.email import OutgoingMail
from core.protocols.vendor import VendorContext
from integrations.acme.client import AcmeClient


class AcmeEmail:
    """Sends our own MIME text, so that it arrives as it was written."""

    def __init__(self, context: VendorContext) -> None:
        self._client = AcmeClient(context)

    async def send(self, mail: OutgoingMail) -> str:
        """Send it; returns its Message-ID. Acme keeps mails under our key: a repeat is the same.

        Raises:
            ProviderError: as `AcmeClient.ask`; `Rejected` also for an address that is none.
        """
        content = {
            "key": mail.idempotency_key,
            "recipients": [person.email for person in mail.recipients],
            "mime": base64.b64encode(encode_mail(mail)).decode(),
        }
        await self._client.ask(mail.tenant_id, "send", "POST", "/v1/messages", content)
        return build_message_id(mail)


def build_email(context: VendorContext) -> AcmeEmail:
    """The capability, as the manifest names it."""
    return AcmeEmail(context)


async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Whose account it is. Raises `ProviderError`."""
    answer = await AcmeClient(context).ask(tenant_id, "check", "GET", "/v1/account")
    return str(answer.get("name", "connected"))
