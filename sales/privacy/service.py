"""The story of an erasure: asked for, stopped, asked everybody, erased here, read back, certified.

Each step is an entry of the outbox and stores its answer: who is killed between two steps goes on
with the next one. Steps can be repeated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import select

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.encryption import Cipher
from core.errors import Conflict, NotFound, TransientError
from core.ids import is_id, new_id
from core.outbox import NotBefore, Outbox
from sales.organization.rules import check_may
from sales.organization.schemas import Principal
from sales.privacy.erasing import RowEraser
from sales.privacy.events import ErasureStepDue
from sales.privacy.exporting import export_rows
from sales.privacy.hashing import PersonHasher
from sales.privacy.holding import HoldKeeper
from sales.privacy.models import Erasure
from sales.privacy.outside import OutsideSystem
from sales.privacy.rules import (
    OWN,
    QUEUE,
    Needles,
    build_certificate,
    build_needles,
    check_wish,
    join_subjects,
    list_due,
    redact,
)
from sales.privacy.schemas import (
    Answer,
    ErasureView,
    Hit,
    Meeting,
    ReadBack,
    Subject,
    Wish,
)
from sales.privacy.searching import SubjectSearch, scan

COLUMN = "privacy_erasures.subject"
_RUNNING_PAUSE = timedelta(seconds=2)
_LONGEST_WORDS = 500
_VIEW = tuple(ErasureView.__dataclass_fields__)


class MailFiles(Protocol):
    """The folder of the local mailer."""

    def erase(self, keys: tuple[str, ...]) -> int:
        """Delete the files of these mails; how many there were."""
        ...

    def scan(self, needles: Needles) -> tuple[int, int]:
        """How many files there are, and in how many something stands."""
        ...


@dataclass(frozen=True, slots=True)
class PrivacyService:
    """Erasures, exports and legal holds of all tenants. `get_outside`: the systems to ask, by the
    name of their step, as they are now."""

    database: Database
    clock: Clock
    outbox: Outbox
    cipher: Cipher
    hasher: PersonHasher
    files: MailFiles
    get_outside: Callable[[], Mapping[str, OutsideSystem]]
    holds: HoldKeeper

    async def preview(self, principal: Principal, wish: Wish) -> dict[str, int]:
        """What would be erased, as counts; nothing happens.

        Raises:
            Forbidden: only admins may.
            Invalid: the wish names nobody.
        """
        check_may(principal, "erase_people")
        subject = await self._find(principal.tenant_id, check_wish(wish))
        return subject.counts

    async def request(self, principal: Principal, wish: Wish) -> str:
        """Promise to erase a person; the id of the erasure. Who asks while one is under way gets
        that one.

        Raises:
            Forbidden: only admins may.
            Invalid: the wish names nobody.
            NotFound: there is no such lead.
            Conflict: a lead of the person is under a legal hold.
        """
        check_may(principal, "erase_people")
        tenant_id, wish = principal.tenant_id, check_wish(wish)
        subject = await self._find(tenant_id, wish)
        if wish.lead_id and not subject.ids.get("lead"):
            raise NotFound("There is no such lead.")
        await self.holds.check(tenant_id, subject)
        hashed = await self._name(tenant_id, wish, subject)
        async with self.database.unit_of_work(tenant_id) as uow:
            query = select(Erasure.id).where(
                Erasure.subject_hash == hashed, Erasure.state == "running"
            )
            running = (await uow.session.execute(query)).scalar()
            if running:
                return running
            row = Erasure(
                tenant_id=tenant_id,
                id=new_id(),
                state="running",
                subject_hash=hashed,
                subject=self._seal(tenant_id, subject),
                round=1,
                answers={},
                certificate={},
                requested_by=principal.name,
                requested_at=self.clock.now(),
                finished_at=None,
            )
            uow.session.add(row)
            await uow.flush()
            await self._promise(uow, row)
        return row.id

    async def retry(self, principal: Principal, erasure_id: str) -> None:
        """Ask again those who refused, and look again.

        Raises:
            Conflict: it is under way, or done.
        """
        check_may(principal, "erase_people")
        async with self.database.unit_of_work(principal.tenant_id) as uow:
            row = await self._lock(uow, erasure_id)
            if row.state != "incomplete":
                raise Conflict(f"This erasure is {row.state}; there is nothing to repeat.")
            row.state, row.round, row.answers = "running", row.round + 1, {}
            await self._promise(uow, row)

    async def get_erasure(self, principal: Principal, erasure_id: str) -> ErasureView:
        """How far it got.

        Raises:
            NotFound: there is none of that id.
        """
        check_may(principal, "erase_people")
        return await self._get(principal.tenant_id, erasure_id)

    async def get_certificate(self, principal: Principal, erasure_id: str) -> dict[str, Any]:
        """What everybody answered, and what was found afterwards.

        Raises:
            NotFound: there is no such erasure.
            Conflict: it is under way.
        """
        found = await self.get_erasure(principal, erasure_id)
        if not found.certificate:
            raise Conflict("This erasure is under way. Ask again in a moment.")
        return found.certificate

    async def list_due(self, tenant_id: str, erasure_id: str) -> list[tuple[str, int]]:
        """The steps that can be done now, with their round."""
        async with self.database.reading(tenant_id) as uow:
            row = await self._lock(uow, erasure_id)
            if row.state != "running":
                return []
            return [(step, row.round) for step in list_due(row.answers, list(self.get_outside()))]

    async def perform(
        self, tenant_id: str, erasure_id: str, step: str, number: int, *, is_last: bool = False
    ) -> None:
        """Do one step of one round, once. `is_last`: who does not answer now has refused.

        Raises:
            TransientError: somebody does not answer.
            NotBefore: something about the person is being done just now.
        """
        async with self.database.reading(tenant_id) as uow:
            row = await self._lock(uow, erasure_id)
            if row.state != "running" or row.round != number or step in row.answers:
                return
            subject = self._open(row)
        outside = self.get_outside()
        if step == QUEUE:
            await self._stop(tenant_id, erasure_id, subject, number)
        elif step == OWN:
            await self._erase_own(tenant_id, erasure_id, subject, number)
        elif step in outside:
            try:
                answers = await outside[step].erase(tenant_id, subject)
            except TransientError as error:
                if not is_last:
                    raise
                answers = [Answer(step, "refused", error.excerpt or "does not answer")]
            await self._note(tenant_id, erasure_id, step, number, _clean(answers, subject))
        else:
            await self._read_back(tenant_id, erasure_id, subject, number)

    async def export(self, principal: Principal, wish: Wish) -> dict[str, Any]:
        """Everything that is held of a person, by table.

        Raises:
            Forbidden: only admins may.
            Invalid: the wish names nobody.
        """
        check_may(principal, "erase_people")
        tenant_id, wish = principal.tenant_id, check_wish(wish)
        async with self.database.reading(tenant_id) as uow:
            subject = await SubjectSearch(uow).find(wish)
            held = await export_rows(uow, subject, self.cipher)
        head = {"emails": subject.emails, "phones": subject.phones, "names": subject.names}
        return {"exported_at": self.clock.now().isoformat(), "person": head, "held": held}

    async def _stop(self, tenant_id: str, erasure_id: str, subject: Subject, number: int) -> None:
        await self.holds.check(tenant_id, subject)
        async with self.database.unit_of_work(tenant_id) as uow:
            dropped, running = await RowEraser(uow, subject).stop()
        if running:
            raise NotBefore(self.clock.now() + _RUNNING_PAUSE)
        said = Answer("queue", "erased", "promises about the person were dropped", dropped)
        found = [said if dropped else Answer("queue", "nothing held")]
        await self._note(tenant_id, erasure_id, QUEUE, number, found)

    async def _erase_own(
        self, tenant_id: str, erasure_id: str, subject: Subject, number: int
    ) -> None:
        """Everything of ours. What turned up since the beginning is asked for outside first."""
        now = await self._find_all(tenant_id, subject)
        if any(set(now.ids.get(kind, ())) - set(subject.ids.get(kind, ())) for kind in _ASKED):
            async with self.database.unit_of_work(tenant_id) as uow:
                row = await self._lock(uow, erasure_id)
                row.subject = self._seal(tenant_id, join_subjects(subject, now))
                row.round, row.answers = row.round + 1, {}
                await self._promise(uow, row)
            return
        subject = join_subjects(subject, now)
        hashes = {one: await self.hasher.hash(tenant_id, one) for one in subject.emails}
        async with self.database.reading(tenant_id) as uow:
            pseudonym = f"erased:{(await self._lock(uow, erasure_id)).subject_hash[-24:]}"
        files = self.files.erase(subject.mail_keys)
        async with self.database.unit_of_work(tenant_id) as uow:
            eraser = RowEraser(uow, subject)
            counts = await eraser.erase(pseudonym)
            await eraser.suppress(hashes, self.clock.now())
        await self._truncate_log()
        words = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        answers = [
            Answer("database", "erased" if counts else "nothing held", words, sum(counts.values())),
            Answer("mail files", "erased" if files else "nothing held", "", files),
            Answer("suppression list", "erased", "kept as keyed hashes", len(hashes)),
        ]
        await self._note(tenant_id, erasure_id, OWN, number, answers)

    async def _read_back(
        self, tenant_id: str, erasure_id: str, subject: Subject, number: int
    ) -> None:
        needles = build_needles(subject)
        async with self.database.reading(tenant_id) as uow:
            tables, columns, hits = await scan(uow, needles)
        files, holding = self.files.scan(needles)
        if holding:
            hits.append(Hit("mail folder", "*.eml", "email", "file", holding))
        found = ReadBack(tables, columns, files, tuple(hits))
        async with self.database.unit_of_work(tenant_id) as uow:
            row = await self._lock(uow, erasure_id)
            if row.state != "running" or row.round != number:
                return
            answers = [Answer(**one) for step in row.answers.values() for one in step]
            head = {
                "erasure_id": row.id,
                "person": row.subject_hash,
                "requested_at": row.requested_at.isoformat(),
            }
            now = self.clock.now()
            row.certificate = build_certificate(head, answers, found, now)
            row.state, row.finished_at = row.certificate["state"], now
            if row.state == "done":
                row.subject = ""

    async def _note(
        self, tenant_id: str, erasure_id: str, step: str, number: int, answers: list[Answer]
    ) -> None:
        """Keep what was answered, and promise what comes next."""
        async with self.database.unit_of_work(tenant_id) as uow:
            row = await self._lock(uow, erasure_id)
            if row.state == "running" and row.round == number and step not in row.answers:
                row.answers = {**row.answers, step: [asdict(one) for one in answers]}
                await self._promise(uow, row)

    async def _promise(self, uow: UnitOfWork, row: Erasure) -> None:
        for step in list_due(row.answers, list(self.get_outside())):
            event = ErasureStepDue(erasure_id=row.id, step=step, round=row.round)
            await self.outbox.record(uow, event, once=f"{row.id} {row.round} {step}")

    async def _find(self, tenant_id: str, wish: Wish) -> Subject:
        async with self.database.reading(tenant_id) as uow:
            found = await SubjectSearch(uow).find(wish)
        return replace(
            found,
            emails=tuple(sorted({*found.emails, wish.email} - {""})),
            phones=tuple(sorted({*found.phones, wish.phone} - {""})),
        )

    async def _find_all(self, tenant_id: str, subject: Subject) -> Subject:
        wishes = [Wish(email=one) for one in subject.emails]
        wishes += [Wish(lead_id=one) for one in subject.ids.get("lead", ())]
        found = Subject()
        for wish in wishes:
            found = join_subjects(found, await self._find(tenant_id, wish))
        return found

    async def _name(self, tenant_id: str, wish: Wish, subject: Subject) -> str:
        known = (*subject.emails, *subject.phones, *subject.ids.get("lead", ()))
        return await self.hasher.hash(tenant_id, wish.email or wish.phone or known[0])

    async def _get(self, tenant_id: str, erasure_id: str) -> ErasureView:
        async with self.database.reading(tenant_id) as uow:
            row = await self._lock(uow, erasure_id)
            return ErasureView(**{name: getattr(row, name) for name in _VIEW})

    @staticmethod
    async def _lock(uow: UnitOfWork, erasure_id: str) -> Erasure:
        row = None
        if is_id(erasure_id):
            query = select(Erasure).where(Erasure.id == erasure_id).with_for_update()
            row = (await uow.session.execute(query)).scalar()
        if row is None:
            raise NotFound("There is no such erasure.")
        return row

    def _seal(self, tenant_id: str, subject: Subject) -> str:
        return self.cipher.encrypt(json.dumps(asdict(subject)), tenant_id=tenant_id, column=COLUMN)

    def _open(self, row: Erasure) -> Subject:
        read = json.loads(self.cipher.decrypt(row.subject, tenant_id=row.tenant_id, column=COLUMN))
        return Subject(
            emails=tuple(read["emails"]),
            phones=tuple(read["phones"]),
            names=tuple(read["names"]),
            ids=read["ids"],
            meetings=tuple(Meeting(**one) for one in read["meetings"]),
            mail_keys=tuple(read["mail_keys"]),
        )

    async def _truncate_log(self) -> None:
        """SQLite's log holds what was overwritten until it is folded into the file."""
        if self.database.dialect != "sqlite":
            return
        # Outside of any transaction: within one SQLite refuses. A log that somebody reads just
        # now is left for later.
        raw = await self.database.engine.raw_connection()
        try:
            driver: Any = raw.driver_connection
            await driver.execute_whole(_fold_log)
        finally:
            raw.close()


# What somebody outside may hold too.
_ASKED = ("lead", "appointment", "handed", "received")


def _clean(answers: list[Answer], subject: Subject) -> list[Answer]:
    """A vendor's words may quote the very person."""
    needles = build_needles(subject)
    return [replace(one, words=str(redact(one.words, needles))[:_LONGEST_WORDS]) for one in answers]


def _fold_log(connection: Any) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
