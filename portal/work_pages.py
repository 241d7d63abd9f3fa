"""The pages of the daily work, in the order of the navigation."""

from __future__ import annotations

from portal.conversations import CONVERSATIONS_PAGE
from portal.health import HEALTH_PAGE
from portal.mail import MAIL_PAGE
from portal.pages import Page

WORK_PAGES: tuple[Page, ...] = (CONVERSATIONS_PAGE, MAIL_PAGE, HEALTH_PAGE)
