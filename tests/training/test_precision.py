import numpy as np
import pytest
import torch

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateLSTM,
    RandomKernels,
)
from sklearn_seqattn.nn.networks import SequenceNetwork
from sklearn_seqattn.training import devices as module
from sklearn_seqattn.training.devices import (
    bounded_steps,
    computing_in,
    resolve_precision,
)

RNG = np.random.RandomState(0)
Y = np.arange(60) % 2
X = [
    RNG.standard_normal((n, 2)) + y
    for n, y in zip(RNG.randint(5, 30, 60), Y, strict=True)
]
SMALL = {"max_epochs": 5, "random_state": 0}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_format_is_taken_as_it_is(precision):
    assert resolve_precision(precision, "cpu") == precision


@pytest.mark.parametrize("has", [True, False])
def test_auto_asks_the_processor(monkeypatch, has):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": has})
    expected = "bfloat16" if has else "float32"
    assert resolve_precision("auto", "cpu") == expected


def test_auto_is_float32_where_nothing_is_known(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert resolve_precision("auto", "cpu") == "float32"
    assert resolve_precision("auto", "mps") == "float32"


def test_auto_asks_cuda(monkeypatch):
    monkeypatch.setattr(
        module.torch.cuda, "is_bf16_supported", lambda including_emulation: True
    )
    assert resolve_precision("auto", "cuda:1") == "bfloat16"


@pytest.mark.parametrize(
    ("precision", "dtype"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)]
)
def test_products_of_matrices_have_the_format(precision, dtype):
    with computing_in(precision, "cpu"):
        product = torch.ones(2, 2) @ torch.ones(2, 2)
    assert product.dtype == dtype


def test_twice_as_many_steps_take_the_same_memory_in_bfloat16():
    assert bounded_steps(100, "float32") == 100
    assert bounded_steps(100, "bfloat16") == 200


@pytest.mark.parametrize(("precision", "rows"), [("float32", 2), ("bfloat16", 4)])
def test_parts_have_as_many_rows_as_the_format_allows(monkeypatch, precision, rows):
    seen, forward = [], SequenceNetwork.forward

    def noted(network, values, lengths):
        seen.append(len(values))
        return forward(network, values, lengths)

    monkeypatch.setattr(SequenceNetwork, "forward", noted)
    X, y = RNG.normal(size=(8, 10)), [0, 1] * 4
    model = AttentionLSTMClassifier(
        blend=None,
        precision=precision,
        batch_size=8,
        net_params={"max_steps": 20},
        max_epochs=1,
    )
    model.fit(X, y)
    assert set(seen) == {rows}
    seen.clear()
    model.predict(X)
    assert set(seen) == {rows}


class TestEstimators:
    """What bfloat16 changes, and what it does not."""

    @pytest.mark.parametrize("options", [{}, {"blend": RandomKernels(n_features=500)}])
    def test_classifier(self, options):
        exact = AttentionLSTMClassifier(**SMALL, **options).fit(X, Y)
        model = AttentionLSTMClassifier(**SMALL, **options, precision="bfloat16")
        proba = model.fit(X, Y).predict_proba(X)
        assert all(p.dtype == torch.float32 for p in model.net_.module_.parameters())
        # Trainings drift apart: single probabilities may move by a tenth.
        assert 0 < np.abs(proba - exact.predict_proba(X)).mean() < 0.02
        np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-6)

    def test_prediction_alone_may_be_in_bfloat16(self):
        model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        exact = model.predict_proba(X)
        found = model.set_params(precision="bfloat16").predict_proba(X)
        assert 0 < np.abs(found - exact).max() < 0.02

    def test_regressor(self):
        target = np.array([x.mean() for x in X])
        model = AttentionLSTMRegressor(**SMALL, precision="bfloat16").fit(X, target)
        assert np.isfinite(model.predict(X)).all()
        parameters = model.net_.module_.parameters()
        assert all(p.dtype == torch.float32 for p in parameters)

    def test_next_state(self):
        sequences = ["a b c a b c a", "b c a b c"] * 6
        settings = {"hidden_size": 16, "blend": None, **SMALL}
        exact = NextStateLSTM(**settings).fit(sequences)
        model = NextStateLSTM(**settings, precision="bfloat16").fit(sequences)
        difference = model.predict_proba(["a b"]) - exact.predict_proba(["a b"])
        assert 0 < np.abs(difference).max() < 0.1

    def test_kernel_features_are_computed_in_float32(self):
        model = AttentionLSTMClassifier(
            blend=RandomKernels(n_features=500), **SMALL
        ).fit(X, Y)
        partner, seen = model.net_.module_.kernel_partner, []
        for kernels in partner.kinds:
            kernels.register_forward_hook(lambda *args: seen.append(args[-1].dtype))
        model.set_params(precision="bfloat16").predict(X)
        assert set(seen) == {torch.float32}

    def test_an_unknown_format_is_refused(self):
        model = AttentionLSTMClassifier(precision="float16")
        with pytest.raises(ValueError, match="'precision' parameter"):
            model.fit(X, Y)
