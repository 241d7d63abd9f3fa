"""What every column that can hold words may hold, and what becomes of it when a person is erased.

Each text and JSON column of each table is named here, but for ids: a test goes through the schema
and fails for one that is not, so that a new table cannot be forgotten. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Where a lead points once its person is gone: it is in no list, and nobody is found there.
NOBODY = "00000000-0000-0000-0000-000000000000"

# Words of visitors, or about them.
PERSONAL: Mapping[str, str] = {
    "appointment_events": "reason",
    "appointments": "name email phone topic timezone locale join_url change_url cancel_url",
    "citations": "url title headings quote",
    "consents": "purpose text version how",
    "conversation_scores": "page_path referrer_domain utm_campaign content outcome",
    "conversations": "status channel page_url page_path page_title referrer referrer_domain"
    " utm_source utm_medium utm_campaign utm_term utm_content params timezone locale end_reason",
    "crm_syncs": "sent noted error left_out content url",
    "feedback_facts": "data",
    "feedback_reports": "answer",
    "golden_questions": "ask expect",
    "handoff_conflicts": "here there",
    "handoffs": "problems last_error rejection_reason settled_reason acknowledgement",
    "lead_events": "data",
    "lead_merges": "moved",
    "lead_outcomes": "disqualification_reason",
    "lead_touches": "page_url page_title referrer utm_term",
    "local_calendar_events": "title description attendee_name attendee_email",
    "mail_suppressions": "address",
    "mails": "recipients subject html text calendar error delivery_note unsubscribe_url reply_to",
    "messages": "text payload trace",
    "outbox_entries": "payload last_error ordering_key",
    "page_views": "url path title referrer",
    "product_interactions": "product_id product_name interaction_type requirements recommendations",
    "profile_values": "value quote",
    "received_leads": "rejection_reason",
    "sales_leads": "first_name last_name email email_key phone phone_key company title industry"
    " company_size budget_range timeline preferred_contact_method preferred_contact_time"
    " custom_fields metadata held_fields reasons next_gains briefing crm_lead_id flag request_key"
    " request_hash",
    "sessions": "referrer_page",
    "summaries": "content",
    "unanswered_questions": "text",
    "vendor_events": "payload subject event_key",
    "vendor_notes": "key value",
}
# About those who work here; what they answer for is not the visitor's.
STAFF: Mapping[str, str] = {
    "api_keys": "name",
    "appointments": "rep_id rep_name rep_email",
    "calendar_cursors": "owner_email cursor",
    "connection_changes": "changed_by note",
    "crm_integrations": "account last_error",
    "crm_syncs": "owner_email owner_name",
    "handoff_audit": "actor",
    "handoffs": "assigned_to",
    "local_calendar_events": "owner_email",
    "mails": "sender requested_by",
    "oauth_clients": "name",
    "privacy_erasures": "requested_by",
    "privacy_holds": "reason placed_by lifted_by",
    "received_leads": "assigned_to",
    "staff": "email name phone timezone password_hash",
    "staff_sessions": "id device",
    "teams": "name",
    "feedback_reports": "actor",
    "lead_events": "actor",
    "lead_merges": "merged_by undone_by",
    "golden_questions": "made_by",
    "appointment_events": "changed_by",
    "profile_values": "set_by",
}
# The website's own pages, which everybody may read.
PUBLISHED: Mapping[str, str] = {
    "knowledge_pages": "source url title description content_hash kind language",
    "knowledge_readings": "source failed kept",
    "knowledge_passages": "url title headings heading_path text content_hash site_token embedding"
    " next_embedding",
}
# Encrypted: no search sees into them. They are emptied by the ids of their rows.
SEALED: Mapping[str, str] = {
    "connection_sign_ins": "sealed",
    "crm_integrations": "api_credentials",
    "feedback_reports": "body",
    "handoffs": "package",
    "privacy_erasures": "subject",
    "privacy_keys": "sealed",
    "received_leads": "package",
}
# States, kinds, hashes, settings: they say nothing of anybody.
HARMLESS: Mapping[str, str] = {
    "api_keys": "role key_hash",
    "appointment_events": "kind",
    "appointments": "request_key status",
    "calendar_cursors": "provider failure",
    "citations": "passage_hash",
    "connection_changes": "vendor kind",
    "connection_sign_ins": "id session_id vendor",
    "conversation_scores": "",
    "crm_integrations": "crm_type field_mappings sync_settings method lease_owner",
    "crm_places": "crm cursor poll_error blocked_reason",
    "crm_syncs": "item_id crm kind state crm_id crm_kind sent_hash",
    "feedback_facts": "kind digest content_hash",
    "feedback_reports": "report_key body_hash source transaction_id",
    "handoff_alarms": "kind told",
    "handoff_audit": "lead_id transaction_id side step data",
    "handoff_conflicts": "lead_id kind resolution",
    "handoff_endpoints": "name last_error",
    "handoff_reconciliations": "here there",
    "handoff_sync": "name cursor lease_owner last_error",
    "handoffs": "state priority vertical schema_version package_hash endpoint sales_lead_id",
    "knowledge_revisions": "embedder",
    "knowledge_vector_sets": "name place model embedding state calibration",
    "lead_events": "kind",
    "lead_outcomes": "lifecycle qualification_status opportunity_id opportunity_stage currency"
    " case_id case_type",
    "lead_revenues": "revenue_key kind currency",
    "lead_touches": "channel page_path referrer_domain utm_source utm_medium utm_campaign"
    " utm_content",
    "local_vector_revisions": "embedding",
    "local_vectors": "embedding vector",
    "mail_suppressions": "reason",
    "mails": "kind idempotency_key language calendar_method state delivery",
    "messages": "client_message_id role",
    "model_calls": "model state cap turn_id",
    "oauth_clients": "role secret_hash",
    "outbox_entries": "event_type effect idempotency_key state lease_owner",
    "privacy_erasures": "state subject_hash answers certificate",
    "profile_values": "field state",
    "received_leads": "lead_id transaction_id acknowledgement status priority escalation_policy"
    " package_hash",
    "received_requests": "idempotency_key package_hash answer",
    "sales_leads": "status lead_source tier priority urgency territory_id handoff_state",
    "sites": "key name allowed_origins",
    "staff": "role",
    "summaries": "audience style language",
    "tenants": "key name",
    "vendor_events": "vendor capability kind",
    "vendor_notes": "vendor",
}
CLASSES: Mapping[str, Mapping[str, str]] = {
    "person": PERSONAL,
    "staff": STAFF,
    "published": PUBLISHED,
    "sealed": SEALED,
    "harmless": HARMLESS,
}

# Tables whose rows go whole: the column that names whose they are, and the kind of id. What
# hangs on them by a foreign key goes with them.
GONE: tuple[tuple[str, str, str], ...] = (
    ("appointments", "id", "appointment"),
    ("summaries", "conversation_id", "conversation"),
    ("conversation_scores", "conversation_id", "conversation"),
    ("product_interactions", "conversation_id", "conversation"),
    ("product_interactions", "lead_id", "lead"),
    ("lead_conversations", "lead_id", "lead"),
    ("lead_conversations", "conversation_id", "conversation"),
    ("consents", "conversation_id", "conversation"),
    ("consents", "visitor_id", "visitor"),
    ("conversations", "id", "conversation"),
    ("profiles", "visitor_id", "visitor"),
    ("sessions", "visitor_id", "visitor"),
    ("visitors", "id", "visitor"),
    ("mails", "id", "mail"),
    ("mails", "conversation_id", "conversation"),
    ("mails", "lead_id", "lead"),
    ("mails", "appointment_id", "appointment"),
)


@dataclass(frozen=True, slots=True)
class Blank:
    """Rows that stay for the ledger (X-22: counts, amounts, ids), without their words."""

    table: str
    column: str
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict)


BLANK: tuple[Blank, ...] = (
    Blank(
        "sales_leads",
        "id",
        "lead",
        {
            "merged_into": NOBODY,
            "first_name": "",
            "last_name": "",
            "custom_fields": {},
            "metadata": {},
            "held_fields": [],
            "reasons": [],
            "next_gains": [],
            "briefing": {},
            **dict.fromkeys(
                "email email_key phone phone_key company title industry employee_count"
                " annual_revenue company_size budget_range timeline decision_maker"
                " preferred_contact_method preferred_contact_time crm_lead_id flag request_key"
                " request_hash visitor_id session_id conversation_id".split()
            ),
        },
    ),
    Blank("lead_events", "lead_id", "lead", {"data": {}}),
    Blank("lead_merges", "source_id", "lead", {"moved": {}}),
    Blank("lead_merges", "target_id", "lead", {"moved": {}}),
    # Page, campaign and referrer's domain stay: revenue is counted by them.
    Blank(
        "lead_touches",
        "lead_id",
        "lead",
        {
            "page_url": "",
            "page_title": "",
            "referrer": "",
            "utm_term": "",
            "conversation_id": None,
        },
    ),
    Blank(
        "local_calendar_events",
        "id",
        "appointment",
        {"title": "", "description": "", "attendee_name": "", "attendee_email": ""},
    ),
    Blank(
        "handoffs",
        "lead_id",
        "lead",
        {
            "state": "erased",
            "package": "",
            "problems": [],
            "last_error": None,
            "rejection_reason": None,
            "settled_reason": None,
            "acknowledgement": None,
        },
    ),
    Blank(
        "crm_syncs",
        "lead_id",
        "lead",
        {
            "sent": {},
            "noted": {},
            "content": {},
            "left_out": [],
            "error": "",
            "url": "",
            "owner_email": "",
            "owner_name": "",
        },
    ),
    # Their bodies and notes go by `sales.feedback` itself.
    Blank("feedback_reports", "lead_id", "lead", {"answer": {}}),
    Blank("received_leads", "lead_id", "received", {"rejection_reason": None}),
    Blank("lead_outcomes", "lead_id", "lead", {"disqualification_reason": None}),
    Blank("handoff_conflicts", "lead_id", "lead", {"here": None, "there": None}),
)
# What stays of a lead and was written by others: here the person's name goes too.
OWN_WORDS: tuple[tuple[str, str], ...] = (
    ("feedback_facts", "data"),
    ("lead_outcomes", "opportunity_id opportunity_stage case_id case_type"),
    ("lead_revenues", "revenue_key"),
)
# Rows that go when they name the person, by an id, an address or a number.
MENTIONING = ("outbox_entries", "vendor_events", "vendor_notes")


def find_class(table: str, column: str) -> str | None:
    """person, staff, published, sealed or harmless; None: nobody said."""
    for name, tables in CLASSES.items():
        if column in tables.get(table, "").split():
            return name
    return None


def list_personal_tables() -> list[str]:
    """The tables that may hold words of visitors or about them, encrypted ones too."""
    return sorted({*PERSONAL, *SEALED})
