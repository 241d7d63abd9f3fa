"""What follows from events of handoffs, outside the transaction that made them true."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from core.outbox import EffectContext, EffectOptions, effect
from sales.handoffs.alerting import AlertMails
from sales.handoffs.events import HandoffAlerted, HandoffDeferred, HandoffQueued, SlaDue
from sales.handoffs.receiving import ReceptionService
from sales.handoffs.rules import RETRY
from sales.leads.events import LeadQualified

# Longer than one push may take: the push has a limit of its own.
_PUSH = EffectOptions(retry=RETRY, timeout=timedelta(minutes=6))
_FOR_EVER = EffectOptions(retry=RETRY)


class Story(Protocol):
    """`workflow.HandoffWorkflow`, as effects need it."""

    async def qualified(self, tenant_id: str, lead_id: str) -> str | None:
        """Hand a lead over that qualified."""
        ...

    async def push(self, tenant_id: str, handoff_id: str, revision: int) -> None:
        """Send what is stored."""
        ...

    async def follow_up(self, tenant_id: str, handoff_id: str, expected_at: datetime) -> None:
        """Ask what became of a lead that was put off."""
        ...


class HandoffEffects:
    """Runs the story's steps. Every one may run twice and does no harm."""

    def __init__(
        self,
        get_story: Callable[[], Story],
        get_reception: Callable[[], ReceptionService],
        get_mails: Callable[[], AlertMails],
    ) -> None:
        self._get_story, self._get_reception = get_story, get_reception
        self._get_mails = get_mails

    @effect(LeadQualified, "handoffs.begin", _FOR_EVER)
    async def begin(self, event: LeadQualified, context: EffectContext) -> None:
        """A lead qualified: build its package and keep it."""
        await self._get_story().qualified(context.tenant_id, event.lead_id)

    @effect(HandoffQueued, "handoffs.push", _PUSH)
    async def push(self, event: HandoffQueued, context: EffectContext) -> None:
        """A package is stored: send it."""
        await self._get_story().push(context.tenant_id, event.handoff_id, event.revision)

    @effect(HandoffDeferred, "handoffs.follow_up", _FOR_EVER)
    async def follow_up(self, event: HandoffDeferred, context: EffectContext) -> None:
        """The time has come that the sales system named: ask."""
        await self._get_story().follow_up(context.tenant_id, event.handoff_id, event.expected_at)

    @effect(SlaDue, "handoffs.check_sla", _FOR_EVER)
    async def check_sla(self, event: SlaDue, context: EffectContext) -> None:
        """The deadline of a received lead has come."""
        await self._get_reception().check_sla(context.tenant_id, event.received_id, event.due_at)

    @effect(HandoffAlerted, "handoffs.tell_staff")
    async def tell_staff(self, event: HandoffAlerted, context: EffectContext) -> None:
        """Mail those whom `app.yaml` names. The key makes it one mail."""
        await self._get_mails().write(context.tenant_id, event, context.idempotency_key)
