"""One shape in every module of sales: who knows one, knows all."""

from __future__ import annotations

from fnmatch import fnmatch

from tests.architecture.source import ROOT

SHAPE = {
    "__init__",
    "api",
    "schemas",
    "effects",
    "workflow",
    "service",
    "rules",
    "repository",
    "models",
    "events",
    "errors",
    "settings",
}
# What a module has beside the shape, because its subject asks for it. Mostly pure parts of
# `rules` that would be too long in one file.
EXTRA = {
    "organization": ("staff_*", "session_service", "access_*", "passwords", "throttling"),
    "knowledge": (
        "words",
        "word_match",
        "ranking",
        "ranking_weights",
        "keyword_search",
        "passage_cache",
        "source_readings",
        "vector_*",
        "calibration",
    ),
    "appointments": (
        "time_*",
        "date_*",
        "clock_*",
        "zone_phrases",
        "choice_phrases",
        "availability",
        "slots",
        "slot_words",
        "offers",
        "calendar_*",
        "finding",
        "api_schemas",
    ),
    "followups": ("mail_*", "summary_*", "rendering", "wording", "engagement"),
    "leads": (
        "notice_*",
        "noticing",
        "reading",
        "sentences",
        "fields",
        "amounts",
        "*_words",
        "asking",
        "profile",
        "scor*",
        "signal_*",
        "briefing",
        "facts",
        "qualification",
        "entering",
        "rule_matching",
        "signals",
        "timelines",
        "personal_names",
        "phone_numbers",
        "told",
        "judging",
        "qualifying",
        "qualifying_late",
        "merging",
        "changing",
        "describing",
        "interactions",
        "analytics",
        "profile_*",
        "conversation_scope",
        "outside_changes",
        "handing",
        "open_leads",
        "handed_again",
        "returning",
    ),
    "connections": ("credential_store", "oauth", "inbox"),
    "handoffs": (
        "package",
        "package_*",
        "canonical",
        "received_*",
        "receiving*",
        "sending",
        "endpoints",
        "sight",
        "sight_*",
        "gathering",
        "audit",
        "in_house",
        "alerting",
        "looking",
        "acknowledging",
        "ledger",
        "row_changes",
        "locked_rows",
        "api_schemas",
        "throttling",
    ),
    "feedback": (
        "amounts",
        "forgetting",
        "attribution",
        "analytics",
        "reading",
        "door",
        "returning",
        "telling",
        "leasing",
        "differences",
        "syncing",
        "contacts",
        "hearing",
        "api_schemas",
    ),
    "crm_sync": (
        "mapping",
        "facts",
        "activities",
        "budget",
        "erasing",
        "pushing",
        "inbound",
        "parts",
    ),
    "privacy": (
        "columns",
        "demands",
        "erasing",
        "exporting",
        "hashing",
        "holding",
        "outside",
        "performing",
        "records",
        "rekeying",
        "searching",
    ),
    "conversations": ("history", "staff_*", "turn_repository", "gaps", "gap_*"),
}


def test_every_module_of_sales_has_the_same_shape() -> None:
    unknown = []
    for path in sorted((ROOT / "sales").rglob("*.py")):
        folders = path.relative_to(ROOT / "sales").parts[:-1]
        if not folders:
            assert path.name == "__init__.py"
            continue
        allowed = EXTRA.get(folders[0], ())
        fits = path.stem in SHAPE or any(fnmatch(path.stem, pattern) for pattern in allowed)
        if len(folders) > 1 or not fits:
            unknown.append(path.relative_to(ROOT).as_posix())
    assert unknown == []


def test_the_table_of_extra_names_has_no_dead_entries() -> None:
    """`availability` is named by the architecture and comes with calendars."""
    dead = [
        f"{module}: {pattern}"
        for module, patterns in EXTRA.items()
        for pattern in patterns
        if pattern != "availability" and not list((ROOT / "sales" / module).glob(f"{pattern}.py"))
    ]
    assert dead == []


def test_no_folder_of_the_product_lacks_its_init_file() -> None:
    folders = {path.parent for path in (ROOT / "sales").rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []
