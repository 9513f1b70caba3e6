import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_seqattn.training.batching import (
    WINDOW,
    BucketBatches,
    SequenceDataset,
    TrainingBatches,
)
from sklearn_seqattn.training.padding import padded_length

lengths_of_sets = st.lists(st.integers(1, 30), min_size=1, max_size=120)
batch_sizes = st.integers(1, 20)


def make_dataset(lengths, n_channels=2):
    """Make sequences whose first value is their row number."""
    lengths = np.array(lengths, dtype=np.int64)
    values = np.ones((lengths.sum(), n_channels), dtype=np.float32)
    values[np.cumsum(lengths) - lengths, 0] = np.arange(len(lengths))
    return SequenceDataset(values, lengths, targets=np.arange(len(lengths)))


def rows_of(batches):
    """Give the rows of each batch, by their targets."""
    return [targets.tolist() for _, targets in batches]


def test_batch_by_hand():
    values = np.array([[1, 2], [3, 4], [5, 6], [7, 8]], dtype=np.float32)
    targets = np.array([[0.5], [1.5], [2.5]], dtype=np.float32)
    weights = np.array([1.0, 2.0, 3.0], dtype=np.float32)
    dataset = SequenceDataset(values, np.array([1, 2, 1]), targets, weights)
    inputs, y = dataset.batch(np.array([1, 0]))
    assert inputs["values"].tolist() == [[[3, 4], [5, 6]], [[1, 2], [0, 0]]]
    assert inputs["lengths"].tolist() == [2, 1]
    assert y.tolist() == [[1.5], [0.5]]


def test_batches_of_a_training_hold_weights():
    weights = np.array([1.0, 2.0, 3.0], dtype=np.float32)
    dataset = make_dataset([3, 1, 2])
    dataset.weights = weights
    batches = TrainingBatches(dataset, 2, np.random.RandomState(0))
    for inputs, targets in batches:
        assert inputs["weights"].tolist() == weights[targets.numpy()].tolist()


@pytest.mark.parametrize("n_rounds", [1, 2])
def test_sequences_held_out_have_no_weight_and_judge(n_rounds):
    dataset = make_dataset([3, 1, 2, 5] * n_rounds)
    dataset.n_rounds = n_rounds
    dataset.weights = np.tile(np.float32([1.0, 2.0, 1.0, 4.0]), n_rounds)
    dataset.partner_outputs = np.arange(8.0 * n_rounds).reshape(-1, 2)
    dataset.hold_out(np.array([3, 1]))
    weights = np.tile([2.0, 0.0, 2.0, 0.0], n_rounds)
    assert dataset.weights.tolist() == weights.tolist()
    assert dataset.weights.dtype == np.float32
    judged, rows = dataset.judged, [[3, 1], [3, 1, 7, 5]][n_rounds - 1]
    assert judged.weights.tolist() == [4.0, 2.0] * n_rounds
    assert judged.partner_outputs.tolist() == [[2.0 * i, 2.0 * i + 1] for i in rows]
    assert judged.longest == 5
    inputs, targets = judged.batch(np.arange(len(judged)))
    assert targets.tolist() == rows
    assert inputs["values"][:, 0, 0].tolist() == rows
    assert inputs["lengths"].tolist() == [5, 1] * n_rounds


def test_nothing_is_held_out_if_no_weight_would_be_left():
    dataset = make_dataset([3, 1])
    dataset.weights = np.float32([0.0, 2.0])
    dataset.hold_out(np.array([1]))
    assert dataset.judged is None
    assert dataset.weights.tolist() == [0.0, 2.0]


def test_ids_are_padded_with_the_padding_id():
    dataset = SequenceDataset(np.array([5, 6, 7]), np.array([1, 2]))
    inputs, _ = dataset.batch(np.array([0, 1]))
    assert inputs["values"].dtype == torch.int64
    assert inputs["values"].tolist() == [[5, 0], [6, 7]]


def test_sequences_may_start_anywhere_and_are_encoded_batch_by_batch():
    values = np.arange(10.0).reshape(5, 2)
    values.flags.writeable = False
    seen = []

    def encode(steps, lengths):
        seen.append(lengths.tolist())
        return (steps / 2).astype(np.float32)

    dataset = SequenceDataset(
        values, np.array([1, 2, 2]), starts=np.array([4, 0, 1]), encode=encode
    )
    inputs, _ = dataset.batch(np.array([1, 0]))
    assert inputs["values"].tolist() == [[[0, 0.5], [1, 1.5]], [[4, 4.5], [0, 0]]]
    assert inputs["values"].dtype == torch.float32
    assert seen == [[2, 1]]
    assert dataset.steps(np.array([2, 2])).tolist() == 2 * [[1, 1.5], [2, 2.5]]


def test_large_selections_are_encoded_in_portions_of_whole_sequences(monkeypatch):
    monkeypatch.setattr(
        "sklearn_seqattn.training.batching.steps_at_once", lambda values: 4
    )
    seen = []

    def encode(steps, lengths):
        assert len(steps) == lengths.sum()
        seen.append(lengths.tolist())
        return steps.astype(np.float32)

    lengths = np.array([3, 2, 9, 1, 1, 1])
    values = np.arange(17.0)[:, np.newaxis]
    dataset = SequenceDataset(values, lengths, encode=encode)
    assert dataset.steps(np.arange(6)).tolist() == values.tolist()
    assert seen == [[3, 2], [9], [1, 1], [1]]


def test_nothing_is_padded_beyond_the_longest_of_all():
    batch, _ = make_dataset([101, 101, 33, 35]).batch(np.array([0, 1]))
    assert batch["values"].shape[1] == 101
    batch, _ = make_dataset([101, 101, 33, 35]).batch(np.array([2, 3]))
    assert batch["values"].shape[1] == 36
    batch, _ = make_dataset([101]).batch(np.array([0]))  # may be one of many calls
    assert batch["values"].shape[1] == 104


def test_targets_and_weights_may_be_left_out():
    dataset = SequenceDataset(np.ones((3, 1), dtype=np.float32), np.array([1, 2]))
    _, targets = dataset.batch(np.array([0, 1]))
    assert targets.shape == (2,)
    assert dataset.weights.tolist() == [1.0, 1.0]


def test_read_only_values_are_copied_and_left_alone():
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    values.flags.writeable = False
    dataset = SequenceDataset(values, np.array([1, 2]))
    inputs, _ = dataset.batch(np.array([0, 1]))
    inputs["values"] += 1
    assert values.tolist() == [[0, 1], [2, 3], [4, 5]]


@given(lengths_of_sets, batch_sizes, st.none() | st.integers(0, 100))
@settings(max_examples=80, deadline=None)
def test_every_row_comes_once_an_epoch_with_its_own_steps(lengths, size, seed):
    dataset = make_dataset(lengths)
    random_state = None if seed is None else np.random.RandomState(seed)
    batches = BucketBatches(dataset, size, random_state)
    seen = []
    for inputs, targets in batches:
        assert 1 <= len(targets) <= size
        assert inputs["lengths"].tolist() == [lengths[i] for i in targets]
        n_steps = inputs["lengths"].max()
        assert n_steps <= inputs["values"].shape[1] <= padded_length(int(n_steps))
        assert inputs["values"][:, 0, 0].tolist() == targets.tolist()
        real = inputs["values"][..., 1].sum(dim=1)  # ones at the real steps alone
        assert real.tolist() == inputs["lengths"].tolist()
        seen += targets.tolist()
    assert sorted(seen) == list(range(len(lengths)))


@given(lengths_of_sets, batch_sizes)
@settings(max_examples=40, deadline=None)
def test_the_number_of_batches_is_known(lengths, size):
    for random_state in (None, np.random.RandomState(0)):
        batches = BucketBatches(make_dataset(lengths), size, random_state)
        assert len(list(batches)) == len(batches)


@given(lengths_of_sets, batch_sizes)
@settings(max_examples=40, deadline=None)
def test_prediction_goes_by_length_and_order_brings_rows_back(lengths, size):
    batches = BucketBatches(make_dataset(lengths), size)
    rows = np.concatenate(rows_of(batches))
    assert rows.tolist() == batches.order.tolist()
    assert (np.diff(np.array(lengths)[rows]) >= 0).all()
    assert rows[np.argsort(batches.order)].tolist() == list(range(len(lengths)))


@given(lengths_of_sets, batch_sizes, st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_a_seed_decides_every_epoch(lengths, size, seed):
    first, second = (
        BucketBatches(make_dataset(lengths), size, np.random.RandomState(seed))
        for _ in range(2)
    )
    for _ in range(3):
        assert rows_of(first) == rows_of(second)


def test_epochs_differ_and_so_do_seeds():
    dataset = make_dataset(np.arange(1, 101))
    batches = BucketBatches(dataset, 10, np.random.RandomState(0))
    first, second = rows_of(batches), rows_of(batches)
    other = rows_of(BucketBatches(dataset, 10, np.random.RandomState(1)))
    assert first != second
    assert first != other
    # more than the order of the batches: which rows meet in one differs, too
    wide = make_dataset(np.tile(np.arange(1, 11), 100))
    batches = BucketBatches(wide, 10, np.random.RandomState(0))
    mates = [{frozenset(rows) for rows in rows_of(batches)} for _ in range(2)]
    assert mates[0] != mates[1]


def test_batches_of_an_epoch_are_not_sorted_by_length():
    lengths = np.random.RandomState(0).randint(1, 100, size=1000)
    batches = BucketBatches(make_dataset(lengths), 10, np.random.RandomState(0))
    longest = [max(lengths[i] for i in rows) for rows in rows_of(batches)]
    assert abs(np.corrcoef(np.arange(len(longest)), longest)[0, 1]) < 0.3


@given(
    st.lists(st.integers(1, 200), min_size=1, max_size=400),
    st.integers(1, 16),
    st.none() | st.integers(0, 10),
)
@settings(max_examples=60, deadline=None)
def test_waste_is_bounded(lengths, size, seed):
    """A window of sorted batches wastes at most one batch of its longest length.

    A sixteenth may come on top, so that there are few lengths.
    """
    random_state = None if seed is None else np.random.RandomState(seed)
    batches = BucketBatches(make_dataset(lengths), size, random_state)
    n_windows = 1 if seed is None else -(-len(lengths) // (WINDOW * size))
    padded = sum(
        inputs["values"].shape[0] * inputs["values"].shape[1] for inputs, _ in batches
    )
    assert padded <= 17 / 16 * (sum(lengths) + n_windows * size * max(lengths))


def test_buckets_save_most_of_the_padding_of_random_batches():
    lengths = np.random.RandomState(0).lognormal(4.0, 0.8, size=2000).astype(int) + 1
    dataset = make_dataset(lengths, n_channels=2)
    batches = BucketBatches(dataset, 32, np.random.RandomState(0))
    bucketed = sum(inputs["values"].shape[1] * 32 for inputs, _ in batches)
    shuffled = np.random.RandomState(0).permutation(lengths)[: 62 * 32]
    random = 32 * shuffled.reshape(62, 32).max(axis=1).sum()
    assert bucketed < 1.4 * lengths.sum()
    assert bucketed < 0.5 * random


@pytest.mark.parametrize("random_state", [None, np.random.RandomState(0)])
def test_the_global_generator_is_left_alone(random_state):
    before = np.random.get_state()[1].tolist()
    list(BucketBatches(make_dataset(np.arange(1, 50)), 4, random_state))
    assert np.random.get_state()[1].tolist() == before


def test_a_batch_without_memory_is_named():
    dataset = SequenceDataset(np.zeros((3, 1), np.float32), np.array([1, 2]))
    dataset.lengths, dataset.longest = np.array([1, 2**50]), 2**50
    with pytest.raises(
        MemoryError, match=f"batch of 2 sequences, the .* of {2**50} st"
    ):
        next(iter(BucketBatches(dataset, 2)))
