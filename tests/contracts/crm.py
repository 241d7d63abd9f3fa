"""What every `Crm` promises. A vendor's tests subclass `CrmContract` and give a harness: the real
client of the product over the vendor's stand-in, and a view of what the stand-in holds.

What a vendor cannot do is named in `deviations`, with the reason; the test then has to fail.
"""

from __future__ import annotations

from tests.contracts.crm_faults import CrmFaultContract
from tests.contracts.crm_harness import (
    CrmHarness,
    Fault,
    ShownActivity,
    ShownDeal,
    ShownPerson,
    TestFields,
)
from tests.contracts.crm_history import CrmHistoryContract
from tests.contracts.crm_people import CrmPeopleContract


class CrmContract(CrmPeopleContract, CrmHistoryContract, CrmFaultContract):
    """The whole of it. Subclasses give `harness`."""


__all__ = [
    "CrmContract",
    "CrmHarness",
    "Fault",
    "ShownActivity",
    "ShownDeal",
    "ShownPerson",
    "TestFields",
]
