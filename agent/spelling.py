"""What visitors type in a hurry, as the website would write it. Pure.

Only words that are no English words themselves, and short forms of chats: a name that happens to be
near a word is never touched. The visitor's message is stored and shown as it was written.
"""

from __future__ import annotations

import re

_MEANT = {
    "u": "you", "ur": "your", "r": "are", "pls": "please", "plz": "please", "ppl": "people",
    "thx": "thanks", "abt": "about", "cuz": "because", "msg": "message",
    "wat": "what", "wht": "what", "waht": "what", "wich": "which", "whcih": "which",
    "wher": "where", "hwo": "how", "mutch": "much",
    "teh": "the", "taht": "that", "thsi": "this", "doesnt": "doesn't",
    "dont": "don't", "cant": "can't", "wont": "won't", "isnt": "isn't", "whats": "what's",
    "adress": "address", "addres": "address", "avaliable": "available", "availible": "available",
    "availabe": "available", "calender": "calendar", "cancle": "cancel",
    "compatable": "compatible", "defualt": "default", "defalut": "default",
    "delievery": "delivery", "delivary": "delivery", "dilivery": "delivery",
    "diffrence": "difference", "diffrent": "different", "discout": "discount",
    "dicount": "discount", "garantee": "guarantee", "guarentee": "guarantee",
    "gaurantee": "guarantee", "instal": "install", "intall": "install",
    "langauge": "language", "langauges": "languages",
    "maintainance": "maintenance", "payement": "payment", "paymnet": "payment",
    "pirce": "price", "prcie": "price", "recieve": "receive",
    "recomend": "recommend", "reccomend": "recommend", "refound": "refund",
    "shiping": "shipping", "shippng": "shipping", "subscribtion": "subscription",
    "subscripton": "subscription", "suport": "support", "temprature": "temperature",
    "temperture": "temperature", "waranty": "warranty", "warrenty": "warranty",
    "warrantee": "warranty", "wether": "whether", "yr": "year", "cancelation": "cancellation",
}  # fmt: skip
_WORD = re.compile(r"(?<![\w@./-])(?:" + "|".join(map(re.escape, _MEANT)) + r")(?![\w@/-]|\.\w)")


def mend_spelling(text: str) -> str:
    """`text` with the commonest slips of hasty typing put right; words in capitals, parts of
    addresses and everything else stay as they are."""
    return _WORD.sub(lambda found: _MEANT[found.group()], text)
