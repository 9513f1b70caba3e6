"""Sequences at another pace: they rise where they rose, ends stay ends, few lengths."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn.nn.time_warping import warp_time


def ramps(lengths):
    """Lines from 0 to the last step's place, and garbage behind them."""
    lengths = torch.tensor(lengths)
    steps = torch.arange(float(lengths.max())).expand(len(lengths), -1)
    values = torch.where(steps < lengths[:, None], steps, 1e9)
    return torch.stack([values, -values], dim=2), lengths


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=8),
    most=st.floats(0.01, 3.0),
    seed=st.integers(0, 99),
)
def test_a_line_rises_between_its_ends_no_faster_than_it_may(lengths, most, seed):
    values, lengths = ramps(lengths)
    torch.manual_seed(seed)
    stretched, new_lengths = warp_time(values, lengths, most)
    assert stretched.shape == (len(lengths), int(new_lengths.max()), 2)
    assert (new_lengths >= 1).all()
    assert (new_lengths <= (lengths * (1 + most)).round() + 1e-3).all()
    assert (new_lengths >= (lengths / (1 + most)).round() - 1e-3).all()
    widest = (1 + 2 * most) ** 2  # of the paces of two quarters
    for row, n_old, n_new in zip(stretched, lengths, new_lengths, strict=True):
        line, last = row[:n_new, 0], float(n_old - 1)
        assert line[0] == 0
        assert line[-1].item() == pytest.approx(last if n_new > 1 else 0, abs=1e-4)
        rises = line.diff()
        assert (rises >= last / max(1, n_new - 1) / widest - 1e-4).all()
        assert (rises <= last / max(1, n_new - 1) * widest + 1e-4).all()
        torch.testing.assert_close(row[:, 1], -row[:, 0], atol=0, rtol=0)


def test_each_quarter_has_a_pace_of_its_own():
    values, lengths = ramps([401] * 20)
    torch.manual_seed(1)
    stretched, new_lengths = warp_time(values, lengths, 0.25)
    warped = new_lengths != 401
    assert warped.any()
    for row, n_new in zip(stretched[warped], new_lengths[warped], strict=True):
        line = row[:n_new, 0]
        rises = line.diff()
        middles = [
            rises[(line[:-1] > a) & (line[1:] < a + 100)] for a in range(0, 400, 100)
        ]
        for rise in middles:
            torch.testing.assert_close(
                rise, rise[:1].expand_as(rise), atol=1e-3, rtol=1e-3
            )
        paces = torch.stack([rise[0] for rise in middles])
        assert paces.max() / paces.min() > 1.02
        # Quarters that last longer and shorter fill the length in all.
        assert (100 / paces).sum() == pytest.approx(int(n_new) - 1, rel=1e-3)


def test_about_half_of_the_sequences_change_and_all_of_them_by_one_pace():
    values, lengths = ramps([50] * 400)
    torch.manual_seed(0)
    stretched, new_lengths = warp_time(values, lengths, 0.25)
    kept = new_lengths == 50
    assert 0.45 < kept.float().mean() < 0.6
    torch.testing.assert_close(
        stretched[kept][:, :50], values[kept], atol=1e-4, rtol=1e-5
    )
    assert len(new_lengths.unique()) == 2


def test_batches_are_faster_and_slower():
    values, lengths = ramps([50] * 20)
    torch.manual_seed(0)
    seen = torch.cat([warp_time(values, lengths, 0.25)[1] for _ in range(60)])
    assert 40 <= seen.min() < 43
    assert 58 < seen.max() <= 62


def test_gradients_reach_the_steps():
    values, lengths = ramps([5, 9])
    values = values.requires_grad_()
    torch.manual_seed(0)
    warp_time(values, lengths, 0.5)[0].sum().backward()
    assert values.grad[1].abs().sum() > 0


@pytest.mark.parametrize("multiple", [1, 8, 56])
def test_batches_have_few_shapes_and_the_same_steps(multiple):
    values, lengths = torch.randn(5, 60, 2), torch.tensor([60, 50, 40, 3, 1])
    results = []
    for wanted in (1, multiple):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            results.append(warp_time(values, lengths, 0.25, multiple=wanted))
    (exact, n_steps), (padded, n_padded) = results
    assert torch.equal(n_steps, n_padded)
    assert padded.shape[1] % multiple == 0
    assert padded.shape[1] - exact.shape[1] < multiple
    assert torch.equal(padded[:, : exact.shape[1]], exact)
