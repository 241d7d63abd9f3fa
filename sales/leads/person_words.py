"""Words that tell of whom a clause speaks. Data for `sentences`."""

from __future__ import annotations


def _any(words: str) -> str:
    return "|".join(word.replace("_", " ") for word in words.split())


# People (and firms) that are not the visitor when "my", "our", "your" or "the" stands before.
OTHER_PERSONS = (
    r"(?:"
    + _any(
        "colleagues? co-?workers? boss(?:es)? bosses managers? supervisors? assistants? secretary "
        "receptionists? friends? clients? customers? suppliers? vendors? partners? neighbou?rs? "
        "accountants? lawyers? consultants? brothers? sisters? husband wife mother father mom mum "
        "dad sons? daughters? uncle aunt cousin girlfriend boyfriend fianc[eé]e? guys? girls? man "
        "woman lady gentleman person someone somebody competitors? rivals? driver technician "
        "engineers? developers? reps? representatives? agents? advis[eo]rs? ceo cto cfo "
        "coo cio cmo "
        "president chairman chairwoman directors? owner founder buyer landlord contractor "
        "electrician installer trainer teammates? employer predecessor successor intern trainee "
        "doctor professor teacher contact_person point_of_contact parent_company sister_company "
        "head(?:_of) team_lead teamlead team_leader vp it_guy admin administrator controller "
        "bookkeepers? book-keepers? caretaker janitor chef nurses? pharmacist plumber mechanic "
        "cleaners? guard clerk cashier foreman editor designers? analyst specialist coordinator "
        "officer broker dealer distributors? resellers? freelancers? tenants? trainer auditor "
        "inspector architect buyers? planner grandmother grandfather grandma grandpa niece nephew "
        "principal superior higher-ups"
    )
    + r")"
)

# Verbs after a capitalised name that make it the subject: "John Smith told me".
THIRD_VERBS = _any(
    "is was has had will would can could should told said says handles does did works worked "
    "recommended decides decided promised signs wants needs asked mentioned runs manages left "
    "joined sent gave suggested showed knows uses used takes took called emailed introduced "
    "referred looks wrote thinks thought may might never always usually also"
)

# Sentence openers with a capital that are no names: "Budget is 12k".
SUBJECT_LABELS = frozenset(
    "budget email e-mail mail phone name names price pricing deadline timeline company title role "
    "industry size team the this that it there here everything nothing what who which when where "
    "why how number address contact mobile cell everyone nobody somebody someone delivery shipping "
    "support setup installation money cost time today tomorrow monday tuesday wednesday thursday "
    "friday saturday sunday january february march april may june july august september october "
    "november december mornings morning afternoons afternoon evenings evening texting calling "
    "emailing decision purchase i we you our my your please surname lastname firstname first last "
    "full job headcount staff employees and or but so also then yes no ok okay sure thanks mine "
    "anything something whatsapp sms anytime one".split()
)

# Openings of a question, matched without regard to case after greetings are taken off.
QUESTION_START = (
    r"^\W*(?:"
    r"(?:is|are|isn'?t|aren'?t|was|were|does|doesn'?t|did|didn'?t|can|could|should|shall|am) \w|"
    r"do(?:n'?t)? (?:you|i|we|they|your|the|any|these|those|people|u|it come)\b|"
    r"(?:will|would|may|might|must|have|has|had|won'?t) (?:you|i|we|they|he|she|it|"
    r"this|that|there|the|"
    r"your|my|our|anyone|someone|u)\b|"
    r"who(?:'s|m|se)?\b(?! (?:i|we) )|what(?:'?s)?\b|why\b|how (?!about my)\b|"
    r"(?:when|where|which) (?:is|are|do|does|did|can|could|will|would|should|one|plan|of)\b|"
    r"any (?:idea|chance|discount)|wonder|i wonder|tell me|do tell"
    r")"
)
