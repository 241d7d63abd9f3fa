"""What every `Crm` promises when something goes wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Literal

import pytest

from core.errors import (
    AuthenticationFailed,
    PermanentError,
    ProviderError,
    TransientError,
    VendorRateLimited,
)
from core.protocols.crm import (
    Crm,
    CrmRef,
)
from tests.contracts.crm_harness import (
    SHORT,
    TENANT,
    CrmContractParts,
    CrmHarness,
    Fault,
    make_person,
)


class CrmFaultContract(CrmContractParts):
    """Every failure has a name, and a repeat ends in one record."""

    async def test_an_expired_token_is_renewed_once_for_all_who_wait(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        harness.expire_token()
        before = harness.renewals
        people = [make_person(email=f"a{n}@silva.example") for n in range(4)]
        others = [crm, *(harness.make_crm() for _ in range(3))]
        await asyncio.gather(
            *(one.upsert_person(TENANT, who) for one, who in zip(others, people, strict=True))
        )
        assert harness.renewals - before == 1
        assert len(harness.list_people()) == 4

    async def test_refused_credentials_are_named_as_such(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        harness.revoke()
        with pytest.raises(AuthenticationFailed):
            await crm.upsert_person(TENANT, make_person())
        assert harness.list_people() == []

    @pytest.mark.parametrize("status", [400, 403, 404])
    async def test_a_no_is_final_and_carries_the_vendors_words(
        self, harness: CrmHarness, crm: Crm, status: int
    ) -> None:
        harness.order(Fault("status", status, times=20))
        with pytest.raises(PermanentError) as refused:
            await crm.upsert_person(TENANT, make_person())
        assert refused.value.excerpt

    async def test_a_conflict_ends_in_one_record(self, harness: CrmHarness, crm: Crm) -> None:
        person = make_person()
        harness.order(Fault("status", 409))
        try:
            await crm.upsert_person(TENANT, person)
        except ProviderError as error:
            assert isinstance(error, TransientError), error
        await crm.upsert_person(TENANT, person)
        assert len(harness.list_people()) == 1

    async def test_a_request_for_patience_names_its_time(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        harness.order(Fault("status", 429, retry_after=7))
        with pytest.raises(VendorRateLimited) as asked:
            await crm.upsert_person(TENANT, make_person())
        assert asked.value.retry_after is not None
        assert timedelta(seconds=6) <= asked.value.retry_after <= timedelta(seconds=8)

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    async def test_a_failure_there_is_worth_another_try(
        self, harness: CrmHarness, crm: Crm, status: int
    ) -> None:
        harness.order(Fault("status", status, times=20))
        with pytest.raises(TransientError):
            await crm.upsert_person(TENANT, make_person())

    @pytest.mark.parametrize("done", [False, True])
    @pytest.mark.parametrize("kind", ["status", "slow", "cut", "half"])
    async def test_whatever_became_of_the_answer_a_repeat_ends_in_one_record(
        self,
        harness: CrmHarness,
        crm: Crm,
        kind: Literal["status", "slow", "cut", "half"],
        *,
        done: bool,
    ) -> None:
        person = make_person()
        harness.order(Fault(kind, 503, done=done))
        with pytest.raises(TransientError):
            await harness.make_crm(SHORT).upsert_person(TENANT, person)
        ref = await crm.upsert_person(TENANT, person)
        assert [one.id for one in harness.list_people()] == [ref.id]

    @pytest.mark.parametrize("kind", ["status", "slow", "cut", "half"])
    async def test_a_batch_of_which_nothing_was_heard_can_be_sent_again(
        self, harness: CrmHarness, crm: Crm, kind: Literal["status", "slow", "cut", "half"]
    ) -> None:
        people = [make_person(email=f"a{n}@silva.example") for n in range(3)]
        harness.order(Fault(kind, 503, done=True))
        try:
            refs = await harness.make_crm(SHORT).upsert_people(TENANT, people)
            assert any(isinstance(one, TransientError) for one in refs)
        except TransientError:
            pass
        refs = await crm.upsert_people(TENANT, people)
        assert all(isinstance(one, CrmRef) for one in refs)
        assert len(harness.list_people()) == 3

    async def test_reading_fails_with_names_too(self, harness: CrmHarness, crm: Crm) -> None:
        harness.order(Fault("cut", on="any", times=20))
        with pytest.raises(TransientError):
            await crm.find_person(TENANT, email="ana@silva.example")
        with pytest.raises(TransientError):
            await crm.list_fields(TENANT, "person")
        with pytest.raises(TransientError):
            await crm.list_changes(TENANT, "")
