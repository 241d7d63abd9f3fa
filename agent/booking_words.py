"""What the agent says about meetings, in the languages it speaks. Times and names arrive as
values: they are what was found and booked, never words of ours. Pure."""

from __future__ import annotations

from agent.wording import DEFAULT

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "offer": "These times are free. Which one suits you?",
        "offer_move": "Your meeting is on {slot}. These other times are free with {rep}:",
        "nearest": "The nearest free times are these. Does one of them suit you?",
        "no_slots": "There is no free time in the days that can be booked.",
        "past": "That time has already passed.",
        "too_soon": "That is too soon for us.",
        "beyond_window": "That is further ahead than can be booked.",
        "holiday": "Nobody is at work on that day.",
        "outside_hours": "That is outside of our meeting hours.",
        "taken": "That time is taken.",
        "no_such_time": "No meeting begins at that time.",
        "unmet": "I found no free time for that.",
        "gone": "That time has just been taken by somebody else, so nothing was booked.",
        "which": "Which of these times do you mean?",
        "ask_contact": "{slot}, gladly. What is your name, and which e-mail address may I send "
        "the confirmation to?",
        "ask_email": "{slot}, gladly. Which e-mail address may I send the confirmation to?",
        "bad_email": "This e-mail address cannot be used.",
        "confirm": "{slot} with {rep} – shall I book it?",
        "confirm_to": "The confirmation goes to {email}.",
        "confirm_move": "{slot} with {rep} instead of {before} – shall I move it?",
        "booked": "Done, it is booked: {slot} with {rep}.",
        "mail": "The confirmation goes to {email}. You can move or cancel the meeting here, or "
        "with the link in the mail.",
        "unconfirmed": "The calendar has not confirmed it yet. If it cannot take the meeting after "
        "all, you will hear so by mail.",
        "join": "It takes place online: {url}",
        "moved": "Done, it is moved: {slot} with {rep}.",
        "cancel_confirm": "Your meeting on {slot} with {rep} – shall I cancel it?",
        "cancelled": "Done, your meeting on {slot} is cancelled.",
        "show": "You have a meeting booked: {slot} with {rep}.",
        "kept": "All right, your meeting stays as it is: {slot}.",
        "dropped": "All right, nothing is booked. Tell me when you would like to talk.",
        "nothing": "There is no meeting of yours that could be moved or cancelled. Would you "
        "like to book one?",
        "unavailable": "I cannot look up free times just now, so nothing was changed. Please try "
        "again in a moment.",
        "title": "Free times",
        "hint": "Tell me if you are in another time zone, or when else would suit you.",
        "proposed": "Not booked yet",
        "is_booked": "Booked",
        "is_cancelled": "Cancelled",
        "yes_book": "Yes, book it",
        "yes_move": "Yes, move it",
        "yes_cancel": "Yes, cancel it",
        "other": "Another time",
        "keep": "No, keep it",
        "do_move": "Move",
        "do_cancel": "Cancel",
        "form": "Where may the confirmation go?",
        "name": "Name",
        "email": "E-mail",
        "submit": "Continue",
    },
    "de": {
        "offer": "Diese Zeiten sind frei. Welche passt Ihnen?",
        "offer_move": "Ihr Termin ist am {slot}. Diese anderen Zeiten sind bei {rep} frei:",
        "nearest": "Am nächsten liegen diese freien Zeiten. Passt Ihnen eine davon?",
        "no_slots": "In den buchbaren Tagen ist keine Zeit mehr frei.",
        "past": "Diese Zeit ist schon vorbei.",
        "too_soon": "Das ist für uns zu kurzfristig.",
        "beyond_window": "So weit im Voraus lässt sich nichts buchen.",
        "holiday": "An diesem Tag arbeitet niemand.",
        "outside_hours": "Das liegt außerhalb unserer Gesprächszeiten.",
        "taken": "Diese Zeit ist vergeben.",
        "no_such_time": "Zu dieser Zeit beginnt kein Gespräch.",
        "unmet": "Dafür habe ich keine freie Zeit gefunden.",
        "gone": "Diese Zeit wurde gerade von jemand anderem gebucht; für Sie ist nichts gebucht.",
        "which": "Welche dieser Zeiten meinen Sie?",
        "ask_contact": "{slot}, gern. Wie heißen Sie, und an welche E-Mail-Adresse darf die "
        "Bestätigung gehen?",
        "ask_email": "{slot}, gern. An welche E-Mail-Adresse darf die Bestätigung gehen?",
        "bad_email": "Diese E-Mail-Adresse lässt sich nicht verwenden.",
        "confirm": "{slot} mit {rep} – soll ich das buchen?",
        "confirm_to": "Die Bestätigung geht an {email}.",
        "confirm_move": "{slot} mit {rep} statt {before} – soll ich den Termin verschieben?",
        "booked": "Erledigt, es ist gebucht: {slot} mit {rep}.",
        "mail": "Die Bestätigung geht an {email}. Verschieben oder absagen können Sie hier oder "
        "mit dem Link in der E-Mail.",
        "unconfirmed": "Der Kalender hat es noch nicht bestätigt. Sollte er den Termin doch nicht "
        "annehmen, kommt eine Nachricht per E-Mail.",
        "join": "Er findet online statt: {url}",
        "moved": "Erledigt, der Termin ist verschoben: {slot} mit {rep}.",
        "cancel_confirm": "Ihr Termin am {slot} mit {rep} – soll ich ihn absagen?",
        "cancelled": "Erledigt, Ihr Termin am {slot} ist abgesagt.",
        "show": "Sie haben einen Termin: {slot} mit {rep}.",
        "kept": "In Ordnung, Ihr Termin bleibt, wie er ist: {slot}.",
        "dropped": "In Ordnung, es ist nichts gebucht. Sagen Sie mir, wann Sie sprechen möchten.",
        "nothing": "Sie haben keinen Termin, der sich verschieben oder absagen ließe. Möchten "
        "Sie einen buchen?",
        "unavailable": "Ich kann gerade nicht nach freien Zeiten sehen; geändert wurde nichts. "
        "Bitte versuchen Sie es gleich noch einmal.",
        "title": "Freie Zeiten",
        "hint": "Sagen Sie mir, wenn Sie in einer anderen Zeitzone sind oder wann es sonst passt.",
        "proposed": "Noch nicht gebucht",
        "is_booked": "Gebucht",
        "is_cancelled": "Abgesagt",
        "yes_book": "Ja, bitte buchen",
        "yes_move": "Ja, verschieben",
        "yes_cancel": "Ja, absagen",
        "other": "Andere Zeit",
        "keep": "Nein, behalten",
        "do_move": "Verschieben",
        "do_cancel": "Absagen",
        "form": "Wohin darf die Bestätigung gehen?",
        "name": "Name",
        "email": "E-Mail",
        "submit": "Weiter",
    },
    "es": {
        "offer": "Estas horas están libres. ¿Cuál te viene bien?",
        "offer_move": "Tu reunión es el {slot}. Estas otras horas están libres con {rep}:",
        "nearest": "Las horas libres más cercanas son estas. ¿Te viene bien alguna?",
        "no_slots": "No queda ninguna hora libre en los días que se pueden reservar.",
        "past": "Esa hora ya ha pasado.",
        "too_soon": "Eso es demasiado pronto para nosotros.",
        "beyond_window": "No se puede reservar con tanta antelación.",
        "holiday": "Ese día no trabaja nadie.",
        "outside_hours": "Eso está fuera de nuestro horario de reuniones.",
        "taken": "Esa hora está ocupada.",
        "no_such_time": "Ninguna reunión empieza a esa hora.",
        "unmet": "No he encontrado ninguna hora libre para eso.",
        "gone": "Otra persona acaba de reservar esa hora, así que no se ha reservado nada.",
        "which": "¿A cuál de estas horas te refieres?",
        "ask_contact": "{slot}, con gusto. ¿Cómo te llamas y a qué correo puedo enviar la "
        "confirmación?",
        "ask_email": "{slot}, con gusto. ¿A qué correo puedo enviar la confirmación?",
        "bad_email": "Esa dirección de correo no se puede usar.",
        "confirm": "{slot} con {rep}: ¿la reservo?",
        "confirm_to": "La confirmación se enviará a {email}.",
        "confirm_move": "{slot} con {rep} en lugar de {before}: ¿la cambio?",
        "booked": "Listo, está reservada: {slot} con {rep}.",
        "mail": "La confirmación se enviará a {email}. Puedes cambiar o cancelar la reunión aquí "
        "o con el enlace del correo.",
        "unconfirmed": "El calendario aún no lo ha confirmado. Si al final no pudiera aceptar la "
        "reunión, llegará un aviso por correo.",
        "join": "Es en línea: {url}",
        "moved": "Listo, está cambiada: {slot} con {rep}.",
        "cancel_confirm": "Tu reunión del {slot} con {rep}: ¿la cancelo?",
        "cancelled": "Listo, tu reunión del {slot} está cancelada.",
        "show": "Tienes una reunión reservada: {slot} con {rep}.",
        "kept": "De acuerdo, tu reunión se queda como está: {slot}.",
        "dropped": "De acuerdo, no se ha reservado nada. Dime cuándo te gustaría hablar.",
        "nothing": "No tienes ninguna reunión que se pueda cambiar o cancelar. ¿Quieres reservar "
        "una?",
        "unavailable": "Ahora mismo no puedo consultar las horas libres; no se ha cambiado nada. "
        "Inténtalo de nuevo en un momento.",
        "title": "Horas libres",
        "hint": "Dime si estás en otra zona horaria o cuándo te vendría mejor.",
        "proposed": "Sin reservar",
        "is_booked": "Reservada",
        "is_cancelled": "Cancelada",
        "yes_book": "Sí, resérvala",
        "yes_move": "Sí, cámbiala",
        "yes_cancel": "Sí, cancélala",
        "other": "Otra hora",
        "keep": "No, déjala",
        "do_move": "Cambiar",
        "do_cancel": "Cancelar",
        "form": "¿A dónde puede ir la confirmación?",
        "name": "Nombre",
        "email": "Correo",
        "submit": "Continuar",
    },
}


def say_booking(key: str, language: str, **values: str) -> str:
    """One of the agent's phrases about meetings.

    Raises:
        KeyError: no phrase has that key.
    """
    return _WORDS.get(language, _WORDS[DEFAULT])[key].format(**values)
