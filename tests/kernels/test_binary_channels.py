import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn import AttentionLSTMClassifier, RandomKernels, SequenceImputer
from sklearn_seqattn.kernels.binary_channels import find_binary_channels
from sklearn_seqattn.sequences.array_list import ArrayList

SMALL = {"front_end": None, "hidden_size": 4, "num_layers": 1, "max_epochs": 1}


@given(
    n_values=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    as_list=st.booleans(),
    dtype=st.sampled_from([np.float64, np.float32, np.int64, bool]),
)
def test_binary_channels_are_those_of_at_most_two_values(n_values, as_list, dtype):
    values = np.arange(12)[:, None] % np.array(n_values)
    values = (values.astype(dtype) * 3).astype(dtype)
    expected = [len(np.unique(column)) <= 2 for column in values.T]
    if as_list:
        values = ArrayList([values[:5], values[5:]], np.array([5, 7]), dtype)
    found = find_binary_channels(values, np.array([0, 5]), np.array([5, 12]))
    assert found.tolist() == expected


def test_only_steps_of_the_sequences_count():
    values = np.array([[0.0], [1.0], [5.0]])
    assert find_binary_channels(values, np.array([0]), np.array([2])).tolist() == [True]


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_kernels_of_a_classifier_do_not_read_indicators(scale):
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(20, 2)) * (scale if i % 2 else 1) for i in range(16)]
    for i, x in enumerate(X):  # few gaps, where gain control amplifies, too
        x[i % 20, i % 2] = np.nan
    filled = SequenceImputer(add_indicator=True).fit_transform(X)
    model = AttentionLSTMClassifier(
        blend=RandomKernels(168), random_state=0, **SMALL
    ).fit(filled, np.arange(16) % 2)
    for kind in model.network_.kernel_partner.kinds:
        seen = kind.channels.sum((0, 1))
        assert (seen[:2] > 0).all()
        assert (seen[2:] == 0).all()


def test_kernels_read_the_categories_of_events():
    rng = np.random.default_rng(0)
    X = [
        pd.DataFrame(
            {
                "kind": rng.choice(["a", "b"], 12),
                "size": rng.normal(size=12),
                "height": rng.normal(size=12),
                "missing": rng.integers(0, 2, 12).astype(float),
            }
        )
        for _ in range(16)
    ]
    model = AttentionLSTMClassifier(
        blend=RandomKernels(168), random_state=0, **SMALL
    ).fit(X, np.arange(16) % 2)
    for kind in model.network_.kernel_partner.kinds:
        seen = kind.channels.sum((0, 1)) > 0
        assert seen.tolist() == [True, True, False, True, True]
