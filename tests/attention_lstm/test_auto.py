import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn import AttentionLSTMClassifier, RandomKernels
from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.blocks import Conv, Differences, Residual


def convolutions(n_steps, stem=auto.stem):
    """Return kernel size, stride and dilation of each convolution."""
    blocks = []
    for block in stem(n_steps):
        blocks += block.blocks if isinstance(block, Residual) else [block]
    convs = [block for block in blocks if isinstance(block, Conv)]
    return [(conv.kernel_size, conv.stride, conv.dilation) for conv in convs]


@pytest.mark.parametrize(
    ("n_steps", "expected"),
    [
        (4, [(7, 1, 1), (5, 1, 1), (5, 1, 1)]),
        (16, [(7, 1, 1), (5, 1, 1), (5, 1, 4)]),
        (192, [(7, 3, 1), (5, 1, 1), (5, 1, 8)]),
        (193, [(9, 4, 1), (5, 1, 1), (5, 1, 1)]),
        (640, [(21, 10, 1), (5, 1, 1), (5, 1, 1)]),
    ],
)
def test_convolutions_of_the_stem_follow_the_length(n_steps, expected):
    assert convolutions(n_steps) == expected
    strides = [(*conv[:2], 1) for conv in expected]
    assert convolutions(n_steps, auto.token_stem) == strides


def test_differences_are_over_the_stride():
    assert auto.stem(640)[0] == Differences(lag=10)
    assert auto.stem(10)[0] == Differences(lag=1)


@given(st.floats(1, 1e5))
def test_32_to_64_steps_reach_the_encoder(n_steps):
    left = n_steps / auto.stem_stride(n_steps)
    assert left <= 64
    assert left >= min(n_steps, 32)


@given(st.floats(1, 1e5))
def test_the_dilated_convolution_reaches_no_further_than_half_a_sequence(n_steps):
    dilation = auto.stem_dilation(n_steps)
    assert 1 <= dilation <= 8
    left = n_steps / auto.stem_stride(n_steps)
    assert dilation == 1 or 2 * dilation <= left / 2


@pytest.mark.parametrize(("stride", "expected"), [(1, 7), (3, 7), (4, 9), (32, 65)])
def test_kernel_of_the_stem(stride, expected):
    assert auto.stem_kernel_size(stride) == expected


@given(st.integers(1, 10**6))
def test_batch_size_stays_between_8_and_64(n):
    size = auto.batch_size(n)
    assert 8 <= size <= 64
    assert size == 8 or size == 64 or size == n // 8


@given(st.integers(1, 10**6), st.integers(1, 512), st.floats(1, 1e5))
def test_epochs_stay_between_10_and_200(n, size, n_steps):
    epochs = auto.max_epochs(n, size, n_steps)
    n_batches = -(-n // size)
    assert 10 <= epochs <= 200
    if epochs < 40:  # cut short, but not below 8,000 steps
        assert epochs * n_batches >= 8_000 or epochs == 10
    if n_batches <= 200:  # small data get so many batches, or 200 epochs
        wanted = 320 if n_steps > 256 else 400
        assert epochs * n_batches >= wanted or epochs == 200


@given(st.integers(1, 10**5), st.integers(1, 10**5))
def test_more_data_never_get_more_epochs(n, m):
    small, large = sorted([n, m])
    assert auto.max_epochs(large, 64, 9) <= auto.max_epochs(small, 64, 9)


@given(st.integers(1, 10**7))
def test_kernel_features_are_bounded_in_number_and_memory(n):
    n_features = auto.kernel_features(n)
    assert 1_000 <= n_features <= 10_000
    assert n_features * n <= 50_000_000 or n_features == 1_000


@given(st.integers(1, 10**6), st.integers(1, 512), st.floats(1, 1e5))
def test_tokens_never_get_more_epochs_than_numbers(n, size, n_steps):
    numbers, tokens = (
        f(n, size, n_steps) for f in (auto.max_epochs, auto.token_max_epochs)
    )
    assert min(8, numbers) <= tokens <= numbers
    if n < 1_000:
        assert tokens == numbers


@given(st.integers(1, 10**6), st.integers(1, 512), st.floats(1, 1e5))
def test_networks_beside_a_partner_never_get_more_epochs(n, size, n_steps):
    alone, blended = (
        auto.max_epochs(n, size, n_steps, blended=blended) for blended in (False, True)
    )
    assert min(10, alone) <= blended <= alone


def fit_steps(n_steps, **params):
    X = np.random.default_rng(0).normal(size=(4, n_steps, 1))
    params = {"max_epochs": 1, "hidden_size": 2, "num_layers": 1, **params}
    return AttentionLSTMClassifier(**params).fit(X, [0, 1, 0, 1])


def test_a_network_alone_warns_of_a_large_stride():
    with pytest.warns(UserWarning, match="2049 steps on average.*33 times as short"):
        fit_steps(2049, blend=None)


@pytest.mark.parametrize(
    ("n_steps", "params"),
    [
        (2048, {"blend": None}),
        (2049, {"blend": RandomKernels(84)}),
        (2049, {"blend": None, "front_end": ["conv"]}),
    ],
)
def test_no_other_network_warns(n_steps, params):
    fit_steps(n_steps, **params)  # warnings are errors
