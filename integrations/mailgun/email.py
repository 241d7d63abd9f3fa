"""Mail through Mailgun's HTTP API: `POST /v3/{domain}/messages.mime`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import httpx

from core.errors import Rejected, Unavailable
from core.mail_encoding import build_message_id, encode_mail
from core.outbound import build_client, call, name_failures
from core.protocols.email import OutgoingMail
from core.protocols.erasure import AddressErasure
from core.protocols.vendor import VendorContext
from core.sending import OnceSender
from integrations.mailgun.settings import MailgunSettings

VENDOR = "Mailgun"
_NOT_FOUND = 404
# The domain's suppressions (Mailgun's documentation, "Suppressions").
_LISTS = ("bounces", "unsubscribes", "complaints")
_LEFT = "Mailgun offers no way to erase a recipient's log; it goes with the account's retention"


@name_failures(VENDOR)
class MailgunEmail:
    """Sends our own MIME text, so that it arrives as it was written."""

    def __init__(self, context: VendorContext) -> None:
        self._context = context
        self._settings: MailgunSettings = context.settings
        self._client = build_client(self._settings.address)
        self._once = OnceSender(context.memory)

    async def send(self, mail: OutgoingMail) -> str:
        """Send it; returns its Message-ID.

        Raises:
            TransientError: no answer, 429 or 5xx.
            AuthenticationFailed: the key is refused.
            Rejected: Mailgun says no, or an address is none.
        """
        content = encode_mail(mail)

        async def hand_over() -> str:
            form: dict[str, str | list[str]] = {
                "to": [person.email for person in mail.recipients],
                # Comes back with every event, so that a bounce finds its mail.
                "v:mail_key": mail.idempotency_key,
            }
            await self._post(mail.tenant_id, form, content)
            return build_message_id(mail)

        return await self._once.send(mail.tenant_id, mail.idempotency_key, hand_over)

    async def _post(self, tenant_id: str, form: dict[str, str | list[str]], mime: bytes) -> None:
        request = self._client.build_request(
            "POST",
            f"/v3/{self._get_domain()}/messages.mime",
            data=form,
            files={"message": ("message.eml", mime, "message/rfc822")},
        )
        response = await self._call(tenant_id, request, "send")
        try:
            queued = "id" in response.json()
        except ValueError:
            queued = False
        if not queued:
            # Half an answer: it may have been taken. A repeat is the smaller harm.
            raise Unavailable(VENDOR, "send", "the answer holds no id")

    async def erase_addresses(self, tenant_id: str, addresses: Sequence[str]) -> AddressErasure:
        """Take the addresses off the domain's lists of bounces, unsubscribes and complaints. What
        Mailgun logged of mails cannot be deleted.

        Raises:
            ProviderError: as `send`.
        """
        found = 0
        for address in addresses:
            for kind in _LISTS:
                path = f"/v3/{self._get_domain()}/{kind}/{quote(address, safe='')}"
                request = self._client.build_request("DELETE", path)
                response = await self._sign_and_call(tenant_id, request, "erase")
                found += response.status_code != _NOT_FOUND
        words = "off the lists of bounces, unsubscribes and complaints"
        return AddressErasure(found, words, _LEFT)

    async def check(self, tenant_id: str) -> str:
        """Ask for the domain; its state.

        Raises:
            ProviderError: as `send`.
        """
        request = self._client.build_request("GET", f"/v4/domains/{self._get_domain()}")
        response = await self._call(tenant_id, request, "check")
        state = response.json().get("domain", {}).get("state", "unknown")
        return f"domain {self._get_domain()}: {state}"

    async def _call(self, tenant_id: str, request: httpx.Request, operation: str) -> httpx.Response:
        response = await self._sign_and_call(tenant_id, request, operation)
        if response.status_code == _NOT_FOUND:
            raise Rejected(VENDOR, operation, f"there is no domain {self._get_domain()} in it")
        return response

    async def _sign_and_call(
        self, tenant_id: str, request: httpx.Request, operation: str
    ) -> httpx.Response:
        values = await self._context.credentials.get(tenant_id)
        # HTTP Basic with the user name "api".
        signed = httpx.BasicAuth("api", values["api_key"])
        return await call(self._client, next(signed.auth_flow(request)), VENDOR, operation)

    def _get_domain(self) -> str:
        if not self._settings.domain:
            raise Rejected(VENDOR, "send", "integrations.mailgun.domain is not set")
        return self._settings.domain


def build_email(context: VendorContext) -> MailgunEmail:
    """The capability `email`."""
    return MailgunEmail(context)


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Try key and domain. Raises `ProviderError`."""
    return await MailgunEmail(context).check(tenant_id)
