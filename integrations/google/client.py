"""Calls of the Calendar API through Google's library, from worker threads."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import httplib2  # type: ignore[import-untyped]
from googleapiclient.discovery import build  # type: ignore[import-untyped]
from googleapiclient.errors import Error as LibraryError  # type: ignore[import-untyped]
from googleapiclient.errors import HttpError

from core.errors import (
    AuthenticationFailed,
    ProviderError,
    Rejected,
    Unavailable,
    VendorRateLimited,
)
from core.outbound import build_error, read_retry_after, run_blocking
from core.protocols.calendar import CalendarOwner
from core.protocols.vendor import VendorContext
from integrations.google.settings import GoogleSettings
from integrations.google.tokens import VENDOR, TokenSource

# Reasons of a 403 that mean "later" (Calendar API, "Resolve errors").
_LATER = ("rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded")


class Absent(Rejected):
    """404: there is no such event or calendar for us."""


class Gone(Rejected):
    """410: the event is deleted, or the sync token holds no longer."""


class Exists(Rejected):
    """409: the id is taken, if only by a deleted event."""


class Changed(Rejected):
    """412: somebody else changed it since we read it."""


_BY_STATUS: Mapping[int, type[Rejected]] = {404: Absent, 409: Exists, 410: Gone, 412: Changed}


class GoogleClient:
    """Sends requests that the library builds. Its description of the API is part of the library
    (`static_discovery`), so nothing is fetched at the start.

    httplib2 is not safe to share between threads: each thread has a connection of its own.
    """

    def __init__(self, context: VendorContext) -> None:
        self._settings: GoogleSettings = context.settings
        self._tokens = TokenSource(context)
        self._threads = threading.local()
        endpoint = f"{self._settings.base_url}/calendar/v3/"
        self._service = build(
            "calendar",
            "v3",
            # Never used: every request is given the connection of its thread.
            http=httplib2.Http(proxy_info=None),
            client_options={"api_endpoint": endpoint},
            static_discovery=True,
            cache_discovery=False,
        )

    async def call(
        self,
        owner: CalendarOwner,
        operation: str,
        prepare: Callable[[Any], Any],
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The answer to the request that `prepare` makes of the service, sent as the owner. A
        refused token is renewed once.

        Raises:
            TransientError: no answer, a limit, or a failure of theirs.
            AuthenticationFailed: the credentials are refused.
            Absent, Gone, Exists, Changed, Rejected: they said no.
        """
        limit = timedelta(seconds=self._settings.timeout_seconds + 5)
        refused = ""
        for is_last in (False, True):
            token = await self._tokens.get_token(owner.tenant_id, owner.email, refused)
            sent = {**(headers or {}), "authorization": f"Bearer {token}"}

            def work(sent: Mapping[str, str] = sent) -> dict[str, Any]:
                return self._send(prepare(self._service), operation, sent)

            try:
                return await run_blocking(work, VENDOR, operation, limit)
            except AuthenticationFailed:
                if is_last:
                    raise
                refused = token
        raise AssertionError("unreachable")

    def _send(self, request: Any, operation: str, headers: Mapping[str, str]) -> dict[str, Any]:
        request.headers.update(headers)
        try:
            answer = request.execute(http=self._get_connection())
        except HttpError as error:
            raise _translate(error, operation) from None
        except (OSError, http.client.HTTPException, httplib2.HttpLib2Error) as error:
            self._threads.connection = None
            raise Unavailable(VENDOR, operation, type(error).__name__) from None
        except (LibraryError, ValueError) as error:
            # Half an answer, or one that is no JSON.
            self._threads.connection = None
            raise Unavailable(VENDOR, operation, type(error).__name__) from None
        return answer if isinstance(answer, dict) else {}

    def _get_connection(self) -> httplib2.Http:
        connection: httplib2.Http | None = getattr(self._threads, "connection", None)
        if connection is None:
            # No proxy and no .netrc of the environment, no redirects: a token goes where the
            # settings say and nowhere else.
            connection = httplib2.Http(timeout=self._settings.timeout_seconds, proxy_info=None)
            connection.follow_redirects = False
            self._threads.connection = connection
        return connection


def _translate(error: HttpError, operation: str) -> ProviderError:
    status, body = int(error.resp.status), error.content.decode("utf-8", "replace")
    retry_after = error.resp.get("retry-after")
    reason = _read_reason(body)
    if status == 403 and reason in _LATER:
        return VendorRateLimited(VENDOR, operation, reason, read_retry_after(retry_after))
    kind = _BY_STATUS.get(status)
    if kind is not None:
        return kind(VENDOR, operation, f"{status} {reason}".strip())
    found = build_error(VENDOR, operation, status, body, retry_after)
    return found or Unavailable(VENDOR, operation, str(status))


def _read_reason(body: str) -> str:
    try:
        return str(json.loads(body)["error"]["errors"][0]["reason"])
    except (ValueError, KeyError, IndexError, TypeError):
        return ""
