"""What every `SalesSystem` promises. An implementation's tests subclass this, give the system as
the fixture `system`, and the tenant as `tenant_id`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

from core.ids import new_id
from core.protocols.sales_system import LeadPackage, SalesSystem
from sales.handoffs.canonical import hash_canonical, write_canonical
from sales.handoffs.package_schema import VERSION

PACKAGE: dict[str, Any] = {
    "createdAt": "2026-12-01T09:00:00Z",
    "handoffAt": "2026-12-01T09:00:15Z",
    "contact": {
        "firstName": "Ada",
        "lastName": "Byron",
        "email": "ada@acme.example",
        "phone": None,
        "preferredContactMethod": "email",
        "preferredContactTime": None,
    },
    "leadScoring": {
        "overallScore": 85,
        "tier": "hot",
        "completenessScore": 25,
        "engagementScore": 20,
        "readinessScore": 25,
        "sourceQualityScore": 15,
        "priority": "critical",
    },
    "attribution": {
        "channel": "website",
        "source": "direct",
        "campaign": None,
        "medium": None,
        "utmParams": dict.fromkeys(("source", "medium", "campaign", "content", "term")),
        "referrer": None,
        "landingPage": "https://www.acme.example/",
    },
    "behavioralContext": {
        "pagesVisited": ["https://www.acme.example/"],
        "contentDownloaded": None,
        "eventsAttended": None,
        "emailEngagement": None,
        "previousInteractions": [],
    },
    "recommendedActions": {
        "nextSteps": ["Call within 1 hour - hot lead"],
        "talkingPoints": [],
        "potentialObjections": [],
        "suggestedScript": "ready-to-buy",
    },
    "sla": {
        "responseDeadline": "2099-12-01T10:00:15Z",
        "priorityLevel": "critical",
        "escalationPolicy": "auto-escalate-if-no-contact-in-1-hour",
    },
    "compliance": {
        "gdprConsent": True,
        "marketingConsent": None,
        "consentTimestamp": "2026-12-01T09:00:10Z",
        "dataSource": "website-chat",
        "privacyPolicyVersion": "v2.1",
    },
}


def build_package(lead_id: str = "", *, email: str = "", **more: Any) -> LeadPackage:
    """A package of a lead of its own."""
    lead_id = lead_id or new_id()
    content = {**PACKAGE, "leadId": lead_id, "externalLeadId": lead_id, **more}
    content["contact"] = {**PACKAGE["contact"], "email": email or f"{lead_id}@acme.example"}
    body = write_canonical(content)
    return LeadPackage(
        lead_id=lead_id,
        transaction_id=new_id(),
        idempotency_key=f"{lead_id}.{new_id()}",
        body=body,
        body_hash=hash_canonical(body),
        schema_version=VERSION,
    )


class SalesSystemContract:
    """The promises."""

    async def test_a_package_is_acknowledged_with_its_hash(
        self, system: SalesSystem, tenant_id: str
    ) -> None:
        package = build_package()
        ack = await system.push(tenant_id, package)
        assert (ack.lead_id, ack.status) == (package.lead_id, "accepted")
        assert ack.sales_lead_id
        assert ack.acknowledged_at.tzinfo is not None
        assert ack.body_hash == package.body_hash

    async def test_the_same_key_again_is_the_same_acknowledgement(
        self, system: SalesSystem, tenant_id: str
    ) -> None:
        package = build_package()
        first = await system.push(tenant_id, package)
        assert [await system.push(tenant_id, package) for _ in range(3)] == [first] * 3

    async def test_at_the_same_time_too(self, system: SalesSystem, tenant_id: str) -> None:
        package = build_package()
        acks = await asyncio.gather(*(system.push(tenant_id, package) for _ in range(6)))
        assert len({ack.sales_lead_id for ack in acks}) == 1

    async def test_the_same_lead_under_another_key_stays_one(
        self, system: SalesSystem, tenant_id: str
    ) -> None:
        package = build_package()
        first = await system.push(tenant_id, package)
        again = await system.push(tenant_id, replace(package, idempotency_key=new_id()))
        assert (again.status, again.sales_lead_id) == ("accepted", first.sales_lead_id)

    async def test_where_a_lead_stands_can_be_asked(
        self, system: SalesSystem, tenant_id: str
    ) -> None:
        package = build_package()
        assert await system.find_standing(tenant_id, package.lead_id) is None
        ack = await system.push(tenant_id, package)
        standing = await system.find_standing(tenant_id, package.lead_id)
        assert standing is not None
        assert standing.acknowledged_at == ack.acknowledged_at
        assert (standing.sales_lead_id, standing.body_hash) == (
            ack.sales_lead_id,
            package.body_hash,
        )

    async def test_who_follows_the_cursor_sees_every_change(
        self, system: SalesSystem, tenant_id: str
    ) -> None:
        start = (await self.read_all(system, tenant_id, ""))[1]
        packages = [build_package() for _ in range(5)]
        for package in packages:
            await system.push(tenant_id, package)
        seen, cursor = await self.read_all(system, tenant_id, start)
        assert seen == [package.lead_id for package in packages]
        assert (await self.read_all(system, tenant_id, cursor)) == ([], cursor)
        await system.erase(tenant_id, packages[2].lead_id)
        assert (await self.read_all(system, tenant_id, cursor))[0] == [packages[2].lead_id]

    async def read_all(
        self, system: SalesSystem, tenant_id: str, cursor: str
    ) -> tuple[list[str], str]:
        seen: list[str] = []
        while True:
            part = await system.list_standings(tenant_id, cursor, 2)
            seen += [lead.lead_id for lead in part.leads]
            cursor = part.cursor
            if not part.has_more:
                return seen, cursor

    async def test_a_person_is_forgotten_and_twice_is_no_error(
        self, system: SalesSystem, tenant_id: str
    ) -> None:
        package = build_package()
        assert not await system.erase(tenant_id, package.lead_id)
        await system.push(tenant_id, package)
        assert await system.erase(tenant_id, package.lead_id)
        assert await system.erase(tenant_id, package.lead_id)
        standing = await system.find_standing(tenant_id, package.lead_id)
        assert standing is not None
        assert standing.status == "erased"
        assert "acme" not in json.dumps(standing.outcome)
