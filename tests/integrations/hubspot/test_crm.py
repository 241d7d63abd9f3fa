"""HubSpot under the contract of CRMs, each request judged by the published specification."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from tests.contracts.crm import CrmContract
from tests.integrations.hubspot.harness import HubSpotHarness, make_stand_in


class TestHubSpotCrm(CrmContract):
    """The whole contract."""

    deviations: ClassVar = {
        "test_a_converted_lead_is_seen_with_what_it_became": (
            "HubSpot's contacts are not converted: a contact stays the same record"
        )
    }

    @pytest.fixture
    def harness(self) -> Iterator[HubSpotHarness]:
        with make_stand_in() as stand_in:
            yield HubSpotHarness(stand_in)
            assert stand_in.errors == []
