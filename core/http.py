"""What every HTTP answer has in common: S2's error body, a request id, limits, headers.

Pure ASGI: a turn's time is measured against a bare endpoint, and Starlette's
`BaseHTTPMiddleware` alone would cost more than the rest of this file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.clock import Clock, SystemClock
from core.deprecation import build_deprecation_headers
from core.errors import BugError, ProviderError, RateLimited, TooLarge, Unauthorized, UserError
from core.ids import new_id

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 256 * 1024
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_CODES = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    413: "VALIDATION_ERROR",
    415: "VALIDATION_ERROR",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
    503: "UNAVAILABLE",
}
_SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
}


class ErrorContent(BaseModel):
    """What went wrong and what to do (S2, "Error Response Format")."""

    code: str = Field(examples=["VALIDATION_ERROR"])
    message: str
    details: dict[str, Any]
    request_id: str
    timestamp: str = Field(examples=["2026-02-11T08:00:00Z"])


class ErrorBody(BaseModel):
    """The body of every answer that is an error."""

    error: ErrorContent


def describe_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI: these statuses carry the error body."""
    return {status: {"model": ErrorBody, "description": _CODES[status]} for status in statuses}


def build_error(
    code: str, message: str, details: Mapping[str, Any], request_id: str, clock: Clock
) -> dict[str, Any]:
    """S2's error body."""
    timestamp = clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "error": {
            "code": code,
            "message": message,
            "details": dict(details),
            "request_id": request_id,
            "timestamp": timestamp,
        }
    }


def request_id_of(scope: MutableMapping[str, Any]) -> str:
    """The id of the request that is being answered."""
    return str(scope.get("state", {}).get("request_id", ""))


class ErrorResponses:
    """Turns every exception that can end a request into S2's error body."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()

    def handlers(self) -> dict[Any, Any]:
        """Exception handlers, as FastAPI takes them."""
        return {
            UserError: self.for_user_error,
            RequestValidationError: self.for_validation,
            HTTPException: self.for_http,
            ProviderError: self.for_provider,
        }

    def build(
        self,
        scope: MutableMapping[str, Any],
        status: int,
        code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JSONResponse:
        """An answer with the error body."""
        body = build_error(code, message, details or {}, request_id_of(scope), self._clock)
        return JSONResponse(body, status, headers)

    async def for_user_error(self, request: Request, error: UserError) -> JSONResponse:
        """Someone outside can mend it."""
        headers = {}
        if isinstance(error, Unauthorized):
            # RFC 6750, 3: what is asked for.
            headers["WWW-Authenticate"] = "Bearer"
        if isinstance(error, RateLimited):
            headers["Retry-After"] = str(error.details["retry_after_seconds"])
        return self.build(
            request.scope, error.status, error.code, error.message, error.details, headers
        )

    async def for_validation(self, request: Request, error: RequestValidationError) -> JSONResponse:
        """The body or the query is not of the promised form: 400, as S2 says. The rejected
        values are not repeated: they may be personal."""
        problems = [
            {
                "field": ".".join(
                    part for part in item["loc"] if isinstance(part, str) and part != "body"
                ),
                "problem": str(item["msg"]),
            }
            for item in error.errors()[:20]
        ]
        first = problems[0] if problems else {"field": "", "problem": "not valid"}
        if not first["field"] and "json" not in request.headers.get("content-type", ""):
            first = {"field": "", "problem": "Send JSON with Content-Type: application/json"}
        where = f"{first['field']}: " if first["field"] else ""
        return self.build(
            request.scope,
            400,
            "VALIDATION_ERROR",
            f"The request is not valid. {where}{first['problem']}",
            {"problems": problems},
        )

    async def for_http(self, request: Request, error: HTTPException) -> JSONResponse:
        """What the framework itself refuses, or what it wraps of our own refusals."""
        if isinstance(error.__cause__, UserError):
            return await self.for_user_error(request, error.__cause__)
        code = _CODES.get(error.status_code, "INTERNAL_ERROR")
        message = str(error.detail)
        if error.status_code == 404:
            message = "There is nothing at this address."
        elif error.status_code == 400:
            # The framework says it so only of a body that it cannot parse.
            message = "The body cannot be read. Send JSON in UTF-8."
        return self.build(request.scope, error.status_code, code, message, None, error.headers)

    async def for_provider(self, request: Request, error: ProviderError) -> JSONResponse:
        """An outside system is needed and fails: no word of its answer goes out."""
        log.warning("provider_failed", vendor=error.vendor, operation=error.operation)
        return self.build(
            request.scope, 503, "UNAVAILABLE", "A service this needs is not available. Try again."
        )


class RequestMiddleware:
    """Gives each request an id, bounds its body, logs it, and catches what nothing caught.

    `larger`: paths' beginnings below which a body may have more than MAX_BODY_BYTES, and how many.
    """

    def __init__(
        self, app: ASGIApp, errors: ErrorResponses, larger: Mapping[str, int] | None = None
    ) -> None:
        self._app = app
        self._errors = errors
        self._larger = larger or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        request_id = given if _REQUEST_ID.match(given) else new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                found = MutableHeaders(scope=message)
                found["x-request-id"] = request_id
                for name, value in _SECURITY_HEADERS.items():
                    found.setdefault(name, value)
                for name, value in build_deprecation_headers(scope).items():
                    found.append(name, value)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                bounded = _bounded(headers, receive, self._find_limit(scope["path"]))
                await self._answer(scope, bounded, send_with_headers)
            finally:
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                # The path only: a query may hold what somebody typed.
                log.debug(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    ms=milliseconds,
                )

    def _find_limit(self, path: str) -> int:
        fitting = (limit for start, limit in self._larger.items() if path.startswith(start))
        return next(fitting, MAX_BODY_BYTES)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def note_begin(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, note_begin)
        except TooLarge as error:
            response = self._errors.build(scope, error.status, error.code, error.message)
            await response(scope, receive, send)
        except Exception as error:
            # The last resort of the whole server: logged with its trace, which never goes out.
            log.exception("request_failed", path=scope["path"], bug=isinstance(error, BugError))
            if begun:
                raise
            message = "Something went wrong on our side. Try again in a moment."
            response = self._errors.build(scope, 500, "INTERNAL_ERROR", message)
            await response(scope, receive, send)


def _bounded(headers: Mapping[bytes, bytes], receive: Receive, limit: int) -> Receive:
    """`receive`, refusing more than `limit` bytes, announced or not."""
    announced = headers.get(b"content-length", b"0")
    too_large = TooLarge(f"The request is larger than {limit // 1024} KB. Send less.")
    oversized = announced.isdigit() and int(announced) > limit
    seen = 0

    async def receive_bounded() -> Message:
        nonlocal seen
        if oversized:
            raise too_large
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise too_large
        return message

    return receive_bounded
