"""The section `integrations.sales_system` of `app.yaml`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from core.settings import OptionalAddress, Section


class SalesSystemSettings(Section):
    """Where the sales system is (S0 4.1)."""

    endpoint: OptionalAddress = ""
    """The whole address that packages are posted to, e.g.
    https://sales.acme.example/api/v1/sales/leads. https, but for this very machine."""

    backup_endpoint: OptionalAddress = ""
    """The same at another place, used while `endpoint` fails. Both must share what they store:
    a package whose answer was lost at one may be sent again to the other."""

    token_url: OptionalAddress = ""
    """Where access tokens are got with client credentials (RFC 6749, 4.4). Empty: an API key is
    sent instead."""

    backup_token_url: OptionalAddress = ""
    """The same at another place, asked while `token_url` does not answer, so that the backup can
    be used for longer than the last token holds. Its tokens must hold at both endpoints."""

    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 30
    """How long a package may wait for its acknowledgement (S0 3.2: 30)."""

    minimum_tls: Literal["1.2", "1.3"] = "1.3"
    """The oldest version of TLS that is spoken (S0 7: 1.3)."""

    @property
    def timeout(self) -> timedelta:
        """How long one request may take."""
        return timedelta(seconds=self.timeout_seconds)
