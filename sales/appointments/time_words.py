"""The words of the time grammar: English names, their misspellings, numbers, and zones."""

from __future__ import annotations

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january february march april may june july august september october november december"
).split()

# Abbreviations that are no other English word. `sat`, `sun`, `mon`, `wed`, `may`, `march` and
# `mar` are: whether they are dates is decided by what stands beside them (time_tokens).
_ABBREVIATIONS = {
    "monday": "mondy",
    "tuesday": "tue tues tuesd tusday tuesdy teusday",
    "wednesday": "weds wensday wendesday wednsday wedsday wendsday wenesday",
    "thursday": "thu thur thurs thurday thrusday thirsday thusday thursdy",
    "friday": "fri firday fryday fridy",
    "saturday": "saterday satuday satday",
    "sunday": "sundy",
    "january": "jan janurary",
    "february": "feb febr febuary febrary",
    "march": "marhc",
    "april": "apr aprl",
    "june": "jun",
    "july": "jul",
    "august": "aug agust",
    "september": "sept sep",
    "october": "oct",
    "november": "nov",
    "december": "dec",
    "tomorrow": "tomorow tommorow tommorrow tomorro tmrw tmr tmrow tomoz 2morrow 2moro tomm",
    "today": "2day todya toady tday",
    "tonight": "tonite 2night",
    "week": "wk",
    "weeks": "wks",
    "weekend": "wknd wkend",
    "hour": "hr",
    "hours": "hrs",
    "minutes": "min mins minute",
    "afternoon": "aft afernoon aftrnoon",
    "morning": "mornin mornig",
    "evening": "eve evenin",
    "please": "pls plz",
}
WORDS = {short: word for word, shorts in _ABBREVIATIONS.items() for short in shorts.split()}
WORDS |= {f"{day}s": f"{day}s" for day in WEEKDAYS}

SHY_WEEKDAYS = {"mon": "monday", "wed": "wednesday", "sat": "saturday", "sun": "sunday"}

# Words a misspelling is measured against, and real words near them that are left alone.
CORRECTED = (
    *(day for day in WEEKDAYS),
    *(f"{day}s" for day in WEEKDAYS),
    *(month for month in MONTHS if len(month) > 5),
    "tomorrow",
    "afternoon",
)
LEFT_ALONE = frozenset(
    "sundae sundaes someday monda fridge fridges augusta augustus octobers octobre novembre "
    "decembre septembre janvier mondale sundry monkey".split()
)

HOURS = "one two three four five six seven eight nine ten eleven twelve".split()
NUMBERS = {word: number for number, word in enumerate(HOURS, 1)}
NUMBERS |= {
    "a": 1, "an": 1, "couple": 2, "few": 3, "fifteen": 15, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90, "thirteen": 13, "fourteen": 14,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
NUMBERS |= {
    f"{tens}-{unit}": NUMBERS[tens] + NUMBERS[unit]
    for tens in ("twenty", "thirty", "forty", "fifty")
    for unit in HOURS[:9]
}

ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first "
    "twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh "
    "twenty-eighth twenty-ninth thirtieth thirty-first"
).split()

# People say EST in summer too, so that a named zone means the place's clock, not the offset.
ZONE_ABBREVIATIONS = {
    "America/New_York": "est edt et",
    "America/Chicago": "cst cdt ct",
    "America/Denver": "mst mdt mt",
    "America/Los_Angeles": "pst pdt pt",
    "America/Anchorage": "akst akdt",
    "Pacific/Honolulu": "hst",
    "America/Halifax": "adt",
    "America/Sao_Paulo": "brt",
    "Europe/London": "bst",
    "UTC": "gmt utc zulu",
    "Europe/Lisbon": "wet west",
    "Europe/Berlin": "cet cest mez mesz",
    "Europe/Helsinki": "eet eest",
    "Europe/Moscow": "msk",
    "Asia/Kolkata": "ist",
    "Asia/Dubai": "gst",
    "Asia/Singapore": "sgt",
    "Asia/Hong_Kong": "hkt",
    "Asia/Tokyo": "jst",
    "Asia/Seoul": "kst",
    "Australia/Sydney": "aest aedt",
    "Australia/Perth": "awst",
    "Australia/Adelaide": "acst acdt",
    "Pacific/Auckland": "nzst nzdt",
    "Africa/Johannesburg": "sast",
}
# Places that people name and the zone database does not.
ZONE_PLACES = {
    "America/New_York": "eastern,boston,washington,philadelphia,miami,atlanta,nyc,ny,east coast,"
    "florida",
    "America/Los_Angeles": "pacific,san francisco,seattle,san diego,sf,la,california,west coast,"
    "portland",
    "America/Chicago": "central,dallas,houston,austin,minneapolis,texas",
    "America/Denver": "mountain,salt lake city",
    "America/Halifax": "atlantic",
    "America/Toronto": "montreal,ottawa",
    "Europe/Berlin": "german,germany,central european,munich,hamburg,frankfurt,cologne",
    "Europe/Zurich": "geneva,basel,swiss",
    "Europe/Madrid": "barcelona,spain,spanish",
    "Europe/London": "uk,british,edinburgh,manchester",
    "Europe/Paris": "lyon,france,french",
    "Asia/Kolkata": "india,indian,mumbai,delhi,bangalore,bengaluru,chennai,hyderabad",
    "Asia/Shanghai": "beijing,china",
    "Asia/Tokyo": "japan",
    "America/Sao_Paulo": "rio,brasilia",
    "Africa/Johannesburg": "cape town",
    "Australia/Sydney": "canberra",
}


def _nearly(word: str, name: str) -> bool:
    """Whether one slip of the finger (a letter more, less, other, or swapped) parts the two."""
    if word[0] != name[0] or abs(len(word) - len(name)) > 1:
        return False
    start = 0
    while start < min(len(word), len(name)) and word[start] == name[start]:
        start += 1
    end = 0
    while end < min(len(word), len(name)) - start and word[len(word) - 1 - end] == name[-1 - end]:
        end += 1
    left, right = word[start : len(word) - end], name[start : len(name) - end]
    return max(len(left), len(right)) <= 1 or (len(left) == 2 and left == right[::-1])


def correct_word(word: str) -> str:
    """The calendar word meant by an abbreviation or a misspelling, or the word itself."""
    known = WORDS.get(word)
    if known or word in LEFT_ALONE or len(word) < 6 or word in CORRECTED:
        return known or word
    return next((name for name in CORRECTED if _nearly(word, name)), word)


def read_number(word: str) -> int | None:
    """The value of a number written as digits or as an English word; None when it is neither."""
    if word.isdigit():
        return int(word)
    return NUMBERS.get(word.replace(" ", "-"), NUMBERS.get(word))


def read_ordinal(word: str) -> int | None:
    """1 for "1st" and "first", up to 31; None for anything else."""
    digits = word.rstrip("sthndr")
    if digits.isdigit():
        return int(digits) if 1 <= int(digits) <= 31 else None
    word = word.replace(" ", "-")
    return ORDINALS.index(word) + 1 if word in ORDINALS else None
