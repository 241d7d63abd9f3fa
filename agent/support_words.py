"""Words by which a freely worded sentence is held against its source. Data.

Chosen by hand and weighed with benchmarks/verification.py; docs/verification.md tells how. English;
a few negations of other languages stand beside, so that a "nicht" is never overlooked.
"""

from __future__ import annotations

from sales.knowledge.words import find_stems


def _stems(words: str) -> frozenset[str]:
    return frozenset(find_stems(words))


NEGATIONS = frozenset(
    "not no never none neither nor without nobody nothing cannot non except excluding excluded "
    "unless nicht kein keine keinen keiner nie niemals ohne ningún ninguno ninguna nunca jamás sin "
    "pas aucun jamais sans".split()
)

# Phrases that negate a word and not the statement, or say the same as one word.
PHRASES: tuple[tuple[str, str], ...] = (
    (r"\b(?:won|can|shan)['’]?t\b", "can not"),
    (r"n['’]t\b", " not"),
    (r"\bcannot\b", "can not"),
    (r"\bnot only\b", "also"),
    (
        r"\b(?:(?:at |for )?no (?:additional |extra |further )?(?:costs?|charges?|fees?)|"
        r"free of charge|without (?:extra |additional )?(?:costs?|charges?|fees?)|complimentary)\b",
        "free",
    ),
    (r"\bno (?:more|later|longer|greater|higher) than\b|\bnot (?:more|later) than\b", "at most"),
    (r"\b(?:no|not) (?:less|fewer|earlier|lower) than\b", "at least"),
    (r"\ba (?=(?:day|week|month|year|hour|minute|piece|unit|user|seat|location)\b)", "per "),
    (r"\be-?mails?\b", "email"),
    (r"\bper cent\b|\bpercent\b", "%"),
)

# One meaning, several words: the first of a row stands for all.
_SYNONYMS = """
price cost fee charge pay pricing
buy purchase order
phone call telephone ring
month monthly
year annual yearly annually
day daily
week weekly
hour hourly
begin start commence
end finish stop cease
receive get
repair fix mend
rent hire rental
require need must
allow permit let
ship deliver shipping delivery send
return refund
staff people employee
photo picture image
warranty guarantee
measure record log
alert alarm notify notification warn
choose select pick
support help assist
show display
open opening
website site
connect link integrate integration
found founded established
reach contact
free gratis
"""
SYNONYMS: dict[str, str] = {
    stem: find_stems(row)[0] for row in _SYNONYMS.strip().splitlines() for stem in find_stems(row)
}

# Carry the sentence and no fact: they need not stand in the source.
LIGHT = _stems(
    "offer provide give include contain come available option way make use take work apply cover "
    "mean look see find check visit ask tell say state according note mention please sure thank "
    "information detail example question answer currently overall addition specifically also well "
    "simply directly thing kind type sort number amount total range both together several various "
    "different based possible possibly able own customer user client company business want like "
    "interested know learn depend list following regard concern term "
    "let lets going within via per website page yes website"
)

# Small words that change what is said: a class that the source must have as well.
CLASSES: tuple[tuple[str, str], ...] = (
    ("only", r"\b(?:only|solely|exclusively|nothing but)\b"),
    ("always", r"\b(?:always|24/7|around the clock|at all times|every time)\b"),
    ("all", r"\b(?:all|every|each|any|everyone|everything|anyone|anything|entire|whole)\b"),
    ("free", r"\bfree\b"),
    ("unlimited", r"\b(?:unlimited|without limits?|as many as)\b"),
    ("most", r"\b(?:best|cheapest|fastest|largest|biggest|leading|lowest|highest|number one)\b"),
    ("instant", r"\b(?:instant(?:ly)?|immediate(?:ly)?|at once|same[- ]day|overnight)\b"),
    ("must", r"\b(?:must|required|mandatory|have to|has to|obligatory)\b"),
)
STRICT = frozenset({"only", "always", "all", "free", "unlimited", "most", "instant"})

# Each pair excludes the other.
OPPOSITES: tuple[tuple[str, str], ...] = (
    (
        r"\b(?:at least|minimum|min|or more|more than|over|above|starting at|starts at|from|"
        r"exceed(?:s|ing)?)\b",
        r"\b(?:at most|up to|maximum|max|or less|or fewer|less than|fewer than|under|below|"
        r"within)\b",
    ),
    (r"\bbefore\b|\bprior to\b|\bearlier\b", r"\bafter\b|\bfollowing\b|\blater\b"),
    (r"\bmore\b|\bhigher\b|\bgreater\b|\blarger\b", r"\bless\b|\blower\b|\bfewer\b|\bsmaller\b"),
    (r"\bincreas\w*|\braise[sd]?\b|\brise[sn]?\b", r"\bdecreas\w*|\breduc\w*|\bdrop(?:s|ped)?\b"),
    (r"\binclud\w*", r"\bexclud\w*|\bnot includ\w*"),
    (r"\bopen\b", r"\bclosed?\b"),
    (r"\bfaster\b|\bquicker\b", r"\bslower\b"),
    (r"\bcheaper\b", r"\bdearer\b|\bmore expensive\b"),
    (r"\boptional\b", r"\brequired\b|\bmandatory\b|\bmust\b"),
    (r"\bfirst\b", r"\blast\b"),
    (r"\binside\b|\bindoors?\b", r"\boutside\b|\boutdoors?\b"),
    (r"\bnew\b", r"\bused\b|\bold\b"),
    (r"\bbuyer\b|\bcustomer pays\b|\byou pay\b", r"\bwe pay\b|\bwe cover\b"),
)

UNITS = _stems(
    "second minute hour day week month year decade percent degree meter metre kilometer kilometre "
    "mile inch foot feet gram kilogram kg lb pound ounce liter litre gallon watt volt amp gb mb tb "
    "user seat location site sensor device employee person people customer working business "
    "calendar piece unit item star country state language copy page"
) | {"%", "°c", "°f", "c", "f", "m", "cm", "mm", "km", "kwh", "mah"}

NUMBER_WORDS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "ninety": "90"}
# "One" is mostly no number.
NUMBER_WORDS.pop("one")

CURRENCIES = {
    "$": "usd",
    "us$": "usd",
    "usd": "usd",
    "dollar": "usd",
    "dollars": "usd",
    "€": "eur",
    "eur": "eur",
    "euro": "eur",
    "euros": "eur",
    "£": "gbp",
    "gbp": "gbp",
    "pound": "gbp",
    "pounds": "gbp",
    "¥": "jpy",
    "yen": "jpy",
    "chf": "chf",
    "cents": "cent",
}

# What may be said without any source: words of conversation that hold no fact about anybody.
# "Available", "today", "best" are missing on purpose: with them a promise could be made.
TALK = _stems(
    "hello hi hey welcome thank glad happy pleasure nice great good fine okay ok course sorry "
    "apologise apologize afraid unfortunately understand see hear help assist answer question ask "
    "tell say know let look find found search check mean clarify explain share more else anything "
    "something further information detail matter topic point website site page here there moment "
    "interested interest like want wish prefer need please specific particular exactly kind sort "
    "way word another different chat conversation talk write ai assistant computer program human "
    "evening morning afternoon goodbye hope care mention state describe give confirm able "
    "unable sense situation consider decide compare however because rather instead simply really "
    "still able looking"
) | frozenset({"m", "ll", "ve"})
TALK |= {SYNONYMS[stem] for stem in TALK if stem in SYNONYMS}
# A bare "Yes" is an answer, and an answer needs a source. "You are an assistant" is no talk with a
# visitor, but an echo of the prompt.
VERDICT = (
    r"^\W*(?:yes|no|yep|nope|absolutely|certainly|definitely|indeed|correct|exactly|right|sure)\b"
    r"|\byou are (?:an?|the)\b|^\W*say that\b"
)
# Hardly facts, and yet more than talk: "It is available", "It applies to you".
FACTUAL = _stems("include contain come available work apply cover term business own amount total")
# Behind an admission: the claim that is to come along with it.
GOES_ON = (
    r"\b(?:but|so|however|yet|still|though|although|therefore|instead|because)\b|[;:–—]|"
    r"\band (?:you|we|i|it|they|this|that)\b"
)
# What a model never says, whatever it names as its source: that it did something, for only the
# scheduler and the team do; promises; that it is human; and questions for secrets.
_DONE = (
    r"(?:booked|cancell?ed|rescheduled|sent|e-?mailed|mailed|forwarded|passed|transferred|deleted|"
    r"refunded|applied|activated|reserved|unlocked|scheduled|charged|ordered|noted|saved|changed|"
    r"confirmed|approved|arranged|waived|promised|moved|opened|given)"
)
_PRIVATE = (
    r"(?:passwords?|passcode|pin|cvv|cvc|iban|(?:one[- ]time|security) code|"
    r"(?:card|account|passport|social security) number|card details|"
    r"bank (?:login|details|account)|api key)"
)
NEVER_SAID = "|".join(
    (
        rf"\bi(?:'ve| have| had)?(?: \w+)? {_DONE}\b",
        r"\bi(?:'ll| will)? (?:hereby )?(?:promise|guarantee|waive|agree|accept)\b",
        r"\bi(?:'ll| will) (?:call|send|book|cancel|move|mail|e-?mail|forward|refund|arrange)\b",
        r"\byour (?:meeting|appointment|booking|order|refund|e-?mail|mail|question|request|data|"
        rf"card|payment|consent)\b[^.!?]{{0,20}}\b(?:is|was|are|were|been)(?: \w+)? {_DONE}\b",
        r"\byou(?:'re| are)(?: now)? booked\b",
        r"\bi(?:'m| am) (?:not an? (?:\w+ )?(?:ai|bot|robot|chat ?bot|computer|machine|program|"
        r"assistant)|(?:an? |just |really |only )*(?:real |living )?(?:human|person))\b",
        r"\bi (?:can |could )?(?:see|hear|watch) you\b",
        rf"\b(?:what|which) (?:is|are) your\b[^.!?]{{0,30}}\b{_PRIVATE}\b",
        r"\b(?:tell|give|send|share|write|provide|need)\b[^.!?]{0,20}\b(?:me|us|your)\b"
        rf"[^.!?]{{0,30}}\b{_PRIVATE}\b",
    )
)
# How a lack of knowledge is admitted; then the visitor's own words may be repeated.
NOT_FOUND = (
    r"\b(?:i|we|there|(?:the|this) (?:website|site|page|pages|passages?))\b[^.]{0,20}"
    r"\b(?:not|unable|no|nothing)\b[^.]{0,30}\b(?:find|found|see|have|know|confirm|answer|sure|"
    r"able|tell|mentions?|says?|states?|information|details?|covers?)\b"
)
