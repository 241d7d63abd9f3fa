"""What the portal stands on: everything arrives here as an argument, from app/wiring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from core.clock import Clock
from core.security import TokenSigner
from portal.changes import ChangeNotifier
from sales.organization.access_service import AccessService
from sales.organization.service import OrganizationService
from sales.organization.session_service import SessionService
from sales.organization.staff_service import StaffService


@dataclass(frozen=True, slots=True)
class Portal:
    """The services behind the pages, as `app.yaml` says now."""

    clock: Clock
    signer: TokenSigner
    organization: OrganizationService
    staff: StaffService
    sessions: SessionService
    access: AccessService
    changes: ChangeNotifier
    own_origin: Callable[[Request], str]

    def is_secure(self, request: Request) -> bool:
        """Whether browsers reach this server over https."""
        return self.own_origin(request).startswith("https:")
