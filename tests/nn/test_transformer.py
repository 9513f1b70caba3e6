"""Transformer layers against the equations; any size has heads."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_networks import draw_batch
from torch import nn

from sklearn_seqattn.nn.attention import MultiHeadAttention
from sklearn_seqattn.nn.transformer import TransformerEncoder, TransformerLayer


def test_transformer_layer_is_its_equations():
    attention = MultiHeadAttention(
        4, key_size=4, value_size=4, num_heads=2, output_size=4
    )
    layer = TransformerLayer(attention, 4, dropout=0.0, causal=False)
    x, mask = draw_batch([5], 4)
    h = layer.attention_norm(x)
    middle = x + attention(h, h, h, mask)
    norm, widen, activation, narrow = layer.feed_forward
    assert widen.out_features == 16
    assert isinstance(activation, nn.GELU)
    expected = middle + narrow(activation(widen(norm(middle))))
    torch.testing.assert_close(layer(x, mask), expected)


@pytest.mark.parametrize("positions", ["rotary", "sinusoidal"])
@settings(max_examples=30, deadline=None)
@given(size=st.integers(3, 64), num_heads=st.integers(1, 8))
def test_any_size_is_built_and_knows_the_order(size, num_heads, positions):
    encoder = TransformerEncoder(
        2,
        size,
        num_layers=1,
        num_heads=num_heads,
        dropout=0.0,
        causal=False,
        positions=positions,
    )
    x, mask = draw_batch([4], 2)
    h = encoder(x, mask)
    assert h.shape == (1, 4, size)
    swapped = encoder(x[:, [1, 0, 2, 3]], mask)
    assert (h[:, [1, 0, 2, 3]] - swapped).abs().max() > 1e-6
