"""The engine, by itself and through the estimators that it serves."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from scipy.special import expit, log_softmax
from skorch.callbacks import Callback
from torch import nn

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor
from sklearn_seqattn.batching import SequenceDataset
from sklearn_seqattn.training import (
    TrainingPlan,
    WeightedLoss,
    adamw,
    forward,
    isolated_generator,
    resolve_device,
    train,
    warmup_cosine,
)

SMALL = {
    "front_end": None,
    "hidden_size": 4,
    "num_layers": 1,
    "num_heads": 2,
    "head_units": (4,),
    "max_epochs": 3,
    "batch_size": 4,
    "random_state": 0,
    "device": "cpu",
}


def draw_sequences(n=14, n_channels=2, seed=0):
    rng = np.random.RandomState(seed)
    lengths = rng.randint(1, 8, size=n)
    return [rng.standard_normal((length, n_channels)) for length in lengths]


X = draw_sequences()
Y = np.arange(len(X)) % 3


class FirstValue(nn.Module):
    """Predict ``a x + b`` from the first value x of a sequence, K times."""

    def __init__(self, n_outputs=1):
        super().__init__()
        self.linear = nn.Linear(1, n_outputs)

    def forward(self, values, lengths):
        return self.linear(values[:, 0])


def make_plan(**options):
    plan = {
        "lr": 0.1,
        "lr_schedule": "constant",
        "weight_decay": 0.0,
        "max_grad_norm": None,
        "batch_size": 4,
        "max_epochs": 3,
        "patience": None,
        "device": "cpu",
        "verbose": 0,
        "callbacks": (),
        "net_params": {},
    }
    return TrainingPlan(**{**plan, **options})


def line_data(n=10, seed=0, noise=0.0):
    """Make sequences of one step x with the targets 2 x - 1."""
    rng = np.random.RandomState(seed)
    x = rng.standard_normal((n, 1)).astype(np.float32)
    y = 2 * x - 1 + noise * rng.standard_normal((n, 1)).astype(np.float32)
    return SequenceDataset(x, np.ones(n, dtype=np.int64), y)


def train_line(data=None, *, plan=None, valid_set=None, module=None):
    with isolated_generator(0):
        module = FirstValue() if module is None else module
        loss = WeightedLoss(nn.MSELoss(reduction="none"))
        return train(
            module,
            loss,
            line_data() if data is None else data,
            make_plan() if plan is None else plan,
            seed=0,
            valid_set=valid_set,
        )


class Recorder(Callback):
    """Note what happens at each step of a training."""

    def on_train_begin(self, net, **kwargs):
        self.lrs, self.norms, self.epochs, self.ended = [], [], 0, False

    def on_batch_end(self, net, training=False, **kwargs):
        if training:
            self.lrs.append(net.optimizer_.param_groups[0]["lr"])
            grads = [p.grad for p in net.module_.parameters()]
            self.norms.append(torch.cat([g.flatten() for g in grads]).norm().item())

    def on_epoch_end(self, net, **kwargs):
        self.epochs += 1

    def on_train_end(self, net, **kwargs):
        self.ended = True


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
    estimator.fit(X, y, sample_weight=sample_weight)
    return estimator.history_["train_loss"].iloc[0]


WEIGHTS = np.random.RandomState(1).uniform(0.1, 5, size=len(X))


class TestLossOfEstimators:
    """The loss that is trained on is the weighted mean of each row's, in numpy."""

    @pytest.mark.parametrize("smoothing", [0.0, 0.2])
    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_classes(self, n_classes, smoothing):
        y = np.arange(len(X)) % n_classes
        model = AttentionLSTMClassifier(label_smoothing=smoothing)
        found = frozen_loss(model, y, WEIGHTS)
        log_p = log_softmax(model._outputs(X).astype(float), axis=1)
        wanted = np.eye(n_classes)[y] * (1 - smoothing) + smoothing / n_classes
        losses = -(wanted * log_p).sum(axis=1)
        expected = np.average(losses, weights=WEIGHTS)
        assert found == pytest.approx(expected, rel=1e-5)
        assert found != pytest.approx(losses.mean(), rel=1e-3)

    def test_class_weights(self):
        model = AttentionLSTMClassifier(
            label_smoothing=0.0, class_weight={0: 5, 2: 0.1}
        )
        found = frozen_loss(model, Y, WEIGHTS)
        log_p = log_softmax(model._outputs(X).astype(float), axis=1)
        losses = -log_p[np.arange(len(Y)), Y]
        weights = WEIGHTS * np.array([5, 1, 0.1])[Y]
        assert found == pytest.approx(np.average(losses, weights=weights), rel=1e-5)

    def test_balanced_class_weights(self):
        y = (np.arange(len(X)) % 5 == 0) * 1
        model = AttentionLSTMClassifier(label_smoothing=0.0, class_weight="balanced")
        found = frozen_loss(model, y, WEIGHTS)
        log_p = log_softmax(model._outputs(X).astype(float), axis=1)
        losses = -log_p[np.arange(len(y)), y]
        of_class = [np.average(losses[y == k], weights=WEIGHTS[y == k]) for k in (0, 1)]
        assert found == pytest.approx(np.mean(of_class), rel=1e-5)

    def test_labels(self):
        y = np.random.RandomState(0).randint(0, 2, size=(len(X), 4))
        model = AttentionLSTMClassifier(label_smoothing=0.2)
        found = frozen_loss(model, y, WEIGHTS)
        p = expit(model._outputs(X).astype(float))
        wanted = y * 0.8 + 0.1
        losses = -(wanted * np.log(p) + (1 - wanted) * np.log(1 - p)).mean(axis=1)
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
        plan = make_plan(lr_schedule="cosine", callbacks=(recorder,), max_epochs=5)
        train_line(plan=plan)  # 3 batches an epoch
        # the schedule moves on before the user's callbacks run
        expected = [0.1 * warmup_cosine(step, n_steps=15) for step in range(1, 16)]
        assert recorder.lrs == pytest.approx(expected)

    def test_a_constant_rate_stays(self):
        recorder = Recorder()
        train_line(plan=make_plan(callbacks=(recorder,)))
        assert recorder.lrs == [0.1] * 9


def test_training_finds_the_line():
    net, history = train_line(plan=make_plan(max_epochs=300, lr_schedule="cosine"))
    assert net.module_.linear.weight.item() == pytest.approx(2.0, abs=1e-2)
    assert net.module_.linear.bias.item() == pytest.approx(-1.0, abs=1e-2)
    assert history["train_loss"].iloc[-1] < 1e-3 < history["train_loss"].iloc[0]


@pytest.mark.parametrize("max_grad_norm", [0.5, 1e-3])
def test_gradients_are_clipped(max_grad_norm):
    free, clipped = Recorder(), Recorder()
    train_line(plan=make_plan(callbacks=(free,), max_epochs=1))
    plan = make_plan(callbacks=(clipped,), max_epochs=1, max_grad_norm=max_grad_norm)
    train_line(plan=plan)
    assert max(free.norms) > 1.0
    assert clipped.norms == pytest.approx([max_grad_norm] * 3, rel=1e-3)


class TestLossThatIsNotFinite:
    def test_the_error_names_epoch_batch_and_rate(self):
        data = line_data()
        data.targets[:] = np.float32(1e25)  # its square is infinite
        with pytest.raises(
            FloatingPointError,
            match=r"became inf in epoch 1, batch 1, at a learning rate of 0.1\. Try",
        ):
            train_line(data)

    def test_epoch_and_batch_are_counted(self):
        class Poison(Callback):
            def on_batch_begin(self, net, training=False, **kwargs):
                if len(net.history) == 2 and len(net.history[-1, "batches"]) == 3:
                    nn.init.constant_(net.module_.linear.bias, np.nan)

        plan = make_plan(callbacks=(Poison(),))
        with pytest.raises(FloatingPointError, match="nan in epoch 2, batch 3, at"):
            train_line(plan=plan)

    def test_an_earlier_fit_is_kept(self):
        model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        before, history = model.predict_proba(X), model.history_
        model.set_params(lr=1e30, max_grad_norm=None)
        with pytest.raises(FloatingPointError, match="learning rate of 1e"):
            model.fit(X[:10], Y[:10])
        np.testing.assert_array_equal(model.predict_proba(X), before)
        assert model.history_ is history

    def test_a_first_fit_that_fails_leaves_nothing(self):
        model = AttentionLSTMClassifier(**SMALL).set_params(lr=1e30)
        parameters = set(vars(model))
        with pytest.raises(FloatingPointError):
            model.fit(X, Y)
        assert set(vars(model)) == parameters


class TestInterrupt:
    @pytest.mark.parametrize(("epoch", "batch"), [(1, 0), (1, 1), (2, 1)])
    def test_an_interrupt_reaches_the_user_and_keeps_the_earlier_fit(
        self, epoch, batch
    ):
        class Interrupt(Callback):
            def on_batch_begin(self, net, **kwargs):
                done = len(net.history[-1, "batches"]) - 1
                if (len(net.history), done) == (epoch, batch):
                    raise KeyboardInterrupt

        model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        before = model.predict_proba(X)
        model.set_params(callbacks=[Interrupt()])
        with pytest.raises(KeyboardInterrupt, match=f"Interrupted in epoch {epoch}"):
            model.fit(X, Y)
        np.testing.assert_array_equal(model.predict_proba(X), before)


class TestEarlyStopping:
    def test_it_stops_after_the_patience_and_restores_the_best_weights(self):
        # the best line for the validation data is passed on the way to another
        valid = line_data(seed=1)
        valid.targets = valid.targets * 0.5
        plan = make_plan(patience=4, max_epochs=200, lr=0.03)
        net, history = train_line(plan=plan, valid_set=valid)
        best = int(history["valid_loss"].argmin())
        assert 0 < best < 100
        assert len(history) == best + 1 + 4
        restored = forward(net, valid)
        loss = ((restored - valid.targets) ** 2).mean()
        assert loss == pytest.approx(history["valid_loss"].min(), rel=1e-5)
        assert loss < history["valid_loss"].iloc[-1]

    @pytest.mark.parametrize("make", [AttentionLSTMClassifier, AttentionLSTMRegressor])
    def test_the_restored_validation_loss_is_the_minimum_of_the_history(self, make):
        rng = np.random.RandomState(0)
        X_val, y_val = draw_sequences(9, seed=5), rng.permutation(np.arange(9) % 3)
        model = make(**SMALL)
        model.set_params(max_epochs=40, lr=0.05, n_iter_no_change=5)
        model.fit(X, Y, validation_data=(X_val, y_val))
        outputs = model._outputs(X_val)
        targets = model._network_targets(
            model._encode_targets(model._check_y(y_val, 9))
        )
        losses = model._loss()(
            torch.from_numpy(outputs).float(), torch.from_numpy(targets)
        )
        valid_loss = model.history_["valid_loss"]
        assert valid_loss.argmin() < len(valid_loss) - 1
        assert losses.mean().item() == pytest.approx(valid_loss.min(), rel=1e-4)

    def test_without_patience_validation_is_only_watched(self):
        valid = line_data(seed=1)
        valid.targets = valid.targets * 0.5
        plan = make_plan(max_epochs=60)
        net, history = train_line(plan=plan, valid_set=valid)
        assert len(history) == 60
        loss = ((forward(net, valid) - valid.targets) ** 2).mean()
        assert loss == pytest.approx(history["valid_loss"].iloc[-1], rel=1e-5)

    def test_validation_does_not_change_what_is_learnt(self):
        plain, _ = train_line()
        watched, _ = train_line(valid_set=line_data(seed=1))
        assert torch.equal(plain.module_.linear.weight, watched.module_.linear.weight)


def generators():
    return torch.random.get_rng_state().tolist(), str(np.random.get_state())


class TestSeeds:
    @pytest.mark.parametrize("random_state", [None, 0])
    @pytest.mark.parametrize("make", [AttentionLSTMClassifier, AttentionLSTMRegressor])
    def test_the_global_generators_are_never_moved(self, make, random_state):
        model = make(**SMALL).set_params(
            random_state=random_state, early_stopping=True, validation_fraction=0.4
        )
        before = generators()
        model.fit(X, Y)
        assert generators() == before
        model.predict(X)
        model.attention_weights(X)
        assert generators() == before
        model.partial_fit(X, Y)
        assert generators() == before

    def test_the_global_generators_are_left_alone_by_a_fit_that_fails(self):
        before = generators()
        with pytest.raises(FloatingPointError):
            AttentionLSTMClassifier(**{**SMALL, "lr": 1e30}).fit(X, Y)
        assert generators() == before

    def test_the_global_generators_do_not_matter(self):
        found = []
        with torch.random.fork_rng():
            for seed in (1, 2):
                torch.manual_seed(seed)
                model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
                found.append(model.predict_proba(X))
        np.testing.assert_array_equal(*found)

    def test_a_seed_decides_everything_and_another_gives_another_fit(self):
        first, second, other = (
            AttentionLSTMClassifier(**{**SMALL, "random_state": seed}).fit(X, Y)
            for seed in (0, 0, 1)
        )
        np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
        assert not np.allclose(first.predict_proba(X), other.predict_proba(X))

    def test_no_seed_gives_another_fit_each_time(self):
        first, second = (
            AttentionLSTMClassifier(**{**SMALL, "random_state": None}).fit(X, Y)
            for _ in range(2)
        )
        assert not np.allclose(first.predict_proba(X), second.predict_proba(X))

    def test_isolated_generator_restores_the_state_behind_an_error(self):
        before = torch.random.get_rng_state()
        with pytest.raises(RuntimeError), isolated_generator(3):
            torch.rand(5) @ torch.rand(4)
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_fits_in_threads_equal_serial_fits(self):
        def fit(seed):
            model = AttentionLSTMClassifier(**{**SMALL, "random_state": seed})
            return model.set_params(max_epochs=6).fit(X, Y).predict_proba(X)

        serial = [fit(seed) for seed in range(4)]
        with ThreadPoolExecutor(4) as pool:
            threaded = list(pool.map(fit, range(4)))
        np.testing.assert_array_equal(threaded, serial)


class TestNetParams:
    @pytest.mark.parametrize(
        "name", ["lr", "max_epochs", "batch_size", "callbacks", "device", "module"]
    )
    def test_a_clash_with_a_named_parameter_is_an_error(self, name):
        plan = make_plan(net_params={name: 1})
        with pytest.raises(
            ValueError, match=rf"net_params has \['{name}'\], which the estimator sets"
        ):
            train_line(plan=plan)

    def test_other_parameters_reach_skorch(self):
        recorder = Recorder()
        recorder.on_train_end = lambda net, **kwargs: options.update(
            net.optimizer_.param_groups[0]
        )
        options = {}
        net_params = {"optimizer__betas": (0.8, 0.9), "optimizer__fused": False}
        train_line(plan=make_plan(net_params=net_params, callbacks=(recorder,)))
        assert options["betas"] == (0.8, 0.9)
        assert options["fused"] is False

    def test_a_misspelt_parameter_is_an_error(self):
        with pytest.raises(ValueError, match="unexpected argument"):
            train_line(plan=make_plan(net_params={"optimiser": 1}))


class TestCallbacks:
    def test_callbacks_are_called(self):
        recorder = Recorder()
        model = AttentionLSTMClassifier(**SMALL, callbacks=[recorder]).fit(X, Y)
        assert recorder.epochs == SMALL["max_epochs"] == model.n_iter_
        assert len(recorder.lrs) == 3 * 4  # epochs times batches
        assert recorder.ended

    def test_callbacks_may_have_names(self):
        recorder = Recorder()
        AttentionLSTMClassifier(**SMALL, callbacks=[("mine", recorder)]).fit(X, Y)
        assert recorder.ended


class TestHistory:
    def test_columns_without_validation(self):
        _, history = train_line()
        assert list(history.columns) == ["epoch", "train_loss", "seconds"]
        assert history["epoch"].tolist() == [1, 2, 3]

    def test_columns_with_validation(self):
        _, history = train_line(valid_set=line_data(seed=1))
        expected = ["epoch", "train_loss", "valid_loss", "seconds"]
        assert list(history.columns) == expected
        assert history.notna().all(axis=None)

    def test_the_loss_of_an_epoch_is_the_mean_over_rows_not_over_batches(self):
        data = line_data(n=5)  # batches of 4 and of 1
        plan = make_plan(lr=1e-30, max_epochs=1)
        net, history = train_line(data, plan=plan, valid_set=data)
        expected = ((forward(net, data) - data.targets) ** 2).mean()
        assert history["train_loss"].iloc[0] == pytest.approx(expected, rel=1e-5)
        assert history["valid_loss"].iloc[0] == pytest.approx(expected, rel=1e-5)


class TestFittedNet:
    def test_it_is_in_evaluation_mode_without_what_only_training_needs(self):
        net, _ = train_line(valid_set=line_data(seed=1))
        assert not net.module_.training
        assert net.optimizer_ is None
        assert net.callbacks_ == []
        assert all("batches" not in row for row in net.history)

    def test_the_pickle_is_little_more_than_the_weights(self):
        small, large = (
            AttentionLSTMClassifier(**{**SMALL, "hidden_size": 32}).fit(
                data, np.arange(len(data)) % 3, validation_data=(data, [0] * len(data))
            )
            for data in (draw_sequences(12), draw_sequences(600))
        )
        weights = 4 * sum(p.numel() for p in small.net_.module_.parameters())
        assert len(pickle.dumps(small)) < weights + 30_000
        # and the training data are not in it
        assert abs(len(pickle.dumps(large)) - len(pickle.dumps(small))) < 1_000

    def test_a_pickle_predicts_the_same(self):
        model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))

    def test_forward_gives_rows_in_the_order_of_the_data(self):
        net, _ = train_line(plan=make_plan(max_epochs=300))
        lengths = np.random.RandomState(0).randint(1, 9, size=200)
        values = np.zeros((lengths.sum(), 1), dtype=np.float32)
        values[np.cumsum(lengths) - lengths, 0] = np.arange(200)
        found = forward(net, SequenceDataset(values, lengths))
        weight, bias = (p.item() for p in net.module_.parameters())
        np.testing.assert_allclose(
            found[:, 0], weight * np.arange(200) + bias, rtol=1e-4, atol=1e-4
        )

    def test_the_predictions_of_the_net_itself_are_in_order_too(self):
        model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        encoded = model.input_encoder_.transform(model._validate(X))
        found = model.net_.predict(SequenceDataset(encoded.values, encoded.lengths))
        np.testing.assert_allclose(found, model._outputs(X), rtol=1e-5, atol=1e-6)


class TestGoingOn:
    """A warm start, or another call of partial_fit."""

    class Batches(Callback):
        def __init__(self):
            self.seen = []

        def on_batch_begin(self, net, batch=None, **kwargs):
            self.seen.append(batch[0]["values"].sum().item())

    def test_later_epochs_meet_other_batches(self):
        batches = self.Batches()
        model = AttentionLSTMClassifier(**SMALL, callbacks=[batches])
        model.partial_fit(X, Y).partial_fit(X, Y)
        first, second = np.split(np.array(batches.seen), 2)
        assert sorted(first) != sorted(second)

    @pytest.mark.parametrize("make", [AttentionLSTMClassifier, AttentionLSTMRegressor])
    def test_a_warm_start_goes_on_from_the_weights_and_the_history(self, make):
        model = make(**SMALL).set_params(warm_start=True, lr_schedule="constant")
        first = model.fit(X, Y).net_.module_
        before = [p.clone() for p in first.parameters()]
        model.set_params(lr=1e-30).fit(X, Y)
        assert model.history_["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
        assert model.n_iter_ == 6
        for p, q in zip(model.net_.module_.parameters(), before, strict=True):
            torch.testing.assert_close(p, q)
        assert model.net_.module_ is not first

    def test_a_seed_decides_it_all(self):
        fits = [
            AttentionLSTMClassifier(**SMALL).partial_fit(X, Y).partial_fit(X, Y)
            for _ in range(2)
        ]
        np.testing.assert_array_equal(*(fit.predict_proba(X) for fit in fits))


class TestProgress:
    def test_training_is_silent_by_default(self, capfd):
        train_line()
        assert capfd.readouterr() == ("", "")

    def test_verbose_shows_a_bar_with_the_losses(self, capfd):
        train_line(plan=make_plan(verbose=1), valid_set=line_data(seed=1))
        out, err = capfd.readouterr()
        assert out == ""
        assert "3/3" in err
        assert "train_loss" in err
        assert "valid_loss" in err


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
