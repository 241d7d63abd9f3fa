"""`sales-agent handoffs`: both sides of handoffs, laid beside each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

handoff_commands = typer.Typer(
    name="handoffs", help="Leads given to the sales system.", no_args_is_help=True
)


@handoff_commands.callback()
def describe() -> None:
    """Leads given to the sales system."""


@handoff_commands.command("reconcile")
def reconcile(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON")] = False,
    data: Annotated[Path | None, typer.Option("--data", help="The data folder")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="app.yaml")] = None,
) -> None:
    """Compare both sides, and mend what differs: lost acknowledgements, leads that one side
    lacks, packages and statuses. The sales system's status counts."""
    from app.cli.handing_over import reconcile_handoffs as work  # noqa: PLC0415
    from app.cli.opening import open_settings, run  # noqa: PLC0415

    settings, places = open_settings(config, data)
    run(work(settings, places, dry_run=dry_run, as_json=as_json))
