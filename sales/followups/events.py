"""What happens to mails that others act upon."""

from __future__ import annotations

from core.outbox import Event


class MailWritten(Event):
    """A mail stands in our table, whole, and waits to be sent."""

    mail_id: str
    # Mails about one thing leave in the order in which they were written.
    about: str | None = None

    @property
    def ordering_key(self) -> str | None:
        """E.g. the invitation before the change of the same appointment."""
        return self.about
