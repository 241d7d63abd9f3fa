"""`sales-agent privacy`: erase a person, hand out what is held of one, hold a lead."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.console import console, notes

if TYPE_CHECKING:
    from app.places import Places
    from app.settings import AppSettings
    from sales.organization.schemas import Principal
    from sales.privacy.service import PrivacyService

privacy_commands = typer.Typer(
    name="privacy", help="A person's data: erase it, hand it out, hold it.", no_args_is_help=True
)

# How often, and how long apart, somebody is asked who does not answer.
_ATTEMPTS, _PAUSE_SECONDS = 30, 2.0

Email = Annotated[str, typer.Option("--email", help="Whom, by e-mail address")]
Phone = Annotated[str, typer.Option("--phone", help="Whom, by phone number: +44 20 ...")]
LeadId = Annotated[str, typer.Option("--lead", help="Whom, by a lead's id")]
Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's key")]
Config = Annotated[
    Path | None, typer.Option("--config", help="The configuration file. Default: ./app.yaml")
]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="The folder for database, index and mail. Default: ./.data"),
]


@privacy_commands.command("erase")
def erase(
    email: Email = "",
    phone: Phone = "",
    lead: LeadId = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the certificate as JSON")] = False,
    tenant: Tenant = "default",
    data: Data = None,
    config: Config = None,
) -> None:
    """Erase a person everywhere, and print the certificate. May be broken off: the running server
    goes on, or the same command."""
    from app.cli.opening import open_settings, run  # noqa: PLC0415 - commands start fast without it
    from sales.privacy.schemas import Wish  # noqa: PLC0415

    settings, places = open_settings(config, data)
    wish = Wish(email, phone, lead)
    run(_erase(settings, places, tenant, wish, dry_run=dry_run, as_json=as_json))


@privacy_commands.command("certificate")
def certificate(
    erasure: Annotated[str, typer.Argument(help="The erasure's id")],
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON")] = False,
    tenant: Tenant = "default",
    data: Data = None,
    config: Config = None,
) -> None:
    """Print the certificate of an erasure; of one under way, what was answered so far and who is
    waited for."""
    from app.cli.opening import open_settings, run  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(_show_certificate(settings, places, tenant, erasure, as_json=as_json))


@privacy_commands.command("export")
def export(
    email: Email = "",
    phone: Phone = "",
    lead: LeadId = "",
    tenant: Tenant = "default",
    data: Data = None,
    config: Config = None,
) -> None:
    """Print everything that is held of a person as one JSON document."""
    from app.cli.opening import open_settings, run  # noqa: PLC0415
    from sales.privacy.schemas import Wish  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(_export(settings, places, tenant, Wish(email, phone, lead)))


@privacy_commands.command("hold")
def hold(
    lead: Annotated[str, typer.Argument(help="The lead's id")],
    reason: Annotated[str, typer.Option(help="Why it may not be erased")],
    tenant: Tenant = "default",
    data: Data = None,
    config: Config = None,
) -> None:
    """Let a lead not be erased until the hold is lifted."""
    from app.cli.opening import open_settings, run  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(_hold(settings, places, tenant, lead, reason))


@privacy_commands.command("release")
def release(
    lead: Annotated[str, typer.Argument(help="The lead's id")],
    tenant: Tenant = "default",
    data: Data = None,
    config: Config = None,
) -> None:
    """Lift a legal hold."""
    from app.cli.opening import open_settings, run  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(_hold(settings, places, tenant, lead, ""))


async def _erase(
    settings: AppSettings,
    places: Places,
    tenant: str,
    wish: Any,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    resources, privacy, who = await _open(settings, places, tenant)
    try:
        if dry_run:
            counts = await privacy.preview(who, wish)
            console.print(counts or "Nothing is held of this person.", highlight=False)
            return 0
        erasure_id = await privacy.request(who, wish)
        notes.print(f"Erasure {erasure_id}", highlight=False)
        if not await _work(privacy, who, erasure_id):
            command = f"sales-agent privacy certificate {erasure_id}"
            notes.print(f"The running server goes on with it; look later: {command}")
            return 1
        found = await privacy.get_certificate(who, erasure_id)
    finally:
        await resources.close()
    return _print_certificate(found, as_json=as_json)


async def _work(privacy: PrivacyService, who: Principal, erasure_id: str) -> bool:
    """Do every step that can be done, and tell each answer as it comes. False: somebody does not
    answer for a minute."""
    from core.errors import TransientError  # noqa: PLC0415
    from core.outbox import NotBefore  # noqa: PLC0415

    told: set[str] = set()
    failures = 0
    while due := await privacy.list_due(who.tenant_id, erasure_id):
        waiting = []
        for step, number in due:
            try:
                await privacy.perform(who.tenant_id, erasure_id, step, number)
            except (TransientError, NotBefore):
                waiting.append(step)
        await _tell(privacy, who, erasure_id, told)
        if not waiting:
            continue
        failures += 1
        notes.print(f"No answer yet: {', '.join(waiting)}", highlight=False)
        if failures >= _ATTEMPTS:
            return False
        await asyncio.sleep(_PAUSE_SECONDS)
    return True


async def _tell(privacy: PrivacyService, who: Principal, erasure_id: str, told: set[str]) -> None:
    """Print the answers to the steps that are not among `told` yet, and add these."""
    view = await privacy.get_erasure(who, erasure_id)
    for step in [step for step in view.answers if step not in told]:
        told.add(step)
        for one in view.answers[step]:
            words = f" ({one['words']})" if one["words"] else ""
            notes.print(f"- {one['system']}: {one['said']}{words}", highlight=False, markup=False)


async def _show_certificate(
    settings: AppSettings, places: Places, tenant: str, erasure_id: str, *, as_json: bool
) -> int:
    resources, privacy, who = await _open(settings, places, tenant)
    try:
        view = await privacy.get_erasure(who, erasure_id)
        if view.state == "running":
            await _tell(privacy, who, erasure_id, set())
            waiting = ", ".join(view.waiting_for)
            notes.print(f"Under way. It waits for: {waiting}", highlight=False)
            return 1
        found = await privacy.get_certificate(who, erasure_id)
    finally:
        await resources.close()
    return _print_certificate(found, as_json=as_json)


def _print_certificate(found: dict[str, Any], *, as_json: bool) -> int:
    from sales.privacy.rules import write_certificate  # noqa: PLC0415

    text = json.dumps(found, indent=2) if as_json else write_certificate(found)
    console.out(text, highlight=False)
    return 0 if found["state"] == "done" else 1


async def _export(settings: AppSettings, places: Places, tenant: str, wish: Any) -> int:
    resources, privacy, who = await _open(settings, places, tenant)
    try:
        found = await privacy.export(who, wish)
    finally:
        await resources.close()
    console.out(json.dumps(found, indent=2, default=str), highlight=False)
    return 0


async def _hold(
    settings: AppSettings, places: Places, tenant: str, lead_id: str, reason: str
) -> int:
    resources, privacy, who = await _open(settings, places, tenant)
    try:
        if reason:
            await privacy.holds.place(who, lead_id, reason)
        else:
            await privacy.holds.lift(who, lead_id)
    finally:
        await resources.close()
    return 0


async def _open(
    settings: AppSettings, places: Places, tenant: str
) -> tuple[Any, PrivacyService, Principal]:
    """The service in a process that records; the server and this command both do the work."""
    from dataclasses import replace  # noqa: PLC0415

    from app.wiring import build_resources, build_services  # noqa: PLC0415
    from core.outbox import NoRunner, Outbox  # noqa: PLC0415
    from sales.organization.schemas import Principal  # noqa: PLC0415

    resources = await build_resources(settings, places, None)
    outbox = Outbox(resources.database, resources.effects, resources.clock, NoRunner())
    services = build_services(replace(resources, outbox=outbox), settings)
    tenant_id = resources.organization.get_tenant(tenant).id
    who = Principal(tenant_id, "staff", tenant_id, "command line", "admin")
    return resources, services.privacy, who
