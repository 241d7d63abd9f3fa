"""The parts of `crm_sync`, as `app.yaml` says now."""

from __future__ import annotations

from dataclasses import dataclass

from sales.connections.inbox import EventInbox
from sales.crm_sync.inbound import CrmInbound
from sales.crm_sync.pushing import CrmPusher
from sales.crm_sync.service import CrmSyncService


@dataclass(frozen=True, slots=True)
class CrmSyncParts:
    """What plans, what sends, what asks, and what vendors told us."""

    sync: CrmSyncService
    pusher: CrmPusher
    inbound: CrmInbound
    inbox: EventInbox
