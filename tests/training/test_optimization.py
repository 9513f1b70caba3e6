"""Losses, optimizer and schedule, by themselves and through the estimators."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.special import expit, log_softmax
from small_trainings import SMALL as DEFAULTS
from small_trainings import Recorder, X, Y, make_plan, train_line
from torch import nn

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor
from sklearn_seqattn.training import WeightedLoss, adamw, warmup_cosine
from sklearn_seqattn.training.optimization import LeanAdamW, PositionLoss

SMALL = DEFAULTS | {"early_stopping": False}  # nor are regressions shrunk then


class TestWeightedLoss:
    """The loss of each row, weighted by hand."""

    WEIGHTS = torch.tensor([1.0, 3.0])

    def test_regression_with_one_output(self):
        outputs = torch.tensor([[1.0], [4.0]])
        targets = torch.tensor([[0.0], [2.0]])
        loss = WeightedLoss(nn.MSELoss(reduction="none"))
        found = loss(outputs, (targets, self.WEIGHTS))
        assert found.item() == (1 * 1 + 3 * 4) / 2

    def test_regression_with_several_outputs(self):
        outputs = torch.tensor([[1.0, 2.0, 0.0], [4.0, 2.0, 1.0]])
        targets = torch.tensor([[0.0, 0.0, 1.0], [2.0, 2.0, 0.0]])
        loss = WeightedLoss(nn.MSELoss(reduction="none"))
        found = loss(outputs, (targets, self.WEIGHTS))
        assert found.item() == pytest.approx((6 / 3 + 3 * 5 / 3) / 2)

    def test_classes(self):
        outputs = torch.tensor([[0.0, 0.0], [np.log(3.0), 0.0]])
        targets = torch.tensor([1, 0])
        loss = WeightedLoss(nn.CrossEntropyLoss(reduction="none"))
        found = loss(outputs, (targets, self.WEIGHTS))
        expected = (np.log(2) + 3 * np.log(4 / 3)) / 2
        assert found.item() == pytest.approx(expected, rel=1e-6)

    def test_labels(self):
        outputs = torch.tensor([[0.0, 0.0], [np.log(3.0), 0.0]])
        targets = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
        loss = WeightedLoss(nn.BCEWithLogitsLoss(reduction="none"))
        found = loss(outputs, (targets, self.WEIGHTS))
        expected = (np.log(2) + 3 * (np.log(4 / 3) + np.log(2)) / 2) / 2
        assert found.item() == pytest.approx(expected, rel=1e-6)

    def test_the_gradient_of_each_row_is_scaled_by_its_weight(self):
        outputs = torch.tensor([[1.0], [4.0]], requires_grad=True)
        targets = torch.zeros(2, 1)
        loss = WeightedLoss(nn.MSELoss(reduction="none"))
        loss(outputs, (targets, self.WEIGHTS)).backward()
        assert outputs.grad.tolist() == [[2 * 1 / 2], [3 * 2 * 4 / 2]]


def frozen_loss(estimator, y, sample_weight):
    """Fit with a rate too small to move a weight, and give the recorded loss."""
    estimator.set_params(**{**SMALL, "max_epochs": 1, "dropout": 0.0, "lr": 1e-30})
    if "time_warp" in estimator.get_params():
        estimator.set_params(time_warp=0.0)
    estimator.fit(X, y, sample_weight=sample_weight)
    return estimator.history_["train_loss"].iloc[0]


WEIGHTS = np.random.RandomState(1).uniform(0.1, 5, size=len(X))


class TestLossOfEstimators:
    """The loss that is trained on is the weighted mean of each row's, in numpy."""

    @pytest.mark.parametrize("smoothing", [0.0, 0.2])
    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_classes(self, n_classes, smoothing):
        y = np.arange(len(X)) % n_classes
        loss = nn.CrossEntropyLoss(label_smoothing=smoothing)
        net_params = {"criterion": loss} if smoothing else None
        model = AttentionLSTMClassifier(net_params=net_params)
        found = frozen_loss(model, y, WEIGHTS)
        log_p = log_softmax(model._outputs(X).astype(float), axis=1)
        wanted = np.eye(n_classes)[y] * (1 - smoothing) + smoothing / n_classes
        losses = -(wanted * log_p).sum(axis=1)
        expected = np.average(losses, weights=WEIGHTS)
        assert found == pytest.approx(expected, rel=1e-5)
        assert found != pytest.approx(losses.mean(), rel=1e-3)

    def test_class_weights(self):
        model = AttentionLSTMClassifier(class_weight={0: 5, 2: 0.1})
        found = frozen_loss(model, Y, WEIGHTS)
        log_p = log_softmax(model._outputs(X).astype(float), axis=1)
        losses = -log_p[np.arange(len(Y)), Y]
        weights = WEIGHTS * np.array([5, 1, 0.1])[Y]
        assert found == pytest.approx(np.average(losses, weights=weights), rel=1e-5)

    def test_balanced_class_weights(self):
        y = (np.arange(len(X)) % 5 == 0) * 1
        model = AttentionLSTMClassifier(class_weight="balanced")
        found = frozen_loss(model, y, WEIGHTS)
        log_p = log_softmax(model._outputs(X).astype(float), axis=1)
        losses = -log_p[np.arange(len(y)), y]
        of_class = [np.average(losses[y == k], weights=WEIGHTS[y == k]) for k in (0, 1)]
        assert found == pytest.approx(np.mean(of_class), rel=1e-5)

    def test_labels(self):
        y = np.random.RandomState(0).randint(0, 2, size=(len(X), 4))
        model = AttentionLSTMClassifier()
        found = frozen_loss(model, y, WEIGHTS)
        p = expit(model._outputs(X).astype(float))
        losses = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(axis=1)
        assert found == pytest.approx(np.average(losses, weights=WEIGHTS), rel=1e-5)

    @pytest.mark.parametrize("shape", [(), (1,), (3,)])
    def test_numbers(self, shape):
        y = np.random.RandomState(0).standard_normal((len(X), *shape)) * 7 + 40
        model = AttentionLSTMRegressor()
        found = frozen_loss(model, y, WEIGHTS)
        columns = y.reshape(len(X), -1)
        mean = np.average(columns, axis=0, weights=WEIGHTS)
        scale = np.sqrt(np.average((columns - mean) ** 2, axis=0, weights=WEIGHTS))
        predicted = model.predict(X).reshape(len(X), -1)
        losses = (((predicted - columns) / scale) ** 2).mean(axis=1)
        assert found == pytest.approx(np.average(losses, weights=WEIGHTS), rel=1e-5)
        assert found != pytest.approx(losses.mean(), rel=1e-3)


@pytest.mark.parametrize("kind", ["classes", "labels", "numbers"])
def test_a_weight_of_k_is_k_copies(kind):
    counts = np.random.RandomState(2).randint(0, 4, size=len(X))
    y = {
        "classes": Y,
        "labels": np.random.RandomState(0).randint(0, 2, size=(len(X), 3)),
        "numbers": np.random.RandomState(0).standard_normal(len(X)),
    }[kind]
    make = AttentionLSTMRegressor if kind == "numbers" else AttentionLSTMClassifier
    copied = np.random.RandomState(3).permutation(np.repeat(np.arange(len(X)), counts))
    weighted = make(**SMALL).fit(X, y, sample_weight=counts)
    repeated = make(**SMALL).fit([X[i] for i in copied], y[copied])
    np.testing.assert_array_equal(weighted._outputs(X), repeated._outputs(X))
    unweighted = make(**SMALL).fit(X, y)
    assert not np.allclose(weighted._outputs(X), unweighted._outputs(X))


def test_the_scale_of_weights_does_not_matter():
    one = AttentionLSTMClassifier(**SMALL).fit(X, Y, sample_weight=np.ones(len(X)))
    many = AttentionLSTMClassifier(**SMALL).fit(X, Y, sample_weight=np.full(len(X), 8))
    np.testing.assert_array_equal(one._outputs(X), many._outputs(X))


class TestOptimizer:
    def test_only_matrices_decay(self):
        module = nn.Sequential(nn.Linear(3, 2), nn.LayerNorm(2), nn.LSTM(2, 2))
        groups = adamw(
            [{"params": list(module.parameters())}], lr=0.1, weight_decay=0.5
        )
        matrices, vectors = groups.param_groups
        assert {p.ndim for p in matrices["params"]} == {2}
        assert {p.ndim for p in vectors["params"]} == {1}
        assert (matrices["weight_decay"], vectors["weight_decay"]) == (0.5, 0.0)
        n_parameters = len(list(module.parameters()))
        assert len(matrices["params"]) + len(vectors["params"]) == n_parameters

    def test_decay_shrinks_a_matrix_that_has_no_gradient(self):
        weight, bias = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2))
        optimizer = adamw([{"params": [weight, bias]}], lr=0.1, weight_decay=0.5)
        weight.grad, bias.grad = torch.zeros(2, 2), torch.zeros(2)
        optimizer.step()
        torch.testing.assert_close(weight.data, torch.full((2, 2), 0.95))
        assert bias.tolist() == [1.0, 1.0]

    def test_frozen_parameters_are_left_out(self):
        frozen = nn.Parameter(torch.ones(2, 2), requires_grad=False)
        optimizer = adamw(
            [{"params": [frozen, nn.Parameter(torch.ones(2))]}],
            lr=0.1,
            weight_decay=0.5,
        )
        (group,) = optimizer.param_groups
        assert [p.ndim for p in group["params"]] == [1]


class TestSchedule:
    @pytest.mark.parametrize("n_steps", [1, 2, 9, 10, 11, 100, 1000])
    def test_end_points(self, n_steps):
        factors = [warmup_cosine(step, n_steps=n_steps) for step in range(n_steps + 1)]
        warmup = max(1, n_steps // 10)
        assert factors[0] == 1 / warmup
        assert factors[warmup - 1] == 1.0
        assert factors[n_steps] == pytest.approx(0.0 if n_steps > 1 else 1.0)
        assert all(0 <= factor <= 1 for factor in factors)
        assert factors[:warmup] == sorted(factors[:warmup])
        assert factors[warmup:] == sorted(factors[warmup:], reverse=True)

    def test_half_way_down_the_cosine_is_one_half(self):
        assert warmup_cosine(55, n_steps=100) == pytest.approx(0.5)

    def test_the_rate_follows_the_schedule_over_the_whole_training(self):
        recorder = Recorder()
        plan = make_plan(constant_lr=False, callbacks=(recorder,), max_epochs=5)
        train_line(plan=plan)  # 3 batches an epoch
        # the schedule moves on before the user's callbacks run
        expected = [0.1 * warmup_cosine(step, n_steps=15) for step in range(1, 16)]
        assert recorder.lrs == pytest.approx(expected)

    def test_a_constant_rate_stays(self):
        recorder = Recorder()
        train_line(plan=make_plan(callbacks=(recorder,)))
        assert recorder.lrs == [0.1] * 9


@pytest.mark.parametrize(
    "fit",
    [
        "AttentionLSTMClassifier(max_epochs=1).fit([[1.0, 2.0], [3.0]], [0, 1])",
        "AttentionLSTMRegressor(max_epochs=1).fit([[1.0, 2.0], [3.0]], [0, 1])",
        "NextStateLSTM(max_epochs=1).fit(['a b', 'b a'])",
    ],
)
def test_a_first_fit_does_not_load_the_compiler(fit):
    code = (
        f"import sys; from sklearn_seqattn import *; model = {fit}; "
        "print('torch._dynamo' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "False"


@pytest.mark.parametrize("fused", [True, False])
def test_the_lean_optimizer_takes_the_steps_of_torchs(fused):
    torch_generator = torch.Generator().manual_seed(0)
    start = torch.randn(3, 4, generator=torch_generator)
    results = []
    for kind in (LeanAdamW, torch.optim.AdamW):
        weight = start.clone().requires_grad_()
        optimizer = kind([weight], lr=0.1, weight_decay=0.3, fused=fused)

        def closure(weight=weight, optimizer=optimizer):
            optimizer.zero_grad()
            loss = weight.square().sum()
            loss.backward()
            return loss

        losses = [optimizer.step(closure).item() for _ in range(5)]
        results.append((weight.detach(), losses))
    assert torch.equal(results[0][0], results[1][0])
    assert results[0][1] == results[1][1]


def test_loss_of_positions_by_hand():
    logits = torch.tensor([[[0.0, 1.0], [2.0, 0.0]], [[3.0, 0.0], [9.0, 9.0]]])
    targets = torch.tensor([[0, 1], [1, -1]])
    weights = torch.tensor([2.0, 0.5])
    losses = [np.log(1 + np.e), np.log(1 + np.exp(2)), np.log(1 + np.exp(3))]
    expected = (2 * losses[0] + 2 * losses[1] + 0.5 * losses[2]) / (2 * 1.5)
    for given in (weights, torch.tensor([[2.0, 2.0], [0.5, 7.0]])):
        found = PositionLoss(1.5)(logits, (targets, given))
        assert found.item() == pytest.approx(expected, rel=1e-6)


def test_the_loss_of_batches_adds_up_to_that_of_all_positions():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 5, 3, generator=generator)
    targets = torch.randint(-1, 3, (6, 5), generator=generator)
    weights, known = torch.ones(6), targets >= 0
    loss = PositionLoss(known.sum().item() / 6)
    parts = [
        loss(logits[i : i + 2], (targets[i : i + 2], weights[:2])) for i in (0, 2, 4)
    ]
    whole = torch.nn.functional.cross_entropy(logits[known], targets[known])
    assert sum(parts).item() / 3 == pytest.approx(whole.item(), rel=1e-6)


def test_a_batch_without_targets_has_loss_zero():
    loss = PositionLoss(1.0)(
        torch.zeros(1, 2, 3), (torch.full((1, 2), -1), torch.ones(1))
    )
    assert loss.item() == 0
