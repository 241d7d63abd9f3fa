"""The steps of an erasure: stopped, asked everybody, erased here, written anew, read back.

Each stores its answer with the promise of the next: who is killed between two steps goes on with
the next one, and a step that was cut off is done again. All of them can be repeated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from core.db import Database
from core.errors import Conflict, PermanentError, TransientError, Unavailable, UserError
from core.outbox import NotBefore
from sales.privacy.columns import list_personal_tables
from sales.privacy.erasing import RowEraser
from sales.privacy.hashing import PersonHasher
from sales.privacy.holding import HoldKeeper
from sales.privacy.models import Erasure
from sales.privacy.records import ErasureBook
from sales.privacy.rules import (
    OWN,
    QUEUE,
    STORAGE,
    Needles,
    build_certificate,
    build_needles,
    join_subjects,
    redact,
)
from sales.privacy.schemas import Answer, Hit, ReadBack, Subject, Wish
from sales.privacy.searching import SubjectSearch, scan

_RUNNING_PAUSE = timedelta(seconds=2)
_LONGEST_WORDS = 500
# What somebody outside may hold too.
_ASKED = ("lead", "appointment", "handed", "received")
# Beyond it writers would wait too long for the file to be written anew.
_LARGEST_REWRITE = 256 * 1024 * 1024
# Readers wait as well while PostgreSQL writes a table anew.
_LARGEST_TABLE = 64 * 1024 * 1024
_NOT_LOOKED = ReadBack(0, 0, 0, ())


class MailFiles(Protocol):
    """The folder of the local mailer."""

    def erase(self, keys: tuple[str, ...]) -> int:
        """Delete the files of these mails; how many there were."""
        ...

    def scan(self, needles: Needles) -> tuple[int, int]:
        """How many files there are, and in how many something stands."""
        ...


@dataclass(frozen=True, slots=True)
class ErasureSteps:
    """Does one step after the other."""

    book: ErasureBook
    hasher: PersonHasher
    files: MailFiles
    holds: HoldKeeper

    @property
    def database(self) -> Database:
        """Where rows are."""
        return self.book.database

    async def perform(
        self, tenant_id: str, erasure_id: str, step: str, number: int, *, attempt: int, last: bool
    ) -> None:
        """Do one step of one round, once; see `PrivacyService.perform`."""
        async with self.database.reading(tenant_id) as uow:
            row = await self.book.lock(uow, erasure_id)
            if row.state != "running" or row.round != number or step in row.answers:
                return
            subject = self.book.open(row)
        outside = self.book.get_outside()
        if step == QUEUE:
            await self._stop(tenant_id, erasure_id, subject, number)
        elif step == OWN:
            await self._erase_own(tenant_id, erasure_id, subject, number)
        elif step == STORAGE:
            await self._rewrite(tenant_id, erasure_id, number, last=last)
        elif step in outside:
            try:
                answers = await outside[step].erase(tenant_id, subject)
            except TransientError as error:
                if not last:
                    raise
                answers = [Answer(step, "refused", error.excerpt or "does not answer")]
            except PermanentError as error:
                answers = [Answer(step, "refused", error.excerpt or str(error))]
            except UserError as error:
                answers = [Answer(step, "refused", error.message)]
            answers = [replace(one, attempts=attempt) for one in _clean(answers, subject)]
            await self.book.note(tenant_id, erasure_id, step, number, answers)
        else:
            await self._read_back(tenant_id, erasure_id, subject, number)

    async def find(self, tenant_id: str, wish: Wish) -> Subject:
        """Whom a wish means, with what it was looked for by."""
        async with self.database.reading(tenant_id) as uow:
            found = await SubjectSearch(uow).find(wish)
        return replace(
            found,
            emails=tuple(sorted({*found.emails, wish.email} - {""})),
            phones=tuple(sorted({*found.phones, wish.phone} - {""})),
        )

    async def _stop(self, tenant_id: str, erasure_id: str, subject: Subject, number: int) -> None:
        try:
            await self.holds.check(tenant_id, subject)
        except Conflict as error:
            # Placed after the wish. Nothing is touched; who lifts it repeats the wish.
            await self._refuse(tenant_id, erasure_id, number, error.message)
            return
        async with self.database.unit_of_work(tenant_id) as uow:
            dropped, running = await RowEraser(uow, subject).stop()
        if running:
            raise NotBefore(self.book.clock.now() + _RUNNING_PAUSE)
        said = Answer("queue", "erased", "promises about the person were dropped", dropped)
        found = [said if dropped else Answer("queue", "nothing held")]
        await self.book.note(tenant_id, erasure_id, QUEUE, number, found)

    async def _refuse(self, tenant_id: str, erasure_id: str, number: int, words: str) -> None:
        async with self.database.unit_of_work(tenant_id) as uow:
            row = await self.book.lock(uow, erasure_id)
            if row.state == "running" and row.round == number:
                self._finish(row, [Answer("legal hold", "refused", words)], _NOT_LOOKED)

    async def _erase_own(
        self, tenant_id: str, erasure_id: str, subject: Subject, number: int
    ) -> None:
        """Everything of ours. What turned up since the beginning is asked for outside first."""
        now = await self._find_all(tenant_id, subject)
        if any(set(now.ids.get(kind, ())) - set(subject.ids.get(kind, ())) for kind in _ASKED):
            async with self.database.unit_of_work(tenant_id) as uow:
                row = await self.book.lock(uow, erasure_id)
                if row.state == "running" and row.round == number:
                    row.subject = self.book.seal(tenant_id, join_subjects(subject, now))
                    row.round, row.answers = row.round + 1, {}
                    await self.book.promise(uow, row)
            return
        subject = join_subjects(subject, now)
        hashes = {one: await self.hasher.hash(tenant_id, one) for one in subject.emails}
        async with self.database.reading(tenant_id) as uow:
            pseudonym = f"erased:{(await self.book.lock(uow, erasure_id)).subject_hash[-24:]}"
        async with self.database.unit_of_work(tenant_id) as uow:
            # Whatever was promised since the first step: nobody is to write rows behind this one.
            _, running = await RowEraser(uow, subject).stop()
        if running:
            raise NotBefore(self.book.clock.now() + _RUNNING_PAUSE)
        files = self.files.erase(subject.mail_keys)
        async with self.database.unit_of_work(tenant_id) as uow:
            eraser = RowEraser(uow, subject)
            counts = await eraser.erase(pseudonym)
            await eraser.suppress(hashes, self.book.clock.now())
        words = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        answers = [
            Answer("database", "erased" if counts else "nothing held", words, sum(counts.values())),
            Answer("mail files", "erased" if files else "nothing held", "", files),
            Answer("suppression list", "erased", "kept as keyed hashes", len(hashes)),
        ]
        await self.book.note(tenant_id, erasure_id, OWN, number, answers)

    async def _rewrite(self, tenant_id: str, erasure_id: str, number: int, *, last: bool) -> None:
        """Where the database keeps its rows, nothing of erased ones is to be left."""
        size = await self.database.measure_file()
        if size is None:
            found = await self._rewrite_tables(last=last)
            await self.book.note(tenant_id, erasure_id, STORAGE, number, found)
            return
        if size > _LARGEST_REWRITE:
            words = "the file is large: what was changed earlier is in free places until VACUUM"
            said = Answer("database storage", "cannot", words)
        elif await self.database.rewrite_file():
            said = Answer("database storage", "erased", "the file was written anew, its log folded")
        elif last:
            words = "the file was busy: what was changed earlier is in free places until VACUUM"
            said = Answer("database storage", "cannot", words)
        else:
            raise Unavailable("SQLite", "rewrite", "the file is busy")
        await self.book.note(tenant_id, erasure_id, STORAGE, number, [said])

    async def _rewrite_tables(self, *, last: bool) -> list[Answer]:
        """Of PostgreSQL the tables that hold words of people, dead versions of rows and all."""
        done = await self.database.rewrite_tables(list_personal_tables(), _LARGEST_TABLE)
        if done is None and not last:
            raise Unavailable("PostgreSQL", "rewrite", "somebody is at work in its tables")
        if done is None:
            words = "its tables were busy: dead rows are in their files until VACUUM FULL"
            said = Answer("database storage", "cannot", words)
        elif done.left:
            words = "dead rows are in the files until VACUUM FULL of "
            said = Answer("database storage", "cannot", words + ", ".join(done.left))
        else:
            words = "the tables were written anew, with their indexes"
            said = Answer("database storage", "erased", words, len(done.done))
        words = "PostgreSQL's log holds what was written until its files are used again; archives "
        return [said, Answer("database log", "cannot", words + "of it as long as you keep them")]

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
            row = await self.book.lock(uow, erasure_id)
            if row.state == "running" and row.round == number:
                answers = [Answer(**one) for step in row.answers.values() for one in step]
                self._finish(row, answers, found)

    def _finish(self, row: Erasure, answers: list[Answer], found: ReadBack) -> None:
        """The certificate, written once for each round."""
        head = {
            "erasure_id": row.id,
            "person": row.subject_hash,
            "requested_at": row.requested_at.isoformat(),
        }
        now = self.book.clock.now()
        row.certificate = build_certificate(head, answers, found, now)
        row.state, row.finished_at = row.certificate["state"], now
        if row.state == "done":
            row.subject = ""

    async def _find_all(self, tenant_id: str, subject: Subject) -> Subject:
        wishes = [Wish(email=one) for one in subject.emails]
        wishes += [Wish(lead_id=one) for one in subject.ids.get("lead", ())]
        found = Subject()
        for wish in wishes:
            found = join_subjects(found, await self.find(tenant_id, wish))
        return found


def _clean(answers: list[Answer], subject: Subject) -> list[Answer]:
    """A vendor's words may quote the very person."""
    needles = build_needles(subject)
    return [replace(one, words=str(redact(one.words, needles))[:_LONGEST_WORDS]) for one in answers]
