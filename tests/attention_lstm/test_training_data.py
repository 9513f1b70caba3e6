import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator

from sklearn_seqattn._estimator import draw_seeds, rollback_on_error
from sklearn_seqattn.attention_lstm.training_data import (
    LabelledSequences,
    check_same_length,
    split_validation,
)
from sklearn_seqattn.sequences import check_sequences
from sklearn_seqattn.training.fit import append_history


def make_data(targets):
    """Make sequences whose values say which row they are."""
    rows = np.arange(len(targets), dtype=float)
    X = check_sequences([np.full(i % 3 + 1, row) for i, row in enumerate(rows)])
    return LabelledSequences(X, np.asarray(targets), rows)


def rows_of(data):
    """Give the rows that are in a part, checking that all of it agrees."""
    rows = data.weights.astype(int).tolist()
    assert [sequence[0, 0] for sequence in data.sequences.to_list()] == rows
    return rows


class TestKeptOnFailure:
    def test_a_failure_restores_changed_new_and_deleted_attributes(self):
        estimator = BaseEstimator()
        estimator.a_, estimator.b_ = 1, 2

        def fail():
            with rollback_on_error(estimator):
                estimator.a_, estimator.c_ = 10, 30
                del estimator.b_
                raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            fail()
        assert vars(estimator) == {"a_": 1, "b_": 2}

    def test_success_keeps_what_is_new(self):
        estimator = BaseEstimator()
        with rollback_on_error(estimator):
            estimator.a_ = 1
        assert estimator.a_ == 1


class TestCheckSameLength:
    def test_equal_lengths_pass(self):
        check_same_length(3, 3)

    def test_other_lengths_are_named(self):
        with pytest.raises(ValueError, match="X has 3 sequences, but y has 2 targets"):
            check_same_length(3, 2)


class TestDrawSeeds:
    def test_a_number_gives_the_same_seeds_again(self):
        assert draw_seeds(3, 4) == draw_seeds(3, 4) != draw_seeds(4, 4)

    def test_a_generator_moves_on(self):
        generator = np.random.RandomState(0)
        assert draw_seeds(generator, 2) != draw_seeds(generator, 2)

    def test_none_draws_anew_and_leaves_the_global_generator_alone(self):
        before = str(np.random.get_state())
        assert draw_seeds(None, 3) != draw_seeds(None, 3)
        assert str(np.random.get_state()) == before

    def test_seeds_are_plain_integers(self):
        assert {type(seed) for seed in draw_seeds(0, 3)} == {int}


class TestSplitValidation:
    @given(st.integers(2, 40), st.floats(0.01, 0.9), st.integers(0, 100))
    @settings(max_examples=50, deadline=None)
    def test_every_row_is_in_one_part(self, n, fraction, seed):
        data, n_valid = make_data(np.zeros(n)), int(np.ceil(fraction * n))
        if n_valid >= n:
            with pytest.raises(ValueError, match=f"of {n} distinct sequences"):
                split_validation(data, fraction, seed)
            return
        train, valid = split_validation(data, fraction, seed)
        assert sorted(rows_of(train) + rows_of(valid)) == list(range(n))
        assert len(valid) == n_valid

    def test_classes_keep_their_shares(self):
        classes = np.repeat([0, 1, 2], [60, 30, 10])
        train, valid = split_validation(make_data(classes), 0.2, seed=0, strata=classes)
        assert np.bincount(valid.targets).tolist() == [12, 6, 2]
        assert np.bincount(train.targets).tolist() == [48, 24, 8]

    @pytest.mark.parametrize("counts", [[9, 1], [1, 1, 1, 1, 1], [3, 3, 3, 3]])
    def test_too_few_of_a_class_splits_at_random(self, counts):
        classes = np.repeat(np.arange(len(counts)), counts)
        train, valid = split_validation(make_data(classes), 0.2, seed=0, strata=classes)
        assert len(train) + len(valid) == sum(counts)

    def test_a_lonely_class_is_trained_on_and_the_others_keep_their_shares(self):
        classes = np.repeat([0, 1, 2], [20, 10, 1])
        train, valid = split_validation(make_data(classes), 0.2, seed=0, strata=classes)
        assert np.bincount(valid.targets, minlength=3).tolist() == [5, 2, 0]
        assert np.bincount(train.targets).tolist() == [15, 8, 1]

    def test_a_seed_decides_the_split(self):
        data = make_data(np.zeros(50))
        first, second, other = (
            rows_of(split_validation(data, 0.3, seed)[1]) for seed in (0, 0, 1)
        )
        assert first == second != other

    def test_one_sequence_cannot_be_split(self):
        with pytest.raises(
            ValueError, match=r"leaves none to train on; give more data or set early_"
        ):
            split_validation(make_data([0]), 0.1, seed=0)


def test_histories_are_joined():
    estimator, first = BaseEstimator(), pd.DataFrame({"epoch": [1, 2]})
    append_history(estimator, first, fresh=True)
    append_history(estimator, pd.DataFrame({"epoch": [1]}), fresh=False)
    assert estimator.history_["epoch"].tolist() == [1, 2, 3]
    assert estimator.n_iter_ == 3
    append_history(estimator, first, fresh=True)
    assert estimator.history_["epoch"].tolist() == [1, 2]
    assert estimator.n_iter_ == 2
