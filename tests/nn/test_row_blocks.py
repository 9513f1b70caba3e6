import pytest
import torch

from sklearn_seqattn.nn import normal_scores, row_blocks
from sklearn_seqattn.nn.normal_scores import NormalScores
from sklearn_seqattn.nn.row_blocks import column_moments, sequence_reader


class Blocks:
    """Rows in blocks of other sizes."""

    def __init__(self, rows, sizes):
        self.parts = rows.split(sizes)

    def blocks(self):
        return iter(self.parts)


def test_moments_are_those_of_the_definition():
    rows = torch.randn(1000, 3, generator=torch.Generator().manual_seed(0))
    rows[:, 1] = 5.0
    rows[0, 2] = 1e4
    double = rows.double()
    for one in (rows, Blocks(rows, [1, 0, 400, 599])):
        moments = column_moments(one)
        assert moments.n_rows == 1000
        torch.testing.assert_close(moments.mean, double.mean(0))
        torch.testing.assert_close(moments.std, double.std(0, unbiased=False))
        scaled = (double - double.mean(0)) / double.std(0, unbiased=False)
        expected = scaled.pow(4).mean(0) - 3
        torch.testing.assert_close(moments.kurtosis[[0, 2]], expected[[0, 2]])
        assert moments.std[1] == 0
        assert moments.kurtosis[1] == -3


def test_blocks_of_a_tensor_are_small(monkeypatch):
    monkeypatch.setattr(row_blocks, "_ROWS_AT_ONCE", 4)
    seen = []
    column_moments(torch.ones(9, 2), lambda block: seen.append(len(block)) or block)
    assert seen == [4, 4, 1] * 2


def test_sequences_of_a_tensor_are_read_by_row():
    values, lengths = torch.arange(6.0)[:, None], torch.tensor([1, 3, 2])
    read = sequence_reader(values, lengths)
    found = [one.ravel().tolist() for one in read(torch.tensor([2, 0]))]
    assert found == [[4, 5], [0]]


@pytest.mark.parametrize("sizes", [[997], [1, 500, 496], [100] * 9 + [97]])
def test_ranks_of_many_steps_are_those_of_every_so_many_th(sizes, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(997, 1, generator=generator).mul(4).exp()
    every_third = NormalScores(1).fit(values[::3])
    assert every_third.changes_channels
    monkeypatch.setattr(normal_scores, "_MOST_RANKED", 400)
    found = NormalScores(1).fit(Blocks(values, sizes))
    torch.testing.assert_close(found.knots, every_third.knots)
    torch.testing.assert_close(found.scores, every_third.scores)
