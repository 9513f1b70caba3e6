"""One training, from a network and data to a fitted net."""

import pickle

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EpochScoring, LRScheduler
from small_trainings import (
    SMALL,
    FirstValue,
    Recorder,
    X,
    Y,
    draw_sequences,
    line_data,
    make_plan,
    train_line,
)
from torch import nn

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor
from sklearn_seqattn.training import forward, isolated_torch
from sklearn_seqattn.training.batching import SequenceDataset


def test_training_finds_the_line():
    net, history = train_line(plan=make_plan(max_epochs=300, constant_lr=False))
    assert net.module_.linear.weight.item() == pytest.approx(2.0, abs=1e-2)
    assert net.module_.linear.bias.item() == pytest.approx(-1.0, abs=1e-2)
    assert history["train_loss"].iloc[-1] < 1e-3 < history["train_loss"].iloc[0]


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


class Options(Callback):
    """Note the options of the optimizer at the end of the training."""

    def on_train_end(self, net, **kwargs):
        self.optimizer = net.optimizer_
        self.group = net.optimizer_.param_groups[0]
        self.callbacks = dict(net.callbacks_)


class TestNetParams:
    """`net_params` change what the engine sets, unless the fit depends on it."""

    def options(self, **net_params):
        options = Options()
        train_line(plan=make_plan(net_params=net_params, callbacks=(options,)))
        return options

    def test_options_of_the_optimizer(self):
        net_params = {"betas": (0.8, 0.9), "fused": False, "weight_decay": 0.25}
        found = self.options(**{f"optimizer__{k}": v for k, v in net_params.items()})
        assert net_params.items() <= found.group.items()

    def test_defaults_of_the_optimizer(self):
        options = Options()
        model = AttentionLSTMClassifier(**SMALL, callbacks=[options]).fit(X, Y)
        assert options.group["weight_decay"] == 1e-2
        assert options.callbacks["gradient_clip"].gradient_clip_value == 1.0
        assert model.net_.max_steps == 4096

    def test_another_optimizer(self):
        params = {"optimizer": torch.optim.SGD, "optimizer__momentum": 0.9}
        net_params = {**params, "callbacks__gradient_clip": None}
        options = Options()
        model = AttentionLSTMClassifier(
            **SMALL, callbacks=[options], net_params=net_params
        )
        assert np.isfinite(model.fit(X, Y).predict_proba(X)).all()
        assert type(options.optimizer) is torch.optim.SGD
        assert options.group["momentum"] == 0.9
        assert "gradient_clip" not in options.callbacks

    def test_rates_of_single_layers(self):
        groups = [("*bias", {"lr": 1e-30})]
        net, _ = train_line(
            plan=make_plan(net_params={"optimizer__param_groups": groups})
        )
        with isolated_torch(0):
            before = FirstValue()
        assert torch.equal(net.module_.linear.bias, before.linear.bias)
        assert not torch.equal(net.module_.linear.weight, before.linear.weight)

    @pytest.mark.parametrize("largest", [5.0, None])
    def test_the_norm_of_gradients(self, largest):
        name = "callbacks__gradient_clip__gradient_clip_value"
        options = Options()
        model = AttentionLSTMClassifier(
            **SMALL, callbacks=[options], net_params={name: largest}
        )
        model.fit(X, Y)
        assert options.callbacks["gradient_clip"].gradient_clip_value == largest

    @pytest.mark.parametrize("of_user", [False, True])
    def test_a_schedule(self, of_user):
        schedule = LRScheduler("StepLR", step_size=1, gamma=0.5)
        net_params = {"callbacks__lr_schedule": schedule}
        recorder = Recorder()
        callbacks = (schedule, recorder) if of_user else (recorder,)
        plan = make_plan(
            constant_lr=False,
            callbacks=callbacks,
            net_params={} if of_user else net_params,
        )
        train_line(plan=plan)  # three batches an epoch
        assert recorder.lrs == pytest.approx([0.1] * 3 + [0.05] * 3 + [0.025] * 3)

    def test_a_constant_rate(self):
        recorder = Recorder()
        net_params = {"callbacks__lr_schedule": None}
        model = AttentionLSTMClassifier(
            **SMALL, callbacks=[recorder], net_params=net_params
        )
        model.fit(X, Y)
        assert set(recorder.lrs) == {model.lr}

    def test_callbacks_of_the_user(self):
        scoring = EpochScoring("neg_mean_squared_error", lower_is_better=False)
        net_params = {"callbacks__EpochScoring__name": "error"}
        _, history = train_line(
            plan=make_plan(callbacks=(scoring,), net_params=net_params),
            valid_set=line_data(seed=1),
        )
        assert "error" in history

    def test_batches_of_validation(self):
        seen = []

        class Sizes(Callback):
            def on_batch_begin(self, net, batch=None, training=False, **kwargs):
                if not training:
                    seen.append(len(batch[1]))

        net_params = {"iterator_valid__batch_size": 7}
        plan = make_plan(callbacks=(Sizes(),), net_params=net_params, max_epochs=1)
        train_line(plan=plan, valid_set=line_data(10))
        assert seen == [7, 3]

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")  # of torch
    def test_a_compiled_network_is_kept_as_a_plain_one(self):
        net_params = {"compile": True, "compile__backend": "eager"}
        compiled, _ = train_line(plan=make_plan(net_params=net_params))
        plain, _ = train_line()
        assert type(compiled.module_) is FirstValue
        assert torch.equal(compiled.module_.linear.weight, plain.module_.linear.weight)

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            *[
                (name, f"use the parameter {name} of the estimator")
                for name in ("lr", "max_epochs", "batch_size", "callbacks", "device")
            ],
            ("optimizer__lr", "use the parameter lr of the estimator"),
            ("module__bias", "builds the network from its own parameters"),
            ("criterion__bias", "without 'criterion'"),
            ("iterator_train", "batches hold sequences of similar length"),
            ("iterator_train__shuffle", "batches hold sequences of similar length"),
            ("iterator_valid__shuffle", "only iterator_valid__batch_size can be"),
            ("train_split__cv", "set it on the splitter"),
            ("dataset", "flat storage"),
            ("predict_nonlinearity", "follows from the loss"),
            ("use_caching", "from the outputs of the batches"),
            ("callbacks__finite_loss", "callbacks that can be changed are"),
            ("callbacks__gradient_clp", "callbacks that can be changed are"),
            ("max_steps", "it must be >= 1"),
        ],
    )
    def test_what_the_fit_depends_on_is_refused_with_the_reason(self, name, reason):
        model = AttentionLSTMClassifier(**SMALL, net_params={name: 0})
        with pytest.raises(ValueError, match=f"net_params has .*{name}.*{reason}"):
            model.fit(X, Y)

    def test_a_misspelt_parameter_is_an_error(self):
        with pytest.raises(ValueError, match="unexpected argument"):
            train_line(plan=make_plan(net_params={"optimiser": 1}))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"net_params": {1: 2}}, "net_params has the key 1"),
            ({"net_params": {"optimizer": "sgd"}}, "optimizer='sgd'; pass the class"),
            ({"callbacks": ["progress"]}, r"callbacks holds 'progress'"),
            ({"callbacks": [("name", 5)]}, r"callbacks holds \('name', 5\)"),
        ],
    )
    def test_what_skorch_cannot_use_is_refused_by_name(self, options, message):
        with pytest.raises(TypeError, match=message):
            AttentionLSTMClassifier(**SMALL, **options).fit(X, Y)


class TestHistory:
    def test_columns_without_validation(self):
        _, history = train_line()
        last = ["lr", "batches", "seconds"]
        assert list(history.columns) == ["epoch", "train_loss", *last]
        assert history["epoch"].tolist() == [1, 2, 3]

    def test_columns_with_validation(self):
        _, history = train_line(valid_set=line_data(seed=1))
        expected = ["epoch", "train_loss", "valid_loss", "lr", "batches", "seconds"]
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

    def test_the_outputs_of_the_net_itself_are_in_order_too(self):
        model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        found = model.net_.forward(model._read_dataset(X))
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
        model = make(**SMALL).set_params(warm_start=True)
        first = model.fit(X, Y).net_.module_
        before = [p.clone() for p in first.parameters()]
        model.set_params(lr=1e-30).fit(X, Y)
        assert model.history_["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
        assert model.n_iter_ == 6
        for p, q in zip(model.net_.module_.parameters(), before, strict=True):
            torch.testing.assert_close(p, q)
        assert model.net_.module_ is not first

    @pytest.mark.parametrize("make", [AttentionLSTMClassifier, AttentionLSTMRegressor])
    def test_later_calls_keep_the_scales_of_the_first(self, make):
        model = make(**SMALL).partial_fit(X, Y)
        encoder, fitted = model.input_encoder_, dict(vars(model))
        model.partial_fit([10 * x + 7 for x in X], Y)
        assert model.input_encoder_ is encoder
        for name in fitted.keys() & {"target_mean_", "target_scale_", "classes_"}:
            np.testing.assert_array_equal(fitted[name], getattr(model, name))

    def test_a_seed_decides_it_all(self):
        fits = [
            AttentionLSTMClassifier(**SMALL).partial_fit(X, Y).partial_fit(X, Y)
            for _ in range(2)
        ]
        np.testing.assert_array_equal(*(fit.predict_proba(X) for fit in fits))


class TestParts:
    """A batch that is taken in parts gives the same step of training."""

    @pytest.mark.parametrize("max_steps", [1, 40, 100])
    def test_training_is_the_same_in_parts(self, max_steps):
        def fit(**options):
            model = AttentionLSTMClassifier(**{**SMALL, **options})
            model.set_params(front_end=None, dropout=0.0, time_warp=0.0)
            return model.fit(X, Y)

        whole, parts = fit(), fit(net_params={"max_steps": max_steps})
        np.testing.assert_allclose(
            parts.predict_proba(X), whole.predict_proba(X), atol=1e-5
        )
        np.testing.assert_allclose(
            parts.history_["train_loss"], whole.history_["train_loss"], rtol=1e-4
        )

    def test_no_part_is_larger_than_the_bound(self):
        sizes = []

        class Sizes(nn.Module):
            stride = 2

            def __init__(self):
                super().__init__()
                self.linear = nn.Linear(1, 1)

            def forward(self, values, lengths):
                sizes.append(values.shape[0] * values.shape[1])
                return self.linear(values[:, 0])

        lengths = np.array([10, 9, 3, 2, 1])
        values = np.ones((lengths.sum(), 1), np.float32)
        data = SequenceDataset(values, lengths, np.ones((5, 1), np.float32))
        train_line(
            data,
            module=Sizes(),
            valid_set=data,
            plan=make_plan(net_params={"max_steps": 5}),
        )
        assert max(sizes) == 10  # behind a stride of 2, the bound is 5 steps

    def test_outputs_of_all_parts_reach_callbacks(self):
        seen = []

        class Outputs(Callback):
            def on_batch_end(self, net, y_pred=None, **kwargs):
                seen.append((len(y_pred), y_pred.requires_grad))

        plan = make_plan(
            batch_size=10,
            net_params={"max_steps": 3},
            max_epochs=1,
            callbacks=[Outputs()],
        )
        train_line(line_data(10), plan=plan)
        assert seen == [(10, False)]
