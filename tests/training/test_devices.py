import pytest
import torch

from sklearn_seqattn.training import move, resolve_device


class TestDevice:
    def test_auto_is_a_device_that_torch_has(self):
        assert resolve_device(resolve_device("auto")) == resolve_device("auto")

    def test_cpu_is_always_there(self):
        assert resolve_device("cpu") == "cpu"

    def test_the_best_device_is_taken(self, monkeypatch):
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        assert resolve_device("auto") == "cuda"
        assert resolve_device("cuda:1") == "cuda:1"
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        assert resolve_device("auto") == "cpu"
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
        assert resolve_device("auto") == "mps"

    @pytest.mark.parametrize("device", ["tpu", "gpu", ""])
    def test_an_unknown_device_is_an_error(self, device):
        with pytest.raises(ValueError, match=f"device={device!r} is not available"):
            resolve_device(device)


def test_move_keeps_the_structure_of_a_batch():
    batch = {"values": torch.ones(2, 3)}, (torch.arange(2), torch.ones(2))
    inputs, (targets, weights) = move(batch, "meta")
    assert inputs["values"].shape == (2, 3)
    assert {t.device.type for t in (inputs["values"], targets, weights)} == {"meta"}


def test_move_leaves_what_is_there():
    tensor = torch.ones(2)
    assert move(tensor, "cpu") is tensor
