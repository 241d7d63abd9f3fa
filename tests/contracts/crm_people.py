"""What every `Crm` promises about people, one and many, and their fields."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import (
    Rejected,
    TransientError,
)
from core.protocols.crm import (
    Crm,
    CrmRef,
    FieldValue,
)
from tests.contracts.crm_harness import (
    TENANT,
    CrmContractParts,
    CrmHarness,
    ShownPerson,
    make_person,
)


class CrmPeopleContract(CrmContractParts):
    """People arrive once, with all that is told of them."""

    async def test_a_person_arrives_as_told(self, harness: CrmHarness, crm: Crm) -> None:
        person = make_person()
        ref = await crm.upsert_person(TENANT, person)
        (shown,) = harness.list_people()
        assert shown == ShownPerson(
            ref.id, person.external_id, "ana@silva.example", "Conceição", "Silva & Filhos"
        )
        assert ref.created
        assert ref.url.startswith("http")

    async def test_a_repeat_creates_nothing(self, harness: CrmHarness, crm: Crm) -> None:
        person = make_person()
        first = await crm.upsert_person(TENANT, person)
        for known in (first, None):
            again = await crm.upsert_person(TENANT, replace(person, known=known))
            assert again.id == first.id
            assert not again.created
        assert len(harness.list_people()) == 1

    async def test_another_process_that_knows_nothing_of_the_record_finds_it(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        """Killed between "created there" and "recorded here"."""
        person = make_person()
        first = await crm.upsert_person(TENANT, person)
        assert (await harness.make_crm().upsert_person(TENANT, person)).id == first.id
        assert len(harness.list_people()) == 1

    async def test_several_at_once_end_in_one_record(self, harness: CrmHarness, crm: Crm) -> None:
        person = make_person()
        others = [harness.make_crm() for _ in range(4)]
        done = await asyncio.gather(
            *(one.upsert_person(TENANT, person) for one in (crm, *others)), return_exceptions=True
        )
        for result in done:
            assert isinstance(result, CrmRef | TransientError), result
        await crm.upsert_person(TENANT, person)
        (shown,) = harness.list_people()
        assert {one.id for one in done if isinstance(one, CrmRef)} <= {shown.id}

    async def test_somebody_without_an_address_is_found_by_our_id(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        person = make_person(email=None)
        first = await crm.upsert_person(TENANT, person)
        assert (await harness.make_crm().upsert_person(TENANT, person)).id == first.id
        (shown,) = harness.list_people()
        assert not shown.email

    async def test_an_address_that_changed_changes_the_record(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        person = make_person()
        first = await crm.upsert_person(TENANT, person)
        moved = replace(person, email="ana.conceicao@silva.example")
        assert (await crm.upsert_person(TENANT, moved)).id == first.id
        assert [one.email for one in harness.list_people()] == ["ana.conceicao@silva.example"]

    async def test_a_record_that_staff_made_is_taken_over_by_its_address(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        theirs = harness.staff_creates("ana@silva.example", "Unknown")
        person = make_person()
        assert (await crm.upsert_person(TENANT, person)).id == theirs
        (shown,) = harness.list_people()
        assert shown.external_id == person.external_id
        assert shown.last_name == "Conceição"

    async def test_two_people_of_one_company_are_two_records(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        for name in ("ana", "bruno"):
            await crm.upsert_person(TENANT, make_person(email=f"{name}@silva.example"))
        assert len(harness.list_people()) == 2

    async def test_a_batch_takes_few_requests_and_answers_in_order(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        people = [make_person(email=f"a{n}@silva.example") for n in range(120)]
        before = harness.requests
        refs = await crm.upsert_people(TENANT, people)
        assert harness.requests - before <= 24
        by_email = {one.email: one.id for one in harness.list_people()}
        assert [one.id for one in refs if isinstance(one, CrmRef)] == [
            by_email[person.email] for person in people
        ]
        again = await harness.make_crm().upsert_people(TENANT, people)
        assert [one.id for one in again if isinstance(one, CrmRef)] == [*by_email.values()]
        assert len(harness.list_people()) == 120

    async def test_a_bad_one_in_a_batch_holds_up_nobody_else(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        bad: dict[str, FieldValue] = {harness.fields.picklist: "there is no such option"}
        people = [make_person(email=f"a{n}@silva.example") for n in range(5)]
        people[2] = replace(people[2], fields=bad)
        refs = await crm.upsert_people(TENANT, people)
        assert [isinstance(one, CrmRef) for one in refs] == [True, True, False, True, True]
        assert isinstance(refs[2], Rejected)
        assert refs[2].excerpt
        assert len(harness.list_people()) == 4

    async def test_the_same_person_twice_in_a_batch_is_one_record(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        person = make_person()
        refs = await crm.upsert_people(TENANT, [person, make_person(email="b@x.example"), person])
        assert all(isinstance(one, CrmRef) for one in refs), refs
        assert refs[0].id == refs[2].id  # type: ignore[union-attr]
        assert len(harness.list_people()) == 2

    async def test_fields_are_listed_with_types_options_and_lengths(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        known = {one.name: one for one in await crm.list_fields(TENANT, "person")}
        fields = harness.fields
        expected: dict[str, str] = {
            fields.text: "text",
            fields.number: "number",
            fields.boolean: "boolean",
            fields.date: "date",
            fields.picklist: "picklist",
            fields.multi_picklist: "multi_picklist",
            **fields.types,
        }
        assert {name: known[name].type for name in expected} == expected
        assert known[fields.text].max_length == fields.text_length
        assert set(fields.picklist_options) <= set(known[fields.picklist].options)
        assert set(fields.multi_options) <= set(known[fields.multi_picklist].options)
        assert any(one.read_only for one in known.values())
        assert await crm.list_fields(TENANT, "deal")

    async def test_values_of_every_type_come_back_as_they_were(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        fields = harness.fields
        values: dict[str, FieldValue] = {
            fields.text: "x" * fields.text_length,
            fields.number: 42,
            fields.boolean: True,
            fields.date: datetime(2026, 12, 24, tzinfo=UTC),
            fields.picklist: fields.picklist_options[0],
            fields.multi_picklist: fields.multi_options[:2],
        }
        person = make_person(fields=values)
        ref = await crm.upsert_person(TENANT, person)
        record = await crm.find_person(TENANT, record_id=ref.id)
        assert record is not None
        assert {name: record.fields[name] for name in values} == values

    async def test_a_value_that_does_not_fit_is_refused_in_the_vendors_words(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        bad: dict[str, FieldValue] = {harness.fields.picklist: "there is no such option"}
        with pytest.raises(Rejected) as refused:
            await crm.upsert_person(TENANT, make_person(fields=bad))
        assert refused.value.excerpt
        assert harness.list_people() == []
