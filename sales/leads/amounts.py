"""Numbers and sums of money as people write them. Pure."""

from __future__ import annotations

import re

from sales.leads.company_words import NUMBER_WORDS

_I = re.IGNORECASE
_WORDS = "|".join(sorted(map(re.escape, NUMBER_WORDS), key=len, reverse=True))
PLAIN_NUMBER = rf"(?:\d{{1,3}}(?:[,. ’']\d{{3}})+(?![\d])|\d+(?:[.,]\d{{1,2}})?|\b(?:{_WORDS})\b)"
_SCALE = r"(?:\s*(?:k|m|mn|mio|mil|thousand|tsd|grand|million|millions|lakhs?|crores?)\b)"
_SIGN = (
    r"(?:US\$|A\$|C\$|R\$|\$|€|£|¥|₹|₺|₦|zł|\b(?:usd|eur|gbp|chf|inr|aud|cad|sek|nok|"
    r"dkk|pln|jpy|zar|rs\.?|euros?|dollars?|bucks|quid|pounds?|francs|rupees|kronor|"
    r"kroner|złoty|zloty|yen|rand|naira|reais)\b)"
)
AMOUNT = rf"(?:{_SIGN}\s*)?{PLAIN_NUMBER}{_SCALE}?(?:\s*{_SIGN})?"
MONEY = re.compile(
    rf"(?P<bound>\b(?:up to|under|below|less than|at most|max(?:imum)?(?: of)?|no more "
    rf"than|not more than|more than|over|above|at least|"
    rf"from|starting at|minimum(?: of)?|min\.?|tops|within)\s+)?(?:between\s+|around\s+|"
    rf"about\s+|roughly\s+|approx\.?\s+|~\s*){{0,3}}"
    rf"(?P<low>{AMOUNT})(?:\s*(?:-|–|—|to|and|or)\s*(?P<high>{AMOUNT}))?"
    rf"(?P<per>\s*(?:/|per|a|an|each|every|p\.?)\s?(?P<unit>month|mo|year|yr|annum|"
    rf"quarter|week|user|seat|m|y)\b|\s+(?P<adverb>monthly|yearly|annually|quarterly))?"
    rf"(?P<tops>\s+(?:tops|max(?:imum)?|at (?:the )?most))?",
    _I,
)
_CURRENCIES = (
    (r"us\$|\$|usd|dollars?|bucks", "USD"),
    (r"€|eur|euros?", "EUR"),
    (r"£|gbp|pounds?|quid", "GBP"),
    (r"chf|francs", "CHF"),
    (r"₹|inr|rupees|rs\.?", "INR"),
    (r"a\$|aud", "AUD"),
    (r"c\$|cad", "CAD"),
    (r"r\$|reais", "BRL"),
    (r"sek|kronor", "SEK"),
    (r"nok", "NOK"),
    (r"dkk|kroner", "DKK"),
    (r"zł|pln|złoty|zloty", "PLN"),
    (r"¥|jpy|yen", "JPY"),
    (r"zar|rand", "ZAR"),
    (r"₦|naira", "NGN"),
    (r"₺", "TRY"),
)
_SCALES = {
    "k": 1000,
    "thousand": 1000,
    "tsd": 1000,
    "grand": 1000,
    "mil": 1_000_000,
    "m": 1_000_000,
    "mn": 1_000_000,
    "mio": 1_000_000,
    "million": 1_000_000,
    "millions": 1_000_000,
    "lakh": 100_000,
    "crore": 10_000_000,
}
_UNITS = {"mo": "month", "m": "month", "yr": "year", "annum": "year", "y": "year"}
_ADVERBS = {"monthly": "month", "yearly": "year", "annually": "year", "quarterly": "quarter"}


def read_number(words: str) -> float | None:
    """The number in "1,200", "1.5", "fifteen", "10k"; None when there is none."""
    text = words.strip().lower()
    match = re.search(rf"(?P<number>{PLAIN_NUMBER})(?P<scale>{_SCALE})?", text, _I)
    if match is None:
        return None
    number = match["number"]
    if number in NUMBER_WORDS:
        value = float(NUMBER_WORDS[number])
    elif re.fullmatch(r"\d{1,3}(?:[,. ’']\d{3})+", number):
        value = float(re.sub(r"\D", "", number))
    else:
        value = float(number.replace(",", "."))
    scale = (match["scale"] or "").strip().lower()
    return value * _SCALES.get(scale, _SCALES.get(scale.rstrip("s"), 1))


def show_number(value: float) -> str:
    """Without a fraction that is none."""
    return str(int(value)) if value == int(value) else f"{value:g}"


def has_money_sign(words: str) -> bool:
    """Whether a currency or a scale ("k", "grand") is named."""
    return bool(re.search(rf"{_SIGN}|\d\s*{_SCALE}|\bgrand\b", words, _I))


def read_money(match: re.Match[str]) -> str | None:
    """A sum as `20000`, `5000-10000 USD`, `up to 8000 EUR per year`, from a match of `MONEY`."""
    low, high = read_number(match["low"]), read_number(match["high"] or "")
    if low is None:
        return None
    if (
        high is not None
        and low < high
        and low < 1000 <= high
        and not re.search(_SCALE, match["low"], _I)
    ):
        low *= _implied_scale(match["high"])
    text = show_number(low) if high is None else f"{show_number(low)}-{show_number(high)}"
    bound = (match["bound"] or match["tops"] or "").strip().lower()
    if high is None and bound:
        upward = re.match(r"more than|over|above|at least|from|starting|min", bound)
        text = f"from {text}" if upward else f"up to {text}"
    currency = _currency(match[0])
    unit = (match["unit"] or "").lower()
    period = _UNITS.get(unit, unit) or _ADVERBS.get((match["adverb"] or "").lower(), "")
    return text + (f" {currency}" if currency else "") + (f" per {period}" if period else "")


def _implied_scale(high: str) -> float:
    scale = re.search(_SCALE, high, _I)
    if not scale:
        return 1
    word = scale[0].strip().lower()
    return float(_SCALES.get(word, _SCALES.get(word.rstrip("s"), 1)))


def _currency(words: str) -> str:
    for pattern, code in _CURRENCIES[::-1]:
        if re.search(
            rf"(?<![\w])(?:{pattern})(?![a-z])|(?<=[\dk])\s?(?:{pattern})(?![a-z])", words, _I
        ):
            return code
    return ""
