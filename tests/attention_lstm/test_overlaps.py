import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import RidgeCV

from sklearn_seqattn import AttentionLSTMRegressor, make_windows
from sklearn_seqattn.attention_lstm.overlaps import folds, time_order
from sklearn_seqattn.training.batching import SequenceDataset


def flat(windows):
    """Return the steps of windows (n, T, D), end to end, with starts and lengths."""
    n, n_steps, n_channels = windows.shape
    starts = np.arange(n) * n_steps
    return windows.reshape(-1, n_channels), starts, np.full(n, n_steps)


def cut(series, n_in, step):
    return np.stack(
        [series[i : i + n_in] for i in range(0, len(series) - n_in + 1, step)]
    )


@given(
    n_in=st.integers(4, 12),
    step=st.integers(1, 2),
    n_channels=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_shuffled_windows_come_back_in_the_order_of_time(n_in, step, n_channels, seed):
    random = np.random.RandomState(seed)
    windows = cut(random.normal(size=(60, n_channels)), n_in, step)
    shuffled = random.permutation(len(windows))
    order = time_order(*flat(windows[shuffled]))
    assert shuffled[order].tolist() == list(range(len(windows)))


def test_each_series_is_one_stretch():
    random = np.random.RandomState(0)
    series = [random.normal(size=(30, 1)) for _ in range(3)]
    windows = np.concatenate([cut(one, 6, 1) for one in series])
    shuffled = random.permutation(75)
    order = shuffled[time_order(*flat(windows[shuffled]))]
    stretches = order.reshape(3, 25)
    assert (np.diff(stretches) == 1).all()
    assert sorted(stretches[:, 0]) == [0, 25, 50]


@pytest.mark.parametrize(
    "windows",
    [
        np.random.RandomState(0).normal(size=(30, 8, 1)),
        cut(np.random.RandomState(0).normal(size=(90, 1)), 8, 5),  # less than half
        np.ones((9, 1, 1)),
    ],
)
def test_other_sequences_have_no_order(windows):
    assert time_order(*flat(windows)) is None


def test_sequences_of_several_lengths_have_no_order():
    series = np.arange(9.0)[:, None]
    assert time_order(series, np.array([0, 1]), np.array([4, 5])) is None


def test_equal_sequences_are_in_the_order_once():
    assert sorted(time_order(*flat(np.ones((7, 4, 1))))) == list(range(7))


@pytest.mark.parametrize("step", [1, 9])
def test_folds_hold_every_row_once(step):
    values, starts, lengths = flat(
        cut(np.random.RandomState(0).normal(size=(99, 1)), 9, step)
    )
    dataset = SequenceDataset(values, lengths, starts=starts)
    parts = folds(dataset, 3, seed=0)
    assert sorted(np.concatenate(parts)) == list(range(len(lengths)))
    sizes = list(map(len, parts))
    assert max(sizes) - min(sizes) <= 1
    is_stretch = all((np.diff(part) == 1).all() for part in parts)
    assert is_stretch == (step == 1)


def test_forecasts_are_as_good_as_a_regression_on_lags():
    random = np.random.RandomState(0)
    hours = np.arange(24 * 30)
    series = 5 * np.sin(2 * np.pi * hours / 24) + random.normal(size=len(hours))
    X, y, _, _ = make_windows(series, 24, 1)
    n = 500
    ridge = RidgeCV(np.logspace(-2, 3, 6)).fit(X[:n, :, 0], y[:n])
    model = AttentionLSTMRegressor(
        hidden_size=4, num_layers=1, max_epochs=2, random_state=0
    ).fit(X[:n], y[:n])
    errors = [
        np.mean((predicted - y[n:]) ** 2)
        for predicted in (ridge.predict(X[n:, :, 0]), model.predict(X[n:]))
    ]
    assert errors[1] < 1.1 * errors[0]
