"""Pinecone in one value."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest
from integrations.pinecone.settings import PineconeSettings

MANIFEST = Manifest(
    key="pinecone",
    name="Pinecone",
    summary="Keeps the vectors of your website's passages in a serverless vector database.",
    needs="An API key of a Pinecone project.",
    build={"knowledge_index": "integrations.pinecone.knowledge_index:build_index"},
    settings=PineconeSettings,
    credentials=(
        CredentialField(
            "api_key", "API key", "app.pinecone.io > your project > API keys > Create API key"
        ),
    ),
    check="integrations.pinecone.knowledge_index:check_account",
    extra="pinecone",
    docs="docs/knowledge-indexes.md",
)
