"""The fixed words of mails to visitors, in the languages mails are written in.

A key of a style, "greeting.casual", stands before the plain one. German and Spanish are formal
(Sie, usted), and familiar (du, tú) where the style is casual.
"""

from __future__ import annotations

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "subject": "Your conversation with {site}",
        "subject.casual": "Thanks for chatting with {site}",
        "greeting": "Dear {name},",
        "greeting.casual": "Hi {name}!",
        "greeting_nobody": "Hello,",
        "greeting_nobody.casual": "Hi there!",
        "intro": "Thank you for talking to us on {day}. Here is what was said, with links to the "
        "pages it stands on.",
        "intro.casual": "Good to chat on {day}. Here's the short version:",
        "intro.detailed": "Thank you for talking to us on {day}. This is the whole record: every "
        "question that was answered, the words of our pages that the answer rests on, and what "
        "is still open.",
        "answered": "What was answered",
        "answered.casual": "You asked, we found",
        "asked_at": "asked at {time}",
        "from_page": "From the page",
        "read_on": "Read on",
        "read_on.casual": "More here",
        "passed_on": "Passed on to our team",
        "passed_on.casual": "Still with our team",
        "passed_on_text": "Our website does not answer this. It is on our team's list, together "
        "with the conversation:",
        "passed_on_text.casual": "Our website had no answer to this, so the team has it now:",
        "meeting": "Your meeting",
        "with": "with {rep}",
        "cancelled": "cancelled",
        "change": "Change or cancel the meeting",
        "change.casual": "Change or cancel",
        "pages": "Pages you looked at",
        "next": "What happens next",
        "next.casual": "And now?",
        "next_meeting": "{rep} meets you at the time above. Until then you can change or cancel "
        "it with the link.",
        "next_meeting.casual": "{rep} talks to you then. Can't make it? Use the link.",
        "next_passed_on": "Our team can answer your open question at {email}.",
        "next_passed_on.casual": "The team can write to you at {email}.",
        "next_reply": "If something is missing, reply to this mail: it reaches our team.",
        "next_reply.casual": "Anything else? Just hit reply: it reaches our team.",
        "closing": "Kind regards",
        "closing.casual": "See you",
        "made_by": "The answers were given by an AI out of the pages linked here.",
        "why": "You get this mail because {email} was given in the chat with {site}.",
        "unsubscribe": "No more summaries",
        "booked_subject": "Your meeting with {site}: {when}",
        "rescheduled_subject": "Moved: your meeting with {site}, now {when}",
        "cancelled_subject": "Cancelled: your meeting with {site}",
        "booked_intro": "Your meeting is booked. The invitation is attached for your calendar.",
        "rescheduled_intro": "Your meeting has been moved. The attached invitation updates your "
        "calendar.",
        "cancelled_intro": "Your meeting is cancelled. The attached file takes it out of your "
        "calendar.",
        "when": "When",
        "before": "Before",
        "who": "With",
        "topic": "About",
        "join": "Join online",
        "book_again": "You can book another time in the chat on our website.",
        "event": "{site}: meeting with {rep}",
    },
    "de": {
        "subject": "Ihr Gespräch mit {site}",
        "subject.casual": "Danke für das Gespräch mit {site}",
        "greeting": "Guten Tag {name},",
        "greeting.casual": "Hallo {name}!",
        "greeting_nobody": "Guten Tag,",
        "greeting_nobody.casual": "Hallo!",
        "intro": "vielen Dank für das Gespräch am {day}. Hier steht, was gesagt wurde, mit "
        "Verweisen auf die Seiten dazu.",
        "intro.casual": "Schön, dass du am {day} da warst. Hier das Wichtigste:",
        "intro.detailed": "vielen Dank für das Gespräch am {day}. Dies ist das ganze Protokoll: "
        "jede beantwortete Frage, die Worte unserer Seiten, auf denen die Antwort beruht, und was "
        "noch offen ist.",
        "answered": "Was beantwortet wurde",
        "answered.casual": "Du hast gefragt, wir haben gefunden",
        "asked_at": "gefragt um {time} Uhr",
        "from_page": "Von der Seite",
        "read_on": "Weiterlesen",
        "read_on.casual": "Mehr dazu",
        "passed_on": "An unser Team weitergegeben",
        "passed_on.casual": "Liegt noch beim Team",
        "passed_on_text": "Das beantwortet unsere Website nicht. Es steht nun mit dem Gespräch auf "
        "der Liste unseres Teams:",
        "passed_on_text.casual": "Dazu stand nichts auf unserer Website, jetzt hat es das Team:",
        "meeting": "Ihr Termin",
        "meeting.casual": "Dein Termin",
        "with": "mit {rep}",
        "cancelled": "abgesagt",
        "change": "Termin verschieben oder absagen",
        "change.casual": "Verschieben oder absagen",
        "pages": "Seiten, die Sie angesehen haben",
        "pages.casual": "Seiten, die du angesehen hast",
        "next": "Wie es weitergeht",
        "next.casual": "Und jetzt?",
        "next_meeting": "{rep} trifft Sie zur genannten Zeit. Bis dahin können Sie den Termin über "
        "den Verweis verschieben oder absagen.",
        "next_meeting.casual": "{rep} spricht dann mit dir. Passt es nicht? Nimm den Verweis.",
        "next_passed_on": "Unser Team kann Ihnen auf die offene Frage an {email} antworten.",
        "next_passed_on.casual": "Das Team kann dir an {email} schreiben.",
        "next_reply": "Fehlt etwas? Antworten Sie einfach auf diese Mail, sie erreicht unser Team.",
        "next_reply.casual": "Noch was? Antworte einfach, das landet bei unserem Team.",
        "closing": "Mit freundlichen Grüßen",
        "closing.casual": "Bis bald",
        "made_by": "Die Antworten gab eine KI aus den hier verlinkten Seiten.",
        "why": "Sie erhalten diese Mail, weil {email} im Chat mit {site} angegeben wurde.",
        "why.casual": "Du bekommst diese Mail, weil {email} im Chat mit {site} angegeben wurde.",
        "unsubscribe": "Keine Zusammenfassungen mehr",
        "booked_subject": "Ihr Termin mit {site}: {when}",
        "rescheduled_subject": "Verschoben: Ihr Termin mit {site}, nun {when}",
        "cancelled_subject": "Abgesagt: Ihr Termin mit {site}",
        "booked_intro": "Ihr Termin ist gebucht. Die Einladung für Ihren Kalender hängt an.",
        "rescheduled_intro": "Ihr Termin wurde verschoben. Die angehängte Einladung ändert ihn in "
        "Ihrem Kalender.",
        "cancelled_intro": "Ihr Termin ist abgesagt. Die angehängte Datei nimmt ihn aus Ihrem "
        "Kalender.",
        "when": "Wann",
        "before": "Vorher",
        "who": "Mit",
        "topic": "Thema",
        "join": "Online teilnehmen",
        "book_again": "Einen anderen Termin können Sie im Chat auf unserer Website buchen.",
        "event": "{site}: Termin mit {rep}",
    },
    "es": {
        "subject": "Su conversación con {site}",
        "subject.casual": "Gracias por charlar con {site}",
        "greeting": "Hola, {name}:",
        "greeting.casual": "¡Hola, {name}!",
        "greeting_nobody": "Buenos días:",
        "greeting_nobody.casual": "¡Hola!",
        "intro": "Gracias por hablar con nosotros el {day}. Aquí tiene lo que se dijo, con enlaces "
        "a las páginas correspondientes.",
        "intro.casual": "Gracias por pasarte el {day}. Aquí va el resumen:",
        "intro.detailed": "Gracias por hablar con nosotros el {day}. Este es el registro completo: "
        "cada pregunta respondida, las palabras de nuestras páginas en que se basa la respuesta y "
        "lo que queda pendiente.",
        "answered": "Lo que se respondió",
        "answered.casual": "Preguntaste y encontramos",
        "asked_at": "preguntado a las {time}",
        "from_page": "De la página",
        "read_on": "Leer más",
        "read_on.casual": "Más aquí",
        "passed_on": "Enviado a nuestro equipo",
        "passed_on.casual": "Lo tiene el equipo",
        "passed_on_text": "Nuestro sitio web no lo responde. Está en la lista de nuestro equipo, "
        "junto con la conversación:",
        "passed_on_text.casual": "En nuestro sitio web no había respuesta; ahora lo tiene el "
        "equipo:",
        "meeting": "Su cita",
        "meeting.casual": "Tu cita",
        "with": "con {rep}",
        "cancelled": "cancelada",
        "change": "Cambiar o cancelar la cita",
        "change.casual": "Cambiar o cancelar",
        "pages": "Páginas que visitó",
        "pages.casual": "Páginas que visitaste",
        "next": "Qué pasa ahora",
        "next.casual": "¿Y ahora?",
        "next_meeting": "{rep} se reúne con usted a esa hora. Hasta entonces puede cambiarla o "
        "cancelarla con el enlace.",
        "next_meeting.casual": "{rep} habla contigo a esa hora. ¿No puedes? Usa el enlace.",
        "next_passed_on": "Nuestro equipo puede responder a su pregunta en {email}.",
        "next_passed_on.casual": "El equipo puede escribirte a {email}.",
        "next_reply": "Si falta algo, responda a este correo: llega a nuestro equipo.",
        "next_reply.casual": "¿Algo más? Responde a este correo: llega a nuestro equipo.",
        "closing": "Un cordial saludo",
        "closing.casual": "Hasta pronto",
        "made_by": "Las respuestas las dio una IA a partir de las páginas enlazadas aquí.",
        "why": "Recibe este correo porque se indicó {email} en el chat con {site}.",
        "why.casual": "Recibes este correo porque se indicó {email} en el chat con {site}.",
        "unsubscribe": "No recibir más resúmenes",
        "booked_subject": "Su cita con {site}: {when}",
        "rescheduled_subject": "Cambio: su cita con {site}, ahora {when}",
        "cancelled_subject": "Cancelada: su cita con {site}",
        "booked_intro": "Su cita está reservada. Adjuntamos la invitación para su calendario.",
        "rescheduled_intro": "Su cita ha cambiado. La invitación adjunta la actualiza en su "
        "calendario.",
        "cancelled_intro": "Su cita está cancelada. El archivo adjunto la quita de su calendario.",
        "when": "Cuándo",
        "before": "Antes",
        "who": "Con",
        "topic": "Sobre",
        "join": "Unirse en línea",
        "book_again": "Puede reservar otra hora en el chat de nuestro sitio web.",
        "event": "{site}: cita con {rep}",
    },
}


def word(key: str, language: str, style: str = "", **values: str) -> str:
    """A phrase in a language and style.

    Raises:
        KeyError: no phrase has that key.
    """
    words = _WORDS[language]
    found = words.get(f"{key}.{style}")
    return (words[key] if found is None else found).format(**values)


def list_keys(language: str) -> set[str]:
    """The plain keys of a language: each has the same ones."""
    return {key for key in _WORDS[language] if "." not in key}
