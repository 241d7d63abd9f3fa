"""`sales-agent create-admin`, `create-client` and `api-key`; the people of the demo company."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import typer

from app.cli.console import console, notes
from app.places import Places
from app.server import DEMO_KEY
from app.settings import AppSettings
from app.wiring import Resources, build_resources
from core.errors import Conflict
from sales.organization.passwords import new_password
from sales.organization.rules import read_role
from sales.organization.schemas import NewStaff

PASSWORD_VARIABLE = "SALES_AGENT_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable
DEMO_ADMIN = "admin@larkmere.example"
_PASSWORD_FILE = "demo-password.txt"  # noqa: S105 - the name of a file
# The demo website's contact page names them.
_DEMO_STAFF = (
    NewStaff(DEMO_ADMIN, "Larkmere Admin", "admin", timezone="America/New_York"),
    NewStaff(
        "marcus.delacroix@larkmere.example",
        "Marcus Delacroix",
        "rep",
        phone="+1 207 555 0142",
        timezone="America/New_York",
    ),
    NewStaff(
        "hannah.braithwaite@larkmere.example",
        "Hannah Braithwaite",
        "rep",
        phone="+44 113 496 0152",
        timezone="Europe/London",
    ),
)


@dataclass(frozen=True, slots=True)
class AdminRequest:
    """What `create-admin` was called with."""

    email: str
    name: str
    tenant: str
    timezone: str
    reset: bool


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """What to sign in to the demo's portal with."""

    email: str
    password: str
    file: Path


async def create_admin(settings: AppSettings, places: Places, asked: AdminRequest) -> int:
    """Make an admin, or give one that is there a new password."""
    given = os.environ.get(PASSWORD_VARIABLE) or _ask_password()
    password = given or new_password()
    resources = await build_resources(settings, places, None)
    try:
        tenant_id = resources.organization.get_tenant(asked.tenant).id
        known = await resources.staff.find_account(asked.email)
        if known is not None and asked.reset and known.tenant_id == tenant_id:
            await resources.staff.set_password(tenant_id, known.id, password)
            await resources.staff.set_active(tenant_id, known.id, active=True)
            notes.print(f"{known.email} has a new password.", highlight=False)
        elif known is not None:
            raise Conflict(
                f"{known.email} has an account already. To give it a new password, add --reset."
            )
        else:
            name = asked.name or asked.email.partition("@")[0]
            new = NewStaff(asked.email, name, "admin", timezone=asked.timezone)
            made = await resources.staff.create_staff(tenant_id, new, password)
            notes.print(f"{made.email} can sign in at /portal as admin.", highlight=False)
    finally:
        await resources.close()
    if not given:
        notes.print("The password, shown this once:")
        console.out(password, highlight=False)
    return 0


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return ""
    asked: str = typer.prompt(
        "Password (empty: one is made for you)",
        default="",
        hide_input=True,
        show_default=False,
        confirmation_prompt=True,
        err=True,
    )
    return asked


async def create_client(
    settings: AppSettings, places: Places, tenant: str, name: str, role: str
) -> int:
    """Make a client and print its credentials."""
    resources = await build_resources(settings, places, None)
    try:
        owner = resources.organization.get_tenant(tenant)
        made = await resources.access.create_client(owner.id, name, read_role(role))
    finally:
        await resources.close()
    notes.print("Keep the secret: it cannot be shown again. Tokens come from POST /oauth/token.")
    console.out(f"client_id: {made.client_id}\nclient_secret: {made.secret}", highlight=False)
    return 0


async def create_api_key(
    settings: AppSettings, places: Places, tenant: str, name: str, role: str
) -> int:
    """Make a key and print it."""
    resources = await build_resources(settings, places, None)
    try:
        owner = resources.organization.get_tenant(tenant)
        key = await resources.access.create_api_key(owner.id, name, read_role(role))
    finally:
        await resources.close()
    notes.print("Keep this key: it cannot be shown again.")
    console.out(key, highlight=False)
    return 0


async def prepare_demo_staff(settings: AppSettings, places: Places) -> DemoSignIn:
    """Make the people of the demo company who are not there yet, all with one password."""
    file = places.data / _PASSWORD_FILE
    password = _keep_password(file)
    resources = await build_resources(settings, places, None)
    try:
        await _add_demo_staff(resources, settings, password)
    finally:
        await resources.close()
    return DemoSignIn(DEMO_ADMIN, password, file)


async def _add_demo_staff(resources: Resources, settings: AppSettings, password: str) -> None:
    site = next(site for site in settings.sites if site.key == DEMO_KEY)
    tenant_id = resources.organization.get_tenant(site.tenant).id
    for person in _DEMO_STAFF:
        if await resources.staff.find_account(person.email) is None:
            await resources.staff.create_staff(tenant_id, person, password)


def _keep_password(file: Path) -> str:
    """The demo's password: made at the first start, readable for its owner only."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = file.read_text(encoding="utf-8").strip()
        if kept:
            return kept
        handle = os.open(file, os.O_WRONLY | os.O_TRUNC)
    password = new_password()
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(password + "\n")
    return password
