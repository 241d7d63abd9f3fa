"""Mail as files: standard `.eml` in a folder, which every mail program opens."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from pathlib import Path

from core.errors import Unavailable
from core.mail_encoding import build_message_id, encode_mail
from core.protocols.email import OutgoingMail

VENDOR = "local mail"
_PLAIN = re.compile(r"[^a-z0-9._-]+")
_LONGEST_NAME = 120


class LocalEmailSender:
    """Writes each mail into `folder` under a name made from its key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: OutgoingMail) -> str:
        """Write the file. The same key gives the same file, byte by byte.

        Raises:
            Unavailable: the folder cannot be written.
            Rejected: an address or the subject cannot stand in a mail.
        """
        message_id = build_message_id(mail)
        content = encode_mail(mail)
        path = self._folder / choose_file_name(mail.idempotency_key)
        try:
            await asyncio.to_thread(_write_whole, path, content)
        except OSError as error:
            raise Unavailable(VENDOR, "write", error.strerror or type(error).__name__) from None
        return message_id


def choose_file_name(key: str) -> str:
    """The file of a key: readable, and never that of another key."""
    plain = _PLAIN.sub("-", key.lower()).strip("-.")[:_LONGEST_NAME]
    if plain == key:
        return f"{plain}.eml"
    return f"{plain}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.eml"


def _write_whole(path: Path, content: bytes) -> None:
    """The file is there whole or not at all, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
