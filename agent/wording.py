"""The agent's own words, in the languages it speaks. They state nothing about the company.

Facts come from the website, word for word; what stands here only carries the conversation.
`{name}` is the site's name, `{agent}` the agent's, `{site_language}` the language of the website.
"""

from __future__ import annotations

LANGUAGES = ("en", "de", "es")
DEFAULT = "en"

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "greeting": "Hi! Ask me anything about {name}.",
        "disclosure": "You are chatting with an AI. It answers from this website, with sources.",
        "hello": "Hello! What would you like to know about {name}?",
        "how_are_you": "I'm a computer program, so always the same – thanks for asking! "
        "What would you like to know about {name}?",
        "bot": "I'm an AI, not a person. I answer with sentences from the {name} website and "
        "show you where each one comes from.",
        "who": "I'm {agent} of the {name} website – an AI, not a person. I answer with sentences "
        "from its pages and show you where each one comes from.",
        "can_do": "I look things up on the {name} website and show you the source of every "
        "answer. What would you like to know?",
        "thanks": "You're welcome! Is there anything else you'd like to know?",
        "goodbye": "Thanks for stopping by. Goodbye!",
        "joke": "I'm better at looking things up than at that. Shall I find something about "
        "{name} for you?",
        "person": "I'm an AI and cannot put you through to a person from here.",
        "person_offer": "I can pass your question on to the team. Shall I?",
        "person_found": "This is what the website says about reaching the team:",
        "complaint": "I'm sorry to hear that. I'm an AI and cannot settle it myself, but I can "
        "pass it on to the team. Shall I?",
        "abuse": "I'd like to help, so let's keep it friendly. What would you like to know about "
        "{name}?",
        "nonsense": "I didn't get that. Could you put it in other words?",
        "closest": "I'm not sure this is what you mean. The closest I found is this:",
        "taken_over": "Someone from our team has joined and will answer you here.",
        "not_found": "I couldn't find an answer to that on this website.",
        "not_found_again": "I couldn't find that on this website either.",
        "not_found_part": "I couldn't find an answer to “{question}” on this website.",
        "not_found_other": "I couldn't find an answer to part of that on this website.",
        "nearest": "These pages may come closest",
        "offer": "Shall I pass your question on to the team?",
        "passed_on": "Done: I've put your question on the team's list, with this conversation. "
        "I can't see how to reach you, so please write your e-mail address here if you'd like "
        "a reply.",
        "passed_on_known": "Done: I've put your question on the team's list, with this "
        "conversation. They will answer you at your e-mail address.",
        "passed_on_call": "Done: I've put your question on the team's list, with this "
        "conversation. They will call you at the number you gave.",
        "not_passed_on": "All right. What else would you like to know?",
        "nothing_open": "All right! What would you like to know about {name}?",
        "language": "I can only help in {site_language}: this website is in that language.",
        "empty_site": "I don't know anything about {name} yet: no pages have been read in.",
        "suggest_offer": "What do you offer?",
        "suggest_price": "What does it cost?",
        "suggest_contact": "How can I reach you?",
    },
    "de": {
        "greeting": "Hallo! Fragen Sie mich, was Sie über {name} wissen möchten.",
        "disclosure": "Sie chatten mit einer KI. Sie antwortet aus dieser Website, mit Quellen.",
        "hello": "Hallo! Was möchten Sie über {name} wissen?",
        "how_are_you": "Ich bin ein Computerprogramm, also immer gleich – danke der Nachfrage! "
        "Was möchten Sie über {name} wissen?",
        "bot": "Ich bin eine KI, kein Mensch. Ich antworte mit Sätzen von der Website von {name} "
        "und zeige, woher jeder stammt.",
        "who": "Ich bin {agent} der Website von {name} – eine KI, kein Mensch. Ich antworte mit "
        "Sätzen von ihren Seiten und zeige, woher jeder stammt.",
        "can_do": "Ich schlage auf der Website von {name} nach und zeige zu jeder Antwort die "
        "Quelle. Was möchten Sie wissen?",
        "thanks": "Gern geschehen! Möchten Sie noch etwas wissen?",
        "goodbye": "Danke für Ihren Besuch. Auf Wiedersehen!",
        "joke": "Nachschlagen kann ich besser. Soll ich etwas über {name} für Sie finden?",
        "person": "Ich bin eine KI und kann Sie von hier nicht verbinden.",
        "person_offer": "Ich kann Ihre Frage an das Team weitergeben. Soll ich?",
        "person_found": "Das sagt die Website darüber, wie Sie das Team erreichen:",
        "complaint": "Das tut mir leid. Ich bin eine KI und kann es nicht selbst klären, aber an "
        "das Team weitergeben. Soll ich?",
        "abuse": "Ich möchte helfen, also bleiben wir freundlich. Was möchten Sie über {name} "
        "wissen?",
        "nonsense": "Das habe ich nicht verstanden. Können Sie es anders sagen?",
        "closest": "Ich bin nicht sicher, ob Sie das meinen. Am nächsten kommt dies:",
        "taken_over": "Jemand aus unserem Team ist jetzt dabei und antwortet Ihnen hier.",
        "not_found": "Darauf habe ich auf dieser Website keine Antwort gefunden.",
        "not_found_again": "Auch das habe ich auf dieser Website nicht gefunden.",
        "not_found_part": "Zu „{question}“ habe ich auf dieser Website nichts gefunden.",
        "not_found_other": "Zu einem Teil davon habe ich auf dieser Website nichts gefunden.",
        "nearest": "Diese Seiten kommen dem am nächsten",
        "offer": "Soll ich Ihre Frage an das Team weitergeben?",
        "passed_on": "Erledigt: Ihre Frage steht mit diesem Gespräch auf der Liste des Teams. Ich "
        "weiß nicht, wie Sie zu erreichen sind: Schreiben Sie bitte Ihre E-Mail-Adresse hierher, "
        "wenn Sie eine Antwort möchten.",
        "passed_on_known": "Erledigt: Ihre Frage steht mit diesem Gespräch auf der Liste des "
        "Teams. Die Antwort kommt an Ihre E-Mail-Adresse.",
        "passed_on_call": "Erledigt: Ihre Frage steht mit diesem Gespräch auf der Liste des "
        "Teams. Man ruft Sie unter Ihrer Nummer an.",
        "not_passed_on": "In Ordnung. Was möchten Sie sonst wissen?",
        "nothing_open": "In Ordnung! Was möchten Sie über {name} wissen?",
        "language": "Ich kann nur auf {site_language} helfen: In dieser Sprache ist die Website.",
        "empty_site": "Ich weiß noch nichts über {name}: Es wurden noch keine Seiten eingelesen.",
        "suggest_offer": "Was bieten Sie an?",
        "suggest_price": "Was kostet es?",
        "suggest_contact": "Wie kann ich Sie erreichen?",
    },
    "es": {
        "greeting": "¡Hola! Pregúnteme lo que quiera saber sobre {name}.",
        "disclosure": "Está hablando con una IA. Responde con este sitio web y cita sus fuentes.",
        "hello": "¡Hola! ¿Qué le gustaría saber sobre {name}?",
        "how_are_you": "Soy un programa, así que siempre igual. ¡Gracias por preguntar! ¿Qué le "
        "gustaría saber sobre {name}?",
        "bot": "Soy una IA, no una persona. Respondo con frases del sitio web de {name} y muestro "
        "de dónde sale cada una.",
        "who": "Soy {agent} del sitio web de {name}: una IA, no una persona. Respondo con frases "
        "de sus páginas y muestro de dónde sale cada una.",
        "can_do": "Busco en el sitio web de {name} y muestro la fuente de cada respuesta. ¿Qué le "
        "gustaría saber?",
        "thanks": "¡De nada! ¿Le gustaría saber algo más?",
        "goodbye": "Gracias por su visita. ¡Hasta luego!",
        "joke": "Se me da mejor buscar cosas. ¿Busco algo sobre {name}?",
        "person": "Soy una IA y no puedo ponerle en contacto con una persona desde aquí.",
        "person_offer": "Puedo pasar su pregunta al equipo. ¿Lo hago?",
        "person_found": "Esto dice el sitio web sobre cómo contactar con el equipo:",
        "complaint": "Lo siento. Soy una IA y no puedo resolverlo, pero puedo pasarlo al equipo. "
        "¿Lo hago?",
        "abuse": "Me gustaría ayudar, así que sigamos con amabilidad. ¿Qué le gustaría saber sobre "
        "{name}?",
        "nonsense": "No le he entendido. ¿Puede decirlo con otras palabras?",
        "closest": "No estoy seguro de que sea esto. Lo más cercano que encontré:",
        "taken_over": "Alguien de nuestro equipo se ha unido y le responderá aquí.",
        "not_found": "No encontré una respuesta en este sitio web.",
        "not_found_again": "Tampoco encontré eso en este sitio web.",
        "not_found_part": "No encontré nada sobre «{question}» en este sitio web.",
        "not_found_other": "Sobre una parte de eso no encontré nada en este sitio web.",
        "nearest": "Estas páginas son las más cercanas",
        "offer": "¿Paso su pregunta al equipo?",
        "passed_on": "Hecho: su pregunta está en la lista del equipo, junto con esta conversación. "
        "No sé cómo contactarle: escriba aquí su correo electrónico si desea una respuesta.",
        "passed_on_known": "Hecho: su pregunta está en la lista del equipo, junto con esta "
        "conversación. Le responderán a su correo electrónico.",
        "passed_on_call": "Hecho: su pregunta está en la lista del equipo, junto con esta "
        "conversación. Le llamarán al número que nos dio.",
        "not_passed_on": "De acuerdo. ¿Qué más le gustaría saber?",
        "nothing_open": "¡De acuerdo! ¿Qué le gustaría saber sobre {name}?",
        "language": "Solo puedo ayudar en {site_language}: el sitio web está en ese idioma.",
        "empty_site": "Todavía no sé nada sobre {name}: aún no se ha leído ninguna página.",
        "suggest_offer": "¿Qué ofrecen?",
        "suggest_price": "¿Cuánto cuesta?",
        "suggest_contact": "¿Cómo puedo contactarles?",
    },
}

# How each language that the agent speaks calls the languages of websites.
_LANGUAGE_NAMES: dict[str, dict[str, str]] = {
    "en": {
        "en": "English",
        "de": "German",
        "es": "Spanish",
        "fr": "French",
        "it": "Italian",
        "pt": "Portuguese",
        "nl": "Dutch",
    },
    "de": {
        "en": "Englisch",
        "de": "Deutsch",
        "es": "Spanisch",
        "fr": "Französisch",
        "it": "Italienisch",
        "pt": "Portugiesisch",
        "nl": "Niederländisch",
    },
    "es": {
        "en": "inglés",
        "de": "alemán",
        "es": "español",
        "fr": "francés",
        "it": "italiano",
        "pt": "portugués",
        "nl": "neerlandés",
    },
}


def choose_language(*wanted: str | None) -> str:
    """The first of `wanted` (BCP 47 tags) that the agent speaks, else English."""
    for tag in wanted:
        language = (tag or "").split("-")[0].split("_")[0].lower()
        if language in LANGUAGES:
            return language
    return DEFAULT


def say(key: str, language: str, **values: str) -> str:
    """One of the agent's own phrases.

    Raises:
        KeyError: no phrase has that key.
    """
    words = _WORDS.get(language, _WORDS[DEFAULT])
    return words[key].format(**values)


def name_language(tag: str, language: str) -> str:
    """The name of the language `tag`, said in `language`."""
    names = _LANGUAGE_NAMES.get(language, _LANGUAGE_NAMES[DEFAULT])
    return names.get(tag.split("-", maxsplit=1)[0].lower(), tag)
