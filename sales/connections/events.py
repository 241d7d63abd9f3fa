"""What vendors told us, for those who act on it. The payload stays in its row."""

from __future__ import annotations

from core.outbox import Event
from core.protocols.vendor import Capability


class VendorEventReceived(Event):
    """A vendor told us of something, and it is stored. `event_id` is our id of the row, which
    `EventInbox.get_event` reads. One class for each capability, so that an effect hears of its
    own only."""

    vendor: str
    kind: str
    event_id: str
    subject: str = ""

    @property
    def ordering_key(self) -> str | None:
        """What is about one thing is acted on in the order of its coming."""
        return f"{self.vendor}:{self.subject}" if self.subject else None


class CalendarEventReceived(VendorEventReceived):
    """Something happened in a rep's calendar."""


class CrmEventReceived(VendorEventReceived):
    """Something happened to a record in a CRM."""


class EmailEventReceived(VendorEventReceived):
    """Something became of a mail."""


class NotifierEventReceived(VendorEventReceived):
    """Somebody answered a notice."""


class KnowledgeIndexEventReceived(VendorEventReceived):
    """Something happened to an index of passages."""


class SalesSystemEventReceived(VendorEventReceived):
    """Sales says what became of a lead."""


EVENT_OF: dict[Capability, type[VendorEventReceived]] = {
    "calendar": CalendarEventReceived,
    "crm": CrmEventReceived,
    "email": EmailEventReceived,
    "notifier": NotifierEventReceived,
    "knowledge_index": KnowledgeIndexEventReceived,
    "sales_system": SalesSystemEventReceived,
}
