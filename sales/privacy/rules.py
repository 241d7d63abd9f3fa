"""Which step comes next, what is looked for, and what a certificate says. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from core.errors import Invalid
from sales.leads.rules import read_email_key, read_phone_key
from sales.privacy.schemas import Answer, ReadBack, State, Subject, Wish

QUEUE, OWN, STORAGE, READ_BACK = "queue", "own", "storage", "read_back"
SALES_DESK = "sales_desk"
ERASED = "[erased]"
# Fewer digits may stand in any number.
_FEWEST_DIGITS = 8
_NATIONAL_DIGITS = 9
# What people put between the digits of a phone number.
SEPARATORS = " -().\u00a0/"
LEDGER = (
    "Kept without anything personal (X-22): counts, amounts, dates and ids of the lead, its "
    "handoffs, outcomes and revenue, the audit trail under a pseudonym, and keyed hashes of the "
    "addresses, so that nobody writes to them again."
)


def check_wish(wish: Wish) -> Wish:
    """The wish with its values as they are looked for.

    Raises:
        Invalid: it names nobody, several, or what is no address or number.
    """
    if sum(map(bool, (wish.email, wish.phone, wish.lead_id))) != 1:
        raise Invalid("Say whom: one of email, phone and lead_id.")
    if wish.email:
        email = read_email_key(wish.email)
        if email is None:
            raise Invalid("This is no e-mail address.", {"field": "email"})
        return Wish(email=email)
    if wish.phone:
        phone = read_phone_key(wish.phone)
        if phone is None:
            raise Invalid("Write the number with its country: +44 20 ...", {"field": "phone"})
        return Wish(phone=phone)
    return wish


def list_due(answers: Mapping[str, Any], outside: Sequence[str]) -> list[str]:
    """The steps that can be done now: what waits is stopped first, then everybody outside is
    asked, then our own rows go (they know who is outside), then our sales desk says so to whoever
    handed the lead over, then what rows left in the database's file goes, then it is read back."""
    if QUEUE not in answers:
        return [QUEUE]
    missing = [name for name in outside if name not in answers and name != SALES_DESK]
    if missing:
        return missing
    own = [step for step in (OWN, SALES_DESK, STORAGE, READ_BACK) if step not in answers]
    return [step for step in own if step != SALES_DESK or step in outside][:1]


@dataclass(frozen=True, slots=True)
class Needles:
    """What to look for. `texts`: by kind (email, name) as forms in small letters; `digits`: the
    end of each phone number."""

    texts: tuple[tuple[str, str], ...]
    digits: tuple[str, ...]


def build_needles(subject: Subject) -> Needles:
    """Every form in which the person may stand somewhere."""
    texts = [("email", form) for email in subject.emails for form in _write_forms(email)]
    for name in subject.names:
        texts += [("name", form) for one in list_name_forms(name) for form in _write_forms(one)]
    digits = [re.sub(r"\D", "", phone) for phone in subject.phones]
    found = (one[-_NATIONAL_DIGITS:] for one in digits if len(one) >= _FEWEST_DIGITS)
    return Needles(tuple(dict.fromkeys(texts)), tuple(dict.fromkeys(found)))


def list_name_forms(name: str) -> list[str]:
    """A full name in the orders in which it is written. One word alone names many."""
    words = name.split()
    if len(words) < 2:
        return []
    first, last = words[0], " ".join(words[1:])
    return [f"{first} {last}", f"{last}, {first}", f"{last} {first}", f"{first}.{last}"]


def _write_forms(text: str) -> list[str]:
    # Databases fold ASCII only, and SQLite keeps JSON with escapes for everything else.
    plain = {text, text.lower(), text.upper(), text.title(), text.casefold()}
    escaped = {json.dumps(one)[1:-1] for one in plain}
    return sorted({_fold(one) for one in plain | escaped})


def _fold(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


def find_kinds(value: Any, needles: Needles) -> set[str]:
    """Which kinds of needles stand in a text or JSON value, as whole words: `ann@x.example` does
    not stand in `joann@x.example`."""
    found: set[str] = set()
    for one in list_texts(value):
        found |= {kind for kind, pattern in build_patterns(needles) if pattern.search(one)}
    return found


def list_texts(value: Any) -> list[str]:
    """Every text within a JSON value, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [one for pair in value.items() for part in pair for one in list_texts(part)]
    if isinstance(value, list | tuple):
        return [one for part in value for one in list_texts(part)]
    return [str(value)] if isinstance(value, int) and not isinstance(value, bool) else []


def redact(value: Any, needles: Needles, *, names: bool = True) -> Any:
    """A text or JSON value with the person taken out."""
    if isinstance(value, Mapping):
        return {key: redact(one, needles, names=names) for key, one in value.items()}
    if isinstance(value, list):
        return [redact(one, needles, names=names) for one in value]
    if not isinstance(value, str):
        return value
    for kind, pattern in build_patterns(needles):
        if kind != "name" or names:
            value = pattern.sub(ERASED, value)
    return value


@lru_cache(maxsize=64)
def build_patterns(needles: Needles) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The needles as expressions that end where words end."""
    found = [
        (kind, re.compile(rf"(?<![\w.+-]){re.escape(form)}(?![\w-])", re.IGNORECASE))
        for kind, form in needles.texts
    ]
    between = f"[{re.escape(SEPARATORS)}]*"
    before = r"(?<!\d)\+?(?:\d" + between + r"){0,6}?"
    found += [
        ("phone", re.compile(before + between.join(one) + r"(?!\d)")) for one in needles.digits
    ]
    return tuple(found)


def join_subjects(one: Subject, other: Subject) -> Subject:
    """Both, each thing once."""
    return Subject(
        emails=_join(one.emails, other.emails),
        phones=_join(one.phones, other.phones),
        names=_join(one.names, other.names),
        ids={
            kind: sorted({*one.ids.get(kind, ()), *other.ids.get(kind, ())})
            for kind in {**one.ids, **other.ids}
        },
        meetings=tuple(dict.fromkeys((*one.meetings, *other.meetings))),
        mail_keys=_join(one.mail_keys, other.mail_keys),
    )


def _join(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*one, *other}))


def choose_state(answers: Sequence[Answer], read_back: ReadBack) -> State:
    """done: everybody forgot, as far as anybody can; what cannot be erased by a program is said
    and does not count. A name alone may be another person's: it is told, and not held against."""
    refused = any(one.said == "refused" for one in answers)
    left = any(hit.whose in ("person", "file") and hit.of != "name" for hit in read_back.hits)
    return "incomplete" if refused or left else "done"


def build_certificate(
    head: Mapping[str, Any], answers: Sequence[Answer], read_back: ReadBack, at: datetime
) -> dict[str, Any]:
    """What is handed to whoever asked. It holds no personal data but keyed hashes."""
    return {
        **head,
        "state": choose_state(answers, read_back),
        "finished_at": at.isoformat(),
        "systems": [asdict(one) for one in answers],
        "read_back": asdict(read_back),
        "kept": LEDGER,
    }


def write_certificate(certificate: Mapping[str, Any]) -> str:
    """The same as text."""
    read_back = certificate["read_back"]
    lines = [
        "Certificate of erasure",
        f"Erasure:   {certificate['erasure_id']}",
        f"Person:    {certificate['person']} (keyed hash)",
        f"Requested: {certificate['requested_at']}",
        f"Finished:  {certificate['finished_at']}",
        f"Result:    {certificate['state']}",
        "",
    ]
    for one in certificate["systems"]:
        words = f": {one['words']}" if one["words"] else ""
        tries = f" (at attempt {one['attempts']})" if one["attempts"] > 1 else ""
        lines.append(f"- {one['system']}: {one['said']}{words}{tries}")
    lines += [
        "",
        f"Read back: {read_back['tables']} tables, {read_back['columns']} columns, "
        f"{read_back['files']} mail files.",
    ]
    if not read_back["hits"]:
        lines.append("Nothing of the person was found.")
    for hit in read_back["hits"]:
        place = f"{hit['table']}.{hit['column']}"
        lines.append(f"- {place}: {hit['of']} in {hit['rows']} ({_WHOSE[hit['whose']]})")
    return "\n".join([*lines, "", certificate["kept"], ""])


_WHOSE = {
    "person": "still to be looked at",
    "staff": "a member of staff's",
    "published": "the website's own words",
    "harmless": "still to be looked at",
    "file": "a mail's file",
}
