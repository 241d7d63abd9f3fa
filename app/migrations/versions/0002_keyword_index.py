"""The keyword index over passages: FTS5 on SQLite, a generated tsvector on PostgreSQL."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COLUMNS = "site_token, title, headings, text"
_NEW = "new.site_token, new.title, new.headings, new.text"
_OLD = "old.site_token, old.title, old.headings, old.text"
_FTS = "knowledge_passages_fts"

# Triggers as SQLite's documentation of external content tables gives them. A row's other
# columns change often (its vector is made), so the update trigger names the ones it is for.
_SQLITE = (
    f"""CREATE VIRTUAL TABLE {_FTS} USING fts5(
        {_COLUMNS}, content='knowledge_passages', content_rowid='id',
        tokenize='porter unicode61 remove_diacritics 2')""",
    f"""CREATE TRIGGER knowledge_passages_fts_insert AFTER INSERT ON knowledge_passages BEGIN
        INSERT INTO {_FTS}(rowid, {_COLUMNS}) VALUES (new.id, {_NEW});
    END""",
    f"""CREATE TRIGGER knowledge_passages_fts_delete AFTER DELETE ON knowledge_passages BEGIN
        INSERT INTO {_FTS}({_FTS}, rowid, {_COLUMNS}) VALUES ('delete', old.id, {_OLD});
    END""",
    f"""CREATE TRIGGER knowledge_passages_fts_update
    AFTER UPDATE OF {_COLUMNS} ON knowledge_passages BEGIN
        INSERT INTO {_FTS}({_FTS}, rowid, {_COLUMNS}) VALUES ('delete', old.id, {_OLD});
        INSERT INTO {_FTS}(rowid, {_COLUMNS}) VALUES (new.id, {_NEW});
    END""",
)
_POSTGRESQL = (
    """ALTER TABLE knowledge_passages ADD COLUMN search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title), 'A') ||
        setweight(to_tsvector('english', headings), 'B') ||
        to_tsvector('english', text)) STORED""",
    "CREATE INDEX ix_knowledge_passages_search ON knowledge_passages USING gin (search)",
)


def upgrade() -> None:
    """Apply."""
    sqlite = op.get_context().dialect.name == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    if op.get_context().dialect.name == "sqlite":
        for name in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER knowledge_passages_fts_{name}")
        op.execute(f"DROP TABLE {_FTS}")
    else:
        op.execute("ALTER TABLE knowledge_passages DROP COLUMN search")
