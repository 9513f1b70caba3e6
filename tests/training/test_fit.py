"""The steps of a fit: the split, the record, and their order around failures."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateLSTM,
)
from sklearn_seqattn.attention_lstm.training_data import LabeledSequences
from sklearn_seqattn.sequences import check_sequences
from sklearn_seqattn.training.fit import append_history, split


def make_data(targets):
    """Make sequences whose values say which row they are."""
    rows = np.arange(len(targets), dtype=float)
    X = check_sequences([np.full(i % 3 + 1, row) for i, row in enumerate(rows)])
    return LabeledSequences(X, np.asarray(targets), rows)


def rows_of(data):
    """Give the rows that are in a part, checking that all of it agrees."""
    rows = data.weights.astype(int).tolist()
    assert [sequence[0, 0] for sequence in data.sequences.to_list()] == rows
    return rows


class TestSplit:
    @given(st.integers(2, 40), st.floats(0.01, 0.9), st.integers(0, 100))
    @settings(max_examples=50, deadline=None)
    def test_every_row_is_in_one_part(self, n, fraction, seed):
        data, n_valid = make_data(np.zeros((n, 1))), int(np.ceil(fraction * n))
        if n_valid >= n:
            with pytest.raises(ValueError, match=f"of {n} distinct sequences"):
                split(data, fraction, seed)
            return
        train, valid = split(data, fraction, seed)
        assert sorted(rows_of(train) + rows_of(valid)) == list(range(n))
        assert len(valid) == n_valid

    def test_classes_keep_their_shares(self):
        classes = np.repeat([0, 1, 2], [60, 30, 10])
        train, valid = split(make_data(classes), 0.2, seed=0)
        assert np.bincount(valid.targets).tolist() == [12, 6, 2]
        assert np.bincount(train.targets).tolist() == [48, 24, 8]

    @pytest.mark.parametrize("counts", [[9, 1], [1, 1, 1, 1, 1], [3, 3, 3, 3]])
    def test_too_few_of_a_class_splits_at_random(self, counts):
        classes = np.repeat(np.arange(len(counts)), counts)
        train, valid = split(make_data(classes), 0.2, seed=0)
        assert len(train) + len(valid) == sum(counts)

    def test_a_lonely_class_is_trained_on_and_the_others_keep_their_shares(self):
        classes = np.repeat([0, 1, 2], [20, 10, 1])
        train, valid = split(make_data(classes), 0.2, seed=0)
        assert np.bincount(valid.targets, minlength=3).tolist() == [5, 2, 0]
        assert np.bincount(train.targets).tolist() == [15, 8, 1]

    def test_a_seed_decides_the_split(self):
        data = make_data(np.zeros((50, 1)))
        first, second, other = (
            rows_of(split(data, 0.3, seed)[1]) for seed in (0, 0, 1)
        )
        assert first == second != other

    def test_one_sequence_cannot_be_split(self):
        with pytest.raises(
            ValueError, match=r"leaves none to train on; give more data or set early_"
        ):
            split(make_data([0]), 0.1, seed=0)


def test_histories_are_joined():
    estimator, first = BaseEstimator(), pd.DataFrame({"epoch": [1, 2]})
    append_history(estimator, first, fresh=True)
    append_history(estimator, pd.DataFrame({"epoch": [1]}), fresh=False)
    assert estimator.history_["epoch"].tolist() == [1, 2, 3]
    assert estimator.n_iter_ == 3
    append_history(estimator, first, fresh=True)
    assert estimator.history_["epoch"].tolist() == [1, 2]
    assert estimator.n_iter_ == 2


SMALL = {"hidden_size": 4, "num_layers": 1, "random_state": 0}
WALKS = [np.arange(float(3 + i % 4)) * (-1) ** i for i in range(24)]
FITS = {
    "classifier": (AttentionLSTMClassifier(**SMALL), WALKS, np.arange(24) % 2),
    "regressor": (AttentionLSTMRegressor(**SMALL), WALKS, np.arange(24.0)),
    "next state": (NextStateLSTM(**SMALL), ["a b c a", "c b"] * 12, None),
}


@pytest.mark.parametrize("name", FITS)
class TestEveryEstimator:
    def test_a_fit_goes_on_with_other_draws_after_partial_fit(self, name):
        estimator, X, y = FITS[name]
        estimator.set_params(max_epochs=2)
        estimator.partial_fit(X, y) if y is not None else estimator.partial_fit(X)
        assert estimator.n_iter_ == len(estimator.history_) == 1
        estimator.partial_fit(X, y)
        assert estimator.history_["epoch"].tolist() == [1, 2]
        estimator.fit(X, y)  # begins anew without warm_start
        assert estimator.history_["epoch"].tolist() == [1, 2]

    def test_the_held_out_part_is_validated(self, name):
        estimator, X, y = FITS[name]
        estimator.set_params(early_stopping=True, max_epochs=2).fit(X, y)
        assert estimator.history_["valid_loss"].notna().all()

    def test_the_network_is_public(self, name):
        estimator, X, y = FITS[name]
        estimator.set_params(max_epochs=1).fit(X, y)
        assert estimator.network_ is estimator.net_.module_
        assert not estimator.network_.training
