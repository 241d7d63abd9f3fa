"""What every `Crm` promises about what happens there, deals, histories and erasing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import (
    Rejected,
)
from core.ids import new_id
from core.protocols.crm import (
    Crm,
    CrmDeal,
    CrmRef,
)
from tests.contracts.crm_harness import (
    STARTS,
    TENANT,
    CrmContractParts,
    CrmHarness,
    list_all_changes,
    make_activity,
    make_person,
)


class CrmHistoryContract(CrmContractParts):
    """What staff does there comes back; what we did is there once."""

    async def test_a_person_is_found_by_our_id_by_address_and_by_theirs(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        person = make_person()
        ref = await crm.upsert_person(TENANT, person)
        harness.staff_gives(ref.id, "hannah@larkmere.example", "Hannah Braithwaite")
        for key in (
            {"external_id": person.external_id},
            {"email": "ana@silva.example"},
            {"record_id": ref.id},
        ):
            record = await crm.find_person(TENANT, **key)
            assert record is not None
            assert (record.ref.id, record.external_id) == (ref.id, person.external_id)
            assert record.owner is not None
            assert record.owner.email == "hannah@larkmere.example"
        assert await crm.find_person(TENANT, email="nobody@silva.example") is None
        assert await crm.find_person(TENANT, external_id=new_id()) is None

    async def test_an_upsert_leaves_the_owner_alone(self, harness: CrmHarness, crm: Crm) -> None:
        person = make_person()
        ref = await crm.upsert_person(TENANT, person)
        harness.staff_gives(ref.id, "hannah@larkmere.example", "Hannah Braithwaite")
        await crm.upsert_person(TENANT, replace(person, last_name="Silva", known=ref))
        record = await crm.find_person(TENANT, record_id=ref.id)
        assert record is not None
        assert record.owner is not None
        assert record.owner.email == "hannah@larkmere.example"

    async def test_what_staff_changes_there_is_seen_once(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        ref = await crm.upsert_person(TENANT, make_person())
        await crm.upsert_person(TENANT, make_person(email="b@x.example"))
        _, cursor = await list_all_changes(crm, "")
        harness.staff_gives(ref.id, "hannah@larkmere.example", "Hannah Braithwaite")
        harness.staff_changes(ref.id, harness.fields.text, "typed by Hannah")
        found, cursor = await list_all_changes(harness.make_crm(), cursor)
        record = found[-1]
        assert record.ref.id == ref.id
        assert record.owner is not None
        assert record.owner.email == "hannah@larkmere.example"
        assert record.fields[harness.fields.text] == "typed by Hannah"
        assert (await list_all_changes(crm, cursor))[0] == []

    async def test_more_changes_than_one_page_holds_all_arrive(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        people = [make_person(email=f"a{n}@silva.example") for n in range(230)]
        refs = await crm.upsert_people(TENANT, people)
        ids = {one.id for one in refs if isinstance(one, CrmRef)}
        assert len(ids) == 230
        _, cursor = await list_all_changes(crm, "")
        for one in ids:
            harness.staff_changes(one, harness.fields.text, "moved")
        found, _ = await list_all_changes(crm, cursor)
        assert {record.ref.id for record in found} == ids

    async def test_a_deleted_person_is_seen(self, harness: CrmHarness, crm: Crm) -> None:
        ref = await crm.upsert_person(TENANT, make_person())
        _, cursor = await list_all_changes(crm, "")
        harness.staff_deletes(ref.id)
        found, _ = await list_all_changes(crm, cursor)
        assert [(record.ref.id, record.deleted) for record in found] == [(ref.id, True)]
        assert await crm.find_person(TENANT, record_id=ref.id) is None

    async def test_a_merged_person_is_seen_with_what_took_it_over(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        loser = await crm.upsert_person(TENANT, make_person())
        winner = await crm.upsert_person(TENANT, make_person(email="b@x.example"))
        _, cursor = await list_all_changes(crm, "")
        harness.staff_merges(loser.id, winner.id)
        found, _ = await list_all_changes(crm, cursor)
        assert (loser.id, winner.id) in [(one.ref.id, one.merged_into) for one in found]

    async def test_a_merged_person_lives_on_in_the_winner(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        """The caller has heard of the merge: `known` is the winner, our id the loser's."""
        person = make_person()
        loser = await crm.upsert_person(TENANT, person)
        winner = await crm.upsert_person(TENANT, make_person(email="b@x.example"))
        harness.staff_merges(loser.id, winner.id)
        ref = await crm.upsert_person(TENANT, replace(person, known=winner, email="b@x.example"))
        assert ref.id == winner.id
        assert len(harness.list_people()) == 1

    async def test_a_converted_lead_is_seen_with_what_it_became(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        ref = await crm.upsert_person(TENANT, make_person())
        _, cursor = await list_all_changes(crm, "")
        harness.staff_converts(ref.id)
        found, _ = await list_all_changes(crm, cursor)
        (record,) = [one for one in found if one.ref.id == ref.id]
        assert record.converted_to

    async def test_a_deal_is_made_once_and_moved(self, harness: CrmHarness, crm: Crm) -> None:
        person = await crm.upsert_person(TENANT, make_person())
        first, second = harness.stages
        deal = CrmDeal(new_id(), person, "Silva & Filhos", first, 149_000, "EUR", STARTS)
        ref = await crm.upsert_deal(TENANT, deal)
        (shown,) = harness.list_deals()
        assert (shown.id, shown.name, shown.stage) == (ref.id, "Silva & Filhos", first)
        assert shown.amount_minor == 149_000
        moved = await harness.make_crm().upsert_deal(TENANT, replace(deal, stage=second))
        assert moved.id == ref.id
        await crm.upsert_deal(TENANT, replace(deal, stage=second, known=ref))
        assert [one.stage for one in harness.list_deals()] == [second]

    async def test_a_stage_that_does_not_exist_is_refused(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        person = await crm.upsert_person(TENANT, make_person())
        with pytest.raises(Rejected) as refused:
            await crm.upsert_deal(TENANT, CrmDeal(new_id(), person, "Silva", "nowhere"))
        assert refused.value.excerpt
        assert harness.list_deals() == []

    async def test_a_conversation_stands_in_the_history_once(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        person = await crm.upsert_person(TENANT, make_person())
        activity = make_activity(person)
        ref = await crm.log_activity(TENANT, activity)
        assert (await harness.make_crm().log_activity(TENANT, activity)).id == ref.id
        assert (await crm.log_activity(TENANT, replace(activity, known=ref))).id == ref.id
        (shown,) = harness.list_activities(person.id)
        assert activity.subject in f"{shown.subject}\n{shown.text}"
        assert activity.body in shown.text

    async def test_a_meeting_moves(self, harness: CrmHarness, crm: Crm) -> None:
        person = await crm.upsert_person(TENANT, make_person())
        hour = timedelta(hours=1)
        meeting = make_activity(person, kind="meeting", subject="Demo", ends_at=STARTS + hour)
        ref = await crm.log_activity(TENANT, meeting)
        later = replace(meeting, starts_at=STARTS + hour, ends_at=STARTS + 2 * hour, known=ref)
        await crm.log_activity(TENANT, later)
        (shown,) = harness.list_activities(person.id)
        assert shown.starts_at == STARTS + hour

    async def test_a_long_transcript_arrives_whole(self, harness: CrmHarness, crm: Crm) -> None:
        person = await crm.upsert_person(TENANT, make_person())
        lines = [f"{n:05d} Visitor: é <i>&amp;</i> 𝄞 {'word ' * 12}end" for n in range(2500)]
        transcript = make_activity(person, kind="transcript", body="\n".join(lines))
        ref = await crm.log_activity(TENANT, transcript)
        assert (await crm.log_activity(TENANT, transcript)).id == ref.id
        (shown,) = harness.list_activities(person.id)
        said = [line.strip() for line in shown.text.splitlines() if "Visitor:" in line]
        assert said == lines

    async def test_an_erased_person_is_gone_with_their_history(
        self, harness: CrmHarness, crm: Crm
    ) -> None:
        person = await crm.upsert_person(TENANT, make_person())
        await crm.log_activity(TENANT, make_activity(person))
        for _ in range(2):
            await crm.erase_person(TENANT, person)
        assert harness.list_people() == []
        assert harness.list_activities(person.id) == []
        assert await crm.find_person(TENANT, email="ana@silva.example") is None
