"""Pinecone keeps the promises of all; faults have names; every request is as specified."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from core.clock import SystemClock
from core.db import Database
from core.errors import (
    AuthenticationFailed,
    ConfigurationError,
    Rejected,
    TransientError,
    Unavailable,
    VendorRateLimited,
)
from core.protocols.knowledge_index import KnowledgeIndex, PassageLabel
from core.protocols.vendor import VendorContext
from integrations.pinecone.client import ControlPlane
from integrations.pinecone.knowledge_index import (
    PineconeKnowledgeIndex,
    check_account,
    name_namespace,
)
from integrations.pinecone.settings import PineconeSettings
from tests.contracts.knowledge_index import DIMENSIONS, HERE, KnowledgeIndexContract, make_vectors
from tests.vendors.credentials import MemoryCredentials
from tests.vendors.pinecone import KEY, PineconeStandIn
from tests.vendors.standin import Fault

TENANTS = ("tenant-1", "tenant-2")


@pytest.fixture
def pinecone() -> Iterator[PineconeStandIn]:
    with PineconeStandIn() as stand_in:
        yield stand_in
        assert stand_in.errors == []


def make_index(
    stand_in: PineconeStandIn, key: str = KEY, **settings: object
) -> PineconeKnowledgeIndex:
    values = {"base_url": stand_in.url, "index": "sales-agent", "create_index": True, **settings}
    chosen = PineconeSettings.model_validate(values)
    credentials = MemoryCredentials({tenant: {"api_key": key} for tenant in TENANTS})
    context = VendorContext(chosen, credentials, SystemClock())
    return PineconeKnowledgeIndex(context, ControlPlane(chosen, pause_seconds=0.01))


@pytest.fixture
async def index(pinecone: PineconeStandIn) -> AsyncIterator[PineconeKnowledgeIndex]:
    pinecone.make_index("sales-agent", DIMENSIONS)
    made = make_index(pinecone)
    yield made
    await made.close()


@pytest.fixture
async def database(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """For the words: where they lie makes no difference to Pinecone."""
    shutil.copy(sqlite_template, tmp_path / "test.sqlite")
    opened = Database(f"sqlite:///{tmp_path / 'test.sqlite'}")
    yield opened
    await opened.close()


class TestPineconeKnowledgeIndex(KnowledgeIndexContract):
    @pytest.fixture
    def index(self, index: PineconeKnowledgeIndex) -> KnowledgeIndex:
        return index


class TestWithDelayedWrites(KnowledgeIndexContract):
    @pytest.fixture
    def index(self, pinecone: PineconeStandIn, index: PineconeKnowledgeIndex) -> KnowledgeIndex:
        pinecone.delay_seconds = 0.03
        return index

    async def settle(self) -> None:
        await asyncio.sleep(0.05)


async def test_a_missing_index_is_made_and_waited_for(pinecone: PineconeStandIn) -> None:
    pinecone.ready_after = 3
    index = make_index(pinecone, index="shop-{dimensions}", cloud="gcp", region="us-east1")
    assert await index.prepare("tenant-1", DIMENSIONS) == f"shop-{DIMENSIONS}"
    assert pinecone.indexes[f"shop-{DIMENSIONS}"]["dimension"] == DIMENSIONS
    (made,) = [request for request in pinecone.requests if request.method == "POST"]
    assert made.json()["spec"] == {"serverless": {"cloud": "gcp", "region": "us-east1"}}
    await index.upsert(HERE, [1], make_vectors(1))
    assert [m.passage_id for m in await index.search(HERE, make_vectors(1)[0], 3)] == [1]
    await index.close()


async def test_a_missing_index_that_may_not_be_made_is_refused_with_the_fix(
    pinecone: PineconeStandIn,
) -> None:
    index = make_index(pinecone, create_index=False)
    with pytest.raises(ConfigurationError, match="create_index: true"):
        await index.prepare("tenant-1", DIMENSIONS)
    with pytest.raises(Rejected, match="no index"):
        await index.search(HERE, make_vectors(1)[0], 3)
    await index.close()


async def test_an_index_that_never_gets_ready_is_not_waited_for_for_ever(
    pinecone: PineconeStandIn,
) -> None:
    pinecone.ready_after = 10_000
    index = make_index(pinecone, ready_seconds=1)
    with pytest.raises(Unavailable, match="not ready"):
        await index.prepare("tenant-1", DIMENSIONS)
    await index.close()


async def test_other_dimensions_are_refused_with_the_fix(pinecone: PineconeStandIn) -> None:
    pinecone.make_index("sales-agent", 1536)
    for host in (None, pinecone.url):
        index = make_index(pinecone, index_host=host)
        with pytest.raises(ConfigurationError, match=r"1536 dimensions.*makes 64.*\{dimensions\}"):
            await index.prepare("tenant-1", DIMENSIONS)
        await index.close()


async def test_with_the_indexs_own_address_the_control_plane_is_not_asked(
    pinecone: PineconeStandIn,
) -> None:
    pinecone.make_index("sales-agent", DIMENSIONS)
    index = make_index(pinecone, base_url="http://127.0.0.1:9", index_host=pinecone.url)
    await index.prepare("tenant-1", DIMENSIONS)
    await index.upsert(HERE, [1], make_vectors(1))
    assert {request.path for request in pinecone.requests} == {
        "/describe_index_stats",
        "/vectors/upsert",
    }
    await index.close()


async def test_too_many_requests_are_said_with_the_time_and_asked_once(
    pinecone: PineconeStandIn, index: PineconeKnowledgeIndex
) -> None:
    pinecone.faults.order(Fault("status", status=429, retry_after=7, path="/vectors/upsert"))
    with pytest.raises(VendorRateLimited) as caught:
        await index.upsert(HERE, [1], make_vectors(1))
    assert caught.value.retry_after == timedelta(seconds=7)
    sent = [request for request in pinecone.requests if request.path == "/vectors/upsert"]
    assert len(sent) == 1
    await index.upsert(HERE, [1], make_vectors(1))


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", status=500, path="/query"),
        Fault("status", status=503, path="/query"),
        Fault("cut_before", path="/query"),
        Fault("cut_after", path="/query"),
        Fault("half", path="/query"),
        Fault("slow", seconds=3, path="/query"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
async def test_an_index_that_does_not_answer_is_worth_another_try(
    pinecone: PineconeStandIn, fault: Fault
) -> None:
    pinecone.make_index("sales-agent", DIMENSIONS)
    index = make_index(pinecone, timeout_seconds=fault.patience)
    await index.upsert(HERE, [1], make_vectors(1))
    pinecone.faults.order(fault)
    with pytest.raises(TransientError):
        await index.search(HERE, make_vectors(1)[0], 3)
    assert len(await index.search(HERE, make_vectors(1)[0], 3)) == 1
    await index.close()


async def test_a_refused_key_is_said_so(pinecone: PineconeStandIn) -> None:
    pinecone.make_index("sales-agent", DIMENSIONS)
    wrong = "pcsk_wrong_key_9876543210"
    for host in (None, pinecone.url):
        index = make_index(pinecone, wrong, index_host=host)
        with pytest.raises(AuthenticationFailed) as caught:
            await index.search(HERE, make_vectors(1)[0], 3)
        assert wrong not in str(caught.value)
        await index.close()


async def test_passages_can_be_deleted_by_page_and_by_source(
    index: PineconeKnowledgeIndex,
) -> None:
    vectors = make_vectors(4)
    labels = [PassageLabel(page, source) for page in ("/a", "/b") for source in ("blog", "docs")]
    await index.upsert(HERE, [1, 2, 3, 4], vectors, labels)
    await index.delete_labelled(HERE, page="/a", source="docs")
    assert sorted(m.passage_id for m in await index.search(HERE, vectors[0], 9)) == [1, 3, 4]
    await index.delete_labelled(HERE, source="blog")
    assert [m.passage_id for m in await index.search(HERE, vectors[0], 9)] == [4]
    with pytest.raises(ValueError, match="page or a source"):
        await index.delete_labelled(HERE)


async def test_batches_stay_below_the_limits_of_a_request(pinecone: PineconeStandIn) -> None:
    pinecone.make_index("sales-agent", 3072)
    index = make_index(pinecone)
    vectors = np.random.default_rng(1).normal(size=(130, 3072)).astype(np.float32)
    await index.upsert(HERE, list(range(1, 131)), vectors)
    sent = [request for request in pinecone.requests if request.path == "/vectors/upsert"]
    assert len(sent) > 1
    assert max(len(request.body) for request in sent) < 2_000_000
    assert max(len(request.json()["vectors"]) for request in sent) <= 100
    await index.close()


async def test_an_index_that_moved_is_found_again(
    pinecone: PineconeStandIn, index: PineconeKnowledgeIndex
) -> None:
    await index.upsert(HERE, [1], make_vectors(1))
    gone = Fault("status", status=404, path="/query", body='{"message": "gone"}')
    pinecone.faults.order(gone)
    with pytest.raises(Rejected):
        await index.search(HERE, make_vectors(1)[0], 3)
    looked_up = sum(request.path.startswith("/indexes") for request in pinecone.requests)
    assert len(await index.search(HERE, make_vectors(1)[0], 3)) == 1
    after = sum(request.path.startswith("/indexes") for request in pinecone.requests)
    assert after == looked_up + 1


async def test_checking_says_what_is_there(pinecone: PineconeStandIn) -> None:
    settings = PineconeSettings(base_url=pinecone.url)
    credentials = MemoryCredentials({"tenant-1": {"api_key": KEY}})
    context = VendorContext(settings, credentials, SystemClock())
    assert "no index sales-agent-384 yet" in await check_account(context, "tenant-1")
    pinecone.make_index("sales-agent-384", 384)
    assert "384 dimensions, ready" in await check_account(context, "tenant-1")


def test_a_namespace_is_the_prefix_the_site_and_the_model() -> None:
    named = name_namespace("sales_content", HERE._replace(embedding="openai:text/3 small"))
    assert named.startswith("sales_content__site-1__openai-text-3-small-")
    assert name_namespace("sales_content", HERE) == "sales_content__site-1__model-a"
