"""Which of the days and times in a message are refused ("not Monday", "I'm busy the 3rd"). Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from sales.appointments.time_groups import Mention
from sales.appointments.time_wish import DAY_END, DAY_START, TimeWindow

_BEFORE = re.compile(
    r" (?:not|never|except|excluding|cant|cannot|can not|unable|unavailable|better than"
    r"|in (?:\w+ )?meetings?|busy|away|wont|dont"
    r"|do not|avoid"
    r"|instead of|rather than|other than|apart from|aside from|but not|anything but|any day but"
    r"|everything but"
    r"|besides|no good|on (?:vacation|holiday|leave)|out of (?:the )?office|travell?ing|couldnt"
    r"|wouldnt|isnt"
    r"|not available|not free|im out|i am out|im off|fully booked|booked up|(?:i|ive|got"
    r"|already) (?:have |got )?(?:a|an|another) (?:\w+ )?(?:meeting|appointment"
    r"|call|conflict)(?: on)?|without) (?:\w+ ){0,4}$"
)
_PLURAL_BEFORE = re.compile(r" no (?:\w+ ){0,1}$")
_AFTER = re.compile(
    r" (?:\x00|(?:morning|afternoon|evening) )?(?:(?:really |unfortunately |just "
    r"|also )?(?:doesnt|does not|dont"
    r"|do not|wont|will not|didnt|isnt|is not|arent|are not|wouldnt|would not|cant"
    r"|cannot)\b(?! (?:matter|mind))"
    r"|(?:is|are|'s|would be|looks?|will be) (?:(?:really|also|too|a|all|completely|fully"
    r"|very) )*(?:no good|bad|out"
    r"|impossible|difficult|full|tricky|tough|not|busy|a no go|no|booked|packed|hard|late|early"
    r"|soon|taken)\b"
    r"|(?:im|i am|were|we are) (?:\w+ )?(?:busy|away|off|out|travell?ing|unavailable|not|booked"
    r"|in a|on holiday"
    r"|on vacation)\b|(?:i|we) (?:cant|have (?:a|an|another)|wont|am not|already have)\b"
    r"|not possible|is a holiday)"
)
_WELCOME = re.compile(
    r" (?:(?:would|could|will|might|should|is|are|'s|sounds?|looks?) )?(?:also |actually |really "
    r"|be |totally )*(?:works?"
    r"|good|fine|great|ok|okay|perfect|better|best|suits?|possible|ideal|free|available|instead)\b"
)
# What begins a new thought within a sentence, so that a refusal before it no longer reaches.
_TURN = re.compile(
    r"(?:(?<!any day)(?<!any days)(?<!any time)(?<!thing) but(?! not)| (?:[.?!;:]|however"
    r"|how about|what about|lets|can we|could we|maybe|rather(?! than)|prefer|instead(?! of)"
    r"|so|then|otherwise|i can|i could|id like|i meant|works"
    r"|(?<!cant )(?<!not )(?<!wont )(?<!dont )make it|only|would be|because|please"
    r"|anything after|would|im free"
    r"|i am free|will be free|be free|available(?= (?:on|from|after|before|until))|until"
    r"|till))(?= )"
)
_POSITIVE_NOT = re.compile(
    r" (?:why not|if not|not only|not before|not after|not until|not sure|not later|not earlier"
    r"|no earlier|no later|cant wait|dont mind|dont you|wont you|cant you|cant we) "
)


def split_refused(text: str, mentions: Sequence[Mention]) -> tuple[list[Mention], list[Mention]]:
    """The mentions the visitor welcomes, and those refused.

    "Busy until 3" is turned into its welcome side, "from 3 on", and keeps its day.
    """
    flags: list[bool] = []
    for index in range(len(mentions)):
        flags.append(_is_refused(text, mentions, index, flags))
    for index in reversed(range(1, len(mentions))):
        # "Tuesday and Thursday won't work": the verdict stands behind the last.
        between = text[mentions[index - 1].end : mentions[index].start]
        if flags[index] and _AFTER.match(_behind(text, mentions, index)) and _is_list(between):
            flags[index - 1] = True
    turned = list(mentions)
    for index, mention in enumerate(mentions):
        other_side = _other_side(mention) if flags[index] and not mention.days else None
        if other_side is None:
            continue
        turned[index] = replace(mention, windows=(other_side,), time=None)
        flags[index] = False
        for near in (index - 1, index + 1):
            if (
                0 <= near < len(mentions)
                and mentions[near].days
                and _beside(text, mentions, index, near)
            ):
                flags[near] = False
    kept = [mention for mention, flag in zip(turned, flags, strict=True) if not flag]
    return kept, [mention for mention, flag in zip(turned, flags, strict=True) if flag]


def _beside(text: str, mentions: Sequence[Mention], here: int, there: int) -> bool:
    first, second = sorted((here, there))
    return _is_gap(text[mentions[first].end : mentions[second].start])


def _other_side(mention: Mention) -> TimeWindow | None:
    """What is left of a day of which "until 3" or "after 5" is refused; None for other windows."""
    if len(mention.windows) != 1 or (mention.time and mention.time.part):
        return None
    window = mention.windows[0]
    if window.target or (window.earliest, window.latest) == (DAY_START, DAY_END):
        return None
    if window.earliest == DAY_START:
        return TimeWindow(window.latest, DAY_END, None, window.guessed_half)
    if window.latest == DAY_END:
        return TimeWindow(DAY_START, window.earliest, None, window.guessed_half)
    return None


def _behind(text: str, mentions: Sequence[Mention], index: int) -> str:
    """The words after a mention up to the next; after a day and its time, those after the pair."""
    mention = mentions[index]
    if index + 1 == len(mentions):
        return text[mention.end :]
    following = mentions[index + 1]
    behind = text[mention.end : following.start]
    if _is_gap(behind) and following.windows and not following.days and mention.days:
        return text[following.end :]
    return behind


def _is_refused(
    text: str, mentions: Sequence[Mention], index: int, earlier: Sequence[bool]
) -> bool:
    mention, behind = mentions[index], _behind(text, mentions, index)
    if _AFTER.match(behind):
        return True
    if _WELCOME.match(behind):
        return False
    start = mentions[index - 1].end if index else 0
    between = text[start : mention.start]
    if index and _is_list(between):
        return earlier[index - 1]
    return _refuses(between, mention)


def _refuses(before: str, mention: Mention) -> bool:
    if not before.startswith(" "):
        before = " " + before
    positive = _POSITIVE_NOT.search(before + " ")
    if positive:
        before = before[positive.end() - 1 :]
    turns = list(_TURN.finditer(before))
    if turns:
        before = before[turns[-1].end() :]
    if not before.endswith(" "):
        before += " "
    if _BEFORE.search(before):
        return True
    plural = mention.is_plural or (mention.time is not None and mention.time.part is not None)
    return plural and bool(_PLURAL_BEFORE.search(before))


def _is_gap(between: str) -> bool:
    return not between.strip() or between.strip() in ("at", ",", "in the", "on", "the", "in")


def _is_list(between: str) -> bool:
    return between.strip() in ("", ",", "or", "and", ", or", ", and", "nor", "/", "or on", "and on")
