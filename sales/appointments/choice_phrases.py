"""Choices among offers, lengths of a meeting and open wishes in a canonical line. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

from sales.appointments.time_neighbours import has_cue, may_follow
from sales.appointments.time_wish import LAST_OFFER, MIDDLE_OFFER, NO_OFFER, Preference
from sales.appointments.time_words import read_number, read_ordinal

_NTH = r"first|second|third|fourth|fifth|last|latter|former|middle|1st|2nd|3rd|4th|5th"
_OFFER = r"one|option|slot|time|choice|appointment|suggestion|proposal|offer|possibility"
_CHOICE = re.compile(
    rf"(?<= )(?:(?:the |your )(?P<nth>{_NTH})(?: (?P<noun>{_OFFER}))?"
    rf"|(?P<nth2>{_NTH}) (?P<noun2>one|option|slot|choice)"
    rf"|(?:option|slot|choice|(?<!youre )(?<!re )(?<!are )number|nr|no|#) (?:\. |# )?(?P<n>[1-5]"
    rf"|one|two|three|four|five|a|b"
    rf"|c))"
    r"(?= )"
)
_WHOLE = re.compile(
    rf"\s*(?:# )?(?P<n>[1-5]|{_NTH}|one|two|three)(?: \.| \))?(?: please)?(?: [.!])?\s*"
)
_NONE = re.compile(
    r" (?:none|neither|not any|nothing) of (?:these|those|them|the)"
    r"| none (?:of \w+ )?(?:works?|fits?|suits?)| (?:these|those|they) (?:all )?(?:dont"
    r"|do not) (?:work|fit|suit)"
    r"| neither (?:works?|fits?|suits?)| cant (?:do|make) any of"
)
_NOT_NEXT = ("of", "week", "or", "we", "i", "you", "they", "that", "he", "she")
_NOT_FIRST = ("time", "name", "of", "thing", "let", "i", "step", "question", "all", "we")

_PREFERENCES: tuple[tuple[Preference, re.Pattern[str]], ...] = tuple(
    (preference, re.compile(pattern))
    for preference, pattern in (
        (
            Preference.EARLIEST,
            r" (?:asap|a s a p|as (?:soon|early|quickly) as (?:possible|you can|we can|you have)"
            r"|(?:the |your )?(?:soonest|earliest|next|first) (?:possible |available |free |open "
            r"|convenient )+"
            r"(?:slot|time|appointment|opening|date|one|day|moment|possible|available)?"
            r"|(?:the |your )?(?:soonest|earliest)(?: (?:slot|time|appointment|opening|date|one"
            r"|day|you have|you can))?"
            r"|at your earliest convenience|(?:sooner|earlier) (?:is|the) better"
            r"|the sooner the better"
            r"|first opening|next (?:free |open )?(?:slot|opening)|right away|immediately"
            r"|urgent(?:ly)?) ",
        ),
        (
            Preference.EARLIER,
            r" (?:anything|something|any|bit|little|slightly|much|or|any slots?|an?|is there|go"
            r"|can we do) "
            r"(?:\w+ )?(?:earlier|sooner)(?: slot| time| one| date)? | (?:earlier"
            r"|sooner) (?:please|slot|time|one|if)"
            r"| (?:bring|move|pull) (?:it|this|that|the (?:meeting|call|appointment)) (?:forward"
            r"|earlier) ",
        ),
        (
            Preference.LATER,
            r" (?:anything|something|any|bit|little|slightly|much|or|an?|is there|go|can we do)"
            r" (?:\w+ )?later(?! than)(?: slot| time| one| date)? | later (?:please|slot|time|one"
            r"|in the day|if)"
            r"| (?:push|move) (?:it|this|that|the (?:meeting|call|appointment)) (?:back|later"
            r"|out) ",
        ),
        (
            Preference.LATEST,
            r" (?:the |your )?latest (?:possible|available|slot|appointment|one|time|you have) ",
        ),
        (
            Preference.OTHER,
            r" (?:(?:an|some) ?other|another|different|alternative|other|more(?! time )) (?:day"
            r"|days|date"
            r"|dates|time|times|slot"
            r"|slots|option|options|week|appointment)s? | what else (?:do you have|is there"
            r"|have you got) "
            r"| anything else (?:available|free|open)? ?[?] ",
        ),
        (
            Preference.ANY,
            r" (?:whenever|any ?time|any (?:day|date|slot|time)|any of (?:them|these|those)"
            r"|either (?:one|works|is|day|time)"
            r"|all of (?:them|these|those) work|im (?:totally |completely |pretty "
            r"|very )?(?:flexible|open|easy)"
            r"|dont mind when|no preference|doesnt matter|does not matter|you (?:choose|pick"
            r"|decide)|up to you"
            r"|what(?:ever)? (?:times?|works for you|suits you)(?= )|when are you free"
            r"|when do you have time) ",
        ),
    )
)
_LENGTH = re.compile(
    r"(?<= )(?:(?P<half>(?:about |only |just )?(?:a )?half (?:an |a )?hour|(?:a )?half hour)"
    r"|(?P<quarter>(?:a )?quarter of an hour)"
    r"|(?P<mixed>(?:an|one|1|a) (?:hour and a half|and a half hours?|1/2 hours?|1/2 hour))"
    r"|(?P<n>\d{1,3}(?:[.,]5)?|an?|one|two|three|fifteen|twenty|thirty|forty[- ]five|forty|sixty"
    r"|ninety)"
    r"(?: -)? (?P<unit>hours?|h|minutes|m)(?: (?P<extra>\d{2}|and a half)(?: (?:minutes"
    r"|m))?)?)(?= )"
)
_LENGTH_BEFORE = re.compile(
    r" (?:for|need|want|have|got|take|takes?|spare|only|just|book|schedule|about|maybe|say|prefer"
    r"|like"
    r"|set up|with|do|make it|lasting|max|maximum|around|roughly|in|within|after|every|last) $"
)
_LENGTH_AFTER = re.compile(
    r" (?:- )?(?:call|meeting|slot|chat|demo|appointment|session|conversation|conversations|talk"
    r"|intro|consultation|"
    r"discovery|is (?:enough|fine|plenty|ok)|should (?:be|do)|would (?:be|do)|will do|works|max"
    r"|long|with|please|tops"
    r"|appointments|video|phone|introduction|walkthrough)\b"
)


def find_choice(text: str, offer_count: int) -> tuple[int | None, tuple[int, int] | None]:
    """Which offer was chosen, and where; "2" alone chooses only when offers are on the table."""
    if _NONE.search(text):
        return NO_OFFER, None
    whole = _WHOLE.fullmatch(text)
    if whole and offer_count:
        return _offer(whole["n"]), whole.span()
    for match in _CHOICE.finditer(text):
        words = match["nth"] or match["nth2"] or match["n"]
        after = text[match.end() :].split(None, 1)[:1]
        named = match["noun"] or match["noun2"] or match["n"]
        if not named:
            dated = words[0].isdigit() and not offer_count
            if dated or (after and after[0] in _NOT_FIRST) or not may_follow(text, match.end()):
                continue
        if match["noun"] == "time" and not offer_count:
            continue  # "the first time I came here"
        if after and after[0] in _NOT_NEXT:
            continue
        return _offer(words), match.span()
    return None, None


def _offer(words: str) -> int | None:
    if words in ("last", "latter"):
        return LAST_OFFER
    if words == "middle":
        return MIDDLE_OFFER
    if words == "former":
        return 1
    if words in ("a", "b", "c"):
        return "abc".index(words) + 1
    return read_number(words) or read_ordinal(words)


def find_preference(text: str) -> Preference | None:
    """The direction of an open wish; None in sentences that are not about meeting."""
    found = next((name for name, pattern in _PREFERENCES if pattern.search(text)), None)
    if found is None:
        return None
    return found if has_cue(text) or len(text.split()) <= 8 else None


def find_duration(text: str) -> tuple[timedelta | None, str]:
    """How long the meeting should be (5 minutes to 4 hours), and the text with it hidden.

    Other lengths of time ("set up in 20 minutes", "24 hours of data") are no wish.
    """
    for match in _LENGTH.finditer(text):
        before = re.search(_LENGTH_BEFORE, text[: match.start()])
        if before and before.group().strip() in ("in", "within", "after", "every", "last"):
            continue
        after = _LENGTH_AFTER.match(text, match.end())
        alone = len(text.split()) <= len(match.group().split()) + 3
        if not (alone or after or (before and has_cue(text))):
            continue
        length = _length(match)
        if timedelta(minutes=5) <= length <= timedelta(hours=4):
            hidden = "\x00" * (match.end() - match.start())
            return length, text[: match.start()] + hidden + text[match.end() :]
    return None, text


def _length(match: re.Match[str]) -> timedelta:
    if match["half"]:
        return timedelta(minutes=30)
    if match["quarter"]:
        return timedelta(minutes=15)
    if match["mixed"]:
        return timedelta(minutes=90)
    words = match["n"].replace(",", ".")
    number = float(words) if words[0].isdigit() else float(read_number(words) or 0)
    extra = match["extra"] or "0"
    if match["unit"].startswith("m"):
        return timedelta(minutes=number)
    return timedelta(hours=number, minutes=30 if extra == "and a half" else int(extra))
