"""Signing in at Salesforce, and calling it through `simple-salesforce` in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import jwt
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from core.bearer_tokens import BearerTokens, build_refresh_form
from core.errors import AuthenticationFailed, Rejected, Unavailable, VendorRateLimited
from core.outbound import Pages, run_blocking
from core.protocols.vendor import Values, VendorContext
from integrations.salesforce.session import (
    VENDOR,
    SalesforceRejected,
    SalesforceSession,
    Usage,
    is_expired,
)
from integrations.salesforce.settings import SalesforceSettings

_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Salesforce refuses assertions that live longer than five minutes.
_JWT_LIFE = timedelta(minutes=3)
# How often an account whose budget is spent is asked whether it is back.
_PAUSE = timedelta(minutes=15)
_THREADS = 8
# Where a sign-in may send us with the token it gave (Salesforce's own domains).
_DOMAINS = (".salesforce.com", ".force.com", ".salesforce.mil", ".sfcrmproducts.cn")
_Result = TypeVar("_Result")


class SalesforceClient:
    """One for the process. Each call is one attempt; a token that has expired is renewed once."""

    def __init__(self, context: VendorContext) -> None:
        self._settings: SalesforceSettings = context.settings
        self._clock = context.clock
        self._tokens = BearerTokens(
            context.credentials,
            self._renew,
            self._holds,
            may_renew=lambda _values, error: is_expired(error),
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="salesforce")
        self._local = threading.local()
        self._usage: dict[str, tuple[Usage, datetime]] = {}

    @property
    def settings(self) -> SalesforceSettings:
        """The vendor's section of `app.yaml`."""
        return self._settings

    def now(self) -> datetime:
        """What the clock says, in UTC."""
        return self._clock.now()

    def find_usage(self, tenant_id: str) -> Usage | None:
        """The account's budget as the last answer told it; None before the first."""
        found = self._usage.get(tenant_id)
        return found[0] if found else None

    async def call(
        self, tenant_id: str, operation: str, work: Callable[[Salesforce], _Result]
    ) -> _Result:
        """Run `work` with the tenant's account, in a thread.

        Raises:
            ProviderError: as `core.protocols.crm.Crm` says.
        """
        self._check_budget(tenant_id, operation)

        async def attempt(values: Values) -> _Result:
            return await self._run(tenant_id, values, operation, work)

        try:
            return await self._tokens.use(tenant_id, attempt)
        except SalesforceRejected as error:
            name = self._settings.external_id_field
            if name in error.excerpt and {"INVALID_FIELD", "NOT_FOUND"} & set(error.codes):
                words = explain_missing(name, error.excerpt)
                raise Rejected(VENDOR, operation, words) from None
            raise

    async def query(
        self, tenant_id: str, operation: str, soql: str, *, with_deleted: bool = False
    ) -> list[Mapping[str, Any]]:
        """The records of a query, all pages of it."""

        def ask(salesforce: Salesforce) -> list[Mapping[str, Any]]:
            # The library's own loop over the pages trusts that one is the last.
            pages = Pages(VENDOR, operation)
            page = salesforce.query(soql, include_deleted=with_deleted)
            found = list(page["records"])
            while not page["done"] and (following := pages.find_next(page.get("nextRecordsUrl"))):
                page = salesforce.query_more(
                    following, identifier_is_url=True, include_deleted=with_deleted
                )
                found += page["records"]
            return found

        return await self.call(tenant_id, operation, ask)

    async def read_address(self, tenant_id: str) -> str:
        """The address of the tenant's account, where people open it as well."""
        return self._find_address(await self._tokens.get(tenant_id))

    def _holds(self, values: Values) -> bool:
        # When a token ends depends on the account's session settings; nobody is told.
        return bool(values.get("access_token") and self._find_address(values))

    def _find_address(self, values: Values) -> str:
        return self._settings.base_url or values.get("instance_url", "")

    async def _run(
        self,
        tenant_id: str,
        values: Values,
        operation: str,
        work: Callable[[Salesforce], _Result],
    ) -> _Result:
        address = self._find_address(values)
        token = values["access_token"]

        def note(usage: Usage) -> None:
            self._usage[tenant_id] = (usage, self._clock.now())

        def run() -> _Result:
            session = self._find_session(address, operation, note)
            parts = urlsplit(address)
            account = Salesforce(
                session_id=token,
                instance=f"{parts.netloc}{parts.path}",
                session=session,
                version=self._settings.api_version,
            )
            try:
                return work(account)
            except (requests.RequestException, SalesforceError, KeyError) as error:
                # No answer that Salesforce gives: something stands in between, e.g. a proxy.
                words = f"an answer that cannot be read ({type(error).__name__})"
                raise Unavailable(VENDOR, operation, words) from None

        # A thread ends by the session's own timeouts; this is the end of our patience with it.
        patience = self._settings.timeout * 4 + timedelta(seconds=2)
        return await run_blocking(run, VENDOR, operation, patience, self._threads)

    def _find_session(
        self, address: str, operation: str, note: Callable[[Usage], None]
    ) -> SalesforceSession:
        """This thread's session for that account: its connections are kept."""
        sessions: dict[str, SalesforceSession] = self._local.__dict__.setdefault("sessions", {})
        session = sessions.get(address)
        if session is None:
            settings = self._settings
            session = SalesforceSession(address, settings.timeout, settings.ca_file, note)
            sessions[address] = session
        session.operation, session.on_usage = operation, note
        return session

    def _check_budget(self, tenant_id: str, operation: str) -> None:
        found = self._usage.get(tenant_id)
        if found is None:
            return
        usage, at = found
        left = at + _PAUSE - self._clock.now()
        if usage.used >= usage.allowed * self._settings.api_share and left > timedelta():
            raise VendorRateLimited(
                VENDOR,
                operation,
                f"{usage.used} of {usage.allowed} daily API requests are used",
                left,
            )

    async def _renew(self, stored: Values) -> Values:
        """A new token for what is stored. Three ways; the first that the secrets allow."""
        form, audience = self._build_grant(stored), self._settings.login_address

        def ask() -> Mapping[str, Any]:
            session = SalesforceSession(
                audience, self._settings.timeout, self._settings.ca_file, lambda _: None
            )
            session.operation = "sign in"
            with session:
                # The library's scheme, taken back by the session where the settings say so.
                url = audience.replace("http://", "https://", 1) + "/services/oauth2/token"
                answer: Mapping[str, Any] = session.request("POST", url, data=form).json()
                return answer

        try:
            answer = await run_blocking(ask, VENDOR, "sign in", self._settings.timeout * 2)
        except Rejected as error:
            hint = " (is this machine's clock right?)" if "expired" in error.excerpt else ""
            raise AuthenticationFailed(VENDOR, "sign in", f"{error.excerpt}{hint}") from None
        return self._read_token(answer)

    def _build_grant(self, stored: Values) -> dict[str, str]:
        client_id, secret = stored.get("client_id", ""), stored.get("client_secret", "")
        if stored.get("private_key") and stored.get("username"):
            assertion = self._sign(client_id, stored["username"], stored["private_key"])
            return {"grant_type": _JWT_GRANT, "assertion": assertion}
        if stored.get("refresh_token"):
            return build_refresh_form(stored)
        if client_id and secret:
            grant = {"client_id": client_id, "client_secret": secret}
            return {**grant, "grant_type": "client_credentials"}
        raise AuthenticationFailed(
            VENDOR,
            "sign in",
            "no way to sign in: give a user name and a private key (JWT bearer), a consumer "
            "secret (client credentials), or sign in in the portal",
        )

    def _sign(self, client_id: str, username: str, private_key: str) -> str:
        """The assertion of RFC 7523, as Salesforce wants it: RS256, no longer than 5 minutes."""
        claims = {
            "iss": client_id,
            "sub": username,
            "aud": self._settings.audience,
            "exp": int((self._clock.now() + _JWT_LIFE).timestamp()),
        }
        try:
            # An environment's value often holds its line ends as \n.
            return jwt.encode(claims, private_key.replace("\\n", "\n"), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise AuthenticationFailed(
                VENDOR, "sign in", "the private key is no RSA key in PEM form"
            ) from None

    def _read_token(self, answer: Mapping[str, Any]) -> Values:
        token, address = answer.get("access_token"), str(answer.get("instance_url") or "")
        if not token:
            raise AuthenticationFailed(VENDOR, "sign in", "the answer holds no access token")
        if not self._settings.base_url and not is_own_address(address):
            raise AuthenticationFailed(
                VENDOR, "sign in", f"the answer names a server that is not Salesforce's: {address}"
            )
        found = {"access_token": str(token), "instance_url": address.rstrip("/")}
        if answer.get("refresh_token"):
            found["refresh_token"] = str(answer["refresh_token"])
        return found


def explain_missing(name: str, words: str) -> str:
    """How to create the field for our id, and why that is asked."""
    return (
        f"In Setup > Object Manager > Lead, and Opportunity > Fields & Relationships > New: type "
        f"Text, length 80, field name {name.removesuffix('__c')}, ticked External ID and Unique; "
        f"give our user's profile edit access to it. Salesforce said: {words}"
    )


def is_own_address(address: str) -> bool:
    """Whether a token may be sent there: https, and a server of Salesforce."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    return parts.scheme == "https" and host.endswith(_DOMAINS) and not parts.username
