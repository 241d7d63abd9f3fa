"""Every table there is: importing this module fills `Base.metadata`."""

from __future__ import annotations

import core.db.vendor_memory
import core.outbox.models
import integrations.local.models
import sales.appointments.models
import sales.connections.models
import sales.conversations.models
import sales.crm_sync.models
import sales.feedback.models
import sales.followups.models
import sales.handoffs.models
import sales.knowledge.models
import sales.leads.models
import sales.organization.models
import sales.privacy.models
import sales.usage.models
from core.db import Base

_TABLES = (
    core.db.vendor_memory,
    core.outbox.models,
    integrations.local.models,
    sales.appointments.models,
    sales.connections.models,
    sales.conversations.models,
    sales.crm_sync.models,
    sales.followups.models,
    sales.handoffs.models,
    sales.knowledge.models,
    sales.leads.models,
    sales.organization.models,
    sales.privacy.models,
    sales.usage.models,
)
metadata = Base.metadata
