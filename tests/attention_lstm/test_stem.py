import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn import AttentionLSTMClassifier, RandomKernels
from sklearn_seqattn.attention_lstm import stem
from sklearn_seqattn.blocks import Conv, Differences, Residual
from sklearn_seqattn.nn.front_end import read_front_end


def convolutions(n_steps, make=stem.stem):
    """Return kernel size, stride and dilation of each convolution."""
    blocks = []
    for block in make(n_steps):
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
    assert convolutions(n_steps, stem.token_stem) == strides


@pytest.mark.parametrize("n_steps", [1, 30.5, 640])
def test_blocks_of_auto_are_as_if_a_user_gave_them(n_steps):
    found = stem.stem(n_steps), stem.token_stem(n_steps), stem.tagger_stem(embeds=True)
    for blocks in found:
        assert read_front_end(list(blocks)) == blocks == read_front_end(blocks)
        given = [block.to_json() for block in read_front_end(list(blocks))]
        assert given == [block.to_json() for block in blocks]


def test_differences_are_over_the_stride():
    assert stem.stem(640)[0] == Differences(lag=10)
    assert stem.stem(10)[0] == Differences(lag=1)


@given(st.floats(1, 1e5))
def test_32_to_64_steps_reach_the_encoder(n_steps):
    left = n_steps / stem.stem_stride(n_steps)
    assert left <= 64
    assert left >= min(n_steps, 32)


@given(st.floats(1, 1e5))
def test_the_dilated_convolution_reaches_no_further_than_half_a_sequence(n_steps):
    dilation = stem.stem_dilation(n_steps)
    assert 1 <= dilation <= 8
    left = n_steps / stem.stem_stride(n_steps)
    assert dilation == 1 or 2 * dilation <= left / 2


@pytest.mark.parametrize(("stride", "expected"), [(1, 7), (3, 7), (4, 9), (32, 65)])
def test_kernel_of_the_stem(stride, expected):
    assert stem.stem_kernel_size(stride) == expected


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


def test_tokens_beside_their_n_grams_do_not_warn():
    X = [["a", "b"] * 1025, ["b", "c"] * 1025] * 2
    params = {"max_epochs": 1, "hidden_size": 2, "num_layers": 1}
    AttentionLSTMClassifier(**params).fit(X, [0, 1, 0, 1])


def test_a_tagger_reads_steps_as_they_are():
    assert stem.tagger_stem(embeds=False) == ()
    names = [block.name for block in stem.tagger_stem(embeds=True)]
    assert names == ["embedding", "dropout"]
