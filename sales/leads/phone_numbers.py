"""Telephone numbers as E.164. Pure."""

from __future__ import annotations

import re

import phonenumbers

# Numbers that regulators keep for stories and manuals. Nobody can be called there, but every
# demonstration and every test of a site uses them, so they are no reason to ask again.
# NANPA 555; Ofcom 07700 900xxx and 01632 960xxx; ACMA 0491 57x xxx.
_FICTION = re.compile(
    r"\+1(?:[2-9]\d{2}5550[01]\d{2}|555\d{7}|[2-9]\d{2}555\d{4})|\+44(?:7700900\d{3}|1632960\d{3})|"
    r"\+6149157\d{4}"
)


def read_phone(number: str, region: str | None) -> tuple[str, str | None]:
    """The number as E.164, and what is wrong with it, if anything.

    `region` is the ISO 3166 code whose national form is meant when no `+` leads. A number in
    the form of no region that leads with 00 is read as if it led with `+`.
    """
    cleaned = re.sub(r"^\(?00\s?", "+", number.strip())
    cleaned = cleaned.replace("(+", "+").replace("(0)", " ")
    if "(" not in cleaned:
        cleaned = cleaned.replace(")", " ")
    try:
        parsed = phonenumbers.parse(cleaned, region)
    except phonenumbers.NumberParseException:
        if region is None or not cleaned.startswith("+"):
            return number.strip(), _problem(region)
        return number.strip(), "The country code does not exist."
    text = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if phonenumbers.is_valid_number(parsed) or _FICTION.fullmatch(text):
        return text, None
    return number.strip(), _problem(region)


def _problem(region: str | None) -> str:
    if region is None:
        return "The number needs its country code, like +44 20 7946 0018."
    return "This is not a telephone number that exists; a digit may be missing."
