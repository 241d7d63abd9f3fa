"""S0 3.4's bodies as facts. Pure: what does not fit is named with a code, nothing is guessed.

Members that are not known are no error: the whole body is kept beside the facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sales.feedback.amounts import read_amount
from sales.feedback.schemas import Fact, Kind
from sales.handoffs.package_schema import read_moment, write_moment

METHODS = ("phone", "email", "sms")
CONTACTS = ("contacted", "no-answer", "wrong-number", "bounced")
QUALIFICATIONS = ("qualified", "disqualified", "nurture")
REASONS = ("out-of-area", "not-ready", "competitor", "other")
ATTEMPTS_LIMIT = 100
# They may also say that nothing happened yet, which is kept and moves nothing.
_FLAGS = ("contactAttempts", "opportunityCreated", "caseCreated", "caseCompleted")
_TEXT, _ID, _STAGE = 2000, 200, 60
# Clocks of two machines differ; further ahead is a mistake that would outlive every later word.
_AHEAD = timedelta(minutes=10)
_EARLIEST = 2000
_DAYS = 36_600
_SECONDS = 3_200_000_000


@dataclass(slots=True)
class FeedbackReader:
    """Reads one body. `now` is the moment of those facts that name none, unless the body's or
    the message's own `timestamp` does."""

    now: datetime
    currency: str
    at: datetime | None = None
    facts: list[Fact] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)

    def read(self, body: Mapping[str, Any]) -> None:
        """Fill `facts` and `problems`."""
        stamp = self._moment(body, "timestamp")
        self.at = stamp or self.at
        self._read_contacts(body)
        self._read_qualification(body)
        self._read_opportunity(body)
        self._read_case(body)
        self._read_money(body)
        word = self._text(body, "status", _STAGE)
        if word is not None:
            self._add("status", {"status": word}, self._moment(body, "statusChangedAt"))
        is_no = any(body.get(name) is not None for name in _FLAGS)
        if not self.facts and not self.problems and not is_no:
            self._refuse("", "EMPTY", "nothing of S0 3.4 stands in it")

    def _read_contacts(self, body: Mapping[str, Any]) -> None:
        attempts = body.get("contactAttempts")
        if attempts is not None and not isinstance(attempts, list):
            self._refuse("contactAttempts", "WRONG_TYPE", "write a list")
        elif attempts and len(attempts) > ATTEMPTS_LIMIT:
            self._refuse("contactAttempts", "TOO_MANY", f"at most {ATTEMPTS_LIMIT}")
        else:
            for number, one in enumerate(attempts or ()):
                self._read_attempt(f"contactAttempts.{number}", one)
        first = self._moment(body, "firstContactAt")
        seconds = self._whole(body, "timeToFirstContact", _SECONDS)
        if first is not None or seconds is not None:
            data = {"firstContactAt": first and write_moment(first), "timeToFirstContact": seconds}
            self._add("contact", data, first)

    def _read_attempt(self, place: str, one: object) -> None:
        if not isinstance(one, Mapping):
            self._refuse(place, "WRONG_TYPE", "write an object")
            return
        at = self._moment(one, "attemptedAt", place)
        if at is None and one.get("attemptedAt") is None:
            self._refuse(f"{place}.attemptedAt", "MISSING_FIELD", "say when it was")
        data = {
            "method": self._choice(one, "method", METHODS, place, required=True),
            "outcome": self._choice(one, "outcome", CONTACTS, place, required=True),
            "notes": self._text(one, "notes", _TEXT, place),
        }
        if at is not None:
            self._add("attempt", data, at)

    def _read_qualification(self, body: Mapping[str, Any]) -> None:
        status = self._choice(body, "qualificationStatus", QUALIFICATIONS)
        reason = self._choice(body, "disqualificationReason", REASONS)
        rating = self._whole(body, "salesQualityRating", 5, 1)
        at = self._moment(body, "qualifiedAt")
        if status is None and reason is None and rating is None:
            return
        data = {
            "qualificationStatus": status or ("disqualified" if reason else None),
            "disqualificationReason": reason,
            "salesQualityRating": rating,
        }
        self._add("qualification", data, at)

    def _read_opportunity(self, body: Mapping[str, Any]) -> None:
        names = ("opportunityCreated", "opportunityId", "opportunityStage", "estimatedValue")
        if not self._says(body, "opportunityCreated", names):
            return
        currency = self._currency(body)
        stage = self._text(body, "opportunityStage", _STAGE)
        data = {
            "opportunityId": self._text(body, "opportunityId", _ID),
            "opportunityStage": stage and stage.lower(),
            "estimatedMinor": self._amount(body, "estimatedValue", currency),
            "currency": currency,
            "expectedCloseDate": self._day(body, "expectedCloseDate"),
        }
        self._add("opportunity", data, None)

    def _read_case(self, body: Mapping[str, Any]) -> None:
        if not self._says(body, "caseCreated", ("caseCreated", "caseType", "caseValue")):
            return
        currency = self._currency(body)
        data = {
            "caseId": self._text(body, "caseId", _ID),
            "caseType": self._text(body, "caseType", _STAGE),
            "caseMinor": self._amount(body, "caseValue", currency),
            "currency": currency,
            "timeFromLeadToCase": self._whole(body, "timeFromLeadToCase", _DAYS),
        }
        self._add("case", data, self._moment(body, "createdAt"))

    def _read_money(self, body: Mapping[str, Any]) -> None:
        currency, case = self._currency(body), self._text(body, "caseId", _ID)
        if self._says(body, "caseCompleted", ("caseCompleted", "revenue")):
            if body.get("revenue") is None:
                self._refuse("revenue", "MISSING_FIELD", "say how much")
            amount = self._amount(body, "revenue", currency)
            data = {
                "caseId": case,
                "amountMinor": amount,
                "currency": currency,
                "profitMinor": self._amount(body, "profit", currency, negative=True),
                "lifetimeMinor": self._amount(body, "customerLifetimeValue", currency),
                "timeFromLeadToRevenue": self._whole(body, "timeFromLeadToRevenue", _DAYS),
            }
            at = self._moment(body, "completedAt")
            if amount is not None:
                self._add("revenue", data, at)
        if body.get("refund") is not None:
            amount = self._amount(body, "refund", currency)
            data = {
                "caseId": case,
                "refundId": self._text(body, "refundId", _ID),
                "amountMinor": amount,
                "currency": currency,
            }
            at = self._moment(body, "refundedAt")
            if amount is not None:
                self._add("refund", data, at)

    def _says(self, body: Mapping[str, Any], flag: str, names: tuple[str, ...]) -> bool:
        """Whether a section is there; its flag may also say no."""
        said = body.get(flag)
        if said is not None and not isinstance(said, bool):
            self._refuse(flag, "WRONG_TYPE", "write true or false")
        return said is not False and any(body.get(name) is not None for name in names)

    def _add(self, kind: Kind, data: dict[str, Any], at: datetime | None) -> None:
        known = {name: value for name, value in data.items() if value is not None}
        moment = at or self.at
        dated, said_at = moment is not None, self.at or self.now
        self.facts.append(Fact(kind, moment or self.now, known, dated, said_at))

    def _refuse(self, place: str, code: str, problem: str) -> None:
        self.problems.append({"field": place, "code": code, "problem": problem})

    def _moment(self, body: Mapping[str, Any], name: str, place: str = "") -> datetime | None:
        value = body.get(name)
        if value is None:
            return None
        moment = read_moment(value)
        where = f"{place}.{name}" if place else name
        if moment is None:
            code = "WRONG_FORMAT" if isinstance(value, str) else "WRONG_TYPE"
            self._refuse(where, code, "write a time like 2026-01-31T12:00:00Z")
        elif moment.year < _EARLIEST or moment > self.now + _AHEAD:
            self._refuse(where, "OUT_OF_RANGE", "a time from 2000 until now")
            return None
        return moment

    def _day(self, body: Mapping[str, Any], name: str) -> str | None:
        value = body.get(name)
        if value is None:
            return None
        try:
            return date.fromisoformat(str(value)[:10]).isoformat()
        except ValueError:
            self._refuse(name, "WRONG_FORMAT", "write a date like 2026-01-31")
            return None

    def _text(self, body: Mapping[str, Any], name: str, limit: int, place: str = "") -> str | None:
        value = body.get(name)
        where = f"{place}.{name}" if place else name
        if value is None:
            return None
        if not isinstance(value, str):
            self._refuse(where, "WRONG_TYPE", "write a text")
        elif len(value) > limit:
            self._refuse(where, "TOO_LONG", f"at most {limit} characters")
        elif "\x00" in value or not _is_whole(value):
            self._refuse(where, "WRONG_FORMAT", "a character that no text holds")
        else:
            return value.strip() or None
        return None

    def _choice(
        self,
        body: Mapping[str, Any],
        name: str,
        known: tuple[str, ...],
        place: str = "",
        *,
        required: bool = False,
    ) -> str | None:
        value = body.get(name)
        where = f"{place}.{name}" if place else name
        if value is None:
            if required:
                self._refuse(where, "MISSING_FIELD", f"one of {', '.join(known)}")
            return None
        if value in known:
            return str(value)
        self._refuse(where, "UNKNOWN_VALUE", f"one of {', '.join(known)}")
        return None

    def _whole(
        self, body: Mapping[str, Any], name: str, largest: int, smallest: int = 0
    ) -> int | None:
        value = body.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._refuse(name, "WRONG_TYPE", "write a whole number")
        elif not smallest <= value <= largest or value != int(value):
            self._refuse(name, "OUT_OF_RANGE", f"a whole number from {smallest} to {largest}")
        else:
            return int(value)
        return None

    def _amount(
        self, body: Mapping[str, Any], name: str, currency: str, *, negative: bool = False
    ) -> int | None:
        value = body.get(name)
        if value is None:
            return None
        amount = read_amount(value, currency)
        if amount is None:
            self._refuse(name, "WRONG_TYPE", "write a number")
        elif amount < 0 and not negative:
            self._refuse(name, "OUT_OF_RANGE", "not less than 0; money that went back is `refund`")
            return None
        return amount

    def _currency(self, body: Mapping[str, Any]) -> str:
        value = body.get("currency")
        if value is None:
            return self.currency
        if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha():
            return value.upper()
        if not any(one["field"] == "currency" for one in self.problems):
            self._refuse("currency", "WRONG_FORMAT", "three letters of ISO 4217, like USD")
        return self.currency


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
