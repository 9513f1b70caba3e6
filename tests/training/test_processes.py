import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skorch.callbacks import EpochScoring

from sklearn_seqattn.training.batching import SequenceDataset
from sklearn_seqattn.training.callbacks import refuse_scores_of_shares
from sklearn_seqattn.training.processes import ALONE, Processes


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(2, 8))
def test_shares_are_equal_work_and_make_up_a_part(lengths, size):
    lengths = np.sort(lengths)
    values = np.arange(lengths.sum(), dtype=np.float32)[:, None]
    data = SequenceDataset(values, lengths, targets=np.arange(len(lengths)))
    part = data.batch(np.arange(len(lengths)))
    shapes, found, weights = [], [], []
    for rank in range(size):
        with Processes(rank, size).sharing(part) as ((inputs, targets), weight):
            shapes.append(inputs["values"].shape)
            found += targets.tolist()
            weights.append(weight)
    assert sum(weights) == pytest.approx(1)
    rows = [shape[0] for shape in shapes]
    assert max(rows) - min(rows) <= 1
    assert {shape[1] for shape in shapes} == {part[0]["values"].shape[1]}
    times = size if len(lengths) < size else 1  # each computes what is too few to share
    assert sorted(found) == sorted([*range(len(lengths))] * times)


def test_alone_nothing_changes():
    module, loss = torch.nn.Linear(2, 1), torch.tensor(3.0)
    before = module.weight.clone()
    ALONE.share_state(module)
    assert torch.equal(module.weight, before)
    assert ALONE.first("x") == "x"
    assert ALONE.largest(1, 2) == [1, 2]
    assert ALONE.mean(loss) is ALONE.sum_gradients([module.weight], loss) is loss
    assert ALONE.place("cuda") == "cuda"


@pytest.mark.parametrize("device", ["cpu", "cuda:1", torch.device("cpu")])
def test_a_device_with_a_number_stays(device, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    cuda = torch.device("cuda")
    monkeypatch.setattr(
        torch.accelerator, "current_accelerator", lambda check_available: cuda
    )
    assert str(Processes(1, 2).place(device)) == str(device)
    assert Processes(1, 2).place("auto") == "cuda:1"
    assert Processes(1, 2).place(cuda) == "cuda:1"


def test_training_scores_are_refused():
    on_valid = EpochScoring("accuracy", name="valid_accuracy")
    refuse_scores_of_shares([on_valid, ("name", on_valid)])
    on_train = EpochScoring("accuracy", on_train=True)
    for callback in (on_train, ("name", on_train)):
        with pytest.raises(ValueError, match=r"EpochScoring\(on_train=True\)"):
            refuse_scores_of_shares([callback])
