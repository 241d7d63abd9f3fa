"""Whether a message is about a meeting, and what it wants of it. Pure.

Patterns ask for the noun of a meeting beside the verb: "Can I cancel my subscription?" and
"How long is a demo?" are questions to the website.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Wish(StrEnum):
    """What a message wants of a meeting."""

    MEET = "meet"
    MOVE = "move"
    CANCEL = "cancel"
    SHOW = "show"


_NOUN = (
    r"(?:(?:video |phone |sales |zoom |teams |discovery |intro(?:ductory)? |first |live |product "
    r"|(?:\d{1,3}|fifteen|thirty|sixty|half)[- ]?(?:an? )?(?:min|minutes?|hours?|h)[- ]"
    r"|short |quick |online |free |personal |technical )*"
    r"(?:calls?|demos?|demonstrations?|meetings?|appointments?|walk-?throughs?|consultations?"
    r"|sessions?|bookings?|chats?|tech(?:nical)? reviews?"
    r"|termine?s?|gespr[aä]ch(?:e|s)?|telefonate?|anruf(?:e|s)?|besprechung(?:en)?|vorf[uü]hrung(?:en)?"
    r"|reuni[oó]n(?:es)?|citas?|llamadas?|demostraci[oó]n(?:es)?|videollamadas?))"
)
_GAP = r"[^.!?\n]{0,40}?"
_BEFORE = r"(?:^|[\s,.!?;:¿¡(–-])"
# What can be done to a meeting alone, with anything between verb and noun.
_BOOK = (
    r"(?:book|schedul(?:e|ing)|arrang(?:e|ing)|set(?:ting)? up|organi[sz]e|reserve|hop on|jump on"
    r"|buche?n?|vereinbare?n?|ausmache?n?|planen|reservar|reserva|agendar|agenda|concertar"
    r"|programar)"
)
# What can be done to anything: the noun has to follow at once.
_WANT = (
    r"(?:have|get|do|request|see|take|give me|want|need|like|love|interested in|up for"
    r"|join|m[oö]chte|h[aä]tte|brauche|will|wollen|quiero|quisiera|necesito|me gustar[ií]a|tener"
    r"|hacer|pedir|gern(?:e)?)"
)
_ARTICLE = (
    r"(?:\s+(?:to|a|an|the|another|your|one|some|our|to (?:have|see|book|get)|eine?n?|gern(?:e)?"
    r"|die|den|una?|la|el|otra)){0,3}\s+"
)
_OTHER_NOUN = (
    r"(?!\s+(?:accounts?|videos?|data|modes?|kits?|recordings?|systems?|cent(?:er|re)s?|sites?"
    r"|environments?|versions?|rooms?|minutes|lists?|logs?|history|software|apps?)\b)"
)
_TALK = (
    r"(?:can|could|may|shall|should|might|would it be possible|is it possible|i(?:'d| would|’d)? "
    r"(?:like|love|want)|i want|we want|let'?s|let’s|happy|want|wanna|k[oö]nnen|k[oö]nnten|kann"
    r"|lass|podemos|podr[ií]amos|puedo|quiero)"
    rf"{_GAP}\b(?:talk|speak|meet|chat|catch up|discuss|connect|sprechen|reden|telefonieren"
    r"|treffen|unterhalten|hablar|reunirnos|vernos|conversar|quedar)\b"
)
_MEET = re.compile(
    rf"{_BEFORE}(?:(?:{_BOOK}\b{_GAP}\b|{_WANT}\b{_ARTICLE}(?={_NOUN}(?<!s)\b)){_NOUN}\b{_OTHER_NOUN}"
    rf"|{_NOUN}\s+(?:please|bitte|por favor)\b"
    rf"|(?:book|schedule|reserve)\s+(?:me|us|a (?:time|slot)|some time|it|one)\b"
    rf"|when (?:are you|is (?:someone|somebody|anyone|the team)|would you be|can (?:we|you|i)) "
    r"(?:free|available|talk|speak|meet)"
    rf"|(?:any|some|find|a|the|what|which) (?:free |open |available )?(?:slots?|times?|openings?) "
    r"(?:for|are|do you have|to (?:talk|meet)|available|free|left|on|next|this|tomorrow)"
    r"|wann (?:haben sie|hast du|habt ihr) zeit|cu[aá]ndo (?:podemos|tienen))",
    re.IGNORECASE,
)
_TALK_PATTERN = re.compile(rf"{_BEFORE}{_TALK}", re.IGNORECASE)
_CALL_ME = re.compile(
    r"\b(?:call|phone|ring) (?:me|us)\b|\brufen sie (?:mich|uns)\b|\bll[aá]m(?:a|e|en)me\b",
    re.IGNORECASE,
)
# Questions about meetings in general: the website answers them.
_ABOUT = re.compile(
    r"^\W*(?:so |and |but |hi |hello |hey |please tell me |tell me )?[\s,]*"
    r"(?:how (?:long|much|many|often|does|do (?:the|your|these|meetings|demos))|who|whom|why|where"
    r"|what(?:'s|’s)? (?:is|are|does|do|happens|kinds?|should|can|will|languages?|to)|what's"
    r"|is (?:the|a|there|it)|are (?:the|your|there|demos|meetings)|does|do (?:i|we|you) (?:need"
    r"|have to|offer|charge)|which (?:kinds?|types?)|wie (?:lange|viel|teuer)|was |wer |warum|wo "
    r"|cu[aá]nto|qu[eé] |qui[eé]n|d[oó]nde|por qu[eé])",
    re.IGNORECASE,
)
_POSSIBLE = re.compile(
    r"\b(?:is it|would it be|ist es|es) (?:possible|m[oö]glich|posible)\b", re.IGNORECASE
)
_MINE = r"(?:my|our|the|that|this|mein\w*|unser\w*|den|das|die|mi|nuestra?|la|el|esta?|esa)"
_MOVE = re.compile(
    rf"\b(?:reschedul\w+|(?:re-?book|move|change|shift|postpone|push back|push|delay|bring forward"
    r"|verschieb\w*|verleg\w*|umbuch\w*|[aä]nder\w*|cambi\w*|mover|mueve|aplaz\w*|pospon\w*"
    rf"|reprogram\w*)\b{_GAP}\b(?:{_NOUN}|it|time|slot|date|him|ihn|zeit|uhrzeit|hora|lo|la)\b"
    rf"|{_NOUN}\b{_GAP}\b(?:verschieben|verlegen|umbuchen|[aä]ndern|to (?:another|a different)"
    r"|another (?:day|time)|instead))"
    r"|\b(?:another|a different|other) (?:time|day|date|slot) (?:for|instead)"
    r"|\b(?:can(?:'t|not|’t)|won(?:'t|’t)) (?:make|do) (?:it|that|the (?:meeting|call|demo))"
    r"|\b(?:make|do) it (?:on |at |for )?.{0,30}\binstead\b|\bverhindert\b|no puedo (?:ir|asistir)",
    re.IGNORECASE,
)
_RESCHEDULE = re.compile(
    r"\b(?:reschedule|rearrange|umbuchen|verschieben|reprogramar)\b", re.IGNORECASE
)
_CANCEL = re.compile(
    rf"\b(?:cancel|call off|delete|scrap|drop|annul|absagen|stornier\w*|l[oö]sch\w*|cancel\w*"
    rf"|anul\w*)\b{_GAP}\b{_NOUN}\b"
    rf"|{_NOUN}\b{_GAP}\b(?:absagen|stornieren|canceln|l[oö]schen)\b",
    re.IGNORECASE,
)
_CANCEL_IT = re.compile(
    r"^\W*(?:please |can you |could you |i (?:want|need|have|would like) to |bitte )*"
    r"(?:cancel|call off|absagen|stornieren|cancelar|cancela)(?: it| that| this| ihn| lo| la)?"
    r"(?: please| bitte| por favor)?\W*$",
    re.IGNORECASE,
)
_SHOW = re.compile(
    rf"\b(?:when|what time|which day|at what time|wann|um wie viel uhr|cu[aá]ndo|a qu[eé] hora)\b"
    rf"{_GAP}\b{_MINE}\b{_GAP}{_NOUN}\b"
    rf"|\b(?:show|see|view|check|confirm|zeig\w*|mu[eé]str\w*|ver)\b{_GAP}\b"
    rf"(?:my|our|mein\w*|mis?)\b{_GAP}{_NOUN}\b"
    rf"|\b(?:do|did) (?:i|we) have\b{_GAP}{_NOUN}\b|\bhabe ich\b{_GAP}{_NOUN}\b",
    re.IGNORECASE,
)
_ANOTHER = re.compile(
    r"\b(?:another|second|additional|new|further|one more|extra|zweiten|weiteren|neuen|otra"
    r"|nueva)\b"
    rf"{_GAP}{_NOUN}\b",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\W*(?:(?:yes|yep|yeah|yup|sure|ok(?:ay)?|please do|book it|book that|confirm(?:ed)?|go ahead"
    r"|perfect|great|sounds good|works|that works|do it|absolutely|definitely|correct|right|fine"
    r"|ja|gern(?:e)?|passt|genau|klar|in ordnung|einverstanden|bitte buchen"
    r"|s[ií]|vale|claro|de acuerdo|perfecto|adelante|confirmo|resérval[ao])\b)",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"\b(?:but|aber|pero|not|nicht|instead|however|wait|lieber|mejor)\b", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_NO = re.compile(
    r"^\W*(?:no(?:pe|t (?:now|yet|really))?|nah|never ?mind|don'?t|don’t|stop|forget it|nein"
    r"|lieber nicht|doch nicht|nee|keep it|leave it|behalten|d[eé]jal[oa]|mejor no|no gracias)\b",
    re.IGNORECASE,
)


def find_wish(text: str, *, has_appointment: bool) -> Wish | None:
    """What a message wants of a meeting; None when it is about something else."""
    # Sentence by sentence: a question to the website may stand before the wish.
    wishes = (_find_in_sentence(part, has_appointment) for part in _SENTENCE_END.split(text))
    return next((wish for wish in wishes if wish), None)


def _find_in_sentence(text: str, has_appointment: bool) -> Wish | None:
    if _CANCEL.search(text) or (has_appointment and _CANCEL_IT.search(text)):
        return Wish.CANCEL
    if has_appointment and (_MOVE.search(text) or _RESCHEDULE.search(text)):
        return Wish.MOVE
    if has_appointment and _SHOW.search(text):
        return Wish.SHOW
    if _ABOUT.search(text) and not _POSSIBLE.search(text):
        return None
    return Wish.MEET if _MEET.search(text) else None


def wants_talk(text: str) -> bool:
    """Whether somebody wants to talk or be called: a meeting, where a time is named as well."""
    return bool(_TALK_PATTERN.search(text) or _CALL_ME.search(text))


def is_about_meeting(text: str) -> bool:
    """Whether a question is the scheduler's, and not one to the website."""
    return wants_talk(text) or find_wish(text, has_appointment=True) is not None


def wants_another(text: str) -> bool:
    """Whether a meeting beside the one that is booked is wanted."""
    return bool(_ANOTHER.search(text))


def is_yes(text: str) -> bool:
    """Whether a message agrees, without a but."""
    return bool(_YES.search(text)) and not _BUT.search(text)


def is_no(text: str) -> bool:
    """Whether a message declines."""
    return bool(_NO.search(text))
