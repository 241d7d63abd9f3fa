"""Salesforce keeps what every `Crm` promises."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.crm import CrmContract
from tests.integrations.salesforce.harness import SalesforceHarness
from tests.vendors.salesforce import SalesforceStandIn


class TestSalesforce(CrmContract):
    @pytest.fixture
    def harness(self) -> Iterator[SalesforceHarness]:
        with SalesforceStandIn() as stand_in:
            yield SalesforceHarness(stand_in)
            # A field, header, parameter or path that Salesforce does not know.
            assert stand_in.errors == []
