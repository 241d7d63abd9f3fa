"""The patterns of days in a canonical line, from the most specific to the barest. Pure.

What one pattern has read is hidden from the next.
"""

from __future__ import annotations

import re

from sales.appointments.date_readers import (
    HIDDEN,
    Builder,
    DateContext,
    DatePhrase,
    read_ahead,
    read_calendar_week,
    read_dated,
    read_iso,
    read_lone_ordinal,
    read_month,
    read_month_day,
    read_month_range,
    read_near_month,
    read_nothing,
    read_pair,
    read_plural,
    read_relative_day,
    read_this_month_day,
    read_this_week_part,
    read_tomorrow_and_after,
    read_week,
    read_week_of,
    read_week_of_month,
    read_weekday,
    read_weekday_date,
    read_weekday_in_week,
    read_weekday_later,
    read_weekdays,
    read_weekend,
    read_within,
)
from sales.appointments.time_words import MONTHS, ORDINALS, WEEKDAYS

_WEEKDAY = "|".join(WEEKDAYS)
_MONTH = "|".join(MONTHS) + "|mar"
_ORDINAL_WORD = "|".join(sorted((word.replace("-", "[- ]") for word in ORDINALS), key=len)[::-1])
_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{_ORDINAL_WORD})"
_COUNT = (
    r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|a couple of|a few|couple of)"
)
_WEEK = (
    r"(?:the )?(?:week after next|(?:next|this|coming|following|this coming) week"
    r"|week after this(?: one)?)"
)
_PART = r"(?:early|beginning of|start of|mid|middle of|end of|late|later|latter part of)"
_TAIL = r"(?: (?:,|of)? ?(?P<year>20\d\d))?"


def _compile(pattern: str) -> re.Pattern[str]:
    named = pattern.replace("{WD}", _WEEKDAY).replace("{MON}", _MONTH).replace("{DAY}", _DAY)
    named = named.replace("{N}", _COUNT).replace("{WEEK}", _WEEK).replace("{PART}", _PART)
    return re.compile(rf"(?<= ){named}(?= )")


PATTERNS: tuple[tuple[re.Pattern[str], Builder], ...] = tuple(
    (_compile(pattern), builder)
    for pattern, builder in (
        (r"\d{4}[-/]\d{2}[-/]\d{2}", read_iso),
        (r"(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|\d{2})", read_dated),
        (r"(?P<nth>first|second|third|fourth|last) week (?:of"
            r"|in) (?P<mon>{MON})", read_week_of_month),
        (r"(?:last|past|previous|this past) (?:{WD}|week|weekend|month|year|night|evening|{MON})"
         r"|(?:day before )?yesterday|{N} (?:days|weeks|months|years|day|week|month|year|hours) "
         r"(?:ago|old|back)|since (?:last )?(?:{WD}|{MON}|the \w+|\w+)|(?:today|tomorrow|{WD}) 's "
         r"(?!good|fine|great|ok|okay|perfect|better|best|out|bad|no|not|ideal|avail|calendar"
         r"|slots|openings)|these days"
         r"|as of today|every (?:{WD}|morning|day|week)|next (?:year|quarter)", read_nothing),
        (r"(?:(?:the )?week (?:of|commencing|starting|beginning)|w / c"
            r"|wc) (?:on )?(?:the )?(?:(?P<wd>{WD})"
         r"|(?P<mon2>{MON}) (?:the )?(?P<day2>{DAY})|(?P<day>{DAY})(?: (?:of )?(?P<mon>{MON}))?)",
         read_week_of),
        (r"(?:calendar week|kw|cw) (?P<n>\d{1,2})", read_calendar_week),
        (r"(?P<wd>{WD}) (?:(?:of|in|on|for|the) )?(?P<week>{WEEK})", read_weekday_in_week),
        (r"(?P<week>{WEEK}) (?:[,-] )?(?:(?:on|the|maybe|perhaps|ideally|preferably) )*(?P<wd>{WD})"
         r"(?! (?:the )?\d)", read_weekday_in_week),
        (r"(?P<n>{N}) (?:weeks?|fortnight) (?:from|on|after) (?:this )?(?P<wd>{WD}|today|tomorrow"
            r"|now)",
         read_weekday_later),
        (r"(?P<wd>{WD}) (?:week|fortnight|after next|in (?:a|1|one) week)", read_weekday_later),
        (r"(?P<wd>{WD}) ?,? (?:on )?(?:the )?(?P<day>{DAY}) (?:of )?(?P<mon>{MON}) ?,?" + _TAIL,
         read_weekday_date),
        (r"(?P<wd>{WD}) ?,? (?:on )?(?P<mon>{MON}) (?:the )?(?P<day>{DAY})(?! :| am| pm)"
         r"(?: ,)?" + _TAIL, read_weekday_date),
        (r"(?P<wd>{WD}) ?,? (?:on )?(?:the )?(?P<day>\d{1,2}(?:st|nd|rd|th)|(?:the )(?:"
         + _ORDINAL_WORD + r")|\d{1,2}(?= [.,?!]|(?: (?:at|in the|please|or|works|morning"
         r"|afternoon|around))| $))", read_weekday_date),
        (r"(?P<mon>{MON}) (?:the )?(?P<first>{DAY}) (?P<join>-|to|through|thru|or|and) (?:the )?"
         r"(?P<last>{DAY})(?! am| pm| oclock| :)(?: ,)?" + _TAIL, read_month_range),
        (r"(?:from )?(?:the )?(?P<first>{DAY}) (?P<join>-|to|through|thru|or|and) (?:the )?"
         r"(?P<last>{DAY}) (?:of )?(?P<mon>{MON})(?: ,)?" + _TAIL, read_month_range),
        (r"(?P<day>{DAY}) (?:[.-] )?(?:of (?:the )?)?(?P<mon>{MON})(?: [,-])?" + _TAIL,
         read_month_day),
        (r"(?P<mon>{MON}) (?:the |- )?(?P<day>{DAY})(?! am| pm| oclock| p | a )(?: ,)?" + _TAIL,
         read_month_day),
        (r"(?P<day>{DAY}) (?:of )?(?P<which>this|next|the) month", read_this_month_day),
        (r"tomorrow (?:or|and) the (?:day after|next day)(?! tomorrow)", read_tomorrow_and_after),
        (r"(?:the )?day after tomorrow|tomorrow week|today week|(?:later )?today|tomorrow"
         r"|(?:later |early |late )?this(?= (?:morning|afternoon|evening"
         r"|night))", read_relative_day),
        (r"in (?:about )?(?P<n>{N}) (?:business |working )?(?P<unit>days?|weeks?|fortnight|months?)"
         r"(?: time)?(?! (?:long|trial))", read_ahead),
        (r"(?P<n>{N}) (?P<unit>days?|weeks?|months?) from (?:now|today)", read_ahead),
        (r"(?:(?:in|over|within|during|for|any time in|sometime in) )?(?:the )?(?:next|coming)"
         r" (?:(?P<n>{N}|few|couple of) )?(?P<unit>days|weeks)",
         read_within),
        (r"within (?:the next )?(?P<n>{N}) (?P<unit>days|weeks|hours)", read_within),
        (r"(?:(?P<part>{PART}) )?(?P<week>{WEEK})", read_week),
        (r"(?P<part>end of|rest of|remainder of|late|later|by the end of) (?:(?:the|this) )?week",
         read_this_week_part),
        (r"(?:the |this |next |this coming |coming )?weekends?", read_weekend),
        (r"(?:on )?(?:weekdays|weekday|week days)", read_weekdays),
        (r"(?:(?P<part>{PART}) )?(?P<which>this|next|the) month", read_near_month),
        (r"(?P<part>{PART}) (?P<mon>{MON})" + _TAIL, read_month),
        (r"(?:in|during|of|next|until|by|before|after|around|for|this)(?P<part>) (?P<mon>{MON})"
         r"(?! (?:be|not|have|help|need|also|want|i|we|you|call|ask))"
         r"(?: ,)?" + _TAIL, read_month),
        (r"(?P<which>(?:the )?next|this coming|this|(?:the )?coming|(?:the )?following)? ?"
         r"(?P<wd>{WD})", read_weekday),
        (r"(?P<wd>{WD})s", read_plural),
        (r"(?P<on>(?:on|for|by) )?(?:the )?(?P<day>\d{1,2}"
         r"(?:st|nd|rd|th)|(?<=the )(?:" + _ORDINAL_WORD + "))", read_lone_ordinal),
        (r"(?P<a>\d{1,2})(?P<sep>[/.])(?P<b>\d{1,2})(?P<y>)(?:\.)?", read_pair),
        (r"(?:on |the )+(?P<day>\d{1,2})(?: \.)?(?P<on>)(?= (?:at|um"
            r"|around)? ?\d)", read_lone_ordinal),
    )
)  # fmt: skip


def find_dates(text: str, context: DateContext) -> tuple[list[DatePhrase], str]:
    """Every day named in a canonical line, in its order, and the line with them hidden."""
    found: list[DatePhrase] = []
    for pattern, build in PATTERNS:
        for match in pattern.finditer(text):
            if HIDDEN in match.group():
                continue
            phrase = build(match, context)
            if phrase is not None:
                found.append(phrase)
                hidden = HIDDEN * (match.end() - match.start())
                text = text[: match.start()] + hidden + text[match.end() :]
    return sorted(found, key=lambda phrase: phrase.start), text
