"""What the page behind an appointment's link says, in the visitor's language. Pure."""

from __future__ import annotations

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Your meeting",
        "with": "With {rep}",
        "status_booked": "Booked",
        "status_cancelled": "Cancelled",
        "done_moved": "Done: your meeting has been moved.",
        "done_cancelled": "Done: your meeting has been cancelled.",
        "is_cancelled": "This meeting has been cancelled.",
        "is_over": "This meeting has begun or is over, so it cannot be changed any more.",
        "move": "Choose another time",
        "wish": "When would suit you?",
        "wish_hint": "For example: Thursday afternoon, next week in the morning",
        "search": "Show times",
        "not_met": "That cannot be booked. These times are the nearest.",
        "no_slots": "There is no free time just now. Please try again later.",
        "cancel": "Cancel the meeting",
        "ask_move": "Move the meeting to this time?",
        "ask_cancel": "Cancel this meeting?",
        "yes_move": "Yes, move it",
        "yes_cancel": "Yes, cancel it",
        "no": "No, go back",
        "broken_title": "This link does not work",
        "broken": "It is incomplete, or the meeting it belongs to is over. Open the link in the "
        "latest mail about your meeting, or ask in the chat on our website.",
        "problem": "That did not work",
    },
    "de": {
        "title": "Ihr Termin",
        "with": "Mit {rep}",
        "status_booked": "Gebucht",
        "status_cancelled": "Abgesagt",
        "done_moved": "Erledigt: Ihr Termin wurde verschoben.",
        "done_cancelled": "Erledigt: Ihr Termin wurde abgesagt.",
        "is_cancelled": "Dieser Termin wurde abgesagt.",
        "is_over": "Dieser Termin hat begonnen oder ist vorbei und lässt sich nicht mehr ändern.",
        "move": "Andere Zeit wählen",
        "wish": "Wann würde es Ihnen passen?",
        "wish_hint": "Zum Beispiel: Donnerstag Nachmittag, nächste Woche morgens",
        "search": "Zeiten zeigen",
        "not_met": "Das lässt sich nicht buchen. Diese Zeiten liegen am nächsten.",
        "no_slots": "Zurzeit ist nichts frei. Bitte versuchen Sie es später noch einmal.",
        "cancel": "Termin absagen",
        "ask_move": "Den Termin auf diese Zeit verschieben?",
        "ask_cancel": "Diesen Termin absagen?",
        "yes_move": "Ja, verschieben",
        "yes_cancel": "Ja, absagen",
        "no": "Nein, zurück",
        "broken_title": "Dieser Link funktioniert nicht",
        "broken": "Er ist unvollständig, oder der Termin ist vorbei. Öffnen Sie den Link in der "
        "letzten E-Mail zu Ihrem Termin, oder fragen Sie im Chat auf unserer Website.",
        "problem": "Das hat nicht geklappt",
    },
    "es": {
        "title": "Tu reunión",
        "with": "Con {rep}",
        "status_booked": "Reservada",
        "status_cancelled": "Cancelada",
        "done_moved": "Listo: tu reunión se ha cambiado.",
        "done_cancelled": "Listo: tu reunión se ha cancelado.",
        "is_cancelled": "Esta reunión se ha cancelado.",
        "is_over": "Esta reunión ya ha empezado o ha terminado, y no se puede cambiar.",
        "move": "Elegir otra hora",
        "wish": "¿Cuándo te vendría bien?",
        "wish_hint": "Por ejemplo: el jueves por la tarde, la semana que viene por la mañana",
        "search": "Ver horas",
        "not_met": "Esa hora no se puede reservar. Estas son las más cercanas.",
        "no_slots": "Ahora mismo no hay horas libres. Inténtalo más tarde.",
        "cancel": "Cancelar la reunión",
        "ask_move": "¿Cambiar la reunión a esta hora?",
        "ask_cancel": "¿Cancelar esta reunión?",
        "yes_move": "Sí, cambiarla",
        "yes_cancel": "Sí, cancelarla",
        "no": "No, volver",
        "broken_title": "Este enlace no funciona",
        "broken": "Está incompleto, o la reunión ya ha terminado. Abre el enlace del último correo "
        "sobre tu reunión, o pregunta en el chat de nuestra web.",
        "problem": "No ha funcionado",
    },
}


def choose_words(locale: str) -> dict[str, str]:
    """The words in the language of a locale; English where it is none of ours."""
    return _WORDS.get(locale[:2].lower(), _WORDS["en"])


def choose_language(locale: str) -> str:
    """The language of those words, as a BCP 47 tag."""
    return locale[:2].lower() if locale[:2].lower() in _WORDS else "en"
