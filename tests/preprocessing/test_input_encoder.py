import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn.preprocessing.input_encoder import InputEncoder
from sklearn_seqattn.sequences import check_sequences


def fit(
    X, weights=None, *, standardize=True, amplify=True, vocabulary=None, min_count=1
):
    X = check_sequences(X)
    weights = np.ones(len(X)) if weights is None else np.asarray(weights, dtype=float)
    encoder = InputEncoder(
        standardize=standardize,
        amplify=amplify,
        vocabulary=vocabulary,
        min_count=min_count,
    )
    return encoder.fit(X, weights)


def encode(encoder, X):
    sequences = encoder.transform(check_sequences(X))
    if sequences.kind == "tokens":
        return sequences
    return sequences.with_values(encoder.scale(sequences.values, sequences.lengths))


NUMBERS = [np.array([[1.0, 10.0], [3.0, 10.0]]), np.array([[5.0, 10.0]])]
EVENTS = [
    pd.DataFrame({"act": ["a", "b"], "cost": [1.0, 3.0], "done": [True, False]}),
    pd.DataFrame({"act": ["a"], "cost": [5.0], "done": [True]}),
]


class TestNumbers:
    def test_channels_are_standardized_over_all_steps(self):
        found = encode(fit(NUMBERS), NUMBERS)
        expected = (np.array([1, 3, 5]) - 3) / np.sqrt(8 / 3)
        assert found.values.dtype == np.float32
        np.testing.assert_allclose(found.values[:, 0], expected, rtol=1e-6)
        assert found.values[:, 1].tolist() == [0, 0, 0]  # constant
        assert found.lengths.tolist() == [2, 1]

    @given(st.lists(st.integers(0, 4), min_size=6, max_size=6).filter(any))
    @settings(max_examples=30, deadline=None)
    def test_a_weight_of_k_counts_as_k_copies(self, counts):
        rng = np.random.RandomState(0)
        X = [rng.standard_normal((length, 2)) for length in (1, 4, 2, 2, 3, 5)]
        copies = [x for x, count in zip(X, counts, strict=True) for _ in range(count)]
        weighted, copied = fit(X, counts), fit(copies)
        np.testing.assert_allclose(
            encode(weighted, X).values, encode(copied, X).values, rtol=1e-5, atol=1e-6
        )

    def test_standardizing_may_be_left_out(self):
        found = encode(fit(NUMBERS, standardize=False), NUMBERS)
        assert found.values.tolist() == np.concatenate(NUMBERS).tolist()
        assert found.values.dtype == np.float32

    def test_low_amplitude_sequences_are_amplified_where_that_is_wanted(self):
        X = [np.array([[1.0], [-1.0]]), np.array([[1e-3], [-1e-3]])]
        amplified, plain = (
            encode(fit(X, amplify=amplify), X).values for amplify in (True, False)
        )
        np.testing.assert_array_equal(amplified[:2], plain[:2])
        np.testing.assert_allclose(plain[2:, 0], [1.414e-3, -1.414e-3], rtol=1e-3)
        assert amplified[2, 0] > 0.19

    def test_numbers_that_are_not_standardized_are_not_amplified(self):
        X = [np.array([[1e-3], [-1e-3]])]
        found = encode(fit(X, standardize=False), X).values
        np.testing.assert_allclose(found[:, 0], [1e-3, -1e-3])

    def test_float32_stays_exact_enough_far_from_zero(self):
        X = [np.array([1e4 + 1, 1e4 - 1], dtype=np.float32)]
        np.testing.assert_allclose(encode(fit(X), X).values[:, 0], [1, -1])

    def test_the_input_is_left_alone(self):
        X = [x.copy() for x in NUMBERS]
        encode(fit(X), X)
        for x, before in zip(X, NUMBERS, strict=True):
            np.testing.assert_array_equal(x, before)

    def test_numbers_are_not_copied_before_a_batch_is_made_of_them(self):
        X = check_sequences(np.ones((3, 4, 2)))
        assert fit(NUMBERS).transform(X) is X

    def test_what_is_learned_does_not_depend_on_the_storage(self):
        rng = np.random.RandomState(0)
        X = [rng.standard_normal((length, 2)) for length in (5, 1, 3, 4)]
        rows, weights = np.array([3, 0, 2]), np.array([1.0, 2.0, 1.0])
        taken = check_sequences(X).take(rows)
        found, expected = (
            InputEncoder(standardize=True, amplify=True, vocabulary=None, min_count=1)
            .fit(sequences, weights)
            .steps_[0]
            for sequences in (taken, check_sequences([X[i] for i in rows]))
        )
        assert found.center_.tolist() == expected.center_.tolist()
        assert found.scale_.tolist() == expected.scale_.tolist()

    def test_the_output_size_is_the_number_of_channels(self):
        encoder = fit(NUMBERS)
        assert (encoder.output_size_, encoder.n_ids_) == (2, None)

    def test_numbers_beyond_float32_are_refused_when_fitted(self):
        with pytest.raises(ValueError, match="in channel 1 whose scale is beyond flo"):
            fit([[[1, 1e200], [0, -1e200]]])

    @pytest.mark.parametrize("standardize", [False, True])
    def test_numbers_beyond_float32_are_refused_later(self, standardize):
        encoder = fit([[1.0, 2.0]], standardize=standardize)
        with pytest.raises(ValueError, match="scale is beyond float32"):
            encode(encoder, [[1e39]])

    def test_large_numbers_are_fine_once_scaled(self):
        X = [[1e100, -1e100]]
        np.testing.assert_allclose(encode(fit(X), X).values[:, 0], [1, -1])


class TestTokens:
    def test_ids_start_behind_padding_and_unknown(self):
        encoder = fit(["b a", "c"])
        found = encode(encoder, ["a b", "c d"])
        assert found.values.dtype == np.int64
        assert found.values.tolist() == [2, 3, 4, 1]
        assert (encoder.n_ids_, encoder.output_size_) == (5, 1)

    def test_a_given_vocabulary_keeps_its_order(self):
        encoder = fit(["a b"], vocabulary=["z", "b", "a"])
        assert encode(encoder, ["a b z y"]).values.tolist() == [4, 3, 2, 1]
        assert encoder.n_ids_ == 5

    def test_rare_tokens_are_unknown(self):
        encoder = fit(["a b a", "c b"], min_count=2)
        assert encode(encoder, ["a b c"]).values.tolist() == [2, 3, 1]

    def test_a_sequence_of_weight_k_counts_k_times(self):
        encoder = fit(["a b", "a c"], weights=[3, 1], min_count=3)
        assert encode(encoder, ["a b c"]).values.tolist() == [2, 3, 1]

    def test_light_sequences_have_tokens_too(self):
        assert fit(["a b"], weights=[0.25]).n_ids_ == 4

    def test_integers_may_be_tokens(self):
        X = check_sequences([[7, 5], [7]], tokens=True)
        encoder = InputEncoder(
            standardize=True, amplify=True, vocabulary=None, min_count=1
        )
        found = encoder.fit(X, np.ones(2)).transform(X)
        assert found.values.tolist() == [3, 2, 3]


class TestEvents:
    def test_numbers_are_standardized_and_categories_one_hot(self):
        encoder = fit(EVENTS)
        found = encode(encoder, EVENTS).values
        cost = (np.array([1, 3, 5]) - 3) / np.sqrt(8 / 3)
        np.testing.assert_allclose(found[:, 0], cost, rtol=1e-6)
        assert found[:, 2:].tolist() == [[1, 0], [0, 1], [1, 0]]
        assert encoder.output_size_ == found.shape[1] == 4

    def test_categories_stay_one_hot_whatever_their_share(self):
        X = [pd.DataFrame({"act": ["a"] * 9 + ["b"]})]
        assert set(encode(fit(X), X).values.ravel().tolist()) == {0.0, 1.0}

    def test_unseen_categories_are_all_zeros(self):
        X = [pd.DataFrame({"act": ["z"], "cost": [3.0], "done": [True]})]
        assert encode(fit(EVENTS), X).values[0, 2:].tolist() == [0, 0]

    def test_standardizing_may_be_left_out(self):
        found = encode(fit(EVENTS, standardize=False), EVENTS).values
        assert found[:, :2].tolist() == [[1, 1], [3, 0], [5, 1]]

    def test_categories_are_not_scaled(self):
        encoder = fit(EVENTS)
        assert [len(step.center_) for step in encoder.steps_[1:]] == [2]
        categories = [frame[["act"]] for frame in EVENTS]
        assert len(fit(categories).steps_) == 1
        assert encode(fit(categories), categories).values.shape == (3, 2)

    @pytest.mark.parametrize("columns", [["act", "cost"], ["cost"]])
    def test_columns_out_of_range_are_named(self, columns):
        def with_costs(costs):
            frame = pd.DataFrame({"act": ["a", "b"], "cost": costs})
            return [frame[columns]]

        message = "X has numbers in column 'cost' whose scale is beyond float32"
        with pytest.raises(ValueError, match=message):
            fit(with_costs([1e200, 0.0]))
        encoder = fit(with_costs([1.0, 0.0]))
        with pytest.raises(ValueError, match=message):
            encode(encoder, with_costs([1e39, 0.0]))
        with pytest.raises(ValueError, match=message):
            encoder.check_range(
                encoder.transform(check_sequences(with_costs([1e39, 0])))
            )
        constant = with_costs([1e300, 1e300])
        assert encode(fit(constant), constant).values[:, 0].tolist() == [0, 0]
