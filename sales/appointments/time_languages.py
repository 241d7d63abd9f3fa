"""German and Spanish time words, as the English words that the grammar reads.

Translating word by word lets one grammar serve three languages. A table is used only when the
message shows its language by a word that English does not have, or the locale names it: `am`,
`um`, `elf` and `once` are words of more than one language.
"""

from __future__ import annotations

# One phrase per line: foreign words (small letters, without accents) = English words.
_GERMAN = """
heute = today
heute morgen = this morning
heute fruh = this morning
heute vormittag = this morning
heute nachmittag = this afternoon
heute abend = this evening
heute mittag = today at noon
morgen = tomorrow
morgen fruh = tomorrow morning
morgen vormittag = tomorrow morning
ubermorgen = day after tomorrow
uebermorgen = day after tomorrow
am morgen = in the morning
am vormittag = in the morning
in der fruh = in the morning
morgens = in the morning
vormittags = in the morning
vormittag = morning
am nachmittag = in the afternoon
nachmittags = in the afternoon
nachmittag = afternoon
am abend = in the evening
abends = in the evening
abend = evening
mittags = at noon
am mittag = at noon
gegen mittag = around noon
mittag = noon
mitternacht = midnight
guten morgen = hello
guten tag = hello
guten abend = hello
woche = week
wochen = weeks
tag = day
tage = days
tagen = days
monat = month
monate = months
monaten = months
wochenende = weekend
nachste = next
nachsten = next
nachster = next
nachstes = next
naechste = next
naechsten = next
naechster = next
kommende = coming
kommenden = coming
kommender = coming
diese = this
diesen = this
dieser = this
dieses = this
ubernachste woche = week after next
anfang = early
mitte = mid
ende = end of
ende der = end of the
ende des = end of the
des monats = of this month
um = at
gegen = around
ab = from
nach = after
vor = before
bis = to
von = from
zwischen = between
und = and
oder = or
uhr = oclock
halb = half-to
viertel nach = quarter past
viertel vor = quarter to
dreiviertel = three-quarter-to
nicht = not
kein = not
keinen = not
ausser = except
nur nicht = except
kann nicht = cant
kann ich nicht = cant
kann ich leider nicht = cant
geht nicht = doesnt work
passt nicht = doesnt work
geht es nicht = doesnt work
passt = works
geht = works
ginge = works
ware gut = works
so bald wie moglich = asap
so schnell wie moglich = asap
baldmoglichst = asap
schnellstmoglich = asap
fruhestmoglich = asap
jederzeit = any time
egal wann = any time
halbe stunde = half an hour
eine stunde = 1 hour
stunde = hour
stunden = hours
minuten = minutes
der erste = the first one
die erste = the first one
den ersten = the first one
der zweite = the second one
die zweite = the second one
den zweiten = the second one
der dritte = the third one
die dritte = the third one
den dritten = the third one
der letzte = the last one
den letzten = the last one
am = on
den = the
der = the
dem = the
bitte = please
"""
_SPANISH = """
hoy = today
manana = tomorrow
pasado manana = day after tomorrow
manana por la manana = tomorrow morning
manana por la tarde = tomorrow afternoon
por la manana = in the morning
en la manana = in the morning
de la manana = in the morning
por la tarde = in the afternoon
en la tarde = in the afternoon
de la tarde = in the afternoon
por la noche = in the evening
de la noche = in the evening
esta manana = this morning
esta tarde = this afternoon
esta noche = this evening
a las = at
a la = at
para las = at
a partir de las = from
despues de las = after
despues del = after
despues de = after
antes de las = before
antes del = before
antes de = before
sobre las = around
hacia las = around
alrededor de las = around
entre las = between
y las = and
y media = half-past
y cuarto = quarter-past
menos cuarto = quarter-less
entre = between
y = and
o = or
hasta = to
hasta las = to
semana = week
semanas = weeks
la proxima semana = next week
proxima semana = next week
la semana que viene = next week
semana que viene = next week
el proximo = next
proximo = next
proxima = next
este = this
esta = this
que viene = please
dia = day
dias = days
mes = month
de este mes = of this month
dentro de = in
en = in
mediodia = noon
al mediodia = at noon
medianoche = midnight
de = of
del = of the
el = the
excepto el = except
menos el = except
salvo el = except
excepto = except
no puedo = cant
no me va bien = doesnt work
no me viene bien = doesnt work
me va bien = works
me viene bien = works
cualquier dia = any day
cualquier momento = any time
en cualquier momento = any time
cuanto antes = asap
lo antes posible = asap
media hora = half an hour
una hora = 1 hour
hora = hour
horas = hours
minutos = minutes
fin de semana = weekend
principios de = early
finales de = end of
el primero = the first one
la primera = the first one
el segundo = the second one
la segunda = the second one
el tercero = the third one
la tercera = the third one
el ultimo = the last one
la ultima = the last one
por favor = please
"""
_NAMES = {
    "de": (
        "montag dienstag mittwoch donnerstag freitag samstag sonntag",
        "januar februar marz april mai juni juli august september oktober november dezember",
        "eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf",
        "sonnabend=saturday maerz=march mrz=march okt=october dez=december ein=1 eine=1 einer=1 "
        "einem=1 fuenf=5 zwoelf=12 feb=february",
    ),
    "es": (
        "lunes martes miercoles jueves viernes sabado domingo",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "una dos tres cuatro cinco seis siete ocho nueve diez once doce",
        "setiembre=september un=1 uno=1",
    ),
}
_GERMAN_PARTS = {
    "morgen": "morning",
    "vormittag": "morning",
    "mittag": "at noon",
    "nachmittag": "afternoon",
    "abend": "evening",
}
# Words that give a language away. None of them is an English word.
_GERMAN_SIGNS = frozenset(
    "uhr heute ubermorgen uebermorgen nachste nachsten naechste naechsten woche bitte termin ich "
    "nachmittag vormittag passt nicht und oder konnen mochte wir geht morgen ginge zwischen haben "
    "marz februar oktober dezember".split()
)
_SPANISH_SIGNS = frozenset(
    "hoy manana semana proxima proximo gracias cita puedo tarde podemos quiero lunes miercoles "
    "jueves viernes sabado domingo enero febrero marzo abril agosto octubre noviembre diciembre "
    "mediodia por favor cuanto reunion".split()
)


def _build_phrases(table: str, language: str) -> dict[tuple[str, ...], str]:
    from_calendar = _NAMES[language]
    english = (
        "monday tuesday wednesday thursday friday saturday sunday",
        "january february march april may june july august september october november december",
        "1 2 3 4 5 6 7 8 9 10 11 12",
    )
    phrases: dict[tuple[str, ...], str] = {}
    for theirs, ours in zip(from_calendar[:3], english, strict=True):
        for foreign, word in zip(theirs.split(), ours.split(), strict=True):
            phrases[(foreign,)] = word
    for pair in from_calendar[3].split():
        foreign, word = pair.split("=")
        phrases[(foreign,)] = word
    for line in table.strip().splitlines():
        foreign, word = line.split(" = ")
        phrases[tuple(foreign.split())] = word
    if language == "de":
        for foreign, word in zip(from_calendar[0].split(), english[0].split(), strict=True):
            phrases[(f"{foreign}s",)] = f"{word}s"
            for part, meaning in _GERMAN_PARTS.items():
                phrases[(foreign + part,)] = f"{word} {meaning}"
                phrases[(foreign, part)] = f"{word} {meaning}"
    return phrases


_PHRASES = {"de": _build_phrases(_GERMAN, "de"), "es": _build_phrases(_SPANISH, "es")}
_SIGNS = {
    "de": _GERMAN_SIGNS
    | {key[0] for key in _PHRASES["de"] if key[0].startswith(tuple(_NAMES["de"][0].split()))},
    "es": _SPANISH_SIGNS,
}
_ENGLISH_SIGNS = frozenset("the please is on and for you we my can it this next are".split())
LONGEST_PHRASE = 4


def find_phrases(words: list[str], locale: str) -> dict[tuple[str, ...], str]:
    """The translations to use on a message of these words; empty when it is English."""
    seen = set(words)
    spoken = {language: len(seen & signs) for language, signs in _SIGNS.items()}
    language = max(spoken, key=lambda name: (spoken[name], locale.startswith(name)))
    if spoken[language] or (locale[:2] == language and not seen & _ENGLISH_SIGNS):
        return _PHRASES[language]
    return {}
