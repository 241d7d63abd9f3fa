"""Values of erasures and exports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Said = Literal["erased", "nothing held", "refused", "cannot"]
State = Literal["running", "done", "incomplete"]


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom somebody means: by exactly one of these."""

    email: str = ""
    phone: str = ""
    lead_id: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """An entry in a rep's calendar that is about the person."""

    id: str
    owner_email: str
    owner_name: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Subject:
    """A person as the database knows them. `ids`: by kind (lead, visitor, conversation,
    appointment, mail, handed, received), each ascending. `mail_keys` name files of mails."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ids: dict[str, list[str]] = field(default_factory=dict)
    meetings: tuple[Meeting, ...] = ()
    mail_keys: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind there are."""
        return {kind: len(found) for kind, found in self.ids.items() if found}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one system said to the wish. `words` hold no personal data. `attempts`: how often it
    had to be asked."""

    system: str
    said: Said
    words: str = ""
    count: int = 0
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Hit:
    """Where something of the person still stands. `of`: email, phone or name. `whose`: person
    (it should have gone), staff, published (a website's own words) or file."""

    table: str
    column: str
    of: str
    whose: str
    rows: int


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What was looked through after the erasure, and what was found."""

    tables: int
    columns: int
    files: int
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class ErasureView:
    """An erasure as others see it. `waiting_for`: the steps that are not over."""

    id: str
    state: State
    subject_hash: str
    answers: dict[str, Any]
    certificate: dict[str, Any]
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
    waiting_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldView:
    """A legal hold."""

    lead_id: str
    reason: str
    placed_by: str
    placed_at: datetime
