"""The section `integrations.outlook` of `app.yaml`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.settings import Section, ServerAddress


class OutlookSettings(Section):
    """How reps' Outlook calendars are used."""

    base_url: ServerAddress = "https://graph.microsoft.com"
    """The address of Microsoft Graph, without `/v1.0`. National clouds have their own, e.g.
    `https://graph.microsoft.us` or `https://microsoftgraph.chinacloudapi.cn`."""

    login_url: ServerAddress = "https://login.microsoftonline.com"
    """Where tokens are asked for. National clouds have their own, e.g.
    `https://login.microsoftonline.us` or `https://login.chinacloudapi.cn`."""

    directory: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]{1,100}$")] = "organizations"
    """The directory (tenant) id or domain of your organisation. Needed for the app's own access;
    `organizations` is enough where somebody signs in."""

    invite_visitor: bool = False
    """Whether the visitor is a guest of Outlook's event. Graph then mails an invitation of its
    own beside ours, and there is no way to keep it from doing so."""

    online_meeting: bool = False
    """Whether a Teams meeting is made for each meeting; its address is in the chat and in the
    mail."""

    tentative_is_busy: bool = True
    """Whether a time that is only tentatively taken counts as taken."""

    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 15
    """How long one request may take."""
