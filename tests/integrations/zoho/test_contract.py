"""Zoho CRM keeps what every `Crm` promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest

from tests.contracts.crm import CrmContract
from tests.integrations.zoho.harness import ZohoHarness, make_stand_in


class TestZoho(CrmContract):
    deviations: ClassVar[dict[str, str]] = {
        "test_a_merged_person_is_seen_with_what_took_it_over": (
            "Zoho's API tells that the one record is gone, and not which took it over"
        )
    }

    @pytest.fixture
    def harness(self) -> Iterator[ZohoHarness]:
        with make_stand_in() as stand_in:
            yield ZohoHarness(stand_in)
            # A field, parameter, header or path that Zoho's specification does not know.
            assert stand_in.errors == []
