"""Notices to staff, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from core.db import Database
from core.errors import NotFound
from core.outbox import Outbox
from core.protocols.notifier import Notifier
from core.protocols.vendor import Capability
from sales.appointments.service import AppointmentService
from sales.followups.mail_service import MailService
from sales.leads.service import LeadService
from sales.notices.effects import NoticeEffects
from sales.notices.service import NoticeService
from sales.notices.settings import NoticeSettings
from sales.organization.service import OrganizationService

if TYPE_CHECKING:
    from app.services import Services

OpenVendor = Callable[[str, Capability], Any]
"""Gives a vendor's implementation of a capability: `VendorShelf.open`."""


@dataclass(frozen=True, slots=True)
class NoticeGrounds:
    """What notices stand on."""

    database: Database
    outbox: Outbox
    organization: OrganizationService
    public_url: Callable[[], str]


def build_notices(
    grounds: NoticeGrounds,
    settings: tuple[NoticeSettings, ...],
    leads: LeadService,
    appointments: AppointmentService,
    mails: MailService,
) -> NoticeService:
    """The notices of `app.yaml`."""

    def find_tenant(key: str) -> str | None:
        try:
            return grounds.organization.get_tenant(key).id
        except NotFound:
            return None

    return NoticeService(
        database=grounds.database,
        outbox=grounds.outbox,
        settings=settings,
        find_tenant=find_tenant,
        leads=leads,
        appointments=appointments,
        mails=mails,
        public_url=grounds.public_url,
    )


def build_notice_effects(
    get_services: Callable[[], Services], open_vendor: OpenVendor
) -> NoticeEffects:
    """The effects of notices, through whichever vendors are connected."""
    return NoticeEffects(
        lambda: get_services().notices,
        lambda: get_services().inbox,
        lambda key: cast("Notifier", open_vendor(key, "notifier")),
    )
