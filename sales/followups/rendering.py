"""Turns what a mail says into its HTML and its text, by the templates of this package."""

from __future__ import annotations

from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sales.followups.wording import word


class MailTemplates:
    """The Jinja2 templates. Text from outside is escaped in every `.html`; a name that a template
    misspells is an error, not a gap in a mail."""

    def __init__(self) -> None:
        loader = PackageLoader("sales.followups")
        self._html = Environment(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._text = Environment(
            loader=loader,
            # waiver: plain text has no markup; what comes from outside is one line already
            autoescape=False,  # noqa: S701
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(
        self, template: str, *, language: str, style: str = "", **values: Any
    ) -> tuple[str, str]:
        """HTML and text of a template. `t("key")` gives a phrase in the mail's
        language and style."""
        values |= {"t": partial(word, language=language, style=style), "language": language}
        html = self._html.get_template(f"{template}.html").render(values)
        text = self._text.get_template(f"{template}.txt").render(values)
        return html.strip() + "\n", _tidy(text)

    def render_page(self, template: str, **values: Any) -> str:
        """A page for browsers."""
        return self._html.get_template(f"{template}.html").render(values)


def _tidy(text: str) -> str:
    """At most one empty line in a row, none at the ends, no spaces at the ends of lines."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines).strip() + "\n"
