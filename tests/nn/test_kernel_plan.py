import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.nn.kernel_plan import MAX_CHANNELS_PER_KERNEL, draw_channels


def drawn(n_channels, is_binary=None, n_kernels=84):
    generator = torch.Generator().manual_seed(0)
    return draw_channels((3, n_kernels, n_channels), generator, is_binary)


@given(n_others=st.integers(1, 12), n_binary=st.integers(1, 12), seed=st.integers(0, 9))
def test_kernels_see_binary_channels_only_where_most_are_binary(
    n_others, n_binary, seed
):
    is_binary = np.arange(n_others + n_binary) >= n_others
    is_binary = np.random.RandomState(seed).permutation(is_binary)
    channels = drawn(len(is_binary), is_binary, n_kernels=500)
    n_seen = channels.sum(-1)
    assert n_seen.min() >= 1
    assert n_seen.max() <= MAX_CHANNELS_PER_KERNEL
    sees_a_binary_one = bool(channels[..., torch.from_numpy(is_binary)].any())
    assert sees_a_binary_one == (n_binary > n_others)
    assert channels[..., torch.from_numpy(~is_binary)].any((0, 1)).all()


@pytest.mark.parametrize("n_channels", [1, 2, 7])
def test_without_binary_channels_nothing_changes(n_channels):
    none = np.zeros(n_channels, bool)
    assert torch.equal(drawn(n_channels), drawn(n_channels, none))
