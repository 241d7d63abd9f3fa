"""How the agent thanks for what visitors tell of themselves, and asks for more. Data."""

from __future__ import annotations

from sales.leads.settings import CustomFieldSettings

_SAID: dict[str, dict[str, str]] = {
    "en": {
        "thanks_name": "Thanks, {name}.",
        "thanks": "Thanks, I've noted that.",
        "corrected": "Thanks, I've corrected that.",
        "noted": "Thanks, I have that already.",
        "declined": "No problem, you don't have to tell me.",
        "consent_given": "Thank you, I've noted your details.",
        "consent_refused": "All right, I keep none of your details.",
    },
    "de": {
        "thanks_name": "Danke, {name}.",
        "thanks": "Danke, das habe ich notiert.",
        "corrected": "Danke, das habe ich berichtigt.",
        "noted": "Danke, das weiß ich schon.",
        "declined": "Kein Problem, das müssen Sie mir nicht sagen.",
        "consent_given": "Vielen Dank, ich habe Ihre Angaben notiert.",
        "consent_refused": "In Ordnung, ich behalte keine Ihrer Angaben.",
    },
    "es": {
        "thanks_name": "Gracias, {name}.",
        "thanks": "Gracias, lo he anotado.",
        "corrected": "Gracias, lo he corregido.",
        "noted": "Gracias, ya lo tengo.",
        "declined": "No hay problema, no tiene que decírmelo.",
        "consent_given": "Muchas gracias, he anotado sus datos.",
        "consent_refused": "De acuerdo, no guardo ninguno de sus datos.",
    },
}
_ASKED: dict[str, dict[str, str]] = {
    "en": {
        "customer_name": "May I ask your name",
        "email": "May I ask for your e-mail address",
        "phone": "May I ask for your telephone number",
        "company": "May I ask which company you are with",
        "job_title": "May I ask what your role is",
        "industry": "May I ask which industry you are in",
        "company_size": "May I ask how many people work at your company",
        "budget_range": "May I ask what budget you have in mind",
        "timeline": "May I ask by when you need it",
        "decision_maker": "May I ask whether you decide on this yourself",
        "preferred_contact_method": "May I ask how you would like to be reached",
        "preferred_contact_time": "May I ask when you would like to be reached",
    },
    "de": {
        "customer_name": "Darf ich nach Ihrem Namen fragen, damit ich Sie ansprechen kann?",
        "email": "Darf ich nach Ihrer E-Mail-Adresse fragen, damit ich Ihnen die Antworten "
        "schicken kann?",
        "phone": "Darf ich nach Ihrer Telefonnummer fragen, damit eine Kollegin Sie erreichen "
        "kann?",
        "company": "Darf ich fragen, für welche Firma Sie arbeiten, damit wir uns vorbereiten "
        "können?",
        "industry": "Darf ich fragen, in welcher Branche Sie sind, damit ich Passendes zeigen "
        "kann?",
    },
    "es": {
        "customer_name": "¿Puedo preguntarle su nombre, para saber cómo dirigirme a usted?",
        "email": "¿Puedo pedirle su correo electrónico, para enviarle las respuestas?",
        "phone": "¿Puedo pedirle su teléfono, para que un colega pueda llamarle?",
        "company": "¿Puedo preguntarle para qué empresa trabaja, para que podamos prepararnos?",
        "industry": "¿Puedo preguntarle su sector, para mostrarle lo que encaja?",
    },
}


def say_profile(key: str, language: str, **values: str) -> str:
    """One of the phrases about what a visitor told."""
    return _SAID.get(language, _SAID["en"])[key].format(**values)


def say_ask(field: str, reason: str, language: str, own: CustomFieldSettings | None) -> str:
    """The question for a field, with the reason."""
    if own is not None:
        question = (own.question or f"May I ask: {own.label or own.id}").rstrip("?. ")
        return f"{question}, {own.reason or reason}?"
    if language != "en" and field in _ASKED.get(language, {}):
        return _ASKED[language][field]
    asked = _ASKED["en"].get(field, f"May I ask for your {field.replace('_', ' ')}")
    return f"{asked}, {reason}?"
