"""The visitor's company, job and industry. Pure. The size is in `notice_size`."""

from __future__ import annotations

import re

from sales.leads.company_words import ACRONYMS, COMPANY_SUFFIX, FUNCTIONS, INDUSTRIES, JOB_NOUNS
from sales.leads.fields import Field, Noticed
from sales.leads.name_words import GIVEN_NAMES, NOT_NAMES, PLACES
from sales.leads.notice_names import opens_like_name
from sales.leads.notice_self import names_self
from sales.leads.reading import Reading, trim_span
from sales.leads.sentences import Clause, Stance

_I = re.IGNORECASE
_CAP = r"(?:[A-ZÀ-ÞĀ-ŽΑ-ΩА-Я0-9][\w'’.&+/-]*|\(Pty\))"
# A name in capitals, with small joints inside: "Bank of Accra", "Hansen & Søn A/S".
NAME = (
    rf"{_CAP}(?:[ \t]+(?:(?:&|\+|of|and|de|du|der|für|for|the|y|e|et)[ \t]+)?{_CAP}|[ "
    rf"\t]+&[ \t]+\w+){{0,5}}"
)
_SUFFIXED = re.compile(rf"{NAME}(?<=\b){COMPANY_SUFFIX}\b\.?|{NAME},? {COMPANY_SUFFIX}(?!\w)\.?")
_ENDS_AS_COMPANY = re.compile(rf"(?:^|[\s,]){COMPANY_SUFFIX}\.?$")
_SELF = r"\b(?:i|i['’]m|im|i am|we|we['’]re|we are|me|my|this is|it['’]s)\b"
_AT = re.compile(
    r"\b(?:work(?:ing)?|employed|based) (?:at|for|by)[ \t]+(?:the )?|"
    r"\b(?:of|run|own|founded|started|for|at|have) an? (?:\w+ ){0,3}(?:company|startup|start-up|"
    r"firm|business|agency|shop|studio) (?:called|named)[ \t]+|"
    r"\b(?:we['’]?re|we are|(?:i|we)(?: also)? (?:run|own|manage)) an? [^\W\d_]+(?: \w+){0,3} "
    r"(?:called|named)[ \t]+(?=(?:the )?[A-Z])|"
    r"\b(?:on behalf of|i represent|representing|here at|we at|calling from|writing from|"
    r"i(?: also)? (?:own|run|founded|started|co-founded)|(?:am|'m|’m|im) with)[ \t]+(?:the )?",
    _I,
)
_CALLED = re.compile(
    r"\b(?:(?:my|our|the) (?:company|firm|business|employer|organi[sz]ation|agency|"
    r"shop|startup|start-up|practice|clinic|charity|school|restaurant|store|studio|brand)"
    r"(?:'s name| name)?(?:,| is(?: called| named)?|'s called| called| named)|"
    r"(?:we['’]re|we are|it['’]s) (?:called|named)|company(?: name)?\s*(?:[:=]|\bis\b)|"
    r"organi[sz]ation\s*[:=]|employer\s*[:=]|firm\s*[:=]|company[ \t]+[-–][ \t])[ \t]*[\"“„]?",
    _I,
)
_FROM = re.compile(r"\b(?:from|at|of|with|@)[ \t]+(?:the )?", _I)
# What may stand before "from Acme": "I'm Tom", "Tom", "we are"; not "I bought sensors".
_INTRODUCED = re.compile(
    r"(?:\b(?i:i['’]?m|i am|im|this is|it['’]?s|my name is|name['’]?s|we['’]?re|we are)"
    r"(?:[ \t]+\w+|(?:[ \t]+(?:[A-ZÀ-ÞĀ-Ž]|\w{2,3} [A-ZÀ-ÞĀ-Ž])[\w'’.-]*){1,5})?"
    r"|^\W*(?i:(?:hi|hello|hey|good \w+|morning)\b[\s,!.]*)*\w[\w'’.-]*"
    r"(?:[ \t]+(?:[A-ZÀ-ÞĀ-Ž]|\w{2,3} [A-ZÀ-ÞĀ-Ž])[\w'’.-]*){0,5})"
    r"(?:,? (?:here|speaking))?\W*$"
)
_GREETING = re.compile(r"^\W*(?:(?:hi+|hello|hey|good \w+|morning|greetings|yes)\b[\s,!.]*)*", _I)
_SMALL_NAME = re.compile(
    r"[\w&'’.-]+(?:[ \t]+(?!(?:and|but|in|as|we|i|which|who|that|since|on|for|with|so|"
    r"or|by|is|are|has|"
    r"my|the|a|to|near|where|because|now|here|today|doing|looking)\b)[\w&'’.-]+){0,3}",
    _I,
)
_NO_COMPANY = re.compile(
    r"^(?:a|an|my|our|your|this|that|home|night|nights|scale|all|it|the|some|any|his|"
    r"her|their|least|"
    r"most|both|lunch|work|present|moment|once|first|last|work|what|which|weekends?|different|"
    r"several|various|one|two|three|small|big|large|myself|me|us|you|them|school|"
    r"university|remote)\b",
    _I,
)
_IS_SELF = re.compile(
    rf"(?:{_SELF}|\b(?:here|speaking)\b|^\W*(?:as )?(?:{JOB_NOUNS}|head|owner|vp)\b)", _I
)
_OPENS_SELF = re.compile(
    r"^\W*(?:(?:hi+|hello|hey|yes|morning|good \w+)\b[\s,!.]*)*(?:we are|we['’]re|were|"
    r"i['’]m|i am|this is)[ \t]+(?:the )?",
    _I,
)

_TITLE_WORDS = r"(?:[\w&/+-]+[ \t]+){0,4}?"
_TITLE_CORE = (
    rf"(?:(?:(?:global|regional|senior|deputy|interim|acting|group|country|assistant|vice)[ \t]+)*"
    rf"(?:head|vp|vice president|director|chief|manager|lead) of [\w&]+(?:[ \t]+(?:and|"
    rf"&)[ \t]+\w+)?(?:[ \t]+(?!at|for|of|in|and|with|here)\w+)?|"
    rf"(?:svp|evp|vp|avp),?[ \t]+(?:of )?{FUNCTIONS}|chief [\w]+(?: \w+)? officer|"
    rf"{_TITLE_WORDS}\b{JOB_NOUNS})"
)
_TITLE = re.compile(
    rf"\b(?:i['’]?m|i am|im|i work(?:ed)? as|working as|as|my (?:role|job|title|job "
    rf"title|position) is|"
    rf"(?:i|we) (?:have been|became|serve as))[ \t]+(?:currently |also )?(?:the |a |an |"
    rf"one of the |their |its )?(?P<title>{_TITLE_CORE})\b",
    _I,
)
# "As a pharmacist I …" and "I work here as a nurse", but not "trained as a lawyer".
_AS_SELF = re.compile(r"^\W*(?:and|but|so)?\W*$|\b(?:i|i['’]m|me|we)\b", _I)
_TITLE_LABEL = re.compile(
    r"(?:^|[\n;,|(])\s*(?:job ?title|job|title|role|position|function)\s*(?:[:=]|[-–] "
    r")\s*(?P<title>[^\n;,|]{2,60})",
    _I,
)
_TITLE_OPEN = re.compile(
    rf"^\W*(?P<title>{ACRONYMS}|{_TITLE_CORE})[ \t]+(?:at|of(?! {FUNCTIONS}\b)|for|with|here)\b", _I
)
_TITLE_AFTER_NAME = re.compile(
    rf"(?:,|[-–—])[ \t]*(?:the |an? )?(?P<title>{ACRONYMS}|{_TITLE_CORE})(?=[ \t]+(?:at|"
    rf"of|for|with|@)\b|[ \t]*(?:,|$|\n))",
    _I,
)
_DOES = re.compile(
    rf"\b(?:i|i['’]m|i am|im)[ \t]+(?:also |currently )?(?P<verb>run|lead|manage|head "
    rf"up|head|oversee|handle|do|look after|supervise|"
    rf"in charge of|responsible for|running|leading|managing|heading|looking after)[ "
    rf"\t]+(?P<what>(?:all |all of |our |the )?{FUNCTIONS})\b",
    _I,
)
_VERBS = {
    "do": "does",
    "head up": "heads up",
    "look after": "looks after",
    "running": "runs",
    "leading": "leads",
    "managing": "manages",
    "heading": "heads",
    "looking after": "looks after",
}
_NO_TITLE = re.compile(
    r"\b(?:looking|interested|not|here|sure|happy|trying|calling|asking|using|"
    r"wondering|hoping|your|my|"
    r"with|from|about|who|to|at|new|going|decision|account|existing|potential|prospective|user|fan|"
    r"one who|sign|waiting|just|so|very|really|that|in|of)\b",
    _I,
)
_INDUSTRY = tuple((re.compile(rf"\b(?:{pattern})\b", _I), name) for pattern, name in INDUSTRIES)
_INDUSTRY_CUE = re.compile(
    r"\b(?:we['’]?re|we are|i['’]?m|i am|we run|i run|we own|i own|we have|we operate|"
    r"we do|we make|we produce|"
    r"i work|we work|my company|our company|our business|my business|i have|we manage|"
    r"we build|we sell|as|being|"
    r"we['’]?re in|it['’]?s)\b"
    r"(?P<between>[^.!?\n]{0,60}?)$",
    _I,
)
_INDUSTRY_BREAK = re.compile(
    r"\b(?:not|never|\w+n['’]t|for|with|to|use|using|looking|interested|need|want|like|about|"
    r"from|at|than|"
    r"compar\w+|your|their|who|which|integrat\w+|software|system|platform|storage|app|called)\b",
    _I,
)
_INDUSTRY_LABEL = re.compile(
    r"(?:^|[\n;,|])\s*(?:industry|sector|branche|field)\s*(?:[:=]|[-–] "
    r")\s*(?P<value>[^\n;,|.]{2,50})",
    _I,
)
_IN_INDUSTRY = re.compile(
    r"\bin (?:the )?(?P<value>[\w&]+(?: [\w&]+){0,2}?) (?:industry|sector|space|business)\b", _I
)


def notice_company(reading: Reading) -> list[Noticed]:
    """The company the visitor speaks for."""
    found: list[Noticed] = []
    for clause in reading.clauses:
        if clause.stance is Stance.STATED or (clause.stance is Stance.OTHER and clause.is_own):
            span = _company_in(clause)
            if span and clause.stance is Stance.STATED and not clause.is_past:
                start, end, confidence = span
                found.append(
                    _company(reading, clause.start + start, clause.start + end, confidence)
                )
    return found


def _company(reading: Reading, start: int, end: int, confidence: float) -> Noticed:
    value = " ".join(reading.original[start:end].split())
    return reading.notice(Field.COMPANY, value, start, end, confidence)


def _company_in(clause: Clause) -> tuple[int, int, float] | None:
    text = clause.text
    for match in _CALLED.finditer(text):
        taken = _take(text, match.end(), small=True)
        if taken:
            return (*taken, 0.95)
    for match in _AT.finditer(text):
        employed = bool(re.match(r"work|employed|on behalf|i rep", match[0], _I))
        taken = _take(text, match.end(), small=employed and " in" not in match[0].lower())
        if taken:
            return (*taken, 0.9)
    opened = _OPENS_SELF.match(text)
    match_suffix = opened and _SUFFIXED.match(text, opened.end())
    if match_suffix and not names_self(text):
        start, end = trim_span(text, *match_suffix.span())
        return start, end, 0.85
    is_self = bool(_IS_SELF.search(text))
    for match in _FROM.finditer(text):
        if not is_self and not _opens_with_name(text[: match.start()]):
            return None
        taken = _take(text, match.end(), small=False)
        if taken and _is_credible(text, match, taken):
            return (*taken, 0.8)
    return None


def _opens_with_name(before: str) -> bool:
    """Whether nothing but a greeting and a name stands before: "Hello, Chinedu Okafor from"."""
    words = _GREETING.sub("", before).strip(" ,")
    return opens_like_name(words)


def _is_credible(text: str, match: re.Match[str], taken: tuple[int, int]) -> bool:
    """Whether "from X" names a company: X is no place, and what stands before is the visitor."""
    word = match[0].strip().split()[0].lower()
    name = text[taken[0] : taken[1]]
    if name.lower() in PLACES or name.split(",")[0].lower() in PLACES:
        return False
    before = text[: match.start()]
    if word == "of" and names_self(text[: match.end()]):
        return True
    if word in ("at", "of", "with"):
        return bool(
            re.search(
                rf"(?:{JOB_NOUNS}|{FUNCTIONS}|head of \w+(?: \w+)?|vp \w+|officer|charge of "
                rf"\w+|\bi (?:run|manage|lead|head|oversee|handle|look after)\b[\w ]*)\W*$",
                before,
                _I,
            )
        )
    return bool(_INTRODUCED.search(before))


def _take(text: str, start: int, *, small: bool) -> tuple[int, int] | None:
    if _NO_COMPANY.match(text[start:]) and not re.match(NAME + r"[ \t]", text[start:]):
        return None
    match = re.compile(NAME).match(text, start)
    if match is None and small:
        match = _SMALL_NAME.match(text, start)
    if match is None:
        return None
    left, right = trim_span(text, match.start(), match.end(), junk=" \t,;:!?-–—\"“”'’")
    if text[left:right].endswith(".") and not _ENDS_AS_COMPANY.search(text[left:right]):
        right -= 1
    name = text[left:right]
    first = name.split()[0].lower() if name else ""
    if not name or name.isdigit() or name.lower() in PLACES or not re.search(r"[^\W\d_]", name):
        return None
    if (first in NOT_NAMES and " " not in name) or (_NO_COMPANY.match(name) and " " not in name):
        return None
    return left, right


def is_company_like(words: str) -> bool:
    """Whether the words end as a company's name does."""
    return bool(_ENDS_AS_COMPANY.search(words.strip()))


def is_title_like(words: str) -> bool:
    """Whether the words are a job title and nothing else."""
    return bool(
        re.fullmatch(rf"\W*(?:{_TITLE_CORE}|{ACRONYMS})(?: \w+)?\W*", words, _I)
    ) and not _NO_TITLE.search(re.sub(r"\bof\b|\bin\b", "", words))


def notice_job_title(reading: Reading) -> list[Noticed]:
    """What the visitor does there, in their words."""
    labels = _TITLE_LABEL.finditer(reading.text)
    found = [_title(reading, *label.span("title"), 0.95) for label in labels]
    for clause in reading.stated:
        if found:
            break
        does = _DOES.search(clause.text)
        if does and not clause.is_past:
            found.append(_doing(reading, clause, does))
            continue
        for pattern in (_TITLE, _TITLE_OPEN, _TITLE_AFTER_NAME):
            match = _first_title(pattern, clause)
            if match and not clause.is_past:
                left, right = match.span("title")
                found.append(_title(reading, clause.start + left, clause.start + right, 0.9))
                break
    return found


def _first_title(pattern: re.Pattern[str], clause: Clause) -> re.Match[str] | None:
    for match in pattern.finditer(clause.text):
        title = match["title"]
        if _NO_TITLE.search(
            re.sub(
                r"^(?:[\w ]*)\b(?:head|vp|president|director|chief|manager|lead) of\b",
                "",
                title,
                flags=_I,
            )
        ):
            continue
        if match[0].lower().startswith("as ") and not _AS_SELF.search(clause.text[: match.start()]):
            continue
        if re.match(r"\s*['’]s\b|\s+of (?:mine|yours)", clause.text[match.end("title") :]):
            continue
        if (
            pattern is _TITLE_AFTER_NAME
            and not _IS_SELF.search(clause.text[: match.start()])
            and not _is_named(clause, match)
        ):
            continue
        return match
    return None


def _is_named(clause: Clause, match: re.Match[str]) -> bool:
    before = clause.text[: match.start()].split(",")[-1].strip()
    return bool(
        re.fullmatch(
            rf"(?:(?:hi|hello|hey|morning|good \w+)\W+)?{_CAP}(?: {_CAP}| \w{{2,3}} {_CAP}){{0,4}}",
            before,
        )
    )


def _title(reading: Reading, start: int, end: int, confidence: float) -> Noticed:
    start, end = trim_span(reading.text, start, end)
    return reading.notice(
        Field.JOB_TITLE, " ".join(reading.original[start:end].split()), start, end, confidence
    )


def _doing(reading: Reading, clause: Clause, match: re.Match[str]) -> Noticed:
    verb = match["verb"].lower()
    said = _VERBS.get(verb, verb if verb.endswith((" of", " for")) else verb + "s")
    start, end = clause.start + match.start("verb"), clause.start + match.end("what")
    return reading.notice(Field.JOB_TITLE, f"{said} {match['what']}", start, end, 0.85)


def find_industry(words: str) -> tuple[str, int, int] | None:
    """The first industry in the words, as it is stored, and where it stands."""
    best: tuple[str, int, int] | None = None
    for pattern, name in _INDUSTRY:
        match = pattern.search(words)
        if match and name and (best is None or match.start() < best[1]):
            best = (name, match.start(), match.end())
    return best


def notice_industry(reading: Reading) -> list[Noticed]:
    """The industry the visitor's company is in, as a name of the list, or their own word."""
    label = _INDUSTRY_LABEL.search(reading.text)
    if label:
        return [_industry(reading, *label.span("value"), 0.95)]
    for clause in reading.stated:
        if clause.is_past or clause.is_own:
            continue
        match = _IN_INDUSTRY.search(clause.text)
        if match and re.search(_SELF, clause.text[: match.start()], _I):
            return [
                _industry(
                    reading,
                    clause.start + match.start("value"),
                    clause.start + match.end("value"),
                    0.9,
                )
            ]
        for pattern, name in _INDUSTRY:
            hit = pattern.search(clause.text)
            if hit and name and _is_ours(clause.text, hit):
                return [
                    reading.notice(
                        Field.INDUSTRY,
                        name,
                        clause.start + hit.start(),
                        clause.start + hit.end(),
                        0.85,
                    )
                ]
    return []


def _is_ours(text: str, hit: re.Match[str]) -> bool:
    cue = _INDUSTRY_CUE.search(text[: hit.start()])
    if cue is None or _INDUSTRY_BREAK.search(cue["between"]):
        return False
    capital_inside = hit[0][0].isupper() and hit.start() > 0
    next_word = re.match(r"\s+(\w+)", text[hit.end() :])
    named = bool(next_word and next_word[1][0].isupper()) or capital_inside
    serves = re.match(
        r"\s*(?:users?|customers?|clients?|software|system|manager|assistant|sensors?|app|"
        r"product)\b",
        text[hit.end() :],
        _I,
    )
    return not named and not serves


def _industry(reading: Reading, start: int, end: int, confidence: float) -> Noticed:
    start, end = trim_span(reading.text, start, end)
    words = reading.original[start:end]
    known = find_industry(words)
    return reading.notice(
        Field.INDUSTRY, known[0] if known else words.lower(), start, end, confidence
    )


def could_be_given_name(word: str) -> bool:
    """Whether the word is a given name of the list."""
    return word.lower() in GIVEN_NAMES
