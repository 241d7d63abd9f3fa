"""Queries. Every value passes through `equals` or `any_of`, so that nothing in it is read as a
part of the query; the rest are names from our code and from the account's own description."""

from __future__ import annotations

from collections.abc import Iterable

from simple_salesforce.format import quote_soql_value


def equals(name: str, value: str) -> str:
    """A condition."""
    return f"{name} = {quote_soql_value(value)}"


def any_of(name: str, values: Iterable[str]) -> str:
    """A condition; `values` must not be empty."""
    return f"{name} IN ({', '.join(map(quote_soql_value, values))})"


def build_query(
    sobject: str, fields: Iterable[str], where: str, *, order: str = "", limit: int = 0
) -> str:
    """A query of one object; `limit` 0 is none."""
    parts = ["SELECT", ", ".join(fields), "FROM", sobject]
    parts += ["WHERE", where] if where else []
    parts += ["ORDER BY", order] if order else []
    parts += ["LIMIT", str(limit)] if limit else []
    return " ".join(parts)


# In the title of a file that we made, before our id.
FILE_MARK = " · sales-agent "


def build_file_query(person_ids: Iterable[str]) -> str:
    """The files that hang on a record. Salesforce wants the record in this query's condition."""
    fields = ("ContentDocumentId", "ContentDocument.Title")
    return build_query("ContentDocumentLink", fields, any_of("LinkedEntityId", person_ids))
