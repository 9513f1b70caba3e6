import numpy as np
import pytest
import torch

from sklearn_seqattn.kernels import feature_table
from sklearn_seqattn.kernels.feature_table import FeatureTable, row_parts

ROWS = np.arange(12, dtype=np.float32).reshape(6, 2)


@pytest.fixture(params=["memory", "file"])
def table(request, monkeypatch):
    if request.param == "file":
        monkeypatch.setattr(feature_table, "_MOST_IN_MEMORY", 0)
    monkeypatch.setattr(feature_table, "_AT_ONCE", 4)
    table = FeatureTable(6, 2)
    table[np.array([5, 0, 1])] = ROWS[[5, 0, 1]]
    table[slice(2, 5)] = ROWS[2:5]
    return table


def test_rows_come_back_as_they_were_assigned(table):
    np.testing.assert_array_equal(table[:], ROWS)
    np.testing.assert_array_equal(table[np.array([4, 4])], ROWS[[4, 4]])
    table[:][0] = -1  # a copy
    np.testing.assert_array_equal(table[:1], ROWS[:1])


def test_selected_rows_are_those_of_the_table(table):
    part = table.select(np.array([3, 1, 5]))
    assert part.shape == (3, 2)
    np.testing.assert_array_equal(part[1:], ROWS[[1, 5]])
    np.testing.assert_array_equal(part.select(np.array([2]))[:], ROWS[[5]])
    table[np.array([1])] = [[-1, -2]]
    assert part[1:2].tolist() == [[-1, -2]]


def test_blocks_are_all_rows_in_their_order(table):
    blocks = list(table.blocks())
    assert [len(block) for block in blocks] == [2, 2, 2]
    torch.testing.assert_close(torch.cat(blocks), torch.from_numpy(ROWS))


def test_transform_replaces_all_rows(table):
    table.transform(lambda rows: 2 * rows)
    np.testing.assert_array_equal(table[:], 2 * ROWS)


def test_a_part_has_at_least_one_row(monkeypatch):
    monkeypatch.setattr(feature_table, "_AT_ONCE", 4)
    assert row_parts(2, 100) == [slice(0, 1), slice(1, 2)]
