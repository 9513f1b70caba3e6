"""Step by step, a causal network says what it says about each whole prefix."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_networks import build_sequence, draw
from torch import nn

from sklearn_seqattn.nn.blocks import (
    GELU,
    BatchNorm,
    Conv,
    Dense,
    Differences,
    Dropout,
    LayerNorm,
    SelfAttention,
    TimeDistributedConv,
)
from sklearn_seqattn.nn.encoders import Transformer
from sklearn_seqattn.nn.front_end import read_front_end
from sklearn_seqattn.nn.streaming import (
    CausalChain,
    chain_of,
    looks_ahead,
    prefix_outputs,
    uncausal_layers,
)

POOLINGS = ["max", "mean", "last", "attention"]
ENCODERS = ["lstm", "gru", "transformer", Transformer("sinusoidal")]

convolutions = st.builds(
    Conv,
    channels=st.integers(1, 3),
    kernel_size=st.integers(1, 6),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
)
step_blocks = st.sampled_from(
    [Dense(3), TimeDistributedConv(2), BatchNorm(), LayerNorm(), Dropout(), GELU()]
)
differences = st.builds(Differences, lag=st.integers(1, 4))
unstrided = st.builds(
    Conv,
    channels=st.integers(1, 3),
    kernel_size=st.integers(1, 6),
    dilation=st.integers(1, 3),
)
groups = st.lists(
    st.one_of(unstrided, step_blocks, differences), min_size=1, max_size=3
)
blocks = st.one_of(convolutions, step_blocks, differences, groups)


def network_of(front_end=(), **options):
    """Build a network whose batch norms have seen something."""
    network = build_sequence(front_end=read_front_end(list(front_end)), **options)
    with torch.no_grad():
        network(draw(4, 9, 3, seed=1), torch.full((4,), 9))
    return network.eval()


def on_prefixes(network, x):
    """Return what a network says about each whole prefix, (B, T, K)."""
    n = len(x)
    found = [network(x[:, : t + 1], torch.full((n,), t + 1)) for t in range(x.shape[1])]
    return torch.stack(found, dim=1)


@given(
    st.lists(blocks, max_size=3),
    st.sampled_from(ENCODERS),
    st.booleans(),
    st.lists(st.sampled_from(POOLINGS), min_size=1, max_size=3, unique=True),
    st.lists(st.integers(1, 5), min_size=1, max_size=6),
)
@settings(max_examples=60, deadline=None)
@torch.inference_mode()
def test_a_chain_says_what_whole_prefixes_give(
    front_end, encoder, residual, pooling, sizes
):
    network = network_of(
        front_end,
        encoder=encoder,
        residual=residual,
        pooling=tuple(pooling),
        num_layers=2,
        head_units=(3,),
    )
    x = draw(2, sum(sizes), 3)
    chain, expected, stop = chain_of(network), on_prefixes(network, x), 0
    for size in sizes:
        stop += size
        found = network.head(chain.push(x[:, stop - size : stop]))
        torch.testing.assert_close(found, expected[:, stop - 1], rtol=1e-5, atol=1e-5)


@given(
    st.lists(st.one_of(step_blocks, differences), max_size=3),
    st.sampled_from(ENCODERS),
    st.lists(st.sampled_from(POOLINGS), min_size=1, max_size=3, unique=True),
)
@settings(max_examples=20, deadline=None)
@torch.inference_mode()
def test_one_pass_gives_all_prefixes(front_end, encoder, pooling):
    network = network_of(front_end, encoder=encoder, pooling=tuple(pooling))
    assert not looks_ahead(network.front_end)
    x = draw(2, 7, 3)
    found = prefix_outputs(network, x)
    torch.testing.assert_close(found, on_prefixes(network, x), rtol=1e-5, atol=1e-5)


@torch.inference_mode()
def test_a_chain_without_pooling_gives_the_last_hidden_state():
    network = network_of([Conv(2, kernel_size=3)])
    chain, x = CausalChain(network.front_end, network.encoder), draw(2, 6, 3)
    for t in range(6):
        h, _ = network.hidden_states(x[:, : t + 1], torch.full((2,), t + 1))
        torch.testing.assert_close(chain.push(x[:, t : t + 1]), h[:, -1])


@torch.inference_mode()
def test_caches_of_recurrent_networks_do_not_grow():
    front_end = [Differences(2), Conv(3, kernel_size=7, stride=2), [Conv(3), "gelu"]]
    chain = chain_of(network_of(front_end, pooling=("max", "mean")))

    def n_numbers(cache):
        if isinstance(cache, torch.Tensor):
            return cache.numel()
        return sum(map(n_numbers, cache))

    sizes = []
    for step in draw(1, 60, 3).split(1, dim=1):
        chain.push(step)
        sizes.append(n_numbers(chain.caches) if None not in chain.caches else 0)
    assert max(sizes[30:]) == max(sizes[20:30])


@pytest.mark.parametrize(
    ("block", "ahead"),
    [
        (Conv(kernel_size=2), True),
        (Conv(kernel_size=1, stride=2), True),
        (Conv(kernel_size=1), False),
        (Dense(2), False),
    ],
    ids=str,
)
def test_what_looks_ahead(block, ahead):
    for front_end in ([block], ["dense", block]):
        assert looks_ahead(network_of(front_end).front_end) == ahead
    if getattr(block, "stride", 1) == 1:
        assert looks_ahead(network_of([[block]]).front_end) == ahead


def test_layers_that_are_not_causal_are_found():
    front_end = ["dense", ["layer_norm", SelfAttention(4, 4)]]
    (found,) = uncausal_layers(network_of(front_end).front_end)
    assert type(found).__name__ == "SelfAttention"
    assert not list(uncausal_layers(network_of(["conv"]).front_end))
    assert list(uncausal_layers(nn.Linear(1, 1)))
