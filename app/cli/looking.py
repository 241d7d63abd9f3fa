"""`sales-agent search` and `sales-agent questions`."""

from __future__ import annotations

import json

from rich.markup import escape
from rich.table import Table

from app.cli.console import console, notes
from app.embedder import load_embedder
from app.places import Places
from app.settings import AppSettings
from app.staff_api import describe_recall
from app.wiring import Resources, build_resources, build_services
from sales.organization.service import KnownSite

_EXCERPT = 300


def choose_site(resources: Resources, key: str) -> KnownSite:
    """The site of that key, or the first.

    Raises:
        NotFound: no site of app.yaml has that key.
    """
    organization = resources.organization
    return organization.get_site(key) if key else organization.list_sites()[0]


async def search_knowledge(
    settings: AppSettings, places: Places, question: str, site: str, limit: int, *, as_json: bool
) -> int:
    """Print what a question finds. Exit code 1 when it finds nothing."""
    resources = await build_resources(settings, places, load_embedder())
    try:
        chosen = choose_site(resources, site)
        recall = await resources.knowledge.recall(chosen.ref, question, limit)
    finally:
        await resources.close()
    if as_json:
        content = describe_recall(recall, chosen)
        console.out(json.dumps(content, ensure_ascii=False, indent=2), highlight=False)
        return 0 if recall.passages else 1
    if not recall.passages:
        notes.print("Nothing was found. Has the website been read in? sales-agent ingest")
        return 1
    for place, passage in enumerate(recall.passages, 1):
        vector = "–" if passage.vector_score is None else f"{passage.vector_score:.3f}"
        console.print(
            f"[bold]{place}. {escape(passage.title)}[/bold]  "
            f"probability {passage.probability:.2f}  keywords {passage.keyword_score:.3f}  "
            f"vector {vector}  fused {passage.fused_score:.3f}",
            highlight=False,
        )
        console.print(f"   {escape(passage.url)}", style="blue", highlight=False)
        if passage.heading_path:
            headings = escape(" > ".join(passage.heading_path))
            console.print(f"   {headings}", style="dim", highlight=False)
        text = " ".join(passage.text.split())
        shown = text[:_EXCERPT] + ("…" if len(text) > _EXCERPT else "")
        console.print(f"   {escape(shown)}\n", highlight=False)
    if not recall.vectors_used:
        notes.print(
            "Only keywords were searched: there is no embedding model here.", style="yellow"
        )
    return 0


async def list_questions(
    settings: AppSettings, places: Places, site: str, *, everything: bool
) -> int:
    """Print the open questions, latest first."""
    resources = await build_resources(settings, places, None)
    try:
        chosen = choose_site(resources, site)
        conversations = build_services(resources, settings).conversations
        rows = await conversations.list_unanswered(
            chosen.ref.tenant_id, only_passed_on=not everything
        )
    finally:
        await resources.close()
    if not rows:
        notes.print("No question is waiting.")
        return 0
    table = Table("Asked (UTC)", "Passed on", "Question", "Conversation")
    for row in rows:
        asked = row.asked_at.strftime("%Y-%m-%d %H:%M")
        passed = "yes" if row.passed_on_at else "no"
        table.add_row(asked, passed, escape(row.text), row.conversation_id)
    console.print(table)
    return 0
