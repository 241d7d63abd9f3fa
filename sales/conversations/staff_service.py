"""Staff in conversations: watching, taking over from the agent, writing, handing back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db import Database
from core.errors import Conflict, Invalid, NotFound
from core.ids import is_id
from sales.conversations.models import Conversation
from sales.conversations.schemas import ConversationAbstract, ConversationView
from sales.conversations.staff_repository import StaffConversationRepository

TEXT_LIMIT = 4000
# Which conversations somebody may see, given the column of their ids: leads have owners,
# conversations have none, and modules above this one know of leads.
Restriction = Callable[[Any], Sequence[ColumnElement[bool]]]


def see_all(_column: Any) -> Sequence[ColumnElement[bool]]:
    """No restriction."""
    return ()


class StaffConversationService:
    """Conversations of all tenants as staff work with them. Which role may is the caller's to
    check (`rules.check_may`)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def list_conversations(
        self,
        tenant_id: str,
        *,
        view: ConversationView | None = None,
        site_id: str | None = None,
        restriction: Restriction = see_all,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[ConversationAbstract], int]:
        """Those in which something was said: live ones first, then the latest; and how many."""
        conditions = list(restriction(Conversation.id))
        if site_id is not None:
            conditions.append(Conversation.site_id == site_id)
        async with self._database.reading(tenant_id) as uow:
            return await StaffConversationRepository(uow).list_abstracts(
                view, conditions, limit, offset
            )

    async def check_visible(
        self, tenant_id: str, conversation_id: str, restriction: Restriction
    ) -> None:
        """Refuse what somebody may not see as if it were not there.

        Raises:
            NotFound: there is none, or it is not for them.
        """
        if is_id(conversation_id):
            async with self._database.reading(tenant_id) as uow:
                repository = StaffConversationRepository(uow)
                if await repository.is_among(conversation_id, restriction(Conversation.id)):
                    return
        raise NotFound("There is no such conversation.")

    async def take_over(self, tenant_id: str, conversation_id: str, staff_id: str) -> None:
        """From now on this member of staff answers, not the agent. Twice is no error.

        Raises:
            NotFound: there is no such conversation.
            Conflict: it has ended, or somebody else was quicker.
        """
        async with self._database.unit_of_work(tenant_id) as uow:
            repository = StaffConversationRepository(uow)
            if not await repository.take_over(conversation_id, staff_id, self._clock.now()):
                await _refuse(repository, conversation_id, "Somebody else has taken this over.")

    async def hand_back(
        self, tenant_id: str, conversation_id: str, staff_id: str, *, whoever: bool = False
    ) -> None:
        """The agent answers again. `whoever`: also when somebody else has taken over.

        Raises:
            NotFound: there is no such conversation.
            Conflict: it has ended, or it is not theirs.
        """
        async with self._database.unit_of_work(tenant_id) as uow:
            repository = StaffConversationRepository(uow)
            if not await repository.hand_back(conversation_id, None if whoever else staff_id):
                await _refuse(repository, conversation_id, "You have not taken this over.")

    async def say(
        self, tenant_id: str, conversation_id: str, staff_id: str, text: str, request_key: str
    ) -> None:
        """Write to the visitor. The same `request_key` again says nothing twice.

        Raises:
            Invalid: nothing was written, or too much.
            NotFound: there is no such conversation.
            Conflict: it has ended, or it is not theirs.
        """
        text = "".join(sign for sign in text if sign.isprintable() or sign in "\n\t").strip()
        if not text or len(text) > TEXT_LIMIT:
            raise Invalid(f"Write 1 to {TEXT_LIMIT} characters.", {"field": "text"})
        key = f"staff-{request_key}"[:200]
        try:
            async with self._database.unit_of_work(tenant_id) as uow:
                repository = StaffConversationRepository(uow)
                now = self._clock.now()
                if not await repository.add_message(conversation_id, staff_id, key, text, now):
                    await _refuse(repository, conversation_id, "You have not taken this over.")
        except IntegrityError:
            # The same message, sent twice: it stands already.
            return


async def _refuse(
    repository: StaffConversationRepository, conversation_id: str, message: str
) -> None:
    found = await repository.find_state(conversation_id) if is_id(conversation_id) else None
    if found is None:
        raise NotFound("There is no such conversation.")
    if found[0] == "ended":
        raise Conflict("This conversation has ended.")
    raise Conflict(message)
