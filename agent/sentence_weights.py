"""The numbers of `sentences`, as data; their source is in docs/decisions/0003-retrieval.md.

Fitted (softmax regression over the sentences of the first three passages of each question of the
development set, tested on titles held out), except where "by hand" is said: that set has neither
headings nor tables nor questions in its passages.
"""

WEIGHTS = {
    "coverage": 5.2,
    "title": 2.0,  # by hand: what stands on the right page
    "under": 6.0,  # by hand: what stands under the right heading
    "money": 1.5,  # by hand: who asks for a price wants a price
    "meant": 1.0,  # by hand: a row labelled "Price" where the price is asked
    "related": 0.9,
    "bigrams": 1.6,
    "names": 0.25,
    "names_under": 1.0,  # by hand: a heading that names what is asked for by name
    "type": 0.7,
    "type_coverage": 0.6,
    "previous": 0.7,
    "previous_dangling": 0.5,
    "after_question": 3.0,  # by hand: what follows a matching question is its answer
    "passage": 0.6,  # by hand: fitted 0.92; pages that repeat a fact share its probability
    "first": 0.2,  # by hand: pages say the main thing first
    "heading_answer": 2.5,  # by hand: under the heading that asks it, the answer comes first
    "row": 0.5,  # by hand: a table row that names what is asked
    "fragment": -0.1,
    "code": -0.5,  # by hand: where a sentence says it, the sentence is better
    "speaks": 0.0,  # decides only whether a further line is said
    "pointer": -2.5,  # by hand: "see the guide" answers nobody
    "defines": 3.0,  # by hand: "X is ..." is what "what is X?" asks for
    "tiny": -0.5,  # by hand: "Yes." says little when quoted alone
}

SECOND_SHARE = 0.25
"""A second sentence is taken when its probability is at least this share of the first's."""
THIRD_SHARE = 0.5
"""The same for a third, unless the question asks for a list or for steps."""
MUTE_DOUBT = 0.85
"""Log odds that an answer loses whose line has nothing of the question beyond what its headings
say: "Germany" for "do you have an office in Germany?", in a list of countries."""
TYPE_DOUBT = 0.85
"""The same for one that lacks the date, the price, the number ... that was asked for. Both fitted
beside the odds of `ranking_weights.ANSWERABLE`, over four websites, each left out in turn."""
LEAST_SCORE = 0.1
"""A further sentence is at least this likely; the best is taken anyway."""
