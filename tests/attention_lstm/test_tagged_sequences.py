"""Training data of a tagger: what counts, and their canonical order."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.attention_lstm.sample_weights import read_weights
from sklearn_seqattn.attention_lstm.tagged_sequences import canonical, tag_sequences
from sklearn_seqattn.sequences import check_sequences

X = [[1.0, 2.0], [3.0], [1.0, 2.0], [1.0, 2.0]]
CODES = [[0, 1], [-1], [0, 1], [0, -1]]


def tagged(X, codes, weights=None):
    sequences = check_sequences(X)
    of_sequences, of_steps = read_weights(weights, sequences.lengths)
    flat = np.concatenate(codes)
    return tag_sequences(sequences, flat, of_sequences, of_steps, None)


def content(data):
    return [
        (x.ravel().tolist(), codes.tolist(), steps.tolist(), weight)
        for x, codes, steps, weight in zip(
            data.sequences.to_list(),
            data.targets,
            data.step_weights,
            data.weights,
            strict=True,
        )
    ]


def test_equal_sequences_are_merged_and_unlabeled_ones_left_out():
    data = canonical(tagged(X, CODES, [[1, 2], [1], [3, 0.5], [1, 0]]))
    assert sorted(content(data)) == [
        ([1.0, 2.0], [0, -1], [1.0, 0.0], 0.5),
        ([1.0, 2.0], [0, 1], [4.0, 2.5], 3.25),
    ]
    assert data.codes.tolist() == np.concatenate(data.targets).tolist()


@given(st.permutations(range(4)))
def test_the_order_of_rows_does_not_matter(rows):
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    first = canonical(tagged(X, CODES, weights))
    X_, codes = [X[i] for i in rows], [CODES[i] for i in rows]
    second = canonical(tagged(X_, codes, weights[list(rows)]))
    assert content(first) == content(second)
    assert first.digests() == second.digests()


def test_digests_tell_data_apart():
    first = tagged(X, CODES)
    other_labels = tagged(X, [[0, 0], *CODES[1:]])
    other_weights = tagged(X, CODES, [1, 1, 1, 2])
    assert first.digests()["y"] != other_labels.digests()["y"]
    assert first.digests()["X"] == other_labels.digests()["X"]
    assert first.digests()["sample_weight"] != other_weights.digests()["sample_weight"]
