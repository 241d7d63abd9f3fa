"""Conversations are judged behind the turn: whoever waits for an answer waits for no score.

A turn marks its conversation in the commit that stores it, so a process that dies forgets none.
Those that are marked are judged many at a time, which costs little more than one: what is read is
read outside of the writer's lock, and only the conversations that are leads, or become one, get
a transaction of their own. At the conversation's end the outbox judges once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from core.db import Database
from sales.conversations.history import (
    Unjudged,
    claim_judging,
    list_unjudged,
    mark_judged,
    read_histories,
)
from sales.leads.profile import Profile
from sales.leads.profile_repository import ProfileRepository
from sales.leads.qualifying import Qualifier
from sales.leads.repository import LeadRepository

log = structlog.get_logger(__name__)

# Of one round; what is left is taken up by the next one.
_MOST = 200
# Judged between two looks at who else wants to run.
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class LateQualifier:
    """Judges what was said since it was judged."""

    database: Database
    qualifier: Qualifier

    async def qualify_due(self) -> int:
        """One round; how many conversations were taken up."""
        async with self.database.reading(None) as uow:
            due = await list_unjudged(uow, _MOST)
        for tenant_id in dict.fromkeys(one.tenant_id for one in due):
            mine = [one for one in due if one.tenant_id == tenant_id]
            try:
                await self._qualify_of(tenant_id, mine)
            except SQLAlchemyError:
                raise
            except Exception:
                # One of them is at fault: the others are judged alone.
                log.exception("conversations_not_judged", count=len(mine))
                for one in mine:
                    await self._qualify_alone(one)
        return len(due)

    async def _qualify_of(self, tenant_id: str, due: Sequence[Unjudged]) -> None:
        judged, leads = await self._judge(tenant_id, due)
        plain = [
            one
            for one in judged
            if one["conversation_id"] not in leads
            and not one["is_qualified"]
            and not one["has_contact"]
        ]
        unchanged = {one["conversation_id"] for one in plain}
        if plain:
            async with self.database.unit_of_work(tenant_id) as uow:
                await self.qualifier.keep(uow, plain)
                await mark_judged(uow, [one for one in due if one.conversation_id in unchanged])
        for one in due:
            if one.conversation_id not in unchanged:
                await self._qualify_alone(one)

    async def _judge(
        self, tenant_id: str, due: Sequence[Unjudged]
    ) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
        """Every conversation as it stands, and the leads of those that belong to one."""
        ids = [one.conversation_id for one in due]
        async with self.database.reading(tenant_id) as uow:
            histories = await read_histories(uow, ids)
            profiles = await ProfileRepository(uow).find_profiles([one.visitor_id for one in due])
            booked = await self.qualifier.count_appointments(uow, ids)
            leads = await LeadRepository(uow).find_of_conversations(ids)
        judged: list[dict[str, Any]] = []
        for place, (key, history) in enumerate(histories.items(), 1):
            profile = profiles.get(history.origin.visitor_id, Profile())
            judged.append(self.qualifier.judge_facts(history, profile, booked.get(key, 0)))
            if place % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return judged, leads

    async def _qualify_alone(self, one: Unjudged) -> None:
        """In a transaction of its own, with all that it changes of a lead."""
        try:
            async with self.database.unit_of_work(one.tenant_id) as uow:
                if await claim_judging(uow, one.conversation_id):
                    profile = await ProfileRepository(uow).find_profile(one.visitor_id)
                    await self.qualifier.qualify(uow, one.conversation_id, profile)
            return
        except IntegrityError:
            # Somebody made the same lead at the same time: the next round finds it.
            log.info("conversation_judged_later", conversation_id=one.conversation_id)
            return
        except SQLAlchemyError:
            raise
        except Exception:
            log.exception("conversation_not_judged", conversation_id=one.conversation_id)
        # Not again before it has another message, or ends: then the outbox tells staff.
        async with self.database.unit_of_work(one.tenant_id) as uow:
            await claim_judging(uow, one.conversation_id)
