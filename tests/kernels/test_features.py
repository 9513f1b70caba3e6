import pickle

import numpy as np
import pandas as pd
import pytest
from battery import parametrize_with_checks
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn import RandomKernelFeatures


def draw_sequences(n=12, n_channels=2, seed=0):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 40, size=n)
    return [rng.normal(size=(t, n_channels)).cumsum(0) for t in lengths]


def transformer(**params):
    return RandomKernelFeatures(**{"n_features": 336, "random_state": 0} | params)


@parametrize_with_checks([RandomKernelFeatures()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


@given(st.integers(0, 1000), st.integers(1, 12))
@settings(max_examples=20, deadline=None)
def test_features_ignore_batch_mates_and_order(seed, n_channels):
    X = draw_sequences(seed=seed, n_channels=n_channels)
    model = transformer().fit(X)
    together = model.transform(X)
    assert (model.transform(X[::-1]) == together[::-1]).all()
    assert (np.vstack([model.transform([x]) for x in X]) == together).all()


def test_features_do_not_depend_on_the_container():
    X = draw_sequences()
    padded = np.full((len(X), 50, 2), np.nan)
    for row, x in zip(padded, X, strict=True):
        row[: len(x)] = x
    frames = [pd.DataFrame(x, columns=["a", "b"]) for x in X]
    expected = transformer().fit_transform(X)
    for other in (padded, frames, pd.Series(X), tuple(X)):
        assert (transformer().fit_transform(other) == expected).all()
    turned = transformer(channels_first=True).fit([x.T for x in X])
    assert (turned.transform([x.T for x in X]) == expected).all()


def test_a_table_is_read_as_univariate_series():
    table = np.random.default_rng(0).normal(size=(10, 25))
    features = transformer().fit_transform(table)
    assert (features == transformer().fit_transform(list(table))).all()


def test_large_offsets_lose_nothing():
    X = [np.round(x, 3) for x in draw_sequences()]
    moved = [x + 2.0**30 for x in X]
    difference = transformer().fit_transform(X) - transformer().fit_transform(moved)
    assert np.abs(difference).mean() < 1e-3


@pytest.mark.parametrize(("wanted", "made"), [(1, 84), (84, 84), (1000, 924)])
def test_number_and_names_of_the_features(wanted, made):
    model = transformer(n_features=wanted).set_output(transform="pandas")
    frame = model.fit_transform(draw_sequences())
    assert frame.shape == (12, made)
    assert list(frame.columns) == list(model.get_feature_names_out())
    assert frame.columns[1].startswith("kernel1_dilation1_channels")


def test_copies_give_the_same_features():
    X = draw_sequences()
    model = transformer().fit(X)
    expected = model.transform(X)
    assert (pickle.loads(pickle.dumps(model)).transform(X) == expected).all()
    assert (clone(model).fit(X).transform(X) == expected).all()
    assert (transformer(random_state=1).fit_transform(X) != expected).any()


@pytest.mark.parametrize("X", [[[1.0]], [[1.0], [2.0]], [[[1.0, 2.0]], [[3.0, 4.0]]]])
def test_single_steps_and_single_sequences(X):
    features = transformer().fit_transform(X)
    assert np.isfinite(features).all()


def test_tokens_and_events_are_refused():
    with pytest.raises((TypeError, ValueError), match="string"):
        transformer().fit([["a", "b"], ["c"]])
    events = pd.DataFrame({"what": ["a", "b"], "size": [1.0, 2.0]})
    with pytest.raises((TypeError, ValueError)):
        transformer().fit([events, events])


def test_other_channels_are_refused():
    model = transformer().fit(draw_sequences())
    with pytest.raises(ValueError, match="3 channel"):
        model.transform(draw_sequences(n_channels=3))


def test_japanese_vowels_with_a_ridge_classifier(shared_data):
    data = np.load(shared_data / "classification" / "JapaneseVowels.npz")
    X = np.split(data["values"], np.cumsum(data["lengths"])[:-1])
    y, n = data["targets"], int(data["n_train"])
    model = make_pipeline(
        RandomKernelFeatures(random_state=0),
        StandardScaler(),
        RidgeClassifierCV(np.logspace(-3, 3, 10)),
    )
    assert model.fit(X[:n], y[:n]).score(X[n:], y[n:]) >= 0.96


def test_features_of_quiet_sequences_are_not_those_of_flat_lines():
    rng = np.random.default_rng(0)
    loud = [rng.normal(size=(30, 1)) for _ in range(20)]
    quiet = [1e-4 * x for x in loud]
    transformer = RandomKernelFeatures(n_features=840, random_state=0).fit(loud + quiet)
    of_quiet, of_line = transformer.transform([*quiet, np.zeros((30, 1))])[[0, -1]]
    assert np.mean(of_quiet != of_line) > 0.5


def test_names_say_which_kernel_dilation_channels_and_threshold():
    X = draw_sequences(30, n_channels=3)
    model = transformer(n_features=420).fit(X)
    names = model.get_feature_names_out()
    assert len(set(names)) == len(names) == model.transform(X).shape[1]
    kernels = model.kernels_
    first = 0
    for i, (dilation, n_biases) in enumerate(
        zip(kernels.dilations, kernels.n_biases, strict=True)
    ):
        for j in range(n_biases):
            for k in range(84):
                channels = np.flatnonzero(kernels.channels[i, k]).tolist()
                read = "+".join(map(str, channels))
                expected = f"kernel{k}_dilation{dilation}_channels{read}_threshold{j}"
                assert names[first + j * 84 + k] == expected
        first += 84 * n_biases
    assert first == len(names)
