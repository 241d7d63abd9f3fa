"""A website becomes passages in the knowledge index.

discover and fetch (`sources`) -> `extract` -> `chunk` -> store (`pipeline`). `extract` and `chunk`
are pure; only sources and the pipeline touch files, the network or the database.
"""
