"""Phrases by which a visitor shows interest, objects, or names a competitor. Pure.

Questions count here as much as statements: who asks for the price is interested in it. What
somebody else wants, or what the visitor denies ("I don't need a demo"), does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sales.leads.reading import Compacted, compact_text
from sales.leads.sentences import Stance, mask_quotations, split_clauses
from sales.leads.settings import PhraseList

_I = re.IGNORECASE


@dataclass(frozen=True, slots=True)
class VisitorMessage:
    """One message of the visitor. `at` is UTC."""

    id: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """The words that prove something, and the message that holds them."""

    message_id: str
    quote: str


@dataclass(frozen=True, slots=True)
class Signal:
    """Something recognised in a message. `id` is of `signal_ids`, or a name from `app.yaml`."""

    id: str
    message_id: str
    quote: str
    start: int
    end: int


_PRICES = r"(?:prices?|pricing|costs?|fees?|rates?|tariffs?|price list|price range)"
_ASK = (
    r"\b(?:can|could|may|would|want|wants|like|need|get|have|see|book|schedule|arrange|"
    r"request|show|give|send|interested in|set up|offer|do you|is there|try|sign up "
    r"for)\b"
)
_PATTERNS: dict[str, str] = {
    "pricing_asked": (
        rf"\bhow much\b(?! (?:data|time|space|detail|info))|\b(?:what(?:'s| is| are| does| "
        rf"do|s)?|how|which|tell me|know|about|see|your|the|any|need|send)\b[\w "
        rf",'’]{{0,30}}\b{_PRICES}\b|\b(?:does|do|will|would|it|plan|that) (?:it |this |"
        rf"that |they )?cost\b|^\W*{_PRICES}\b|\bdiscounts?\b"
    ),
    "quote_asked": (
        r"\b(?:a|an|the|me|us|get|formal|written|price) (?:formal |written |price |custom "
        r")?(?:quote|quotation|proposal|estimate|offer)\b(?! (?:from|by) (?:him|her|them|"
        r"another))|\brfp\b|\btender\b"
    ),
    "demo_asked": (
        rf"{_ASK}[\w ,'’]{{0,30}}\b(?:demo|demonstration|walk-?through|product tour)\b|"
        rf"\b(?:book|schedule|request) a demo\b|^\W*demo\b|\bshow (?:me|us) (?:how it works|"
        rf"the product|around)\b"
    ),
    "trial_asked": (
        r"\b(?:free |a |the |any )?(?:trial|pilot|proof of concept|poc|test account|"
        r"sandbox account|free version|sample)\b(?! (?:ended|expired|balance|size|rate))"
    ),
    "meeting_asked": (
        r"\b(?:book|schedule|arrange|set up|have|organi[sz]e|plan)\b[\w "
        r"]{0,15}\b(?:meeting|call|appointment|chat|slot)\b|\b(?:can|could|may|let'?s|want "
        r"to|like to|would love to)(?: we| i| someone| you)? (?:talk|speak|meet|chat|"
        r"call)\b|\b(?:talk|speak) (?:to|with) (?:sales|a person|someone|somebody|an "
        r"expert|a human|a rep)|\bcall (?:me|us)(?: back)?\b(?! (?:[A-Z]|crazy|old|"
        r"cynical))|\bgive me a (?:call|ring)\b"
    ),
    "purchase_asked": (
        r"\b(?:how|where|can|could|want to|like to|ready to|going to|would like to) (?:do |"
        r"can |could |to |i |we |you )*(?:buy|order|purchase|sign up|subscribe|get started|"
        r"pay)\b|\bready to (?:go|start|move)|\bsend (?:me |us )?(?:the |a )?(?:contract|"
        r"invoice|order form)|\bplace an order\b|\btake (?:it|the \w+ plan)\b"
    ),
    "implementation_asked": (
        r"\b(?:install\w*|onboard\w*|implement\w*|set ?up|roll ?out|migrat\w+|training|go "
        r"live)\b"
    ),
    "integration_asked": (
        r"\bintegrat\w+|\bapi\b|\bwebhooks?\b|\b(?:work|connect|sync|plug)s? (?:with|into|"
        r"to) (?:our|my|the )?\w+"
    ),
    "security_asked": (
        r"\b(?:gdpr|hipaa|soc ?2|iso ?27001|iso ?9001|compliance|compliant|encrypt\w*|data "
        r"protection|dpa|security|where is (?:the |our |my )?data|audit(?:s|ed)?|21 cfr)\b"
    ),
    "contract_asked": (
        r"\b(?:contract|terms|minimum term|cancel(?:lation)?|notice period|payment terms|"
        r"sla|warranty|refund)\b"
    ),
    "reference_asked": (
        r"\b(?:references?|case stud(?:y|ies)|other (?:customers|clients)|who (?:else "
        r")?(?:uses|is using)|customers (?:like|in|such)|success stor(?:y|ies)|"
        r"testimonials?)\b"
    ),
    "comparison_asked": (
        r"\b(?:compar(?:e[ds]?|ing|ison)|versus|vs\.?|better than|different from|"
        r"difference between|alternatives? to|instead of|compete with|shortlist\w*|"
        r"evaluating|other vendors|several (?:firms|vendors|providers))\b"
    ),
    "replacing_system": (
        r"\b(?:replac(?:e|es|ing)|switch(?:ing)? from|moving (?:away )?from|move from|"
        r"migrat\w+ from|get rid of|phase out|currently us(?:e|ing)|we use \w+ (?:today|"
        r"now|at the moment)|our (?:current|existing|old) (?:system|provider|vendor|"
        r"solution|tool|supplier|software|setup))\b"
    ),
    "pain_named": (
        r"\b(?:we(?: keep|'re| are)? (?:lost|lose|losing|struggl\w+|waste|wasting|fail\w*)|"
        r"(?:our|my|the) (?:problem|issue|challenge|pain) is|too (?:slow|manual|much "
        r"(?:time|work|paperwork))|by hand|on paper|spreadsheets?|excel sheets?|nightmare|"
        r"headache|failed (?:an |the |our )?(?:audit|inspection)|died|broke down|"
        r"spoil(?:ed|t|age)?)\b"
    ),
    "not_interested": (
        r"\b(?:(?:not|no longer|\w+n['’]t) (?:really )?interested|do(?: not|n['’]t) "
        r"(?:contact|call|e-?mail) me|unsubscribe|leave me alone|stop (?:contacting|"
        r"e-?mailing|calling)|not looking to buy|no intention)\b"
    ),
    "job_seeker": (
        r"\b(?:(?:looking|searching|applying) for (?:a |an )?(?:job|work|position|"
        r"internship|vacancy)|(?:any|open|your) (?:vacancies|job openings|open positions|"
        r"internships?)|are you hiring|my (?:cv|resume|résumé)|job application|work for "
        r"you)\b"
    ),
    "support_case": (
        r"\b(?:my (?:order|account|subscription|sensor|device|invoice|password|login)\b[\w "
        r"]{0,25}\b(?:not|\w+n['’]t|wrong|broken|never|missing|locked|fails?|failed|late)|"
        r"(?:i|we)(?:'ve| have)? (?:forgot|lost)(?: my| our| the)? password|reset my "
        r"password|can['’]?t log ?in|cannot log ?in|support ticket|error code|(?:is|keeps|"
        r"are) (?:broken|crashing|offline|failing))\b"
    ),
}
_OBJECTIONS: dict[str, str] = {
    "price_objection": (
        r"\b(?:too (?:expensive|much|pricey|costly|high)|(?:sounds|seems|is|looks|quite|"
        r"very|pretty|so|rather|a bit|kind of) (?:a bit |very |rather |quite |pretty "
        r")?(?:expensive|pricey|steep)|can(?:['’]?t|not) afford|over (?:our|my|the) budget|"
        r"out of (?:our|my) (?:budget|price range|reach)|cheaper|tight budget|budget is "
        r"tight|small budget|limited budget|no budget|a lot of money|pays? less)\b"
    ),
    "contract_objection": (
        r"\b(?:lock(?:ed)?[- ]?in|long[- ]term (?:contract|commitment)|tied (?:in|down)|"
        r"annual (?:contract|commitment)|don['’]?t want (?:a |to sign a )?(?:long |yearly "
        r")?contract|no contract|commitment)\b"
    ),
    "timing_objection": (
        r"\b(?:not (?:the right|a good) time|too (?:early|soon)|not (?:this|until next) "
        r"year|next year maybe|maybe (?:later|next)|not right now|no rush|not urgent|just "
        r"(?:looking|browsing)(?! for)|bad timing|busy season)\b"
    ),
    "authority_objection": (
        r"\b(?:(?:my|our|the) (?:boss|manager|board|ceo|cfo|director|team|head office|"
        r"management) (?:decides?|needs? to|has to|have to|must|will decide|signs?|would "
        r"have to)|need (?:approval|sign-?off|permission)|run (?:it|this) (?:by|past)|not "
        r"my (?:call|decision)|(?:get|need) (?:the )?(?:ok|okay|go-ahead|buy-in))\b"
    ),
    "switching_objection": (
        r"\b(?:hassle|too much (?:work|effort|trouble)|(?:hard|difficult|painful|"
        r"complicated|complex) to (?:switch|install|set up|migrate|use|learn|change)|"
        r"switching costs?|learning curve|no time to (?:switch|install|learn|migrate)|"
        r"disrupt\w*|downtime)\b"
    ),
    "trust_objection": (
        r"\b(?:sceptical|skeptical|not convinced|don['’]?t (?:trust|believe)|too good to "
        r"be true|scam|never heard of you|how do i know|bad (?:experience|reviews?)|"
        r"burn(?:ed|t) (?:before|by)|reliable enough|does it really|is it really|prove it|"
        r"doubt(?:s|ful)?)\b"
    ),
    "feature_objection": (
        r"\b(?:missing (?:a |the )?feature|(?:does|do)(?: not|n['’]t) (?:support|have|"
        r"offer|include|integrate)|lacks?|lacking|deal ?breaker|can(?:['’]?t|not) (?:do|"
        r"handle|support)|without (?:an? )?(?:api|integration|app)|we (?:really )?need "
        r"(?:it to|something that))\b"
    ),
    "security_objection": (
        r"\b(?:(?:worried|concerned|concerns?|nervous|worry) (?:about|over|regarding) "
        r"(?:\w+ )?(?:security|privacy|data|gdpr|hack\w*|compliance|the cloud)|data "
        r"(?:leak|breach)|not (?:allowed|permitted) (?:in|to use) (?:the )?cloud|don['’]?t "
        r"want (?:our|my) data)\b"
    ),
    "satisfied_objection": (
        r"\b(?:(?:we(?:'re| are)|i['’]?m) (?:happy|satisfied|fine|good) with (?:our|my|"
        r"what|the|\w+)|already (?:have|use|using|got) (?:a |an |one|something|\w+)|works "
        r"fine for us|don['’]?t need (?:it|this|another|a new))\b"
    ),
}
_COMPILED = tuple(
    (name, re.compile(pattern, _I)) for name, pattern in (*_PATTERNS.items(), *_OBJECTIONS.items())
)
_DENIED = re.compile(
    r"(?:\b(?:not|never|no|without|nor|rather than|instead of)|n['’]t)\b[\w ]{0,22}$", _I
)
# Whose own words hold the "not".
_SAYS_NO = frozenset((*_OBJECTIONS, "not_interested", "support_case", "pain_named"))


def detect_signals(
    message: VisitorMessage,
    *,
    competitors: Sequence[str] = (),
    topics: Sequence[PhraseList] = (),
    objections: Sequence[PhraseList] = (),
) -> list[Signal]:
    """What one message shows, each once, in order. A competitor's signal is `competitor:Name`,
    a topic's `topic:name`, an objection of the site's own `objection:name`."""
    compacted = compact_text(message.text)
    text = mask_quotations(compacted.text)
    found: dict[str, Signal] = {}
    for clause in split_clauses(text):
        if clause.stance is Stance.OTHER and not _is_about_us(clause.text):
            continue
        for name, pattern in _COMPILED:
            for match in pattern.finditer(clause.text):
                denied = name not in _SAYS_NO and _DENIED.search(clause.text[: match.start()])
                if not denied:
                    place = clause.start + match.start(), clause.start + match.end()
                    found.setdefault(name, _signal(name, message, compacted, place))
                    break
    lists = [
        *_named("competitor", competitors),
        *_listed("topic", topics),
        *_listed("objection", objections),
    ]
    for name, phrases in lists:
        span = find_phrase(text, phrases)
        if span:
            found[name] = _signal(name, message, compacted, span)
    return sorted(found.values(), key=lambda signal: (signal.start, signal.id))


def _signal(
    name: str, message: VisitorMessage, compacted: Compacted, span: tuple[int, int]
) -> Signal:
    start, end = compacted.span_before(*span)
    return Signal(name, message.id, message.text[start:end], start, end)


def _is_about_us(text: str) -> bool:
    """Whether a clause that names others still tells of the visitor's own wish or doubt."""
    return bool(re.search(r"\b(?:i|we|me|us|our|my|you|your)\b", text, _I))


def _named(kind: str, names: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    return [(f"{kind}:{name}", (name,)) for name in names]


def _listed(kind: str, lists: Sequence[PhraseList]) -> list[tuple[str, tuple[str, ...]]]:
    return [(f"{kind}:{item.name}", item.phrases) for item in lists]


def find_phrase(text: str, phrases: Iterable[str]) -> tuple[int, int] | None:
    """Where the first of the phrases stands in `text` as whole words, in any case."""
    spans = []
    for phrase in phrases:
        words = r"\s+".join(re.escape(word) for word in phrase.split())
        match = re.search(rf"(?<!\w){words}(?!\w)", text, _I) if words else None
        if match:
            spans.append(match.span())
    return min(spans) if spans else None
