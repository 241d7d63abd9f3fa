"""Speaks to Pinecone: the control plane, which knows indexes, and an index's own data plane.

The data plane is spoken to by Pinecone's SDK, at the API version whose specification is published
and tested against here. The control plane is two requests of our own at that same version: the
SDK 10 writes them in a newer form that this version's specification does not know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pinecone import AsyncIndex, RetryConfig
from pinecone.errors import ApiError, PineconeConnectionError, PineconeError, PineconeTimeoutError

from core.errors import ConfigurationError, ProviderError, Rejected, Unavailable
from core.outbound import build_client, build_error, call
from integrations.pinecone.settings import PineconeSettings

VENDOR = "pinecone"
API_VERSION = "2025-10"
_VERSION = {"X-Pinecone-Api-Version": API_VERSION}
_PLACE = "integrations.pinecone"
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class IndexState:
    """What the control plane says of an index. `dimensions` is None where it says nothing."""

    host: str
    dimensions: int | None
    metric: str
    ready: bool


class ControlPlane:
    """Finds an index, and makes it where that is allowed."""

    def __init__(self, settings: PineconeSettings, pause_seconds: float = 1.0) -> None:
        self._settings, self._pause = settings, pause_seconds
        self._client = build_client(
            settings.base_url.rstrip("/"), timedelta(seconds=settings.timeout_seconds)
        )

    async def find_index(self, api_key: str, name: str) -> IndexState | None:
        """The index called `name`; None when the project has none.

        Raises:
            ProviderError: no answer, a refused key.
        """
        path = f"/indexes/{quote(name, safe='')}"
        request = self._client.build_request("GET", path, headers=_head(api_key))
        response = await call(self._client, request, VENDOR, "find the index")
        return None if response.status_code == 404 else _read_index(response)

    async def create_index(self, api_key: str, name: str, dimensions: int) -> None:
        """Order a serverless index; one that is there already is as good.

        Raises:
            ProviderError: no answer, a refused key, a quota.
        """
        body = {
            "name": name,
            "dimension": dimensions,
            "metric": "cosine",
            "vector_type": "dense",
            "deletion_protection": "disabled",
            "spec": {
                "serverless": {"cloud": self._settings.cloud, "region": self._settings.region}
            },
        }
        request = self._client.build_request("POST", "/indexes", json=body, headers=_head(api_key))
        try:
            response = await call(self._client, request, VENDOR, "create the index")
        except Rejected as error:
            if error.excerpt.startswith("409"):
                return
            raise
        if response.status_code == 404:
            raise Rejected(VENDOR, "create the index", f"404 {response.text[:200]}")

    async def open_index(self, api_key: str, name: str, dimensions: int) -> IndexState:
        """The index called `name`, ready, for vectors of this length; made where allowed.

        Raises:
            ConfigurationError: it is missing and may not be made, or has other dimensions.
            Unavailable: it is not ready in time.
            ProviderError: no answer, a refused key, a quota.
        """
        found = await self.find_index(api_key, name)
        if found is None:
            if not self._settings.create_index:
                raise ConfigurationError(
                    _PLACE,
                    [
                        f"index: the project has no index {name}. Create it (dense, "
                        f"{dimensions} dimensions, metric cosine), or write create_index: true"
                    ],
                )
            await self.create_index(api_key, name, dimensions)
        state = await self._wait_until_ready(api_key, name, found)
        check_dimensions(name, state.dimensions, dimensions)
        return state

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def _wait_until_ready(
        self, api_key: str, name: str, state: IndexState | None
    ) -> IndexState:
        try:
            async with asyncio.timeout(self._settings.ready_seconds):
                while state is None or not (state.ready and state.host):
                    await asyncio.sleep(self._pause)
                    state = await self.find_index(api_key, name)
        except TimeoutError:
            raise Unavailable(VENDOR, "wait for the index", f"{name} is not ready yet") from None
        return state


def check_dimensions(name: str, found: int | None, wanted: int) -> None:
    """An index takes vectors of one length only.

    Raises:
        ConfigurationError: another one than the embedding model makes.
    """
    if found in (None, wanted):
        return
    raise ConfigurationError(
        _PLACE,
        [
            f"index: {name} holds vectors of {found} dimensions, and the embedding model makes "
            f"{wanted}. Name another index (sales-agent-{{dimensions}} gives each model its own), "
            "or go back to the model that filled this one"
        ],
    )


def open_data_plane(api_key: str, host: str, timeout_seconds: float) -> AsyncIndex:
    """The SDK's client for one index, without retries of its own: who calls decides on those,
    and a visitor who waits is not made to wait for three attempts."""
    index = AsyncIndex(
        host=host, api_key=api_key, additional_headers=_VERSION, timeout=timeout_seconds
    )
    # The SDK has no public switch for this client; a test holds it to one request.
    http = index._http
    http._config = replace(http._config, retry_config=RetryConfig(max_retries=0))
    return index


async def ask(work: Awaitable[_Result], operation: str) -> _Result:
    """Wait for one call of the SDK, its errors made ours.

    Raises:
        ProviderError: as `core.outbound.build_error` says; 404 is `Rejected`.
    """
    try:
        return await work
    except ApiError as error:
        raise _translate(error, operation) from None
    except (PineconeConnectionError, PineconeTimeoutError) as error:
        raise Unavailable(VENDOR, operation, type(error).__name__) from None
    except PineconeError as error:
        raise Rejected(VENDOR, operation, type(error).__name__) from None


def _translate(error: ApiError, operation: str) -> ProviderError:
    headers: Mapping[str, str] = {k.lower(): v for k, v in (error.headers or {}).items()}
    known = build_error(
        VENDOR, operation, error.status_code, error.message, headers.get("retry-after")
    )
    return known or Rejected(VENDOR, operation, f"{error.status_code} {error.message[:200]}")


def _head(api_key: str) -> dict[str, str]:
    return {"Api-Key": api_key, **_VERSION}


def _read_index(response: httpx.Response) -> IndexState:
    try:
        body: Any = response.json()
        status = body.get("status", {})
        dimensions = body.get("dimension")
        return IndexState(
            str(body.get("host") or ""),
            int(dimensions) if dimensions is not None else None,
            str(body.get("metric", "")),
            bool(status.get("ready")),
        )
    except (ValueError, AttributeError, TypeError):
        raise Unavailable(VENDOR, "find the index", "the answer cannot be read") from None
