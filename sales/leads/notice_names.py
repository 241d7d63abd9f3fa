"""The visitor's name: introductions, whole replies, corrections and signatures. Pure."""

from __future__ import annotations

import re

from sales.leads.fields import Field, Noticed
from sales.leads.name_words import ADJECTIVE_ENDS, GIVEN_NAMES, NOT_NAMES, PARTICLES, PLACES, TITLES
from sales.leads.personal_names import LETTER, TOKEN, normalize_name
from sales.leads.reading import Reading
from sales.leads.sentences import Clause, Stance

_I = re.IGNORECASE
_TOKEN = re.compile(TOKEN)
_GAP = re.compile(r"[ \t]+")
MAX_TOKENS = 6

# "my name is …": whatever follows is the name, in any case.
_SURE = re.compile(
    r"(?<!not )\b(?:my (?:full |first |real )?name(?:'?s| is| ist)?(?: (?:is "
    r")?(?:spell?ed|spelt|written))?|"
    r"(?<!your )(?<!his )(?<!her )(?<!their )(?<!the )(?<!user)(?<!file)(?:^|"
    r"(?<=[\s,.!]))(?:the )?name(?:'s| is)|"
    r"you(?:['’]re| are) (?:talking|speaking|chatting|writing) (?:to|with)|"
    r"(?:everyone|everybody|people|friends|they|most people) calls? me|i go by|i(?:'m| "
    r"am) (?:called|named)|"
    r"me llamo|mi nombre es|je m['’ ]appelle|mon nom est|ich hei(?:ß|ss)e|mein name ist|mi chiamo|"
    r"il mio nome (?:è|e)|meu nome (?:é|e)|(?:eu )?me chamo|chamo-me|ik heet|m(?:ij|ĳ)n naam is|"
    r"jag heter|mitt namn är|jeg (?:heter|hedder)|mit navn er|navnet mitt er|nimeni on|nazywam się|"
    r"mam na imię|jmenuji se|volám sa|mă numesc|mă cheamă|numele meu este|benim adım|ad[ıi]m|ismim|"
    r"tên (?:tôi|em|mình) là|nama saya|ang pangalan ko ay|jina langu ni|zovem se|ime mi je|a nevem|"
    r"меня зовут|моё имя|мое имя|мене звати|моє ім['’]я|казвам се|με λένε|ονομάζομαι|"
    r"το όνομά μου είναι|"
    r"اسمي|إسمي|انا اسمي|שמי|קוראים לי|मेरा नाम)[ \t:]+",
    _I,
)
# "I'm …", "this is …": a name only if it looks like one.
_MAYBE = re.compile(
    r"(?:^|(?<=[\s,.!(]))(?P<cue>i\s?['’]\s?m|i am|im|this is|it['’]?s|its|(?:you "
    r"(?:can|may|could) )?call me|soy|je suis|"
    r"ich bin|ik ben|sono|eu sou|jag är|jeg er|я|أنا)[ \t]+(?:just |also )?",
    _I,
)
# "… here", "… speaking", "Tom from Acme here".
_HERE = re.compile(
    rf"^(?P<lead>\W*(?:(?:hi+|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|"
    rf"day)|morning|greetings|yes|ok|it's|its)\b[\s,!.-]*)*)"
    rf"(?P<name>{TOKEN}(?:[ \t]+{TOKEN}){{0,5}}?)(?P<org>,? (?:from|at|with|of) "
    rf"[^,.!?]{{2,40}}?)?,? "
    r"(?P<cue>here|speaking)\b(?!['’])",
    _I,
)
# "Good afternoon, Chinedu Okafor from Zenith Cold Stores."
_FROM = re.compile(
    r"^\W*(?i:(?:hi|hello|hey|good \w+|morning|greetings|yes)\b[\s,!.]*)*"
    rf"(?P<name>{TOKEN}(?:[ \t]+{TOKEN}){{0,4}}?),? (?:from|at) (?:the )?(?=[A-ZÀ-ÞĀ-Ž])"
    r"[^,]{2,40}(?:$|,(?=[^,]*[@\d]))"
)
_IS_MINE = re.compile(rf"(?P<name>{TOKEN}(?:[ \t]+{TOKEN}){{0,3}}) is my name\b", _I)
_LABEL = re.compile(
    r"(?:^|[\n;,|•*(-]\s*|\b(?=first name|last name|surname|full "
    r"name))(?P<label>(?:full |your |my |contact )?name|first ?name|given name|"
    r"forename|"
    r"last ?name|surname|family name|nombre|nom|nome|naam|vorname|nachname|"
    r"имя|фамилия|姓名|名前|이름)"
    r"(?:\s*[:=]\s*|\s+[-–—]\s+|\s+is\s+|(?<=\w)\s+(?=[^\W\d_])(?!is\b))",
    _I,
)
_AFTER_NAME = re.compile(
    r"^(?!\S*@)(?:\s*$|\s*[,.!?;:()\n—–|/]|\s+-|\s*[^\w\s'’]|\s+(?:from|at|with|of|and|"
    r"und|et|y|e|but|here|speaking|again|"
    r"calling|writing|by the way|btw|the|who|i|i'm|we|my|our|in|what|how|can|could|do|is|please|"
    r"hi|hello|hey|nice|pleased|looking|working|representing|if|when|on|for|head|owner|founder|ceo|"
    r"cto|cfo|coo|director)\b)",
    _I,
)
_NOT_AFTER = re.compile(
    r"^(?:['’]s\b|\S*[@\d]|\s+(?:plan|user|customer|fan|team|account|page|partner|certified)\b)", _I
)
# "I'm the lab manager at Helix Row, Simone Adeyinka."
_TRAILING = re.compile(
    rf"\b(?:i['’]?m|i am|this is|we['’]?re|we are)\b[^,]{{6,80}},[ "
    rf"\t]+(?P<name>{TOKEN}(?:[ \t]+{TOKEN}){{1,3}})$",
    _I,
)
_SCRIPT_CUES = (
    re.compile(
        r"(?:我叫|我的名字是|我的名字叫|叫我|我姓|本人)\s*(?P<name>[\u4e00-\u9fff·]{2,5}?)(?=$|[\s，。,.!！、]|"
        r"来自|來自)"
    ),
    re.compile(
        r"(?:私は|わたしは|僕は|名前は)?\s*(?P<name>[\u3040-\u30ff\u4e00-\u9fff "
        r"　・]{1,10}?)\s*(?:と申します|といいます|と言います)"
    ),
    re.compile(
        r"(?:私は|わたしは|僕は|私の名前は|名前は)\s*"
        r"(?P<name>[\u30a0-\u30ff\u4e00-\u9fff 　・]{2,10}?)\s*です"
    ),
    re.compile(
        r"(?:제 이름은|저는|나는|제 성함은)\s*(?P<name>[\uac00-\ud7af]{2,5}?)\s*"
        r"(?:입니다|이에요|예요|라고|이라고|$)"
    ),
    re.compile(r"(?:ผม|ดิฉัน|ฉัน|หนู)ชื่อ\s*(?P<name>[\u0e00-\u0e7f]{2,30})"),
)
_SCRIPT_TAIL = re.compile(r"\s*(?:입니다|이에요|예요|です|と申します|といいます|है|हूँ|हूं)[.。!]?$")
_NO_CJK_NAME = frozenset(
    ("学生", "会社員", "社員", "担当者", "日本人", "エンジニア", "中国人", "学生です")
)


def notice_name(reading: Reading) -> list[Noticed]:
    """The visitor's name, as often as the message tells it."""
    found = _labelled(reading)
    if not found:
        for clause in reading.clauses:
            found.extend(_introduced(reading, clause))
    if not found:
        found.extend(_in_own_script(reading))
    return found


def _introduced(reading: Reading, clause: Clause) -> list[Noticed]:
    if clause.stance is not Stance.STATED:
        return []
    found: list[Noticed] = []
    for match in _SURE.finditer(clause.text):
        end = take_name(clause.text, match.end(), loose=True)
        if (
            end
            and not _NOT_AFTER.match(clause.text[end:])
            and _is_name(clause.text[match.end() : end], 2)
        ):
            start, end = _doubled(clause, match.end(), end, reading)
            found.append(_noticed(reading, start, end, 0.97))
    if found:
        return found
    span = _presented(clause)
    if span:
        return [_noticed(reading, clause.start + span[0], clause.start + span[1], 0.85)]
    for match in _MAYBE.finditer(clause.text):
        noticed = _maybe(reading, clause, match)
        if noticed:
            return [noticed]
    return found


def _presented(clause: Clause) -> tuple[int, int] | None:
    """A name told by its place: "Jan here", "Chinedu Okafor from Zenith", "..., Jane Doe"."""
    for pattern in (_HERE, _IS_MINE):
        match = pattern.search(clause.text)
        if match and _is_name(match["name"], 1):
            return match.span("name")
    for pattern in (_FROM, _TRAILING) if clause.start == 0 else (_TRAILING,):
        match = pattern.search(clause.text)
        if match and opens_like_name(match["name"]):
            return match.span("name")
    return None


def opens_like_name(words: str) -> bool:
    """Whether words that nothing introduces are a name: capitals, and two of them or a given
    name of the list ("Aside from BBC Radio 5" is none)."""
    known = " " in words or words.lower() in GIVEN_NAMES
    return words[:1].isupper() and known and looks_like_name(words, trust=1)


def _maybe(reading: Reading, clause: Clause, match: re.Match[str]) -> Noticed | None:
    text = clause.text
    cue = match["cue"].lower()
    end = take_name(text, match.end(), loose=False)
    if not end or _NOT_AFTER.match(text[end:]) or not _AFTER_NAME.match(text[end:]):
        return None
    name = text[match.end() : end]
    if cue in ("i'm", "i’m", "im", "i am", "this is") and _is_small_name(
        name, reading.text[clause.start + end :]
    ):
        return _noticed(reading, clause.start + match.end(), clause.start + end, 0.8)
    # German writes every noun with a capital, and "it's" may be followed by any.
    doubtful = cue in ("ich bin", "it's", "its", "it’s", "я", "أنا")
    wanted = reading.asked_for == Field.CUSTOMER_NAME or reading.known.get(Field.CUSTOMER_NAME)
    if doubtful and not (wanted or " " in name or _first(name) in GIVEN_NAMES):
        return None
    if not _is_name(name, 1):
        return None
    from_place = re.match(r"\s+(?:from|in)\s", text[end:], _I)
    confidence = 0.9 if from_place or " " in name or _first(name) in GIVEN_NAMES else 0.85
    return _noticed(reading, clause.start + match.end(), clause.start + end, confidence)


def _is_small_name(name: str, rest: str) -> bool:
    """Whether an unlisted word in small letters is a name, from what follows: "i'm kwabena
    and i have a question", "i'm kwabena from accra"."""
    if not name.islower() or " " in name or len(name) < 4 or name in NOT_NAMES:
        return False
    if name.endswith((*ADJECTIVE_ENDS, "ed", "ly", "ive", "ish", "al", "ic", "y", "ent", "ant")):
        return False
    return bool(
        re.match(
            r"\s+(?:from|at) |,?\s+(?:and|&) (?:i|we|my|i'm)\b|"
            r", i (?:run|work|own|am|manage|lead)\b",
            rest,
            _I,
        )
    )


def _doubled(clause: Clause, start: int, end: int, reading: Reading) -> tuple[int, int]:
    """ "Bond, James Bond": the fuller form that follows."""
    rest = re.match(r",\s*", reading.text[clause.start + end :])
    if rest:
        left = end + rest.end()
        right = take_name(reading.text, clause.start + left, loose=False)
        name, fuller = clause.text[start:end], reading.text[clause.start + left : right]
        if right and fuller.endswith(name) and " " in fuller:
            return clause.start + left, right
    return clause.start + start, clause.start + end


# "al-Zahra" is written small in the middle of a name and is no end of it.
_ARTICLE = re.compile(r"(?:al|el|ul|ad|as|ash|an|ar|at|az)-[^\W\d_]", _I)
_COPULAS = frozenset(("है", "हूँ", "हूं", "हैं"))


def take_name(text: str, start: int, *, loose: bool) -> int:
    """Where the name that begins at `start` ends, or 0.

    A name in capitals ends before the next word in small letters that is no particle. In small
    letters it ends before any word that is no name; without `loose` it must then begin with a
    given name or stand alone.
    """
    end = position = start
    first_lower = None
    taken = 0
    while taken < MAX_TOKENS and (match := _TOKEN.match(text, position)):
        word = match[0].rstrip(".'’")
        lowered = word.lower()
        if lowered in _COPULAS:
            break
        initial = len(word) == 1 and match[0].endswith(".")
        is_title = taken == 0 and lowered in TITLES
        small = word[0].islower() and not _ARTICLE.match(word)
        if first_lower is None and not is_title:
            first_lower = small
        if small and not first_lower and lowered not in PARTICLES and not is_title:
            break
        if (
            taken
            and not initial
            and lowered in NOT_NAMES
            and (small or lowered not in GIVEN_NAMES)
            and lowered not in PARTICLES
        ):
            break
        if (
            first_lower
            and taken
            and not loose
            and lowered not in GIVEN_NAMES
            and lowered not in PARTICLES
        ):
            break
        full_stop = match[0].endswith(".") and not initial and not is_title
        end = match.end() - (1 if full_stop else 0)
        if text[match.start() : end].endswith(("'", "’")):
            end -= 1
        taken += 1
        gap = _GAP.match(text, match.end())
        if full_stop or not gap:
            break
        position = gap.end()
    return _without_trailing_particles(text, start, end)


def _without_trailing_particles(text: str, start: int, end: int) -> int:
    words = text[start:end].split()
    while words and words[-1].islower() and words[-1] in PARTICLES:
        end = start + len(text[start:end].rstrip()) - len(words.pop())
        end = start + len(text[start:end].rstrip())
    return end if words else 0


def _first(name: str) -> str:
    words = [word for word in name.split() if word.rstrip(".").lower() not in TITLES]
    return words[0].lower() if words else ""


def _is_name(name: str, trust: int) -> bool:
    """Whether the words can be a name. `trust`: 0 nothing but looks, 1 after "I'm", 2 after
    "my name is" or a question for it."""
    words = [word for word in name.split() if word.rstrip(".").lower() not in TITLES]
    if not words or len(words) > MAX_TOKENS or name.endswith(("'s", "’s")):
        return False
    cores = [word.strip(".'’").lower().replace("’", "'") for word in words]
    pairs = zip(cores, words, strict=True)
    proper = {core for core, word in pairs if not _is_initial(word)}
    strangers = proper - GIVEN_NAMES - PARTICLES
    if strangers & NOT_NAMES or " ".join(cores) in PLACES:
        return False
    if trust < 2 and not _stands_alone(cores, words[0]):
        return False
    has_letters = re.search(rf"{LETTER}{{2}}|[\u3400-\u9fff\uac00-\ud7af]", name)
    return bool(has_letters) or (len(cores[0]) == 1 and len(cores) > 1)


def _is_initial(word: str) -> bool:
    return len(word.rstrip(".")) == 1 and word[0].isupper()


def _stands_alone(cores: list[str], shown: str) -> bool:
    """Whether the first word may begin a name where only "I'm" or "this is" introduces it."""
    head = cores[0]
    if head in NOT_NAMES and shown.islower():
        return False
    if len(cores) > 1 or head in GIVEN_NAMES:
        return True
    small = shown.islower() and not _has_caseless_script(shown)
    return not (head in PLACES or small or head.endswith((*ADJECTIVE_ENDS, "ly")))


def _has_caseless_script(word: str) -> bool:
    return word.lower() == word.upper()


def looks_like_name(words: str, *, trust: int = 0) -> bool:
    """Whether all of `words` read as a person's name."""
    words = words.strip()
    end = take_name(words, 0, loose=trust >= 2)
    return bool(words) and end >= len(words.rstrip(".")) and _is_name(words, trust)


def _noticed(reading: Reading, start: int, end: int, confidence: float) -> Noticed:
    name = normalize_name(reading.original[start:end])
    return reading.notice(Field.CUSTOMER_NAME, name, start, end, confidence)


def _labelled(reading: Reading) -> list[Noticed]:
    parts: dict[str, tuple[int, int]] = {}
    for match in _LABEL.finditer(reading.text):
        clause = reading.clause_at(match.end()) or reading.clause_at(match.start("label"))
        line = reading.text[match.start() : match.end() + 40]
        if clause is None or (clause.stance is not Stance.STATED and ":" not in line):
            continue
        if clause.stance is Stance.OTHER:
            continue
        separator = match[0][len(match["label"]) :]
        strict = not re.search(r"[:=–—-]", separator) and not re.match(
            r"first|last|surname|full|family|given", match["label"], _I
        )
        if strict or re.match(r"(?:your|contact)", match["label"], _I):
            continue
        end = take_name(reading.text, match.end(), loose=True)
        if end and _is_name(reading.text[match.end() : end], 2):
            label = match["label"].lower()
            kind = (
                "last"
                if re.search(r"last|sur|family|nachname|фамилия", label)
                else "first"
                if re.search(r"first|given|fore|vorname", label)
                else "full"
            )
            parts.setdefault(kind, (match.end(), end))
    if "full" in parts:
        return [_noticed(reading, *parts["full"], 0.97)]
    if "first" in parts:
        return [_join_parts(reading, parts)]
    return []


def _join_parts(reading: Reading, parts: dict[str, tuple[int, int]]) -> Noticed:
    first, last = parts["first"], parts.get("last", parts["first"])
    words = reading.original[slice(*first)]
    if "last" in parts:
        words += " " + reading.original[slice(*last)]
    start, end = min(first[0], last[0]), max(first[1], last[1])
    return reading.notice(Field.CUSTOMER_NAME, normalize_name(words), start, end, 0.97)


def _in_own_script(reading: Reading) -> list[Noticed]:
    for pattern in _SCRIPT_CUES:
        match = pattern.search(reading.text)
        if match and match["name"].strip() and match["name"].strip() not in _NO_CJK_NAME:
            name = match["name"].strip(" 　")
            start = reading.text.index(name, match.start("name"))
            return [_noticed(reading, start, start + len(name), 0.9)]
    return []


def strip_script_ending(text: str) -> str:
    """The reply without "です", "입니다" and the like, which are no part of a name."""
    return _SCRIPT_TAIL.sub("", text)
