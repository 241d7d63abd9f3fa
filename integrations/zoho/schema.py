"""What the account's modules look like, and the field for our id."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from core.errors import Rejected
from integrations.zoho.client import Answer, ZohoClient
from integrations.zoho.failures import VENDOR, ZohoRejected, build_item_failure
from integrations.zoho.standard_fields import STANDARD_FIELDS
from integrations.zoho.values import CONTACTS, DEALS, EVENTS, LEADS, Described, list_options

# New fields and options are seen after this.
_KEEP = timedelta(minutes=10)
_LENGTH = 100
_TELLS_WHY = ("OAUTH_SCOPE_MISMATCH", "NO_PERMISSION")


class ZohoSchema:
    """Descriptions, kept for ten minutes for each tenant."""

    def __init__(self, client: ZohoClient) -> None:
        self._client = client
        self._unread: set[tuple[str, str]] = set()
        self._kept: dict[tuple[str, str], tuple[Described, datetime]] = {}

    @property
    def key(self) -> str:
        """The API name of the field for our id."""
        return self._client.settings.external_id_field

    async def describe(self, tenant_id: str, module: str, *, fresh: bool = False) -> Described:
        """The fields of a module by API name. `fresh`: asked now, whatever is kept."""
        kept = self._kept.get((tenant_id, module))
        now = self._client.now()
        if kept is not None and not fresh and now - kept[1] < _KEEP:
            return kept[0]
        try:
            answer = await self._client.get(
                tenant_id, f"describe {module}", "/settings/fields", {"module": module}
            )
        except ZohoRejected as error:
            if error.code in _TELLS_WHY or error.status not in (400, 404):
                raise
            answer = Answer(404, None)
        rows = (answer.data or {}).get("fields") or () if isinstance(answer.data, dict) else ()
        described = {str(one["api_name"]): one for one in rows if one.get("api_name")}
        # A server that only knows records: people are told apart by their addresses there.
        chosen = described or STANDARD_FIELDS.get(module, {})
        (self._unread.discard if described else self._unread.add)((tenant_id, module))
        self._kept[tenant_id, module] = (chosen, now)
        return chosen

    async def has_key(self, tenant_id: str, module: str) -> bool:
        """Whether records of the module have a field for our id."""
        return self.key in await self.describe(tenant_id, module)

    async def prepare(self, tenant_id: str) -> None:
        """Create the field for our id where it is missing. On leads and deals it must be there.

        Raises:
            Rejected: it is missing and we may not create it; says how to.
        """
        for module in (LEADS, DEALS, CONTACTS, EVENTS):
            try:
                if self.key in await self.describe(tenant_id, module, fresh=True):
                    continue
                if (tenant_id, module) in self._unread:
                    continue
                await self._create_key(tenant_id, module)
            except Rejected as error:
                if module in (LEADS, DEALS):
                    raise self.build_missing(module, error.excerpt) from None

    async def require_key(self, tenant_id: str, module: str) -> str:
        """The field's name; empty where the server does not tell its fields.

        Raises:
            Rejected: it is missing; says how to create it.
        """
        if self.key in await self.describe(tenant_id, module):
            return self.key
        if self.key in await self.describe(tenant_id, module, fresh=True):
            return self.key
        if (tenant_id, module) in self._unread:
            return ""
        raise self.build_missing(module, "it is not there")

    def build_missing(self, module: str, why: str) -> Rejected:
        """How to create the field by hand."""
        label = self.key.replace("_", " ")
        return Rejected(
            VENDOR,
            "prepare",
            f"{module} has no field {self.key}, and it could not be created: {why}. In Setup > "
            f"Customization > Modules and Fields > {module} add a field of type Single Line, "
            f"label {label!r}, ticked Do not allow duplicate values",
        )

    async def check_option(self, tenant_id: str, module: str, name: str, value: str) -> None:
        """See that a value is one of a picklist's.

        Raises:
            Rejected: it is not; names those that are.
        """
        options: tuple[str, ...] = ()
        for fresh in (False, True):
            described = await self.describe(tenant_id, module, fresh=fresh)
            options = list_options(described.get(name, {}))
            if not options or value in options:
                return
        raise Rejected(
            VENDOR, "upsert deal", f"{module}.{name} has no option {value!r}; it has: {options}"
        )

    async def _create_key(self, tenant_id: str, module: str) -> None:
        field = {
            "field_label": self.key.replace("_", " "),
            "data_type": "text",
            "length": _LENGTH,
            "unique": {"casesensitive": True},
        }
        answer = await self._client.call(
            tenant_id,
            f"create field on {module}",
            "POST",
            "/settings/fields",
            params={"module": module},
            content=json.dumps({"fields": [field]}).encode(),
            headers={"Content-Type": "application/json"},
        )
        items: Any = (answer.data or {}).get("fields") or [{}]
        if answer.status == 404 or items[0].get("code") not in ("SUCCESS", "DUPLICATE_DATA"):
            raise build_item_failure(f"create field on {module}", items[0])
        self._kept.pop((tenant_id, module), None)
