"""A person taken out of every CRM that has them, and asked for again."""

from __future__ import annotations

from collections.abc import Mapping

from core.db import Database
from core.errors import PermanentError, TransientError, Unavailable
from core.protocols.crm import CrmRef
from sales.crm_sync.repository import CrmSyncRepository
from sales.crm_sync.schemas import CrmAccount, ErasureAnswer


async def erase_lead(
    database: Database, accounts: Mapping[str, CrmAccount], tenant_id: str, lead_id: str
) -> list[ErasureAnswer]:
    """Delete a lead's person in every CRM, and forget here what went there. Each CRM's answer;
    where one failed, what is known of it is kept, so that this can be repeated.

    Raises:
        TransientError: one does not answer, or still shows the person. The others were asked.
    """
    async with database.reading(tenant_id) as uow:
        rows = await CrmSyncRepository(uow).list_of_lead(lead_id)
    answers: list[ErasureAnswer] = []
    waiting: TransientError | None = None
    for row in rows:
        if row.kind != "person":
            continue
        account = accounts.get(row.crm)
        if row.crm_id is None:
            answers.append(ErasureAnswer(row.crm, erased=True, words="was never there"))
        elif account is None:
            words = f"not switched on: delete the record {row.crm_id} there by hand"
            answers.append(ErasureAnswer(row.crm, erased=False, words=words))
        else:
            ref = CrmRef(row.crm_id, row.crm_kind, row.url)
            try:
                words = await _erase_there(account, tenant_id, ref)
            except TransientError as error:
                waiting = error
            except PermanentError as error:
                answers.append(ErasureAnswer(row.crm, erased=False, words=error.excerpt))
            else:
                answers.append(ErasureAnswer(row.crm, erased=True, words=words))
    if waiting is not None:
        raise waiting
    if all(one.erased for one in answers):
        async with database.unit_of_work(tenant_id) as uow:
            await CrmSyncRepository(uow).delete_of_lead(lead_id)
    return answers


async def _erase_there(account: CrmAccount, tenant_id: str, ref: CrmRef) -> str:
    """Delete, and read back; in words."""
    left = await account.crm.erase_person(tenant_id, ref)
    if await account.crm.find_person(tenant_id, record_id=ref.id) is not None:
        raise Unavailable(account.name, "erase person", f"{account.name} still shows the person")
    return "; ".join(one for one in ("deleted, and not found any more", left) if one)
