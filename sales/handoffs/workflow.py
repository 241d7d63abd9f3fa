"""The story of a handoff: no lead lost, none doubled, sales answers for each.

1. qualified      a conversation, a person or a machine says that a lead is ready
2. package built  from the lead's evidence, in S0 3.1's words; what is not known is null
3. validated      against the published schema; what does not fit waits for a person
                  -- stored, encrypted, with the promise to send it: from here on nothing is lost
4. pushed         the stored bytes, under a key that never changes; tried again for ever
5. acknowledged   accepted, rejected or deferred; late and repeated words change nothing
6. status         what sales makes of the lead; its word counts
7. feedback       contacts, quality, opportunities, cases and revenue come back
8. attribution    and are carried back to page, campaign and referrer

Each step is a transaction or a call, never both: a kill between two of them repeats the later
one, and whoever is called knows the repeat by its key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from core.clock import Clock
from core.errors import NotFound
from core.outbox import NotBefore
from core.protocols.sales_system import Acknowledgement
from sales.handoffs.gathering import PackageGatherer
from sales.handoffs.package import PackageFacts, Packed, pack
from sales.handoffs.rules import DEFER_PAUSE, as_acknowledgement, choose_wait, is_put_off
from sales.handoffs.schemas import HandoffView, OverrideAction
from sales.handoffs.sending import PackageSender, PushFailed, Sent
from sales.handoffs.service import HandoffService
from sales.handoffs.settings import HandoffSettings
from sales.organization.rules import check_may
from sales.organization.schemas import Principal


@dataclass(frozen=True, slots=True)
class HandoffWorkflow:
    """Leads handed over, step by step."""

    service: HandoffService
    gatherer: PackageGatherer
    sender: PackageSender
    settings: HandoffSettings
    clock: Clock

    async def qualified(self, tenant_id: str, lead_id: str) -> str | None:
        """Steps 1 to 3, as the effect of a lead that qualified; the id of its handoff. Twice is
        no error.

        Raises:
            NotBefore: nobody can reach the person yet, and the talk may still bring an address.
        """
        if not self.settings.enabled or await self.service.was_handed_over(tenant_id, lead_id):
            return None
        try:
            facts = await self.gatherer.gather(tenant_id, lead_id)
        except NotFound:
            # Erased meanwhile: there is nobody to hand over.
            return None
        until = choose_wait(facts.detail.lead, self.settings, self.clock.now())
        if until is not None:
            raise NotBefore(until, "nobody can reach the person yet")
        return await self._keep(tenant_id, facts)

    async def hand_over(self, principal: Principal, lead_id: str, *, again: bool = False) -> str:
        """The same because a person or a machine says so. `again`: also where the lead was
        handed over before, as a handoff of its own. Its id.

        Raises:
            NotFound: there is no such lead for them.
        """
        check_may(principal, "hand_over")
        facts = await self.gatherer.gather_for(principal, lead_id)
        made = await self._keep(principal.tenant_id, facts, principal, again=again)
        found = facts.detail.lead.id
        return made or await self.service.get_latest_id(principal.tenant_id, found)

    async def push(self, tenant_id: str, handoff_id: str, revision: int) -> None:
        """Steps 4 and 5.

        Raises:
            TransientError: no acknowledgement; whatever the reason, it is tried again.
            NotBefore: not now: the endpoints are left alone, or the minute's budget is used up.
        """
        unsent = await self.service.find_unsent(tenant_id, handoff_id, revision, self.sender.names)
        if unsent is None:
            return
        is_wanted = partial(self.service.is_unsent, tenant_id, handoff_id, revision)
        try:
            sent = await self.sender.send(tenant_id, unsent.package, unsent.endpoints, is_wanted)
        except PushFailed as failed:
            await self.service.note_failed(tenant_id, handoff_id, failed)
            raise failed.as_transient() from None
        await self.service.acknowledge(tenant_id, handoff_id, revision, sent)

    async def hear(
        self, tenant_id: str, handoff_id: str, acknowledgement: Acknowledgement, source: str
    ) -> HandoffView:
        """Step 5 by another way: a webhook, a poll or the reconciliation brought the word.
        `source` names which."""
        handoff = await self.service.get_for_effects(tenant_id, handoff_id)
        sent = Sent(acknowledgement, source, attempts=0, milliseconds=0)
        return await self.service.acknowledge(tenant_id, handoff_id, handoff.revision, sent)

    async def follow_up(self, tenant_id: str, handoff_id: str, expected_at: datetime) -> None:
        """Step 6 for a lead that was put off until `expected_at`: ask what became of it.

        Raises:
            NotBefore: it is still put off, and no later time was named.
        """
        handoff = await self.service.get_for_effects(tenant_id, handoff_id)
        endpoints = await self.service.find_endpoints(tenant_id, self.sender.names)
        system = self.sender.choose_system(endpoints)
        if system is not None and is_put_off(handoff, expected_at):
            standing = await system.find_standing(tenant_id, handoff.lead_id)
            if standing is not None:
                word = as_acknowledgement(standing)
                handoff = await self.hear(tenant_id, handoff_id, word, "follow-up")
        if is_put_off(handoff, expected_at):
            raise NotBefore(self.clock.now() + DEFER_PAUSE, "still deferred")

    async def override(
        self, principal: Principal, handoff_id: str, action: OverrideAction, reason: str
    ) -> HandoffView:
        """A person settles what the machine cannot: sends again, with what is known by now, or
        says that it was handed over by hand, or that it is settled."""
        handoff = await self.service.reader.get_handoff(principal, handoff_id)
        packed = None
        if action == "resend" and handoff.state != "queued":
            facts = await self.gatherer.gather(principal.tenant_id, handoff.lead_id)
            packed = self._pack(principal.tenant_id, facts)
        return await self.service.override(principal, handoff_id, action, reason, packed)

    async def _keep(
        self,
        tenant_id: str,
        facts: PackageFacts,
        who: Principal | str = "agent",
        *,
        again: bool = False,
    ) -> str | None:
        lead, packed = facts.detail.lead, self._pack(tenant_id, facts)
        return await self.service.keep(tenant_id, lead.id, lead.site_id, packed, who, again=again)

    def _pack(self, tenant_id: str, facts: PackageFacts) -> Packed:
        rules = self.gatherer.choose_rules(tenant_id, facts.detail.lead.site_id)
        return pack(facts, rules, self.clock.now())
