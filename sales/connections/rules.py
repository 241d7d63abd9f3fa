"""What may be typed in to connect, which credentials go together, and errors in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from core.errors import (
    AuthenticationFailed,
    Invalid,
    ProviderError,
    Rejected,
    TransientError,
    Unsupported,
    VendorRateLimited,
)
from core.logging import redact
from core.protocols.vendor import CredentialField, Manifest, VendorEvent
from sales.connections.schemas import Method

# What a sign-in yields; what the client proves itself with stays beside it.
CLIENT_FIELDS = ("client_id", "client_secret")
_VALUE_LIMIT = 8000
_KEY_LIMIT = 200
_ERROR_LIMIT = 300
# Shorter ones are words that an error may hold for other reasons.
_HIDDEN_LENGTH = 6


def check_typed(manifest: Manifest, given: Mapping[str, str]) -> dict[str, str]:
    """The credentials of a form, without what was left empty.

    Raises:
        Invalid: a required one is missing, or one is too long or holds what no credential does.
    """
    checked = {}
    for one in manifest.credentials:
        value = given.get(one.name, "").strip()
        if not value and one.required:
            raise Invalid(f"{one.label} is needed.", {"field": one.name})
        if len(value) > _VALUE_LIMIT:
            raise Invalid(f"{one.label} is longer than {_VALUE_LIMIT} characters.")
        # A private key has lines; everything else that cannot be printed is a slip in copying.
        if not value.replace("\n", "").replace("\r", "").isprintable():
            raise Invalid(f"{one.label} holds characters that cannot be seen. Copy it once more.")
        if value:
            checked[one.name] = value
    return checked


def list_client_fields(manifest: Manifest) -> tuple[CredentialField, ...]:
    """What a sign-in needs to be typed in, where app.yaml does not have it."""
    known = {one.name: one for one in manifest.credentials}
    labels = zip(CLIENT_FIELDS, ("Client ID", "Client secret"), strict=True)
    fields = (
        known.get(name, CredentialField(name, label, secret=name == "client_secret"))
        for name, label in labels
    )
    # A public client has no secret; every client has an id.
    return tuple(replace(one, required=one.name == "client_id") for one in fields)


def list_key_fields(manifest: Manifest) -> tuple[CredentialField, ...]:
    """What can be typed in to connect without a sign-in; empty where a sign-in is the only way:
    then nothing but the client's own proof could be typed in."""
    if manifest.oauth is None:
        return manifest.credentials
    others = [one for one in manifest.credentials if one.name not in CLIENT_FIELDS]
    return manifest.credentials if others else ()


def merge_credentials(
    method: Method, configured: Mapping[str, str], stored: Mapping[str, str]
) -> dict[str, str]:
    """What holds, of the credentials of app.yaml and those stored.

    Typed in: the stored ones alone, since one account's key must not be mixed with another's
    token. Signed in: the client's proof may come from app.yaml. Renewed from app.yaml: both.
    """
    if method == "key":
        return dict(stored)
    if method == "oauth":
        client = {name: configured[name] for name in CLIENT_FIELDS if name in configured}
        return {**client, **stored}
    return {**configured, **stored}


def describe_error(error: Exception, hidden: Iterable[str] = ()) -> str:
    """What went wrong, for an admin: the vendor's own words, cut, without secrets. `hidden`:
    values that the vendor may have repeated."""
    words = error.excerpt if isinstance(error, ProviderError) else str(error)
    for value in hidden:
        if len(value) >= _HIDDEN_LENGTH:
            words = words.replace(value, "[hidden]")
    said = redact(" ".join(words.split()))[:_ERROR_LIMIT]
    if not isinstance(error, ProviderError):
        return said
    if isinstance(error, VendorRateLimited):
        head = "It asks for patience: too many requests."
    elif isinstance(error, TransientError):
        head = "It does not answer as it should just now."
    elif isinstance(error, AuthenticationFailed):
        head = "It refuses the credentials."
    elif isinstance(error, Unsupported):
        head = "It cannot do that."
    elif isinstance(error, Rejected):
        head = "It says no."
    else:
        head = "It failed."
    return f"{head} Its words: {said}" if said else head


def check_events(manifest: Manifest, events: tuple[VendorEvent, ...]) -> None:
    """Whether events can be stored.

    Raises:
        Invalid: an id is missing or too long, or the vendor cannot do what the event is about.
    """
    for event in events:
        if not 0 < len(event.id) <= _KEY_LIMIT:
            raise Invalid(f"An event's id has 1 to {_KEY_LIMIT} characters.")
        if event.capability not in manifest.build:
            raise Invalid(f"{manifest.key} is no {event.capability}.")


def check_address(url: str) -> str:
    """An address to which secrets may be sent: https, or this very machine for stand-ins.

    Raises:
        Invalid: it is not.
    """
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme == "https" or (parts.scheme == "http" and local):
        return url
    raise Invalid("The vendor's address must begin with https://.")
