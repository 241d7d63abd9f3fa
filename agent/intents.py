"""What a visitor wants, where it is not simply an answer from the website. Pure.

Patterns must match nearly the whole message, or be unmistakable: a question about the
company is never to be taken for small talk.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Intent(StrEnum):
    """What a message, or a part of it, is."""

    QUESTION = "question"
    GREETING = "greeting"
    THANKS = "thanks"
    GOODBYE = "goodbye"
    HOW_ARE_YOU = "how_are_you"
    ARE_YOU_A_BOT = "are_you_a_bot"
    WHO_ARE_YOU = "who_are_you"
    WHAT_CAN_YOU_DO = "what_can_you_do"
    PERSON = "person"
    COMPLAINT = "complaint"
    ABUSE = "abuse"
    JOKE = "joke"
    YES = "yes"
    NO = "no"
    NONSENSE = "nonsense"


_END = r"[\s!.,?:;)\U0001F300-\U0001FAFF\u2600-\u27BF]*$"
_START = r"^[\s\W]*(?:(?:oh|ok|okay|well|so|and|um|hey|hi)[\s,!.]+)?"


def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(f"{_START}(?:{pattern}){_END}", re.IGNORECASE)


def _anywhere(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_PERSON_WORD = (
    r"(?:humans?|persons?|people|somebody|someone|representatives?|reps?|sales ?(?:person|people|"
    r"man|woman|team|rep)|sales|support|agents?|advis[eo]rs?|consultants?|colleagues?|staff|"
    r"operators?|team|manager|expert)"
)
_PATTERNS: tuple[tuple[Intent, re.Pattern[str]], ...] = (
    (
        Intent.ARE_YOU_A_BOT,
        _anywhere(
            r"\b(?:are (?:you|u)|r u|you'?re|is this|am i (?:talking|speaking|chatting|writing) "
            r"(?:to|with))(?: (?:just|really|actually|even|still))* (?:an? |the )?(?:real |live |"
            r"actual |automated |ai )?(?:chat ?bot|bot|robot|machine|a\.?i\.?|computer|"
            r"human(?: being)?"
            r"|person|llm|chat ?gpt|gpt|automated|computer program|real|alive|sentient)"
            r"(?=$|[\s]*[?.!,]|\s+(?:or|please|right|by any chance|and|on the other)\b)"
        ),
    ),
    (
        Intent.ARE_YOU_A_BOT,
        _whole(
            r"(?:a )?(?:bot|human|robot|ai)(?: or (?:a )?(?:bot|human|robot|ai|person|machine))?"
        ),
    ),
    (
        Intent.PERSON,
        _anywhere(
            r"\b(?:speak|talk|chat|connect me|connected|transfer me|transferred|put me through|"
            r"get me|hand me|escalate|reach|call)\b[^.!?]{0,30}\b(?:with|to|"
            r"by)?\s*(?:a |an |your |the |"
            r"some |any |actual |real |live |another )*" + _PERSON_WORD + r"\b(?! (?:agent )?"
            r"(?:plan|page|api|integration|hours?|price|software))"
        ),
    ),
    (
        Intent.PERSON,
        _whole(
            r"(?:i (?:want|need|would like|'d like|prefer)(?: to have)? )?(?:a |an |the )?(?:real |"
            r"live |actual )?(?:human|person|representative|agent|operator|salesperson|sales rep|"
            r"someone|somebody)(?: (?:please|now|being))*|(?:can|could|would|will) (?:someone|"
            r"somebody|a person|anyone|your team|a human|sales)(?: from [\w ]{2,30})? (?:please )?"
            r"(?:call|contact|phone|ring|e?-?mail|get back to|reach out to|help|assist)(?: me| us)"
            r"?(?: back| please| today)*|(?:please )?(?:call|phone|contact) me(?: back| please)*"
        ),
    ),
    (
        Intent.ABUSE,
        _anywhere(
            r"\b(?:fuck(?:ing|er|ed)?|f\*+k|shit(?:ty|head)?|bullshit|asshole|arsehole|bastard|"
            r"bitch|cunt|dickhead|moron|idiot|stupid (?:bot|thing|machine|robot|ai|idiot)|"
            r"dumb ?ass|piece of (?:crap|shit|garbage)|screw you|go to hell|retard(?:ed)?|wanker)\b"
        ),
    ),
    (
        Intent.COMPLAINT,
        _anywhere(
            r"\b(?:this is (?:ridiculous|unacceptable|a joke|outrageous|terrible|awful|useless)|"
            r"(?:i'?m|i am|we'?re|we are) (?:very |really |so |extremely |quite )?(?:angry|furious|"
            r"disappointed|frustrated|unhappy|dissatisfied|annoyed|upset)|i want to complain|"
            r"(?:make|file|lodge|have) a complaint|worst (?:service|company|support|experience)|"
            r"(?:you'?re|you are|that'?s|that is|this (?:bot|chat) is) (?:not helping|not helpful|"
            r"no help|useless|unhelpful|wrong)|nobody (?:answers|replies|responds|responded|"
            r"replied|called)|still waiting for (?:a |my |an )?(?:reply|answer|refund|response|"
            r"order))\b"
        ),
    ),
    (
        Intent.HOW_ARE_YOU,
        _whole(
            r"(?:hi |hello |hey )?(?:there,? )?(?:how (?:are|r) (?:you|u|ya)(?: doing| today| "
            r"feeling)*|how'?s it going(?: today)?|how do you do|what'?s up|sup|you (?:ok|okay|"
            r"alright|good)|how have you been|how is (?:your|the) day(?: going)?)"
        ),
    ),
    (
        Intent.WHO_ARE_YOU,
        _whole(
            r"(?:who|what) (?:are|r) (?:you|u)(?: exactly)?|what(?:'?s| is) your name|"
            r"do you have a "
            r"name|who (?:made|built|created|programmed|runs) you|who am i (?:talking|speaking|"
            r"chatting) (?:to|with)|introduce yourself|tell me about yourself"
        ),
    ),
    (
        Intent.WHAT_CAN_YOU_DO,
        _whole(
            r"what (?:can|could|do) (?:you|u) (?:do|help|answer|know|help me with|"
            r"help with|tell me)"
            r"(?: for me| about| with)?|how (?:can|could|do) you help(?: me)?|"
            r"what is this(?: chat)?"
            r"|help|(?:can|could) you help(?: me)?(?: out)?(?: please)?|i need (?:some )?help|"
            r"what are you (?:for|able to do)|how does this (?:chat|work)|i have a question|"
            r"can i ask (?:you )?(?:a question|something)"
        ),
    ),
    (
        Intent.JOKE,
        _whole(
            r"(?:please |can you |could you )*tell (?:me |us )?(?:a|another) (?:joke|story)|"
            r"(?:sing|write|make) (?:me |us )?a (?:song|poem)|do you (?:love|like) me|"
            r"(?:will you )?marry me|what is the meaning of life|i'?m (?:bored|lonely)"
        ),
    ),
    (
        Intent.THANKS,
        _whole(
            r"(?:ok(?:ay)?|great|perfect|cool|awesome|nice|good|wonderful|super|brilliant|got it|"
            r"i see|alright|lovely|excellent|that helps|that'?s (?:great|helpful|all|"
            r"perfect|good))?"
            r"[\s,!.-]*(?:many |very |so )?(?:thanks?|thank (?:you|u)|thx|ty|cheers|much "
            r"appreciated|appreciate (?:it|that|the help|your help))"
            r"(?:[\s,!.]*(?:a lot|so much|very much|a million|again|for (?:your|the|that|this|all)"
            r"[\w' ]{0,40}|that helps|that helped|that'?s (?:great|helpful|all|perfect)|"
            r"(?:you'?ve|you have) been (?:very |so |really )?helpful|mate|everyone|all))*"
        ),
    ),
    (
        Intent.THANKS,
        _whole(
            r"(?:(?:great|perfect|cool|awesome|nice|wonderful|super|brilliant|excellent|got it|"
            r"i see|alright|understood|makes sense|good to know|that helps|"
            r"that'?s (?:great|helpful|"
            r"perfect|good|clear)|very helpful|helpful)[\s,!.]*){1,3}"
        ),
    ),
    (
        Intent.GOODBYE,
        _whole(
            r"(?:ok(?:ay)?,? )?(?:good ?bye|bye(?:[ -]?bye)?|see (?:you|ya)(?: later|"
            r" soon| around)?"
            r"|have a (?:nice|good|great|lovely) (?:day|one|evening|weekend|night)|good ?night|"
            r"talk (?:to you )?(?:later|soon)|ttyl|cya|farewell|take care|i(?:'m| am) done|"
            r"that(?:'s| is| will be|'ll be) (?:all|it)(?: for (?:now|today))?|no more questions|"
            r"(?:gotta|got to|have to) go)(?:[\s,!.]*(?:then|now|for now|everyone|and thanks?|"
            r"thanks?|thank you))*"
        ),
    ),
    (
        Intent.GREETING,
        _whole(
            r"(?:(?:hi+|hello+|hey+|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|"
            r"morning|hallo|hola|moin|salut|ciao|bonjour)(?:[\s,!.]*(?:there|everyone|all|team|"
            r"folks|guys|you|again|bot|sir|madam))*[\s,!.]*)+(?:anyone (?:there|here|home))?|"
            r"(?:is )?any(?:one|body) (?:there|here|home)"
        ),
    ),
    (
        Intent.YES,
        _whole(
            r"(?:(?:yes|yeah|yep|yup|sure|ok(?:ay)?|please(?: do)?|of course|absolutely|definitely|"
            r"go ahead|do (?:it|that)|sounds good|that would be (?:great|nice|good|helpful)|"
            r"i would(?: like that)?|i'd like that|correct|right|pass it on|forward it|"
            r"please pass (?:it|the question) on|ask them|no problem|you may|"
            r"(?:that['’]?s |that is )?(?:fine|all ?right)(?: (?:by|with|for) me)?|"
            r"that['’]?s (?:ok(?:ay)?|good|great)|agreed|i (?:do|agree|accept|consent))"
            r"[\s,!.]*){1,3}(?:thanks?|thank you)?"
        ),
    ),
    (
        Intent.NO,
        _whole(
            r"(?:(?:no|nope|nah|not (?:now|really|yet|needed|necessary|today)|never ?mind|"
            r"don'?t bother|i'?m (?:good|fine|ok)|it'?s (?:ok|okay|fine)|no need)[\s,!.]*){1,3}"
            r"(?:thanks?|thank you)?"
        ),
    ),
    (
        # A sound, not an answer: nothing is asked, and nothing agreed to.
        Intent.NO,
        _whole(r"(?:lo+l|lmao|rofl|(?:ha){2,3}|(?:he){2,3}|h+m+|wow|omg|whoa|oops)"),
    ),
)

# Anger about what happened; a question beside it is answered first.
_GRIEVANCE = re.compile(
    r"\b(?:charged|billed|debited) (?:me |us )?(?:twice|double|again|wrong(?:ly)?|three times)\b|"
    r"\b(?:thie(?:f|ves)|liars?|scam(?:s|mers?|med)?|crooks?|fraudsters?|rip[- ]?off|ripped off)\b|"
    r"\b(?:sucks?|waste of (?:my )?(?:time|money)|fed up|sick of)\b|"
    r"\b(?:is|are|was|were) (?:just |really |so |total |complete )*(?:crap|rubbish|garbage|trash|"
    r"horrible|awful|terrible|pathetic|a disgrace|worthless|a disaster)\b|"
    r"\b(?:terrible|horrible|awful|appalling|disgusting|shocking) (?:service|support|experience|"
    r"company|product|quality)\b|"
    r"\bmy (?:\w+ )?(?:order|parcel|package|delivery|shipment|refund|money|item)\b[^.!\n]{0,30}"
    r"\b(?:never|not|still|hasn['’]?t|didn['’]?t|isn['’]?t)\b[^.!\n]{0,20}\b(?:arriv\w*|come|came|"
    r"deliver\w*|here|received?|ship\w*|show\w* up|turn\w* up)\b",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?|^\W*(?:what|when|where|which|who|why|how|can|could|do|does|is|are|will|would|should|if)\b",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]")
_CONSONANT_RUN = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}", re.IGNORECASE)
_SAME_AGAIN = re.compile(r"(\S{1,4}?)\1{3,}")
_KEYBOARD_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm")


def detect_intent(text: str) -> Intent:
    """What `text` is; QUESTION when nothing else is sure."""
    stripped = text.strip()
    for intent, pattern in _PATTERNS:
        if pattern.search(stripped):
            return intent
    if _GRIEVANCE.search(stripped) and not _ASKS.search(stripped):
        return Intent.COMPLAINT
    return Intent.NONSENSE if is_gibberish(stripped) else Intent.QUESTION


def is_gibberish(text: str) -> bool:
    """Whether no word of `text` looks like one: keys hit at random, emoji, punctuation."""
    words = [word for word in re.split(r"[^\w]+", text) if _LETTERS.search(word)]
    if not words:
        # Digits alone may be an order number or an answer; signs alone are nothing.
        return not any(char.isdigit() for char in text)
    return all(_looks_random(word.lower()) for word in words)


def _looks_random(word: str) -> bool:
    if not word.isascii():
        return False
    if len(word) >= 5 and any(word in row or word[::-1] in row for row in _KEYBOARD_ROWS):
        return True
    if _SAME_AGAIN.fullmatch(word) or _CONSONANT_RUN.search(word):
        return True
    vowels = sum(char in "aeiouy" for char in word)
    return len(word) >= 5 and word.isalpha() and vowels == 0
