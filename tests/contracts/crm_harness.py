"""What the contract of CRMs needs of a vendor's tests: a view of the stand-in, faults to order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal, Protocol

import pytest

from core.ids import new_id
from core.protocols.crm import Crm, CrmActivity, CrmPerson, CrmRecord, CrmRef, FieldType

TENANT = "11111111-1111-7111-8111-111111111111"
STARTS = datetime(2026, 12, 3, 13, tzinfo=UTC)
PATIENCE = timedelta(seconds=10)
SHORT = timedelta(milliseconds=400)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, `times` times, with the next requests: those that create or change people
    (`on="people"`), or all but those for tokens (`on="any"`).

    `status`: this status is answered. `slow`: no answer while the caller waits. `cut`: the
    connection ends without an answer. `half`: the answer breaks off in the middle of its body.
    `done`: the request is carried out first.
    """

    kind: Literal["status", "slow", "cut", "half"]
    status: int = 500
    retry_after: int | None = None
    done: bool = False
    times: int = 1
    on: Literal["people", "any"] = "people"


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """A person's record as somebody who signs in at the CRM sees it."""

    id: str
    external_id: str | None
    email: str | None
    last_name: str
    company: str


@dataclass(frozen=True, slots=True)
class ShownDeal:
    """A deal as the CRM shows it."""

    id: str
    name: str
    stage: str
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ShownActivity:
    """An entry of a person's history. `text` is whole: parts and attachments put together, marks
    of formatting taken off."""

    subject: str
    text: str
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TestFields:
    """A person's fields in the stand-in's account, by type; the settings of `make_crm` map them,
    so that the client reads them back. `text_length`: the longest text that `text` takes."""

    __test__ = False

    text: str
    text_length: int
    number: str
    boolean: str
    date: str
    picklist: str
    picklist_options: tuple[str, ...]
    multi_picklist: str
    multi_options: tuple[str, ...]
    types: Mapping[str, FieldType] = field(default_factory=dict)


class CrmHarness(Protocol):
    """What the contract needs of a vendor's tests. `stages`: two stages a deal may be in."""

    fields: TestFields
    stages: tuple[str, str]

    def make_crm(self, timeout: timedelta = PATIENCE) -> Crm:
        """Another client, as another process would have it: nothing shared but credentials."""
        ...

    def order(self, fault: Fault) -> None:
        """Let something go wrong."""
        ...

    def expire_token(self) -> None:
        """The access token is refused from now on; a renewal gives one that is not."""
        ...

    def revoke(self) -> None:
        """The token is refused, and so is every renewal."""
        ...

    @property
    def renewals(self) -> int:
        """How many tokens the stand-in has given out."""
        ...

    @property
    def requests(self) -> int:
        """How many requests it was sent, those for tokens apart."""
        ...

    def list_people(self) -> Sequence[ShownPerson]:
        """All people that are there."""
        ...

    def list_deals(self) -> Sequence[ShownDeal]:
        """All deals that are there."""
        ...

    def list_activities(self, person_id: str) -> Sequence[ShownActivity]:
        """A person's history."""
        ...

    def staff_creates(self, email: str, last_name: str) -> str:
        """Somebody types a person into the CRM; their id there."""
        ...

    def staff_gives(self, person_id: str, owner_email: str, owner_name: str) -> None:
        """Somebody makes that colleague the owner, an account there for the purpose."""
        ...

    def staff_changes(self, person_id: str, name: str, value: str) -> None:
        """Somebody types something else into a text field."""
        ...

    def staff_deletes(self, person_id: str) -> None:
        """Somebody deletes a person."""
        ...

    def staff_merges(self, loser_id: str, winner_id: str) -> None:
        """Somebody merges two people; the winner stays."""
        ...

    def staff_converts(self, person_id: str) -> None:
        """Somebody converts a lead into a contact and a deal."""
        ...


def make_person(**values: object) -> CrmPerson:
    """Ana, or somebody else."""
    person = CrmPerson(
        external_id=new_id(),
        email="ana@silva.example",
        last_name="Conceição",
        company="Silva & Filhos",
    )
    return replace(person, **values)  # type: ignore[arg-type]


def make_activity(person: CrmRef, **values: object) -> CrmActivity:
    """A conversation, or something else."""
    activity = CrmActivity(
        external_id=new_id(),
        kind="conversation",
        person=person,
        subject="Chat on larkmere.example",
        body="Visitor: What does <b>the hub</b> cost?\nAgent: 149 € & shipping.",
        starts_at=STARTS,
    )
    return replace(activity, **values)  # type: ignore[arg-type]


async def list_all_changes(crm: Crm, cursor: str) -> tuple[list[CrmRecord], str]:
    """Everything since `cursor`, however many pages it takes."""
    found: list[CrmRecord] = []
    for _ in range(50):
        changes = await crm.list_changes(TENANT, cursor)
        found += changes.records
        if not changes.records or changes.cursor == cursor:
            return found, changes.cursor
        cursor = changes.cursor
    raise AssertionError("the list of changes does not come to an end")


class CrmContractParts:
    """What the parts of the contract share."""

    deviations: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def harness(self) -> CrmHarness:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _expect_deviations(self, request: pytest.FixtureRequest) -> None:
        reason = self.deviations.get(getattr(request.node, "originalname", request.node.name))
        if reason:
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))

    @pytest.fixture
    async def crm(self, harness: CrmHarness) -> Crm:
        """Prepared twice: that does no harm."""
        crm = harness.make_crm()
        for _ in range(2):
            await crm.prepare(TENANT)
        return crm
