"""Which device is used, and how batches get there."""

import pytest
import torch

from sklearn_seqattn import AttentionLSTMClassifier, NextStateLSTM
from sklearn_seqattn.training import move, resolve_device


@pytest.fixture
def see(monkeypatch):
    """Make torch see a number of accelerators of one type."""

    def see(kind, n_devices=1):
        found = None if kind is None else torch.device(kind)
        accelerator = torch.accelerator
        monkeypatch.setattr(
            accelerator, "current_accelerator", lambda check_available=False: found
        )
        monkeypatch.setattr(accelerator, "device_count", lambda: n_devices)

    return see


class TestDevice:
    def test_auto_is_a_device_that_torch_has(self):
        assert resolve_device(resolve_device("auto")) == resolve_device("auto")

    @pytest.mark.parametrize("device", ["cpu", torch.device("cpu"), "cpu:0"])
    def test_the_cpu_is_always_there(self, device):
        assert torch.device(resolve_device(device)).type == "cpu"

    @pytest.mark.parametrize("kind", ["cuda", "mps", "xpu"])
    def test_any_accelerator_is_the_best_device(self, see, kind):
        see(kind)
        assert resolve_device("auto") == kind
        assert resolve_device(kind) == kind
        assert resolve_device(torch.device(kind, 0)) == f"{kind}:0"
        assert resolve_device("cpu") == "cpu"

    def test_without_one_it_is_the_cpu(self, see):
        see(None)
        assert resolve_device("auto") == "cpu"
        with pytest.raises(
            ValueError, match="'cuda' is not available here; torch sees"
        ):
            resolve_device("cuda")

    @pytest.mark.parametrize("as_type", [str, torch.device])
    def test_an_index_out_of_range_is_named(self, see, as_type):
        see("cuda", n_devices=2)
        assert resolve_device(as_type("cuda:1")) == "cuda:1"
        with pytest.raises(ValueError, match=r"'cuda:2' .* type 'cuda' is 2, and"):
            resolve_device(as_type("cuda:2"))

    @pytest.mark.parametrize("device", ["tpu", "gpu", "", "meta", torch.device("meta")])
    def test_what_torch_does_not_have_is_an_error(self, device):
        with pytest.raises(ValueError, match=f"device='{device}' is not available"):
            resolve_device(device)


def test_move_keeps_the_structure_of_a_batch():
    batch = {"values": torch.ones(2, 3)}, (torch.arange(2), torch.ones(2))
    inputs, (targets, weights) = move(batch, "meta")
    assert inputs["values"].shape == (2, 3)
    assert {t.device.type for t in (inputs["values"], targets, weights)} == {"meta"}


def test_move_leaves_what_is_there():
    tensor = torch.ones(2)
    assert move(tensor, "cpu") is tensor


@pytest.mark.skipif(not torch.accelerator.is_available(), reason="needs an accelerator")
class TestAccelerator:
    """A fit on an accelerator is seeded, and leaves its generator alone."""

    @pytest.mark.parametrize("kind", [AttentionLSTMClassifier, NextStateLSTM])
    def test_a_seed_decides_everything(self, kind):
        device = torch.accelerator.current_accelerator()
        module = torch.get_device_module(device)
        X = [["a", "b"], ["b", "a", "b"], ["a"]] * 8
        y = None if kind is NextStateLSTM else [0, 1, 1] * 8
        model = kind(max_epochs=2, random_state=0, device=device)
        before = module.get_rng_state()
        first = model.fit(X, y).predict_proba(X)
        assert torch.equal(module.get_rng_state(), before)
        module.manual_seed(7)
        assert abs(model.fit(X, y).predict_proba(X) - first).max() < 1e-4
