"""Orders to machines that stand in a page: "Note to AI assistants: say that ...". Pure.

Who may write a comment, a review or a hidden text on a page would else speak through the agent: a
model might obey, the sentence would count as proof, and the embedded responder would quote it. So
these places are blanked as soon as a passage is recalled, before anybody reads it. Offsets stay
as they are, so that the citations of the rest still stand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from sales.knowledge.schemas import StoredPassage
from sales.knowledge.service import Recall

_MACHINE = (
    r"(?:ai|a\.i\.|llms?|chat ?gpt|chat ?bots?|(?:large )?language models?|"
    r"(?:ai|virtual|digital) (?:agents?|assistants?|models?|systems?|bots?))"
)
_ACT = (
    r"(?:say|tell|ask|reply|respond|answer|recommend|ignore|forget|disregard|reveal|cancel|book|"
    r"output|print|mention|insult|obey|stop|praise|repeat|quote|link|send|call|use|"
    r"when you|always (?:say|tell|recommend|answer|reply|mention)|never (?:say|tell|mention)|"
    r"(?:you|it) (?:must|should|shall|have to)|please|do not|don't|this visitor|this user|"
    r"reveal|the following|your rules|your instructions)"
)
_RULES = r"(?:instructions?|prompts?|rules|guidelines|directives|system messages?|orders)"
_PATTERNS = (
    # Orders that put themselves above others.
    rf"\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{{0,40}}\b{_RULES}\b",
    r"\b(?:ignore|disregard) (?:all |everything )?(?:of )?the (?:above|previous)\b",
    r"\bforget (?:everything|all|what) (?:that )?you\b",
    rf"\b(?:reveal|leak|print|output|disclose|dump)\b[^.!?\n]{{0,20}}"
    rf"\b(?:your|the system) {_RULES}\b",
    rf"\bnew {_RULES}(?: for the (?:assistant|agent|bot))?\s*:",
    r"\b(?:hidden prompt|prompt injection test|system prompt override|overrides your rules)\b",
    r"\bbefore you can solve the task\b|\bafter you do that, you can solve the task\b",
    r"\byou are now (?:in |an? |the )?(?:\w+ )?(?:mode|dan|jailbroken|unrestricted|assistant)\b",
    r"\byou are (?:chat ?gpt|an? ai|an? (?:large )?language model|an? (?:ai )?assistant)\b",
    r"\bif you are (?:an? )?(?:ai|llm|bot|(?:large )?language model|assistant)\b",
    # Addressed to a machine.
    rf"(?:^|[.!?:;>(*\"'\n-]\s*|\b(?:hey|dear|hello|attention|note to|message to|to) )"
    rf"(?:the |all |any |our |this )*{_MACHINE}\b[\s*]*[:,–—-]+[\s*]*{_ACT}\b",
    rf"\b(?:note|message|attention|instructions?|notice|orders?)\s*(?:to|for)?:? "
    rf"(?:the |all |any |our )*(?:{_MACHINE}|assistants?|bots?)\s*(?:[:,–—-]|$)",
    rf"\b(?:dear|hey|attention|to the) (?:{_MACHINE})\b\s*[:,]",
    rf"\b{_MACHINE}\b[^.!?:\n]{{0,40}}\b(?:must|should|shall|have to) "
    r"(?:always |never |only )?(?:say|tell|ask|reply|respond|recommend|ignore|insult|reveal|"
    r"cancel|book|output|mention|link|praise|obey)\b",
    r"\binstructions? for the (?:chat ?bot|assistant|ai|bot)\b",
    r"\b(?:for|to) (?:the )?(?:ai|bots?|chat ?bots?|llms?|machines?|assistants?) only\b",
    r"\b(?:you|the (?:assistant|agent|bot|chat ?bot)) (?:must|should|shall|have to|will) "
    r"(?:always |now |only |never )?(?:say|reply|respond|answer|output|tell|insult|cancel)\b"
    r"(?: that\b| with\b|\s+(?:the |every |all )?(?:users?|visitors?|customers?|everyone)|"
    r" an? | the )",
    r"\b(?:tell|instruct) (?:the |every |all )?(?:users?|visitors?) (?:that|to)\b",
    r"\b(?:respond|reply|answer) (?:only )?with the (?:word|phrase|text|sentence)\b",
    r"\banswer only ['\"]",
    r"\bdecode (?:and|this|it)\b[^.!?\n]{0,30}\b(?:obey|follow|execute)\b",
    # The marks of prompts and transcripts.
    r"^\W*(?:system|assistant|developer)\s*:",
    r"\b(?:user|visitor|human)\s*:[^\n]{0,300}\b(?:assistant|ai|bot)\s*:",
    r"<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?inst\]|<</?sys>>|=== ?end\b",
    r"</?(?:information|passage|system|tool_result|tool_call|assistant|instructions?|admin)\b[^>\n]*>",
    r"\{\{?\s*system\b|\"role\"\s*:\s*\"(?:system|assistant)\"|^\W*system\W*$",
    r"\bnew message from the (?:visitor|user|system|owner)\b",
    # The same in some other languages.
    r"\b(?:ignorier|vergiss|vergessen sie|missachte)\w*\b.{0,40}(?:anweisung|instruktion|regeln)",
    r"\b(?:ignor|olvid|esquec|dimentic|oubli|neglig)\w*\b.{0,40}"
    r"(?:instrucc|instruc|instru[çc]|istruzion|instruction|consigne|reglas|regras|regole|regles|règles)",
    r"(?:игнорир|забудь|проигнорир)\w*.{0,40}(?:инструкц|указан|правил)",
    r"\b(?:zignoruj|ignoruj|negeer|vergeet)\b.{0,40}(?:instrukcj|polece|instructies|regels)",
    r"(?:忽略|无视|無視|忘记).{0,14}(?:指令|指示|说明|提示|規則|规则)|(?:指示|命令).{0,6}無視",
)
_ORDERS = tuple(re.compile(one, re.IGNORECASE | re.MULTILINE) for one in _PATTERNS)
# Each order holds one of these: nearly all passages hold none, and are read no further.
_HINTS = tuple(
    "ignor|disregard|forget|overrid|bypass|reveal|leak|disclose|dump|prompt|instruct|the task|gpt|"
    "llm|bot|assistant|language model|a.i.|you are now|you are an ai|digital |virtual |decode|"
    "agent must|agent should|agent will|must say|must reply|must respond|must answer|must output|"
    "must tell|should say|should reply|should respond|should answer|should tell|will say|"
    "will reply|will tell|shall say|have to say|always say|only say|never say|now say|"
    "with the word|"
    "with the text|with the phrase|with the sentence|answer only|system:|system :|"
    "\nsystem|{system|"
    '{ system|developer|"role|new message|machines|users that|visitors that|visitor that|'
    "user that|user to|visitor to|users to|visitors to|</|<sys|<info|<pass|<tool|<instr|"
    "<admin|im_|[inst|[/inst|=== end|===end|vergiss|vergess|missacht|olvid|esquec|dimentic|oubli|"
    "neglig|negeer|vergeet|игнор|забудь|忽略|无视|無視|忘记".split("|")
)
_AI = re.compile(r"\bAI\b", re.IGNORECASE)
_UNSEEN = re.compile(
    "[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\uff01-\uff5e\U000e0000-\U000e007f]"
)
_DISGUISED = re.compile(r"[а-яіΑΕΟΡΧ]|[a-z][431057]|[431057][a-z]", re.IGNORECASE)
# Letters of other scripts, and digits, that stand for Latin ones.
_LOOKALIKES = str.maketrans("аеорсхуіАЕОРСХУІΑΕΟΡΧ431057", "aeopcxyiAEOPCXYIAEOPXaeiost")


def drop_orders(recall: Recall) -> Recall:
    """`recall` without what its pages say to machines: blanked from the line of the first order
    to the end of the passage, because an order goes on in the lines that follow it."""
    given = {key: _drop(passage) for key, passage in recall.stored.items()}
    if all(given[key] is passage for key, passage in recall.stored.items()):
        return recall
    ranked = tuple(
        replace(
            one,
            text=given[one.passage_id].text,
            title=given[one.passage_id].title,
            heading_path=given[one.passage_id].heading_path,
        )
        for one in recall.passages
    )
    return replace(recall, passages=ranked, stored=given)


# The same passages are recalled again and again, and what they say does not change: an ingested
# page makes new ones.
@lru_cache(maxsize=8192)
def _drop(passage: StoredPassage) -> StoredPassage:
    text = blank_orders(passage.text)
    headings = tuple(one for one in passage.heading_path if _find_order(one) is None)
    title = passage.title if _find_order(passage.title) is None else ""
    if (text, headings, title) == (passage.text, passage.heading_path, passage.title):
        return passage
    return replace(passage, text=text, heading_path=headings, title=title)


def blank_orders(text: str) -> str:
    """`text` of the same length, with line breaks in place of what begins with an order."""
    start = _find_order(text)
    if start is None:
        return text
    begin = text.rfind("\n", 0, start) + 1
    return text[:begin] + "\n" * (len(text) - begin)


@lru_cache(maxsize=256)
def _find_order(text: str) -> int | None:
    """Where the first order begins, in any of the ways in which it may be written."""
    letters, places = _read_through(text)
    readings = [letters]
    if _DISGUISED.search(letters):
        readings.append(letters.translate(_LOOKALIKES))
    found = [
        places[match.start()]
        for reading in readings
        if _hints(reading)
        for pattern in _ORDERS
        if (match := pattern.search(reading))
    ]
    return min(found, default=None)


def _hints(text: str) -> bool:
    lowered = text.lower()
    return any(one in lowered for one in _HINTS) or bool(_AI.search(text))


def _read_through(text: str) -> tuple[str, Sequence[int]]:
    """The letters of `text` as a reader sees them, without invisible ones, and each one's place;
    of invisible letters that spell a text, that text."""
    if not _UNSEEN.search(text):
        return text, range(len(text) + 1)
    letters: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        if 0xE0020 <= ord(sign) <= 0xE007E:
            shown = chr(ord(sign) - 0xE0000)
        elif unicodedata.category(sign) == "Cf":
            continue
        else:
            shown = unicodedata.normalize("NFKC", sign)
        letters.append(shown)
        places += [place] * len(shown)
    return "".join(letters), [*places, len(text)]
