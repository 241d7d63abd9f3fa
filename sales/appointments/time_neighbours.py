"""What may stand beside a bare number, and which words make a sentence about meeting. Pure."""

from __future__ import annotations

import re

# After "the 7th" and "at 4" a noun makes them a count ("the 7th floor", "at 4 sites"): only the
# words below, a sign, or the end of the message leave them a time.
_FOLLOWERS = frozenset(
    """at in on or and but for from to is are was would will could can should might works work fits
    fit suits suit sounds sound looks look seems seem good great fine perfect best better ideal ok
    okay please thanks thank thx if because cause as so then instead too also though although that
    thats which when with without around about between before after until till by i im id ill ive we
    you he she they it its my our the this next coming same morning afternoon evening noon midday
    night early late later latest earliest sometime anytime any maybe perhaps possibly probably
    preferably ideally not no yes do does did doesnt dont wont cant isnt only again either rather
    sharp oclock am pm a p ish est edt et cst pst pt cet cest gmt utc bst my your there here
    onward onwards free available open hi hello hey unless provided be have has need want book
    schedule make set let lets just still even of today tomorrow monday tuesday wednesday thursday
    friday saturday sunday january february march april may june july august september october
    november december sir doctor dr mr mrs ms correct right sure yeah yep through thru during per
    all cheers cant ty mate guys everyone where why how what whatever actually exactly ready
    possible confirmed earlier while since like ill lmk than hours h half""".split()
) - {"per"}
_COUNTED = frozenset(
    """users user people persons seats seat licenses licences license locations location stores
    store sites site offices employees staff sensors devices units items pieces products pages
    rooms bedrooms bathrooms guests team members member teams agents reps customers clients
    projects accounts contacts leads copies boxes trucks fridges freezers hubs gb mb tb kg miles km
    meters metres feet inches stars percent points reasons questions options plans features years
    months degrees volts watts amps languages countries cities""".split()
)
COUNTED = re.compile(rf" (?:{'|'.join(sorted(_COUNTED))}) ")

_CUE = re.compile(
    r" (?:book\w*|re ?schedul\w*|schedul\w*|appoint\w*|appoin\w*|meet\w*|call|calls|talk|speak"
    r"|chat|demo"
    r"|visit|tour|view\w*|session|consultation|reservation|reserve|availab\w*|free|slots?|openings?"
    r"|times?|calendar|works?|suits?|prefer\w*|see (?:him|her|them|you|it|if|what)|move|postpone"
    r"|push"
    r"|how about|what about|can we|could we|shall we|may we|lets|can you do|can i come|can you make"
    r"|could you do|i can|i could|im ok|ideal\w*|best|better|convenient|possible|good for|fine"
    r"|pencil"
    r"|anything|something|sometime|hop on|catch up|connect|reach me|ring|phone|change|make it"
    r"|any time"
    r"|anytime|whenever|(?:have|has|needs?|want|like|it) to be|must be|termin\w*|treffen|gesprach"
    r"|telefon\w*|anruf\w*|cita|reunion|llamada|hablar"
    r"|quedar|passt|walk ?through|go there|come in|come by|cancel) "
)
# Sentences about deliveries, launches and bills name days that nobody wants to meet on.
_OTHER_MATTER = re.compile(
    r" (?:deliver\w*|ship\w*|arriv\w*|launch\w*|releas\w*|renew\w*|expir\w*|refund\w*|invoic\w*"
    r"|billed"
    r"|billing|charged?|subscription|trial|discount|sale|promotion|offer ends|deadline|warranty"
    r"|outage|downtime|maintenance|founded|established|valid|payments?|paid|due|rollout|roll out"
    r"|live by|set up (?:by|in|within)|install\w*|implement\w*|migrat\w*|onboard\w*|go live|uptime"
    r"|open(?:ing hours)?|closed|hours of|holidays?|weather|price|prices|cost|costs|birthday) "
)
_PAST_VERB = (
    r"bought|ordered|signed|started|received|got|sent|emailed|called|tried|came|went|happened"
    r"|launched"
    r"|joined|paid|arrived|installed|registered|purchased|subscribed|broke|stopped|worked|shipped"
    r"|delivered|contacted|spoke|talked|met|visited|downloaded|requested|submitted|upgraded|moved"
    r"|founded|opened|closed|read|saw|heard|found|wrote|used|switched|expired|ended|began|failed"
    r"|crashed|cancelled|canceled|renewed|noticed|filled|asked|placed|changed (?:our|my"
    r"|the) (?:plan"
    r"|password)|had (?:a|an|some) (?:problem|issue|outage|demo|call|meeting)|was (?:charged|billed"
    r"|down|there|there)|were (?:charged|down|founded)|been (?:waiting|using|down|trying)"
)
_STORY = re.compile(
    r" (?:i|we|they|he|she|it|who|order|package|invoice|payment|team|site|company"
    rf"|colleague|boss|someone|nobody|ive|weve"
    rf"|(?:the|our|my|your|this|its) (?:\w+ )?(?!you )\w+)(?: \w+ly| just| already| only| have| had"
    rf"| has| also)*"
    rf" (?:{_PAST_VERB}) | (?:who|what|why|how|where) (?:was|were|did|happened) "
)
_SENTENCE_END = re.compile(r" (?:[.?!;]|but|so|can|could|would|lets|how|what about|please) ")


def may_follow(text: str, end: int) -> bool:
    """Whether what stands at `end` leaves the number before it a time, not a count of things."""
    rest = text[end:].split(None, 2)
    if not rest:
        return True
    word = rest[0]
    if word == "of" and "\x00" in " ".join(rest[1:])[:5]:
        return True  # "at 10 of Wednesday"
    if word == "-":
        return len(rest) > 1 and (rest[1] in _FOLLOWERS or not rest[1][:1].isalpha())
    if word == "of" or word in ("in", "on", "to", "for") or not word[0].isalpha():
        # "at 3 of our sites" counts; "the 7th of march" never comes here.
        return word != "of" and not word[0].isdigit() and word not in "%/°+*=&"
    return word in _FOLLOWERS


def has_cue(text: str) -> bool:
    """Whether the words are about finding a time to meet."""
    return bool(_CUE.search(text.replace(" ", "  ")) or _CUE.search(text))


def is_other_matter(text: str) -> bool:
    """Whether the words are about deliveries, bills, launches or opening hours."""
    return bool(_OTHER_MATTER.search(text))


def is_counting(text: str) -> bool:
    """Whether the message counts people or things, so that bare numbers are suspect."""
    return bool(COUNTED.search(text))


def clause_before(text: str, start: int) -> str:
    """The words between the last end of a clause and `start`, with a blank at both ends."""
    head = text[:start]
    ends = [match.end() - 1 for match in _SENTENCE_END.finditer(head)]
    return head[ends[-1] :] if ends else head


def is_story(text: str, start: int) -> bool:
    """Whether the clause up to `start` tells what happened ("we ordered on ...")."""
    return bool(_STORY.search(clause_before(text, start) + " "))
