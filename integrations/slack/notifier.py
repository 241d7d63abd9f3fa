"""Notices through Slack's `chat.postMessage`, with Slack's own library."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from core.errors import (
    AuthenticationFailed,
    ProviderError,
    Rejected,
    Unavailable,
    VendorRateLimited,
)
from core.outbound import (
    build_client,
    build_error,
    call,
    name_failures,
    read_object,
    read_retry_after,
    run_blocking,
)
from core.protocols.notifier import Notice
from core.protocols.vendor import VendorContext
from core.sending import OnceSender
from integrations.slack.blocks import build_blocks, build_text
from integrations.slack.settings import SlackSettings

VENDOR = "Slack"
_GRACE = timedelta(seconds=5)
_WHO = "auth.test"
_LIMITED = 429
_SERVER = 500
_AUTHENTICATION = {
    "not_authed",
    "invalid_auth",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "org_login_required",
}
_TRANSIENT = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
_LIMITS = {"ratelimited", "rate_limited"}


@name_failures(VENDOR)
class SlackNotifier:
    """Posts each notice as one message."""

    def __init__(self, context: VendorContext) -> None:
        self._context = context
        self._settings: SlackSettings = context.settings
        self._once = OnceSender(context.memory)

    async def notify(self, tenant_id: str, notice: Notice) -> str:
        """Send it to a channel or member; returns Slack's channel and time stamp of the message.

        Raises:
            TransientError: no answer, a limit, or Slack's own failure.
            AuthenticationFailed: the token is refused.
            Rejected: e.g. the channel does not exist, or the app is not in it.
        """
        form = {
            "channel": notice.recipient,
            "text": build_text(notice),
            "blocks": json.dumps(build_blocks(notice), ensure_ascii=False),
            "unfurl_links": "false",
            "unfurl_media": "false",
        }

        async def hand_over() -> str:
            answer = await self._call(tenant_id, "chat.postMessage", form)
            return f"{answer.get('channel', '')}:{answer.get('ts', '')}"

        return await self._once.send(tenant_id, notice.idempotency_key, hand_over)

    async def check(self, tenant_id: str) -> str:
        """Ask whose token it is: a GET, by Slack's specification; the library only writes POSTs.

        Raises:
            ProviderError: as `notify`.
        """
        token = (await self._context.credentials.get(tenant_id))["bot_token"]
        head = {"authorization": f"Bearer {token}", "token": token}
        limit = timedelta(seconds=self._settings.timeout_seconds)
        async with build_client(self._settings.base_url, limit) as http:
            response = await call(http, http.build_request("GET", _WHO, headers=head), VENDOR, _WHO)
        answer = read_object(response, VENDOR, _WHO)
        if not answer.get("ok"):
            wait = read_retry_after(response.headers.get("retry-after"))
            raise _name(str(answer.get("error") or ""), response.status_code, wait, _WHO)
        return f"{answer.get('team', '?')}, as {answer.get('user', '?')}"

    async def _call(
        self, tenant_id: str, method: str, form: Mapping[str, str]
    ) -> Mapping[str, Any]:
        token = (await self._context.credentials.get(tenant_id))["bot_token"]
        seconds = max(1, round(self._settings.timeout_seconds))

        def ask() -> Mapping[str, Any]:
            client = WebClient(
                token, base_url=f"{self._settings.base_url}/", timeout=seconds, retry_handlers=[]
            )
            # A form, and the token in a header of its own as well, as the published
            # specification has it.
            answer = client.api_call(method, data=dict(form), headers={"token": token})
            return dict(answer.data) if isinstance(answer.data, dict) else {}

        limit = timedelta(seconds=seconds) + _GRACE
        return await run_blocking(_translating(ask, method), VENDOR, method, limit)


def _translating(
    ask: Callable[[], Mapping[str, Any]], method: str
) -> Callable[[], Mapping[str, Any]]:
    """`ask`, with the library's errors as ours."""

    def translated() -> Mapping[str, Any]:
        try:
            return ask()
        except SlackApiError as error:
            raise _translate(error, method) from None
        except SlackClientError as error:
            raise Unavailable(VENDOR, method, type(error).__name__) from None
        except (OSError, ValueError) as error:
            raise Unavailable(VENDOR, method, type(error).__name__) from None

    return translated


def _translate(error: SlackApiError, method: str) -> ProviderError:
    """Slack answers 200 to most errors and names them in the body."""
    response = error.response
    data = response.data if isinstance(response.data, dict) else {}
    name = str(data.get("error", ""))
    headers = {key.lower(): value for key, value in dict(response.headers or {}).items()}
    wait = read_retry_after(headers.get("retry-after"))
    return _name(name, response.status_code, wait, method)


def _name(name: str, status: int, wait: timedelta | None, method: str) -> ProviderError:
    if status == _LIMITED or name in _LIMITS:
        return VendorRateLimited(VENDOR, method, name, wait)
    if name in _AUTHENTICATION:
        return AuthenticationFailed(VENDOR, method, name)
    if name in _TRANSIENT or status >= _SERVER:
        return Unavailable(VENDOR, method, name or str(status), wait)
    found = None if name else build_error(VENDOR, method, status)
    return found or Rejected(VENDOR, method, name or str(status))


def build_notifier(context: VendorContext) -> SlackNotifier:
    """The capability `notifier`."""
    return SlackNotifier(context)


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Try the token. Raises `ProviderError`."""
    return await SlackNotifier(context).check(tenant_id)
