"""The numbers of `ranking`, as data; where each comes from is told beside it.

Made by fitting on the development sets of docs/decisions/0003-retrieval.md (each set weighs the
same, whatever its size), rounded. None of them is meant to be set by users.
"""

VECTOR_WEIGHT = 0.7
"""Share of the cosine in `fused_score`; the rest is BM25 as a share of the question's best."""

PENDING_COSINE_BASE = 0.40
PENDING_COSINE_PER_SHARE = 0.20
"""A guess at the cosine of a passage without vector."""

ORDER = {
    "cosine": 16.5,
    "keyword_share": 2.2,
    "bigrams": 1.1,
    "window": 2.6,
    "length": -0.45,
    "heading": 2.0,
}
"""The linear score that orders the candidates: softmax regression over the candidates of each
question. `length` is the natural logarithm of the text's length in 100 words."""

ORDER_SCALE = 25.0
"""The score of a passage that fits perfectly, about: `fused_score` is the linear score over it."""

ON_TOPIC = {"bias": -9.0, "cosine": 18.6, "coverage": 5.4}
ON_TOPIC_KEYWORDS = {"bias": -2.25, "cosine": 0.0, "coverage": 7.2}
"""Whether the site speaks of it at all: logistic regression of a question to its own site against
questions of other sites, over the best cosine and the first passage's coverage. Without vectors
it is much weaker (AUC .86 to .98 instead of .98 to 1.0)."""

HELPS = {"bias": -2.0, "logit_share": 0.85, "coverage": 0.43, "absent_names": -0.28, "words": 0.66}
HELPS_KEYWORDS = {
    "bias": -1.9,
    "logit_share": 0.98,
    "coverage": 0.07,
    "absent_names": -0.42,
    "words": 0.72,
}
"""Whether this passage is the one, given that the site speaks of it: logistic regression over the
first five passages, with the answering passage in the index and with it taken out. `logit_share`:
log odds of the passage's share of exp(order score) among the candidates; `words`: natural
logarithm of 1 + content words asked; `absent_names`: share of the question's names that none of
the best passages holds."""

LOGIT_SHARE_LIMITS = (-6.0, 3.0)
NAME_PASSAGES = 3
"""A name of the question must stand in one of the best this many passages."""

ANSWERABLE = {"bias": 0.35, "logit_any": 1.0, "coverage": 3.0}
ANSWERABLE_PASSAGES = 5
"""Whether the best passages answer the question: logistic regression over the questions of
demo/golden.yaml and tests/golden, three websites, a third of them not answered there. Fitted on two
and asked on the third, at 0.7: 94 %, 94 % and 83 % of the answered ones are answered, 24 %, 6 % and
13 % of the others."""

CLOSEST_ON_TOPIC = 0.4
"""Below, the site is taken not to speak of it: refuses 75 to 99 % of questions meant for another
site and 0 to 6 % of its own (development sets, leave one domain out)."""
