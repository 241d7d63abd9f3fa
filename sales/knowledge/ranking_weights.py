"""The numbers of `ranking`, as data; where each comes from is told beside it.

Made by fitting on the development sets of docs/decisions/0003-retrieval.md (each set weighs the
same, whatever its size), rounded. None of them is meant to be set by users.
"""

VECTOR_WEIGHT = 0.7
"""Share of the cosine in `fused_score`; the rest is BM25 as a share of the question's best."""

PENDING_COSINE_BASE = 0.25
PENDING_COSINE_PER_SHARE = 0.35
"""A guess at the cosine of a passage without vector."""

ORDER = {
    "cosine": 16.0,
    "keyword_share": 2.4,
    "coverage": 0.8,
    "bigrams": 1.0,
    "window": 2.2,
    "length": -0.35,
    "heading": 1.5,
}

PROBABILITY = {
    "bias": -4.5,
    "cosine": 6.0,
    "coverage": 1.5,
    "window": 1.5,
    "bigrams": 0.5,
    "heading": 1.0,
    "log_share": 0.8,
    "missing_rarity": -1.0,
}
PROBABILITY_KEYWORDS = {
    "bias": -3.0,
    "cosine": 0.0,
    "coverage": 2.5,
    "window": 2.0,
    "bigrams": 0.5,
    "heading": 1.0,
    "log_share": 0.5,
    "missing_rarity": -1.0,
}

ANSWER_PROBABILITY = 0.5
CLOSEST_PROBABILITY = 0.15
