"""Company size, budget, timeline, and who decides. Pure."""

from __future__ import annotations

import re

from sales.leads.amounts import (
    MONEY,
    PLAIN_NUMBER,
    has_money_sign,
    read_money,
    read_number,
    show_number,
)
from sales.leads.fields import EXPLORING, Field, Noticed
from sales.leads.reading import Reading, trim_span
from sales.leads.sentences import Stance

_I = re.IGNORECASE
_RANGE = (
    rf"(?P<low>{PLAIN_NUMBER})(?P<plus>\s?\+)?(?:\s*(?:-|–|to|and|or)\s*(?P<high>{PLAIN_NUMBER}))?"
)
_ABOUT = (
    r"(?P<over>(?:more than|over|at least|upwards of|north of)\s+)?(?:(?:about|around|"
    r"roughly|approximately|approx\.?|some|nearly|almost|just|only|currently|maybe|"
    r"like|between|a|~)\s+){0,3}"
)
_STAFF = (
    r"(?:people|employees|staff|staff members|team members|members of staff|persons|"
    r"folks|heads|fte|ftes|colleagues|workers|headcount|mitarbeiter\w*|coworkers)"
)
_SIZES = (
    re.compile(
        rf"{_ABOUT}{_RANGE}[- ](?:person|people|man|employee|strong|member|staff)\b(?!s? "
        rf"(?:plan|tier|licen))",
        _I,
    ),
    re.compile(rf"{_ABOUT}{_RANGE}\s+(?:full[- ]time |part[- ]time |office )?{_STAFF}\b", _I),
    re.compile(rf"\b(?:there are|there's|we are|we['’]re|being|,)\s*{_ABOUT}{_RANGE} of us\b", _I),
    re.compile(
        rf"\b(?:team|company|business|firm|staff|workforce|organi[sz]ation|startup|agency|"
        rf"group|headcount)(?: size)?(?: of| is|:)\s*{_ABOUT}{_RANGE}(?!\s*(?:%|k\b|years|"
        rf"sensors|sites))",
        _I,
    ),
    re.compile(
        rf"(?:^|[\n;,|])\s*(?:employees|company size|size|headcount|team size|staff|no\.? "
        rf"of employees|number of employees)\s*(?:[:=]|[-–] )\s*{_ABOUT}{_RANGE}",
        _I,
    ),
    re.compile(rf"\bwe employ {_ABOUT}{_RANGE}\b", _I),
)
_ALONE = re.compile(
    r"\b(?:it['’]?s (?:just|only) me|just me(?! and)|one[- ](?:man|woman|person) "
    r"(?:band|show|business|company)|i['’]?m a (?:sole trader|solopreneur|one[- "
    r"]person)|i work alone|solo (?:business|founder))\b",
    _I,
)
_OURS = re.compile(
    r"\b(?:we|we['’]?re|our|us|i|i['’]?m|my|it['’]?s|people work here|work here|"
    r"company|employees\s*[:=]|size\s*[:=]|headcount|staff\s*[:=]|team of)\b",
    _I,
)
_NOT_OURS = re.compile(
    r"\b(?:up to|max(?:imum)?|plan|users?|licen[cs]es?|seats?|invite|train|send|text|"
    r"notify|event|meeting|demo for|book\w*|hire[ds]?|laid off|lost|need(?:ed|s)? "
    r"(?:access|accounts)|for the|guests|sms|attend\w*|reached|helped|visitors)\b",
    _I,
)

_BUDGET_CUE = re.compile(
    r"\b(?:budget(?:ed|s)?|spend|afford|set aside|earmarked|allocated|invest|willing "
    r"to pay|can pay|price range|pay up to|"
    r"our limit|ceiling|to work with|to spend|put aside|funding of|cap (?:is|of)|go "
    r"(?:up to|as high as))\b",
    _I,
)
_BUDGET_LABEL = re.compile(
    r"(?:^|[\n;,|])\s*(?:budget|price range)(?: range)?\s*(?:[:=]|[-–] )\s*", _I
)
_NEGATED_SPEND = re.compile(
    r"\b(?:can['’]?t|cannot|couldn['’]?t|won['’]?t|don['’]?t want to|not) (?:spend|pay|"
    r"go|afford|be)(?: (?:for|over|above))?\s+(?:any )?(?:more than|over|above|"
    r"beyond)?",
    _I,
)
_SPENT = re.compile(
    r"\b(?:spent|paid|cost|costs|charges?|already spend|currently (?:pay|spend)|lost|save[ds]?)\b",
    _I,
)

_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_SEASONS = (
    r"(?:spring|summer|autumn|fall|winter|christmas|easter|ramadan|black friday|the "
    r"holidays|new year|year[- ]end|the year['’]?s end)"
)
_COUNT = (
    r"(?:\d{1,2}|a|an|one|two|three|four|five|six|seven|eight|nine|ten|twelve|a couple "
    r"of|a few|couple of|few|several)"
)
_WHEN = (
    rf"(?:(?:mid[- ]?|early |late |the )*(?:{_MONTHS}\b(?:\s+\d{{4}})?|"
    rf"q[1-4]\b(?:\s+\d{{4}})?|{_SEASONS}|20\d\d)"
    rf"|(?:the )?(?:end|start|beginning|middle|first half|second half|close) of (?:the |"
    rf"this |next )?(?:{_MONTHS}|q[1-4]|{_SEASONS}|year|month|quarter|week|20\d\d|"
    rf"fiscal year)"
    rf"|(?:this|next|the next|the coming|the following) (?:week|month|quarter|year|"
    rf"{_SEASONS}|{_MONTHS}|fiscal year)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTHS}\b(?:\s+\d{{4}})?|{_MONTHS} "
    rf"\d{{1,2}}(?:st|nd|rd|th)?\b|tomorrow|today|monday|tuesday|wednesday|thursday|"
    rf"friday)"
)
_SPAN = (
    rf"(?:(?:the )?(?:next|coming) )?(?:{_COUNT}(?:\s*(?:-|–|to|or)\s*{_COUNT})? "
    rf")?(?:next )?(?:days?|weeks?|months?|quarters?|years?)"
)
TIMELINE = re.compile(
    rf"\b(?:(?:not )?(?:by|before|until|till|no later than|not before|not until|after|"
    rf"around|from|starting|in time for)\s+(?:about |around )?{_WHEN}"
    rf"|(?:with)?in (?:about |around |under |less than |roughly )?{_SPAN}\b|in (?:the "
    rf")?(?:{_WHEN})|(?:this|next) (?:week|month|quarter|year|{_SEASONS})"
    rf"|as soon as possible|asap|a\.s\.a\.p\.?|right away|immediately|straight ?away|"
    rf"urgently|yesterday(?=$|\W*$)|end of (?:the |this |next )?(?:year|month|quarter|"
    rf"week|{_MONTHS}|q[1-4])|eoy|eom)",
    _I,
)
_BARE_WHEN = re.compile(rf"\b{_WHEN}|\b{_SPAN}\b", _I)
_NEED = re.compile(
    r"\b(?:need|needs|needed|want|wants|would like|we['’]?d like|like to (?:start|have|"
    r"be|get|go)|looking to|look to|plan|planning|hope|hoping|aim|aiming|launch\w*|"
    r"go(?:ing)? live|be live|"
    r"roll(?:ing)? (?:it )?out|start(?:ing)?|implement\w*|decide|deciding|decision|buy|"
    r"switch\w*|deadline|timeline|time ?frame|"
    r"in place|up and running|get (?:this|it|something|started)|have (?:it|this|"
    r"something)|must|has to|have to|ready|due|"
    r"opening|open|move|moving|install\w*|replace\w*|expires?|ends|sign|purchase|"
    r"target\w*|deploy\w*|onboard\w*|ideally)\b",
    _I,
)
_DEADLINE = re.compile(
    rf"\b(?:deadline|time ?line|time ?frame|target(?: date)?|go[- ]live(?: date)?|"
    rf"due(?: date)?|start date)(?: (?:is|would be|for us is))?[:\s]+(?:the |around |"
    rf"about )?(?P<when>{_WHEN}|{TIMELINE.pattern})",
    _I,
)
_NO_HURRY = re.compile(
    r"\b(?:no (?:rush|hurry)|not (?:in a|in any) (?:rush|hurry)|in no (?:rush|hurry)|"
    r"just (?:browsing|exploring|looking(?! for)|comparing|researching|curious)|"
    r"only (?:browsing|exploring|comparing)|nothing urgent|not urgent|(?:still "
    r")?exploring (?:our |the |my )?options|early (?:stages|days)|"
    r"comparing options|no (?:fixed |specific |set |particular )?(?:timeline|deadline|"
    r"time ?frame)|just (?:doing )?(?:some )?research|some ?day)\b",
    _I,
)
_URGENT = re.compile(r"asap|as soon|right away|immediately|straight|urgent|a\.s\.a", _I)
_PAST_TIME = re.compile(
    r"\b(?:took|was|were|ended|expired|since|last (?:year|month|week|time)|ago|had|"
    r"went|came|bought|started)\b",
    _I,
)

_DECIDES_ME = re.compile(
    r"\b(?:i['’]?m|i am|im|that['’]?s|that is|it['’]?s) (?:the |also the |actually the "
    r")?(?:one who |person who |guy who )(?:signs?|decides?|approves?|makes? the|has "
    r"the)|"
    r"\bi (?:sign off|sign (?:it|this|these|things|the contracts?|contracts?) off|make "
    r"(?:the|that|this|these|all the|those) (?:final )?(?:decisions?|call|purchas\w+)|"
    r"decide(?! (?:on|what|which|whether|if|between))|have (?:the )?(?:final|last) "
    r"(?:say|word|decision)|hold the (?:budget|purse)|control the budget|approve "
    r"(?:the |all |these |this )?(?:purchas\w+|budget|spend\w*|it|contracts?)|own the "
    r"budget|have (?:the )?(?:authority|sign-?off|signing))|"
    r"\b(?:it['’]?s|it is|that['’]?s|this is|that is) (?:entirely |ultimately |all "
    r")?(?:my (?:call|decision|budget)|up to me)|"
    r"\bi(?:['’]?m| am) the (?:sole |main |only |final )?decision[- ]?maker|\bi get to "
    r"decide|\bdecision[- ]?maker\s*[:=]\s*(?:yes|me)\b|\bthe decision is mine\b|\bme "
    r"and my (?:partner|co-?founder|husband|wife) decide|\bi can (?:sign|approve|"
    r"decide)",
    _I,
)
_BOSS = (
    r"(?:boss|manager|director|[\w ]{0,20}director|ceo|cfo|cto|coo|cio|owner|board|"
    r"management|team|accountant|partner(?!s? and i)|supervisor|husband|wife|head of "
    r"\w+|procurement|finance(?: department| team)?|committee|leadership|superiors?|"
    r"higher-ups|chief|head office|headquarters|hq|principal|vp|president|legal)"
)
_DECIDES_OTHER = re.compile(
    rf"\b(?:my|our|the) {_BOSS} (?:[a-z]+ly |always |will |would |has to |have to |"
    rf"needs to |must |then |usually )*(?:decides?|signs? (?:off|it|this)|sign off|"
    rf"approves?|makes? (?:the|that|all|these|those)|has (?:the )?(?:final|last)|have "
    rf"the (?:final|last)|holds the|does)|"
    rf"\b(?:need|have|has|['’]d need|['’]ll need|['’]d have|['’]ll have)(?: to)? (?:to "
    rf")?(?:get |ask for |wait for |first get )?(?:the |an? )?(?:approval|sign-?off|"
    rf"permission|buy-in|a green light|the ok|the okay|the go-ahead|green light) "
    rf"(?:from|of|by)|"
    rf"\b(?:run|get) (?:it|this|that|everything) (?:by|past|approved by|through|in "
    rf"front of) (?:my|our|the) |\b(?:check|clear|discuss|talk) (?:it |this |that "
    rf")?(?:with|to|over with) (?:my|our|the) {_BOSS}|\bask (?:my|our) {_BOSS}|"
    r"\b(?:i['’]?m|i am|im) not (?:the |really the |a )?(?:decision[- ]?maker|one who "
    r"(?:decides|signs)|person who (?:decides|signs))|\bnot (?:my|really my) (?:call|"
    r"decision)|\bi (?:do not|don['’]?t|can['’]?t|cannot) (?:make the (?:decision|"
    r"call)|decide(?! (?:between|on|what|which|whether|if))|sign off|approve)|"
    r"\bdecision[- ]?maker\s*[:=]\s*no\b|\b(?:it['’]?s|that['’]?s) (?:up to|decided "
    r"by) (?:my|our|the) |\b(?:it['’]?s|that['’]?s) above my pay|\bthe decision (?:is "
    r"made by|lies with|is up to) (?!me\b)",
    _I,
)


def notice_company_size(reading: Reading) -> list[Noticed]:
    """How many people work there: `40`, `50-80` or `500+`, S1's `company_size`."""
    for clause in reading.stated:
        if clause.is_past:
            continue
        alone = _ALONE.search(clause.text)
        if alone and _is_alone(alone[0], clause.text[alone.end() :], reading):
            return [_size(reading, clause.start, alone, "1")]
        for pattern in _SIZES:
            match = pattern.search(clause.text)
            if match and _is_our_size(clause.text, match):
                return [_size(reading, clause.start, match, size_text(match))]
    return []


def _is_alone(words: str, rest: str, reading: Reading) -> bool:
    """ "Just me" answers a question for the size; unasked it may mean anything."""
    if re.match(r"\s+(?:and|asking|wondering)", rest):
        return False
    return reading.asked_for == Field.COMPANY_SIZE or words.lower() != "just me"


def _is_our_size(text: str, match: re.Match[str]) -> bool:
    label = re.match(
        r"[\n;,|]?\s*(?:employees|company size|size|headcount|team size|staff|n)", match[0], _I
    )
    rest = text[: match.start()] + " " + text[match.end() :]
    return bool(label or _OURS.search(text)) and not _NOT_OURS.search(rest)


def size_text(match: re.Match[str]) -> str:
    """The size of a match with the groups `low`, `high`, `plus`, `over`."""
    low, high = read_number(match["low"]), read_number(match["high"] or "")
    groups = match.groupdict()
    if high is not None:
        return f"{show_number(low or 0)}-{show_number(high)}"
    return show_number(low or 0) + ("+" if groups.get("plus") or groups.get("over") else "")


def _size(reading: Reading, offset: int, match: re.Match[str], value: str) -> Noticed:
    start, end = trim_span(reading.text, offset + match.start(), offset + match.end())
    return reading.notice(Field.COMPANY_SIZE, value, start, end, 0.9)


def notice_budget(reading: Reading) -> list[Noticed]:
    """What the visitor can spend; prices asked about or paid to others are no budget."""
    for clause in reading.stated:
        text = clause.text
        label = _BUDGET_LABEL.search(text)
        if clause.is_past or not (_BUDGET_CUE.search(text) or label) or _SPENT.search(text):
            continue
        start_at = label.end() if label else 0
        for match in MONEY.finditer(text, start_at):
            value = read_money(match)
            number = read_number(match["low"]) or 0
            if value is None or (number < 100 and not has_money_sign(match[0])):
                continue
            if (
                not value.startswith("up to")
                and "-" not in value
                and _NEGATED_SPEND.search(text[: match.end()])
            ):
                value = "up to " + value.removeprefix("from ")
            start, end = trim_span(text, *match.span())
            return [
                reading.notice(
                    Field.BUDGET_RANGE, value, clause.start + start, clause.start + end, 0.9
                )
            ]
    return []


def notice_timeline(reading: Reading) -> list[Noticed]:
    """When the visitor needs it, in their words, or `exploring`."""
    for clause in reading.stated:
        hurry = _NO_HURRY.search(clause.text)
        due = _DEADLINE.search(clause.text)
        if due:
            return [
                _timeline(reading, clause.start + due.start("when"), clause.start + due.end("when"))
            ]
        match = TIMELINE.search(clause.text)
        if match and not clause.is_past and _is_need(clause.text, match):
            return [_timeline(reading, clause.start + match.start(), clause.start + match.end())]
        if hurry:
            start, end = clause.start + hurry.start(), clause.start + hurry.end()
            return [reading.notice(Field.TIMELINE, EXPLORING, start, end, 0.85)]
    return []


# "Thursday next week", "the 2nd of this month": the day of a visit, not of a purchase.
_ONE_DAY = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th)? of\W*$|\b\d{1,2}(?:st|nd|rd|th)? of  |"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\b(?:visit|appointment|viewing)\b",
    _I,
)


def _is_need(text: str, match: re.Match[str]) -> bool:
    rest = text[: match.start()] + " " + text[match.end() :]
    if re.match(r"not (?:before|until)", match[0], _I):
        return True
    if _ONE_DAY.search(rest) or _PAST_TIME.search(rest):
        return False
    if re.search(
        r"\b(?:call|talk|meet|speak|chat|demo|appointment|meeting|free|available|reach|"
        r"phone) (?:me|us|to|with|on|in)?",
        rest,
        _I,
    ):
        return False
    return bool(_NEED.search(rest))


def _timeline(reading: Reading, start: int, end: int) -> Noticed:
    start, end = trim_span(reading.text, start, end)
    words = " ".join(reading.original[start:end].lower().split())
    return reading.notice(Field.TIMELINE, words, start, end, 0.85)


def notice_decision_maker(reading: Reading) -> list[Noticed]:
    """Whether the visitor decides. What "my boss" does is about the visitor here."""
    for clause in reading.clauses:
        if clause.stance in (Stance.QUESTION, Stance.IMAGINED):
            continue
        for pattern, value in ((_DECIDES_OTHER, False), (_DECIDES_ME, True)):
            match = pattern.search(clause.text)
            if match and not re.search(
                r"\bif (?:my|our|the|i)\b", clause.text[: match.start()], _I
            ):
                start, end = trim_span(
                    reading.text, clause.start + match.start(), clause.start + match.end()
                )
                return [reading.notice(Field.DECISION_MAKER, value, start, end, 0.9)]
    return []
