"""Puts erasures together: who is to be asked to forget, as `app.yaml` says now."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from app.handoffs import HandoffGrounds
from app.mail_files import MailFolder
from app.vendor_settings import LOCAL
from core.protocols.calendar import Calendar
from core.protocols.erasure import AddressEraser
from core.protocols.vendor import Capability
from sales.notices.settings import MAIL
from sales.privacy.hashing import PersonHasher
from sales.privacy.holding import HoldKeeper
from sales.privacy.outside import (
    Calendars,
    Crms,
    Mailers,
    OutsideSystem,
    SalesDesk,
    SalesSystems,
    Unreachable,
)
from sales.privacy.performing import ErasureSteps
from sales.privacy.records import ErasureBook
from sales.privacy.rules import SALES_DESK
from sales.privacy.service import PrivacyService

if TYPE_CHECKING:
    from app.places import Places
    from app.services import CurrentServices
    from app.settings import AppSettings

_MAIL_WORDS = {
    "smtp": "SMTP knows no way to take a mail back; ask whoever runs the server for its logs",
}
# What a calendar keeps of an entry that was deleted by its API.
_CALENDAR_WORDS = {
    "google": "Google keeps deleted events in the calendar's bin for 30 days; mails to the invited "
    "person are theirs",
    "outlook": "Outlook keeps deleted events in the rep's deleted items, as long as the mailbox's "
    "retention says",
    "calendly": "Calendly keeps cancelled events in its own records",
}


class PrivacyGrounds(HandoffGrounds, Protocol):
    """What erasures stand on: a part of `app.wiring.Resources`."""

    @property
    def places(self) -> Places:
        """Where mails lie as files."""
        ...

    @property
    def services(self) -> CurrentServices:
        """The services of the moment."""
        ...

    @property
    def calendar(self) -> Calendar:
        """The reps' calendars."""
        ...


def build_hasher(resources: HandoffGrounds) -> PersonHasher:
    """Hashes of people, under each tenant's own key."""
    return PersonHasher(resources.database, resources.clock, resources.vendors.cipher)


def build_privacy(resources: PrivacyGrounds, settings: AppSettings) -> PrivacyService:
    """Erasures, exports and holds. Services are asked for when a step runs: they are made
    together with this one."""

    def get_outside() -> Mapping[str, OutsideSystem]:
        services = resources.services.get()
        found: dict[str, OutsideSystem] = {
            "sales_system": SalesSystems(services.handoffs.workflow.sender.systems),
            SALES_DESK: SalesDesk(services.handoffs.reception),
            "crm": Crms(services.crms.sync),
            "calendar": _build_calendars(resources, settings),
        }
        provider = settings.email.provider
        if _find_eraser(resources, provider, "email") is not None:
            find = partial(_find_eraser, resources, provider, "email")
            found["mail_vendor"] = Mailers(f"mail {provider}", find)
        return _list_unreachable(settings) | found

    book = ErasureBook(
        database=resources.database,
        clock=resources.clock,
        outbox=resources.outbox,
        cipher=resources.vendors.cipher,
        get_outside=get_outside,
    )
    hasher = build_hasher(resources)
    holds = HoldKeeper(resources.database, resources.clock)
    steps = ErasureSteps(book, hasher, MailFolder(resources.places.mail), holds)
    return PrivacyService(book, steps, hasher, holds)


def _build_calendars(resources: PrivacyGrounds, settings: AppSettings) -> Calendars:
    provider = settings.sales_agent.appointment_scheduling.calendar_provider
    find = partial(_find_eraser, resources, provider, "calendar")
    return Calendars(resources.calendar, _CALENDAR_WORDS.get(provider, ""), find)


def _find_eraser(
    resources: PrivacyGrounds, provider: str, capability: Capability
) -> AddressEraser | None:
    opened = resources.vendors.open(provider, capability)
    return opened if isinstance(opened, AddressEraser) else None


def _list_unreachable(settings: AppSettings) -> dict[str, OutsideSystem]:
    found: dict[str, OutsideSystem] = {}
    provider = settings.email.provider
    if provider != LOCAL:
        words = _MAIL_WORDS.get(provider, "its API offers no erasure that this program calls")
        found["mail_vendor"] = Unreachable(f"mail {provider}", f"by API: {words}")
    told = sorted({one.via for one in settings.notices if one.via != MAIL and one.names})
    if told:
        words = "notices that were sent stay where they arrived; delete them there"
        found["notices"] = Unreachable(f"notices {', '.join(told)}", words)
    if settings.model != LOCAL:
        words = "what was asked went to the model's vendor in prompts; its retention applies"
        found["model"] = Unreachable("language model", words)
    return found
