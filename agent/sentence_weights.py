"""The numbers of `sentences`, as data; their source is in docs/decisions/0003-retrieval.md."""

WEIGHTS = {
    "coverage": 4.0,
    "around": 1.0,
    "bigrams": 1.0,
    "type": 1.5,
    "log_length": 0.3,
    "first": 0.2,
    "new_words": 0.5,
    "dangling": -0.2,
    "passage": 1.0,
    "after_question": 3.0,
    "row": 1.0,
    "fragment": -0.3,
    "tiny": -1.0,
}

SECOND_SHARE = 0.25
THIRD_SHARE = 0.5
