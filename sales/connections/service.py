"""Connecting, testing and disconnecting a tenant's accounts at vendors."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog

from core.clock import Clock
from core.db import Database
from core.encryption import Cipher
from core.errors import (
    AppError,
    ConfigurationError,
    Conflict,
    Invalid,
    NotFound,
    ProviderError,
    Unavailable,
    VendorRateLimited,
)
from core.security import hash_key
from sales.connections.credential_store import read_method, seal, unseal
from sales.connections.models import Connection, ConnectionChange, SignIn
from sales.connections.oauth import build_authorize_url, new_verifier, redeem_code, revoke_tokens
from sales.connections.repository import ConnectionRepository
from sales.connections.rules import (
    CLIENT_FIELDS,
    check_typed,
    describe_error,
    list_client_fields,
    list_key_fields,
    merge_credentials,
)
from sales.connections.schemas import (
    ChangeSummary,
    CheckResult,
    ConnectionSummary,
    Method,
    Vendor,
    Vendors,
)
from sales.organization.schemas import Principal

log = structlog.get_logger(__name__)

CHECK_LIMIT = timedelta(seconds=15)
_SIGN_IN_LIFETIME = timedelta(minutes=10)
_SIGN_IN_COLUMN = "connection_sign_ins.sealed"
_CHANGES = 50
_ACCOUNT_LIMIT = 200


class ConnectionService:
    """A tenant's accounts at vendors. Who may call this is the caller's to check."""

    def __init__(
        self, database: Database, clock: Clock, cipher: Cipher, get_vendors: Callable[[], Vendors]
    ) -> None:
        """`get_vendors`: the vendors as `app.yaml` says now."""
        self._database, self._clock, self._cipher = database, clock, cipher
        self._get_vendors = get_vendors

    def list_vendors(self) -> list[Vendor]:
        """Every vendor there is a folder for, those in use first, then by name."""
        vendors = self._get_vendors().values()
        return sorted(vendors, key=lambda one: (not one.uses, one.manifest.name.lower()))

    def get_vendor(self, key: str) -> Vendor:
        """One vendor.

        Raises:
            NotFound: there is none of that key.
        """
        vendor = self._get_vendors().get(key)
        if vendor is None:
            raise NotFound("There is no such vendor.")
        return vendor

    async def list_connections(self, tenant_id: str) -> dict[str, ConnectionSummary]:
        """The tenant's connections by vendor, without any credential. A row that only holds what
        was renewed from app.yaml counts as well: it has a last success and a last error."""
        async with self._database.reading(tenant_id) as uow:
            rows = await ConnectionRepository(uow).list_all()
        return {row.vendor: _summary(row) for row in rows}

    async def list_changes(self, tenant_id: str) -> list[ChangeSummary]:
        """What was done to connections, the newest first."""
        async with self._database.reading(tenant_id) as uow:
            rows = await ConnectionRepository(uow).list_changes(_CHANGES)
        return [_change(row) for row in rows]

    async def connect(
        self, principal: Principal, key: str, given: Mapping[str, str]
    ) -> ConnectionSummary:
        """Store typed credentials in place of those there are.

        Raises:
            NotFound: no such vendor.
            Invalid: something is missing, or the vendor takes no typed credentials.
        """
        manifest = self.get_vendor(key).manifest
        if not list_key_fields(manifest):
            raise Invalid(f"{manifest.name} is connected by signing in there.")
        return await self._store(principal, key, check_typed(manifest, given), "key")

    async def begin_sign_in(
        self,
        principal: Principal,
        key: str,
        session_id: str,
        redirect_uri: str,
        given: Mapping[str, str],
    ) -> str:
        """Begin a sign-in; returns the address at the vendor to which the browser goes. It can be
        finished once, by the same session of staff, within ten minutes.

        Raises:
            NotFound: no such vendor.
            Invalid: it offers no sign-in, or the client's id and secret are not known.
        """
        vendor = self.get_vendor(key)
        flow = vendor.manifest.oauth
        if flow is None:
            raise Invalid(f"{vendor.manifest.name} offers no sign-in.")
        configured = vendor.configured(principal.tenant_id)
        client = {name: configured[name] for name in CLIENT_FIELDS if name in configured}
        typed = {name: given.get(name, "").strip() for name in CLIENT_FIELDS}
        client |= {name: value for name, value in typed.items() if value}
        if not client.get("client_id"):
            label = list_client_fields(vendor.manifest)[0].label
            raise Invalid(f"{label} is needed.", {"field": "client_id"})
        state, verifier, now = secrets.token_urlsafe(32), new_verifier(), self._clock.now()
        address = build_authorize_url(
            flow,
            vendor.context.settings,
            client_id=client["client_id"],
            redirect_uri=redirect_uri,
            state=state,
            verifier=verifier,
        )
        kept = {"client": client, "typed": typed, "verifier": verifier, "uri": redirect_uri}
        row = SignIn(
            id=hash_key(state),
            tenant_id=principal.tenant_id,
            vendor=key,
            session_id=session_id,
            sealed=self._cipher.encrypt(
                json.dumps(kept), tenant_id=principal.tenant_id, column=_SIGN_IN_COLUMN
            ),
            expires_at=now + _SIGN_IN_LIFETIME,
        )
        async with self._database.unit_of_work(principal.tenant_id) as uow:
            repository = ConnectionRepository(uow)
            await repository.delete_old_sign_ins(now)
            repository.add_sign_in(row)
        return address

    async def finish_sign_in(
        self, principal: Principal, session_id: str, answer: Mapping[str, str]
    ) -> ConnectionSummary:
        """Take what the vendor sent the browser back with. `answer`: `state`, and `code` or
        `error`.

        Raises:
            Invalid: it was not begun by this session, it took too long or was finished before;
                or the vendor refused. In all cases: begin again.
        """
        tenant_id, now = principal.tenant_id, self._clock.now()
        async with self._database.unit_of_work(tenant_id) as uow:
            row = await ConnectionRepository(uow).take_sign_in(
                hash_key(answer.get("state", "")), session_id
            )
        if row is None or row.expires_at < now:
            raise Invalid("This sign-in was not begun here, or is too old. Begin it again.")
        vendor = self.get_vendor(row.vendor)
        name = vendor.manifest.name
        if answer.get("error") or not answer.get("code"):
            words = answer.get("error_description") or answer.get("error") or "it sent no code"
            said = describe_error(ValueError(words))
            raise Invalid(f"{name} did not connect. Its words: {said}")
        text = self._cipher.decrypt(row.sealed, tenant_id=tenant_id, column=_SIGN_IN_COLUMN)
        kept: dict[str, Any] = json.loads(text)
        grant = {
            "code": answer["code"],
            "redirect_uri": kept["uri"],
            "code_verifier": kept["verifier"],
        }
        client: dict[str, str] = kept["client"]
        try:
            tokens = await redeem_code(vendor.manifest, vendor.context.settings, client, now, grant)
        except AppError as error:
            said = describe_error(error, (*client.values(), *grant.values()))
            raise Invalid(f"{name} did not connect. {said}") from None
        # Of the client's proof only what was typed in: the rest may change in app.yaml.
        typed = {key: value for key, value in kept["typed"].items() if value}
        return await self._store(principal, row.vendor, {**typed, **tokens}, "oauth")

    async def test(self, principal: Principal, key: str) -> CheckResult:
        """Try the credentials now, and write down what came of it.

        Raises:
            NotFound: no such vendor.
        """
        vendor = self.get_vendor(key)
        result = await try_vendor(vendor, principal.tenant_id)
        now = self._clock.now()
        async with self._database.unit_of_work(principal.tenant_id) as uow:
            repository = ConnectionRepository(uow)
            if vendor.configured(principal.tenant_id):
                row: Connection | None = await repository.get_or_add(key, "config", now)
            else:
                row = await repository.find(key, lock=True)
            if row is not None and result.works:
                row.account, row.last_success_at, row.last_error = result.words, now, ""
            elif row is not None:
                row.last_error, row.last_error_at = result.words, now
            note = "worked" if result.works else "failed"
            repository.add_change(key, "tested", principal.name, note, now)
        return result

    async def note_result(self, tenant_id: str, key: str, error: ProviderError | None) -> None:
        """What came of bringing records in step with a vendor: shown on the page. A vendor that
        asks for patience is not in error."""
        now = self._clock.now()
        async with self._database.unit_of_work(tenant_id) as uow:
            row = await ConnectionRepository(uow).get_or_add(key, "config", now)
            if error is None:
                row.last_sync = row.last_success_at = now
                row.last_error = ""
            elif not isinstance(error, VendorRateLimited):
                row.last_error, row.last_error_at = describe_error(error), now

    async def disconnect(self, principal: Principal, key: str) -> str:
        """Take the tokens back at the vendor, and delete all credentials here in any case.
        Returns what is to be said when the vendor did not take them back; empty: all is done.

        Raises:
            NotFound: no such vendor, or not connected.
            Conflict: it is connected in app.yaml, not here.
        """
        vendor, tenant_id = self.get_vendor(key), principal.tenant_id
        async with self._database.reading(tenant_id) as uow:
            row = await ConnectionRepository(uow).find(key)
        if row is None:
            raise NotFound("It is not connected.")
        if row.method == "config":
            raise Conflict("It is connected in app.yaml. Take the credentials out of the file.")
        problem = await self._revoke(vendor, tenant_id, row)
        async with self._database.unit_of_work(tenant_id) as uow:
            repository = ConnectionRepository(uow)
            await repository.delete(key)
            note = "the vendor did not take the tokens back" if problem else ""
            repository.add_change(key, "disconnected", principal.name, note, self._clock.now())
        return problem

    async def rotate_keys(self) -> int:
        """Encrypt anew, with the newest key, what an older one encrypted; in the midst of work.
        How many."""
        async with self._database.reading(None) as uow:
            rows = await ConnectionRepository(uow).list_all()
        done = 0
        for row in rows:
            before = row.api_credentials
            if not before or not self._cipher.needs_renewal(before):
                continue
            after = seal(self._cipher, row.tenant_id, unseal(self._cipher, row.tenant_id, before))
            async with self._database.unit_of_work(row.tenant_id) as uow:
                # Whoever wrote in between has used the newest key.
                done += await ConnectionRepository(uow).replace_sealed(row.id, before, after)
        return done

    async def _store(
        self, principal: Principal, key: str, values: dict[str, str], method: Method
    ) -> ConnectionSummary:
        tenant_id, now = principal.tenant_id, self._clock.now()
        async with self._database.unit_of_work(tenant_id) as uow:
            repository = ConnectionRepository(uow)
            row = await repository.get_or_add(key, method, now)
            row.api_credentials = seal(self._cipher, tenant_id, values)
            row.method, row.account, row.last_error = method, "", ""
            row.last_success_at = row.last_error_at = None
            row.revision += 1
            row.created_at = row.changed_at = now
            row.lease_owner, row.lease_until = "", None
            note = "by signing in" if method == "oauth" else "by key"
            repository.add_change(key, "connected", principal.name, note, now)
        return _summary(row)

    async def _revoke(self, vendor: Vendor, tenant_id: str, row: Connection) -> str:
        """Take tokens back; what is to be said if that failed."""
        manifest = vendor.manifest
        signed_in = row.method == "oauth" and manifest.oauth is not None
        if not manifest.disconnect and not signed_in:
            return ""
        values: dict[str, str] = {}
        try:
            stored = unseal(self._cipher, tenant_id, row.api_credentials)
            method, configured = read_method(row.method), vendor.configured(tenant_id)
            values = merge_credentials(method, configured, stored)
            async with asyncio.timeout(CHECK_LIMIT.total_seconds()):
                if manifest.disconnect:
                    await vendor.load(manifest.disconnect)(vendor.context, tenant_id)
                else:
                    await revoke_tokens(manifest, vendor.context.settings, values)
        except (AppError, ConfigurationError, TimeoutError) as error:
            said = (
                "It did not answer in time."
                if isinstance(error, TimeoutError)
                else (describe_error(error, values.values()))
            )
            return (
                f"{manifest.name} did not take the access back. {said} Remove it there by hand: "
                "here it is deleted."
            )
        return ""


async def try_vendor(vendor: Vendor, tenant_id: str, limit: timedelta = CHECK_LIMIT) -> CheckResult:
    """Try a tenant's credentials; never raises for what the vendor does."""
    manifest = vendor.manifest
    if vendor.missing:
        extra = f"pip install 'sales-agent[{manifest.extra}]'"
        return CheckResult(False, f"Its library is not installed. Run: {extra}")
    if not manifest.check:
        return CheckResult(True, "Nothing can be tried with this vendor.")
    hidden: tuple[str, ...] = ()
    try:
        hidden = tuple((await vendor.context.credentials.get(tenant_id)).values())
        async with asyncio.timeout(limit.total_seconds()):
            found = await vendor.load(manifest.check)(vendor.context, tenant_id)
    except TimeoutError:
        error = Unavailable(
            manifest.key, "check", f"no answer within {limit.total_seconds():.0f} seconds"
        )
        return CheckResult(False, describe_error(error))
    except (AppError, ConfigurationError) as error:
        return CheckResult(False, describe_error(error, hidden))
    except Exception as error:
        # A vendor's library may raise anything; the page and the command line go on.
        log.exception("vendor_check_failed", vendor=manifest.key)
        return CheckResult(False, f"It failed in an unexpected way ({type(error).__name__}).")
    return CheckResult(True, " ".join(str(found).split())[:_ACCOUNT_LIMIT])


def _summary(row: Connection) -> ConnectionSummary:
    return ConnectionSummary(
        vendor=row.vendor,
        method=read_method(row.method),
        account=row.account,
        connected_at=row.created_at,
        last_sync=row.last_sync,
        last_success_at=row.last_success_at,
        last_error_at=row.last_error_at,
        last_error=row.last_error,
    )


def _change(row: ConnectionChange) -> ChangeSummary:
    return ChangeSummary(
        vendor=row.vendor,
        kind=row.kind,
        changed_by=row.changed_by,
        note=row.note,
        happened_at=row.happened_at,
    )
