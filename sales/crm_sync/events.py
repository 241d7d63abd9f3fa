"""What happens in `crm_sync` that others act upon."""

from __future__ import annotations

from core.outbox import Event


class CrmPushDue(Event):
    """Something waits for a CRM. Whoever takes this up sends all that waits: a burst of leads
    travels in the vendor's own batches."""

    crm: str
    # Of whom: one push at a time for each tenant and CRM, over all processes.
    tenant_id: str

    @property
    def ordering_key(self) -> str | None:
        """Two pushes to one account never run side by side."""
        return f"{self.tenant_id}:{self.crm}"
