"""The section `integrations.smtp` of `app.yaml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.settings import Section


class SmtpSettings(Section):
    """Which mail server mails are handed to."""

    host: str = "localhost"
    """The server's name; its certificate must be for it."""
    port: int = Field(default=587, ge=1, le=65535)
    """587 for starttls, 465 for tls, 25 for none."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """starttls: encrypted before anything is said (refused where the server cannot). tls:
    encrypted from the first byte. none: in the clear, for a server on this machine only."""
    ca_file: str = ""
    """A file with the certificate authority of a server of your own. Unset: the system's."""
    timeout_seconds: float = Field(default=20, gt=0, le=120)
    """How long one step may take."""
