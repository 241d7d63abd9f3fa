"""Forms as browsers send them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from core.errors import Invalid

_FIELDS = 200


class Form:
    """The fields of a form: text, stripped of what no database holds."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = fields

    def text(self, name: str, limit: int = 1000) -> str:
        """A field without space around it; empty when it was not sent.

        Raises:
            Invalid: longer than `limit` characters.
        """
        return self.secret(name, limit).strip()

    def secret(self, name: str, limit: int = 1000) -> str:
        """A field as it was typed.

        Raises:
            Invalid: longer than `limit` characters.
        """
        value = (self._fields.get(name) or [""])[0]
        if len(value) > limit:
            raise Invalid(f"{name} is longer than {limit} characters.", {"field": name})
        return value

    def has(self, name: str) -> bool:
        """Whether the field was sent: a ticked box, a pressed button."""
        return name in self._fields

    def list_texts(self, name: str) -> list[str]:
        """Every value of a field that may be sent several times."""
        return [value.strip() for value in self._fields.get(name, [])]


async def read_form(request: Request) -> Form:
    """The form of a request's body.

    Raises:
        Invalid: the body is no form.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if body and kind != "application/x-www-form-urlencoded":
        raise Invalid("Send a form: application/x-www-form-urlencoded.")
    fields: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS
        )
    except ValueError:
        raise Invalid("The form cannot be read.") from None
    for name, value in pairs:
        fields.setdefault(name, []).append(value.replace("\x00", ""))
    return Form(fields)
