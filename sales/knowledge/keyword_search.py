"""Keyword search by BM25, on SQLite's FTS5 and on PostgreSQL.

PostgreSQL has no BM25 of its own: `ts_rank` knows neither how rare a word is nor how long
the passage. So the same formula (Robertson and Zaragoza, 2009, with FTS5's k1 = 1.2 and
b = 0.75) is written here in SQL over the stored lexemes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import text

from core.db import Ask, Rows
from sales.knowledge.ranking import KeywordHit
from sales.knowledge.repository import site_token
from sales.organization.models import SiteRef

# How much a word counts in the title, in the headings and in the text of a passage
# (docs/decisions/0003-retrieval.md).
TITLE_WEIGHT, HEADINGS_WEIGHT, TEXT_WEIGHT = 1.5, 1.5, 1.0

# All hits in one row: Python's driver hands the interpreter over for each row that it takes, and
# on a busy server a hundred rows then wait for it a hundred times.
# waiver: full text has no ORM; the words asked for include the token of one site
_FTS5 = text(
    """
    SELECT json_group_array(json_array(passage_id, score)) FROM (
        SELECT rowid AS passage_id,
               -bm25(knowledge_passages_fts, 0.0, :title, :headings, :body) AS score
        FROM knowledge_passages_fts
        WHERE knowledge_passages_fts MATCH :query
        ORDER BY score DESC LIMIT :limit
    )
    """
)

# waiver: full text has no ORM; each part names tenant and site
_POSTGRESQL = text(
    """
    WITH words AS (
        SELECT DISTINCT unnest(tsvector_to_array(to_tsvector('english', :words))) AS lexeme
    ), corpus AS (
        SELECT count(*)::float AS passages, greatest(avg(word_count), 1)::float AS mean_length
        FROM knowledge_passages WHERE tenant_id = :tenant_id AND site_id = :site_id
    ), matching AS (
        SELECT p.id, p.word_count, hit.lexeme, hit.weights
        FROM knowledge_passages p
        CROSS JOIN LATERAL unnest(p.search) AS hit(lexeme, positions, weights)
        JOIN words ON words.lexeme = hit.lexeme
        WHERE p.tenant_id = :tenant_id AND p.site_id = :site_id
          AND p.search @@ (SELECT string_agg(quote_literal(lexeme), ' | ')::tsquery FROM words)
    ), rarity AS (
        SELECT m.lexeme,
               greatest(ln((max(c.passages) - count(*) + 0.5) / (count(*) + 0.5)), 1e-6) AS idf
        FROM matching m, corpus c GROUP BY m.lexeme
    ), frequency AS (
        SELECT m.id, m.lexeme, m.word_count,
               (SELECT sum(CASE w WHEN 'A' THEN :title WHEN 'B' THEN :headings ELSE :body END)
                FROM unnest(m.weights) AS w)::float AS tf
        FROM matching m
    )
    SELECT f.id,
           sum(r.idf * f.tf * 2.2
               / (f.tf + 1.2 * (0.25 + 0.75 * f.word_count / c.mean_length))) AS score
    FROM frequency f JOIN rarity r USING (lexeme), corpus c
    GROUP BY f.id ORDER BY score DESC, f.id LIMIT :limit
    """
)


def build_search(dialect: str, site: SiteRef, words: Sequence[str], limit: int) -> Ask | None:
    """What finds the `limit` passages of a site that hold most of `words`; None without words.

    `words` come from a visitor: they reach the database as a parameter, each word quoted, so
    none of them can be an operator of the query language.
    """
    cleaned = [word.replace('"', "").replace("\x00", "") for word in words]
    cleaned = [word for word in cleaned if word.strip()]
    if not cleaned:
        return None
    weights = {"title": TITLE_WEIGHT, "headings": HEADINGS_WEIGHT, "body": TEXT_WEIGHT}
    if dialect == "sqlite":
        any_word = " OR ".join(f'"{word}"' for word in cleaned)
        token = site_token(site.site_id)
        query = f"site_token : {token} AND {{title headings text}} : ({any_word})"
        return _FTS5, {"query": query, "limit": limit, **weights}
    values = {"words": " ".join(cleaned), **site._asdict(), "limit": limit, **weights}
    return _POSTGRESQL, values


def build_hits(dialect: str, rows: Rows) -> list[KeywordHit]:
    """What `build_search` found, best first."""
    if dialect == "sqlite":
        rows = json.loads(rows[0][0])
    return [KeywordHit(int(passage_id), float(score)) for passage_id, score in rows]
