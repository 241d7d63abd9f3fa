"""Puts erasures together: who is to be asked to forget, as `app.yaml` says now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from app.handoffs import HandoffGrounds
from app.mail_files import MailFolder
from app.vendor_settings import LOCAL
from core.protocols.calendar import Calendar
from sales.notices.settings import MAIL
from sales.privacy.hashing import PersonHasher
from sales.privacy.holding import HoldKeeper
from sales.privacy.outside import Calendars, Crms, OutsideSystem, SalesSystems, Unreachable
from sales.privacy.service import PrivacyService

if TYPE_CHECKING:
    from app.places import Places
    from app.services import CurrentServices
    from app.settings import AppSettings

_MAIL_WORDS = {
    "sendgrid": "mails that were sent and their events are erased in SendGrid by its own "
    "erasure of recipients' data, which this program does not call",
    "mailgun": "Mailgun offers no way to erase a recipient's log; it deletes its logs by the "
    "account's retention",
    "smtp": "SMTP knows no way to take a mail back; ask whoever runs the server for its logs",
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
            "sales_system": SalesSystems(
                services.handoffs.workflow.sender.systems, services.handoffs.reception
            ),
            "crm": Crms(services.crms.sync),
            "calendar": Calendars(resources.calendar),
        }
        return found | _list_unreachable(settings)

    return PrivacyService(
        database=resources.database,
        clock=resources.clock,
        outbox=resources.outbox,
        cipher=resources.vendors.cipher,
        hasher=build_hasher(resources),
        files=MailFolder(resources.places.mail),
        get_outside=get_outside,
        holds=HoldKeeper(resources.database, resources.clock),
    )


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
