import pytest
import torch

from sklearn_seqattn.nn.batch_share import (
    BatchShare,
    Dropout,
    draw_like,
    dropout,
    sharing,
)
from sklearn_seqattn.nn.normalization import BatchNorm
from sklearn_seqattn.nn.time_warping import warp_time

LENGTHS = torch.tensor([9, 12, 7, 12, 10])
WHOLE = torch.randn(5, 12, 3, generator=torch.Generator().manual_seed(0))


def in_shares(function, size=2):
    """Call a function of a rank's rows in each of some shares, from the same state."""
    found = []
    for rank in range(size):
        torch.manual_seed(0)
        rows = slice(rank, None, size)
        with sharing(BatchShare(rows, LENGTHS, None)):
            found.append((rows, function(WHOLE[rows], LENGTHS[rows])))
    return found


@pytest.mark.parametrize(
    "function",
    [
        lambda x, lengths: dropout(x, 0.5),
        lambda x, lengths: Dropout(0.5)(x),
        lambda x, lengths: dropout(x.transpose(1, 2).contiguous().transpose(1, 2), 0.5),
        lambda x, lengths: draw_like(x),
        lambda x, lengths: warp_time(x, lengths, 0.5)[0],
        lambda x, lengths: warp_time(x, lengths, 0.5)[1],
    ],
)
def test_shares_draw_the_rows_of_the_whole(function):
    torch.manual_seed(0)
    whole, after = function(WHOLE, LENGTHS), torch.rand(1)
    for rows, found in in_shares(function):
        assert torch.equal(found, whole[rows])
    in_shares(function, size=1)
    assert torch.rand(1) == after  # the generator is where it is after the whole


def test_dropout_predicts_as_it_is():
    assert Dropout(0.5).eval()(WHOLE) is WHOLE
    assert Dropout(0.0)(WHOLE) is WHOLE


def test_normalization_uses_the_moments_of_all_processes():
    mask = torch.ones(5, 12, dtype=torch.bool)
    whole, shared = BatchNorm(3).double(), BatchNorm(3).double()
    x = WHOLE.double()
    expected, _ = whole(x, mask)
    other = x[1::2].flatten(0, 1)
    variance, mean = torch.var_mean(other, dim=0, correction=0)
    moments = torch.cat([mean.new_tensor([len(other)]), mean, variance])
    gather = lambda own: torch.stack([own, moments])  # noqa: E731
    rows = slice(0, None, 2)
    with sharing(BatchShare(rows, LENGTHS, gather)):
        found, _ = shared(x[rows], mask[rows])
    torch.testing.assert_close(found, expected[rows])
    torch.testing.assert_close(shared.state_dict(), whole.state_dict())


def test_the_gradient_of_shared_normalization():
    steps = WHOLE.flatten(0, 1).double().requires_grad_()
    norm = BatchNorm(3).double()
    share = BatchShare(slice(None), LENGTHS, lambda own: own[None])  # one process
    with sharing(share):
        assert torch.autograd.gradcheck(lambda x: norm._normalize(x), steps)
