"""Vectors in PostgreSQL: the same database, searched by the extension pgvector."""
