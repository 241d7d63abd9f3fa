"""The pages of the daily work, in the order of the navigation."""

from __future__ import annotations

from portal.analytics import ANALYTICS_PAGE
from portal.appointments import APPOINTMENTS_PAGE
from portal.conversations import CONVERSATIONS_PAGE
from portal.crms import CRM_PAGE
from portal.gaps import GAPS_PAGE
from portal.handoffs import HANDOFFS_PAGE
from portal.health import HEALTH_PAGE
from portal.leads import LEADS_PAGE
from portal.mail import MAIL_PAGE
from portal.pages import Page
from portal.usage import COSTS_PAGE

WORK_PAGES: tuple[Page, ...] = (
    LEADS_PAGE,
    HANDOFFS_PAGE,
    CONVERSATIONS_PAGE,
    APPOINTMENTS_PAGE,
    ANALYTICS_PAGE,
    GAPS_PAGE,
    MAIL_PAGE,
    CRM_PAGE,
    COSTS_PAGE,
    HEALTH_PAGE,
)
