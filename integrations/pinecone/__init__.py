"""Vectors at Pinecone."""
