"""`POST /oauth/token`: access tokens for client credentials (RFC 6749, 4.4 and 5)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app.machine_gate import check_machine
from app.runtime import Runtime
from core.errors import Forbidden, RateLimited, Unauthorized

_FIELDS = 50
_HEADERS = {"cache-control": "no-store", "pragma": "no-cache"}


class TokenOut(BaseModel):
    """An access token. `scope` is the role of the client."""

    access_token: str
    token_type: str = Field(examples=["Bearer"])
    expires_in: int = Field(description="Seconds", examples=[3600])
    scope: str = Field(examples=["rep"])


class TokenErrorOut(BaseModel):
    """Why there is no token (RFC 6749, 5.2)."""

    error: str = Field(examples=["invalid_client"])
    error_description: str


@dataclass(frozen=True, slots=True)
class _Credentials:
    client_id: str
    secret: str


class _TokenError(Exception):
    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


_REQUEST_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["grant_type"],
                    "properties": {
                        "grant_type": {"type": "string", "enum": ["client_credentials"]},
                        "client_id": {"type": "string"},
                        "client_secret": {"type": "string"},
                        "scope": {"type": "string"},
                    },
                }
            }
        },
    }
}


def build_oauth_router(get_runtime: Callable[[], Runtime]) -> APIRouter:
    """The route."""
    router = APIRouter()
    errors: dict[int | str, dict[str, Any]] = {
        400: {"model": TokenErrorOut},
        401: {"model": TokenErrorOut},
        403: {"model": TokenErrorOut},
        429: {"model": TokenErrorOut},
    }

    @router.post(
        "/oauth/token",
        tags=["access"],
        response_model=TokenOut,
        responses=errors,
        openapi_extra=_REQUEST_BODY,
    )
    async def issue_token(request: Request) -> JSONResponse:
        """An access token for one hour, for a client that `sales-agent create-client` or the
        portal made. Credentials by HTTP Basic, or in the form."""
        try:
            return await _issue(get_runtime(), request)
        except _TokenError as error:
            content = {"error": error.error, "error_description": error.description}
            headers = dict(_HEADERS)
            if error.status == 401:
                headers["www-authenticate"] = 'Basic realm="sales-agent", charset="UTF-8"'
            return JSONResponse(content, error.status, headers)

    return router


async def _issue(runtime: Runtime, request: Request) -> JSONResponse:
    try:
        check_machine(runtime.settings.server, request)
    except Forbidden as error:
        raise _TokenError("access_denied", error.message, 403) from None
    fields = await _read_fields(request)
    credentials = _read_credentials(request, fields)
    grant = fields.get("grant_type")
    if grant is None:
        raise _TokenError("invalid_request", "grant_type is missing.")
    if grant != "client_credentials":
        raise _TokenError("unsupported_grant_type", "Only client_credentials is supported.")
    resources = runtime.resources
    address = request.client.host if request.client else ""
    try:
        resources.throttle.count(f"client {credentials.client_id[:64]}", address)
        issued = await resources.access.issue_token(credentials.client_id, credentials.secret)
    except RateLimited as error:
        raise _TokenError("invalid_request", error.message, 429) from None
    except Unauthorized as error:
        raise _TokenError("invalid_client", error.message, 401) from None
    resources.throttle.forget(f"client {credentials.client_id[:64]}")
    content = TokenOut(
        access_token=issued.token,
        token_type="Bearer",  # noqa: S106 - the name of a kind
        expires_in=issued.expires_in_seconds,
        scope=issued.role,
    )
    return JSONResponse(content.model_dump(), headers=_HEADERS)


async def _read_fields(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise _TokenError("invalid_request", "Send application/x-www-form-urlencoded.")
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        raise _TokenError("invalid_request", "The form cannot be read.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _TokenError("invalid_request", "A parameter was sent twice.")
    return fields


def _read_credentials(request: Request, fields: Mapping[str, str]) -> _Credentials:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    in_form = "client_secret" in fields
    if not scheme:
        if "client_id" not in fields or not in_form:
            raise _TokenError("invalid_client", "Send client_id and client_secret.", 401)
        return _Credentials(fields["client_id"], fields["client_secret"])
    if in_form:
        raise _TokenError("invalid_request", "Credentials were sent in two ways. Send one.")
    credentials = _read_basic(given) if scheme.lower() == "basic" else None
    if credentials is None:
        raise _TokenError("invalid_client", "The Authorization header cannot be read.", 401)
    if fields.get("client_id", credentials.client_id) != credentials.client_id:
        raise _TokenError("invalid_request", "Two different clients were named.")
    return credentials


def _read_basic(given: str) -> _Credentials | None:
    try:
        text = base64.b64decode(given.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    client_id, colon, secret = text.partition(":")
    # RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
    return _Credentials(unquote_plus(client_id), unquote_plus(secret)) if colon else None
