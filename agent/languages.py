"""In which language a message is written, as far as a few words can tell. Pure.

A statistical detector is not used: on messages of three to eight words the well-kept ones
either guess wildly or need hundreds of megabytes. Here the agent only has to notice that it
is addressed in a language it cannot answer in, so a rule that says nothing when unsure is
the better tool: the script, else the function words that only one language has.
"""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W\d_]+")

# Function words, without those that English shares ("die", "was", "a", "no", "me", "come"...).
_FUNCTION_WORDS: dict[str, frozenset[str]] = {
    "de": frozenset(
        "ich du wir ihr sie der das den dem ein eine einen und oder nicht ist sind habe hat haben "
        "wie wo wann warum wer welche welcher kann können könnte gibt für mit von zu zum zur "
        "auf auch "
        "noch bitte danke hallo guten tag kostet kosten preis lieferung möchte über euch".split()
    ),
    "es": frozenset(
        "el los las una unos unas y de del que qué es son está están hay tiene tienen puedo puede "
        "cuánto cuanto cuál cual cómo como dónde donde cuándo cuando por para con sin mi tu su "
        "hola gracias buenos buenas días precio cuesta envío quiero necesito favor".split()
    ),
    "fr": frozenset(
        "le les une des du et ou est sont je tu nous vous il elle ils que qui quel quelle combien "
        "comment où quand pourquoi pour avec sans dans sur mon ma votre vos bonjour merci prix "
        "coûte livraison voudrais puis-je avez êtes c'est s'il plaît".split()
    ),
    "it": frozenset(
        "il lo gli una e è sono che chi quale quanto quanti come dove quando perché per con senza "
        "mio mia vostro ciao buongiorno grazie prezzo costa spedizione vorrei posso avete siete di "
        "della delle".split()
    ),
    "pt": frozenset(
        "os as um uma e é são que quem qual quanto quanta como onde quando por para com sem meu "
        "minha você vocês olá obrigado obrigada preço custa envio quero preciso posso tem não "
        "está".split()
    ),
    "nl": frozenset(
        "de het een en of niet zijn heb heeft hebben hoe waar wanneer waarom wie welke kan kunnen "
        "voor met van naar ook nog hallo dank bedankt alstublieft kost kosten prijs levering ik je "
        "jullie wij mijn uw".split()
    ),
    "pl": frozenset(
        "jest są nie tak czy jak gdzie kiedy dlaczego kto który ile dla z ze na do mój państwa "
        "dzień dobry dziękuję proszę cena kosztuje dostawa mam macie".split()
    ),
    "sv": frozenset(
        "är och inte det en ett jag du vi ni hur var när varför vem vilken kan för med utan min er "
        "hej tack pris kostar leverans har".split()
    ),
}
_ENGLISH = frozenset(
    "the a an is are am was were be do does did can could will would should i you we they he she "
    "it my your our their this that these those what which who when where why how much many and or "
    "not to for from with without of in on at by about have has had there any some please thanks "
    "hello hi hey good me us them if as get need want tell show more no yes ok".split()
)
_SCRIPTS = {
    "CYRILLIC": "ru",
    "ARABIC": "ar",
    "HEBREW": "he",
    "GREEK": "el",
    "DEVANAGARI": "hi",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
    "THAI": "th",
}


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of the language of `text`; None when too little tells."""
    by_script = _detect_script(text)
    if by_script is not None:
        return by_script
    words = [word.lower() for word in _WORD.findall(text)]
    if not words:
        return None
    english = sum(word in _ENGLISH for word in words)
    # An accent that English lacks is as good as a second word, and so is an opening "¿".
    scores = {
        language: sum((word in known) * (1 if word.isascii() else 2) for word in words)
        for language, known in _FUNCTION_WORDS.items()
    }
    scores["es"] += 2 * ("¿" in text or "¡" in text)
    best = max(scores, key=lambda language: scores[language])
    # Two words of proof, and clearly more than English has: names and loan words are common.
    if scores[best] >= 2 and scores[best] > english and scores[best] / len(words) >= 0.25:
        return best
    return "en" if english else None


def _detect_script(text: str) -> str | None:
    letters = [char for char in text if char.isalpha()]
    counts: dict[str, int] = {}
    for char in letters:
        if char.isascii():
            continue
        script = unicodedata.name(char, "").split(" ")[0]
        if script in _SCRIPTS:
            language = _SCRIPTS[script]
            counts[language] = counts.get(language, 0) + 1
    if not counts:
        return None
    if counts.get("ja"):
        return "ja"
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] * 2 >= len(letters) else None
