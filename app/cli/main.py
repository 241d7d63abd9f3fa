"""`sales-agent`: every command, in the order a newcomer needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.console import complain, console
from app.cli.handoff_commands import handoff_commands
from app.cli.opening import collecting_later, open_settings, run
from app.cli.privacy import privacy_commands
from core.errors import AppError, ConfigurationError, UserError
from core.logging import configure_logging

if TYPE_CHECKING:
    pass

app = typer.Typer(
    name="sales-agent",
    help="A conversational sales agent that answers from your website, with sources.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Config = Annotated[
    Path | None, typer.Option("--config", help="The configuration file. Default: ./app.yaml")
]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="The folder for database, index and mail. Default: ./.data"),
]
Host = Annotated[str, typer.Option(help="The address to listen at")]
Port = Annotated[int, typer.Option(envvar="PORT", help="The port, or a free one near it")]
Site = Annotated[str, typer.Option("--site", help="A site key. Default: the first site")]


@app.command()
def demo(
    host: Annotated[str, typer.Option(help="The address to listen at")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="PORT", help="The port, or a free one near it")
    ] = 8000,
    data: Data = None,
    config: Config = None,
) -> None:
    """Read the demo website, start the server, and print the page to open."""
    with collecting_later():
        from app.embedder import load_embedder  # noqa: PLC0415 - commands start fast without it

        # First of all: see app/embedder.py.
        embedder = load_embedder()
        settings, places = open_settings(config, data)
        from app.cli.serving import serve_demo  # noqa: PLC0415

    serve_demo(settings, places, embedder, host, port)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen at")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(envvar="PORT", help="The port, or a free one near it")
    ] = 8000,
    data: Data = None,
    config: Config = None,
) -> None:
    """Start the server."""
    with collecting_later():
        from app.embedder import load_embedder  # noqa: PLC0415

        embedder = load_embedder()
        settings, places = open_settings(config, data)
        from app.cli.serving import serve_site  # noqa: PLC0415

    serve_site(settings, places, embedder, host, port)


@app.command()
def ingest(  # noqa: PLR0913, PLR0917 - one parameter per option
    source: Annotated[
        str,
        typer.Argument(
            help="A name from app.yaml, a folder, an export (.xml) or a web address. "
            "Default: all sources of app.yaml"
        ),
    ] = "",
    kind: Annotated[
        str, typer.Option("--type", help="wordpress, astro, website or files, where it is unclear")
    ] = "",
    base_url: Annotated[
        str, typer.Option("--base-url", help="The site's public address, for folders and exports")
    ] = "",
    site: Site = "",
    vectors: Annotated[
        bool,
        typer.Option(
            "--vectors/--no-vectors",
            help="Make the vectors now, or leave them to the running server",
        ),
    ] = True,
    allow_private: Annotated[
        bool,
        typer.Option("--allow-private", help="Allow a website on this machine or network"),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON")] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Read websites, exports and folders into the index."""
    from app.cli.ingesting import Named, ingest_sources  # noqa: PLC0415

    settings, places = open_settings(config, data)
    named = Named(source, kind, base_url, site, allow_private=allow_private)
    run(ingest_sources(settings, places, named, vectors=vectors, as_json=as_json))


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What a visitor might ask")],
    limit: Annotated[int, typer.Option(min=1, max=16, help="How many passages")] = 5,
    site: Site = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print all scores as JSON")] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Show which passages a question finds, with every score."""
    from app.cli.looking import search_knowledge  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(search_knowledge(settings, places, question, site, limit, as_json=as_json))


@app.command("eval")
def evaluate(  # noqa: PLR0913, PLR0917 - one parameter per option
    file: Annotated[
        Path | None, typer.Argument(help="Golden questions, e.g. demo/golden.yaml")
    ] = None,
    portal: Annotated[
        bool, typer.Option("--portal", help="Those made in the portal, instead of a file")
    ] = False,
    minimum: Annotated[
        float, typer.Option(min=0, max=1, help="The share that must be as it should be")
    ] = 1.0,
    save: Annotated[Path | None, typer.Option(help="Keep the verdicts in this file")] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Fail only where this kept file had it right")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show the right answers too")] = False,
    site: Site = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON")] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Ask golden questions as a visitor would, and judge the answers. Nothing is stored."""
    from app.cli.evaluating import Wish  # noqa: PLC0415
    from app.cli.evaluating import evaluate as work  # noqa: PLC0415

    if (file is None) != portal:
        complain("Name a file of golden questions, or say --portal for those made in the portal.")
    settings, places = open_settings(config, data)
    wish = Wish(file, site, minimum, save, compare, as_json, everything)
    run(work(settings, places, wish))


@app.command()
def questions(
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that nobody asked to pass on")
    ] = False,
    site: Site = "",
    data: Data = None,
    config: Config = None,
) -> None:
    """List what the website could not answer and visitors want the team to know."""
    from app.cli.looking import list_questions  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(list_questions(settings, places, site, everything=everything))


@app.command()
def check(data: Data = None, config: Config = None) -> None:
    """Check the configuration, the database, the sources and the model, and try each vendor."""
    from app.cli.checking import check_everything  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(check_everything(settings, places))


@app.command()
def migrate(data: Data = None, config: Config = None) -> None:
    """Bring the database to the shape of this version."""
    from app.cli.checking import migrate_database  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(migrate_database(settings, places))


@app.command("rotate-keys")
def rotate_keys(data: Data = None, config: Config = None) -> None:
    """Encrypt stored credentials anew with the newest key; the server may run meanwhile."""
    from app.cli.vendor_checking import rotate_keys as work  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(work(settings, places))


@app.command("api-key")
def api_key(
    name: Annotated[str, typer.Argument(help="Whose key it is, e.g. reporting")],
    role: Annotated[str, typer.Option(help="admin, manager or rep")] = "admin",
    tenant: Annotated[str, typer.Option(help="The tenant's key")] = "default",
    data: Data = None,
    config: Config = None,
) -> None:
    """Make an API key for the endpoints for staff, and print it once."""
    from app.cli.access import create_api_key  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(create_api_key(settings, places, tenant, name, role))


@app.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Argument(help="Who signs in, e.g. ada@acme.example")],
    name: Annotated[str, typer.Option(help="The name that others see")] = "",
    tenant: Annotated[str, typer.Option(help="The tenant's key")] = "default",
    timezone: Annotated[str, typer.Option(help="E.g. Europe/London")] = "UTC",
    reset: Annotated[
        bool, typer.Option("--reset", help="Give an account that is there a new password")
    ] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Make an admin for the portal. The password is asked for, taken from
    SALES_AGENT_ADMIN_PASSWORD, or made and printed once."""
    from app.cli.access import AdminRequest  # noqa: PLC0415
    from app.cli.access import create_admin as create  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(create(settings, places, AdminRequest(email, name, tenant, timezone, reset)))


@app.command("create-client")
def create_client(
    name: Annotated[str, typer.Argument(help="Which program it is for, e.g. warehouse")],
    role: Annotated[str, typer.Option(help="admin, manager or rep")],
    tenant: Annotated[str, typer.Option(help="The tenant's key")] = "default",
    data: Data = None,
    config: Config = None,
) -> None:
    """Make an OAuth client for a program, and print its secret once."""
    from app.cli.access import create_client as create  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(create(settings, places, tenant, name, role))


outbox_commands = typer.Typer(
    name="outbox",
    help="What was promised to the outside: what waits, and what failed.",
    no_args_is_help=True,
)
app.add_typer(outbox_commands)


@outbox_commands.command("list")
def list_outbox(
    effect: Annotated[str, typer.Option(help="Only dead letters of this effect")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON")] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """List what waits by effect, and the dead letters, newest first."""
    from app.cli.outboxing import list_outbox as work  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(work(settings, places, effect, as_json=as_json))


@outbox_commands.command("replay")
def replay_outbox(
    entry: Annotated[int | None, typer.Argument(help="A dead letter's id")] = None,
    effect: Annotated[str, typer.Option(help="All dead letters of this effect instead")] = "",
    data: Data = None,
    config: Config = None,
) -> None:
    """Try a dead letter again, with the same idempotency key."""
    from app.cli.outboxing import replay_outbox as work  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(work(settings, places, entry, effect))


@outbox_commands.command("drop")
def drop_from_outbox(
    entry: Annotated[int, typer.Argument(help="A dead letter's id")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Forget a dead letter for good."""
    from app.cli.outboxing import drop_from_outbox as work  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(work(settings, places, entry))


crm_commands = typer.Typer(
    name="crm", help="Leads in CRMs: where they stand, and sending them.", no_args_is_help=True
)
app.add_typer(crm_commands)


@crm_commands.command("status")
def crm_status(
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON")] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Print how many leads are in step, wait or failed in each CRM, and why."""
    from app.cli.crm_syncing import show_crm_status as work  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(work(settings, places, as_json=as_json))


@crm_commands.command("backfill")
def crm_backfill(
    crm: Annotated[str, typer.Option(help="Only this CRM, e.g. hubspot")] = "",
    since: Annotated[str, typer.Option(help="Only leads changed since this date")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count them")] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Send the leads that were here before the CRM was; may be broken off and run again."""
    from app.cli.crm_syncing import backfill_crm as work  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(work(settings, places, crm=crm, since=since, dry_run=dry_run))


app.add_typer(privacy_commands)
app.add_typer(handoff_commands)


@app.command("schema", hidden=True)
def schema() -> None:
    """Print the JSON Schema of app.yaml."""
    from app.documenting import build_schema  # noqa: PLC0415

    console.out(build_schema(), highlight=False)


def main() -> None:
    """The entry point: errors that somebody can mend become one clear message."""
    configure_logging(json_lines=False, level="WARNING")
    try:
        app()
    except ConfigurationError as error:
        complain(str(error))
    except UserError as error:
        complain(error.message)
    except AppError as error:
        complain(str(error))
    except KeyboardInterrupt:
        complain("Stopped. What was done so far is kept.", code=130)
    except OSError as error:
        complain(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
    sys.exit(0)
