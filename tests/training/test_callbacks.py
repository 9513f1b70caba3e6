"""What happens around the steps of a training."""

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, mean_squared_error
from skorch.callbacks import Callback, Checkpoint, EarlyStopping, EpochScoring
from small_trainings import (
    SMALL,
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
from sklearn_seqattn.training import forward
from sklearn_seqattn.training.callbacks import ClipGradients


@pytest.mark.parametrize("max_grad_norm", [0.5, 1e-3])
def test_gradients_are_clipped(max_grad_norm):
    free, clipped = Recorder(), Recorder()
    train_line(plan=make_plan(callbacks=(free,), max_epochs=1))
    clip = ClipGradients(max_grad_norm)
    plan = make_plan(
        callbacks=(clipped,),
        max_epochs=1,
        net_params={"callbacks__gradient_clip": clip},
    )
    train_line(plan=plan)
    assert max(free.norms) > 1.0
    assert clipped.norms == pytest.approx([max_grad_norm] * 3, rel=1e-3)


class TestWithoutValidationData:
    WATCHING = [
        [EarlyStopping(patience=1)],
        [EarlyStopping],
        [("best", Checkpoint(f_pickle=None))],
        [
            EpochScoring("accuracy", name="hits"),
            EarlyStopping(monitor="hits", lower_is_better=False),
        ],
    ]

    @pytest.mark.parametrize("callbacks", WATCHING)
    def test_what_watches_them_is_refused_by_its_name(self, callbacks):
        model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        before, history = model.predict_proba(X), model.history_
        model.set_params(callbacks=callbacks, early_stopping=False)
        named = r"callbacks has \w+\(monitor='\w+'\), which needs validation data"
        with pytest.raises(ValueError, match=rf"{named}.*early_stopping=True, or"):
            model.fit(X, Y)
        with pytest.raises(ValueError, match=rf"{named}.*partial_fit holds nothing"):
            model.partial_fit(X, Y)
        np.testing.assert_array_equal(model.predict_proba(X), before)
        assert model.history_ is history

    def test_what_needs_none_is_not(self):
        scores = EpochScoring("accuracy", name="hits", on_train=True)
        callbacks = [scores, EarlyStopping(monitor="hits", sink=lambda *_: None)]
        model = AttentionLSTMClassifier(**SMALL).set_params(callbacks=callbacks)
        assert "hits" in model.partial_fit(X, Y).history_


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
        model.set_params(lr=1e30, net_params={"callbacks__gradient_clip": None})
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
        if make is AttentionLSTMClassifier:
            loss = log_loss(y_val, model.predict_proba(X_val))
        else:
            error = mean_squared_error(y_val, model.predict(X_val))
            loss = error / model.target_encoder_.scale_.item() ** 2
        valid_loss = model.history_["valid_loss"]
        assert valid_loss.argmin() < len(valid_loss) - 1
        assert loss == pytest.approx(valid_loss.min(), rel=1e-4)

    def test_without_patience_validation_is_only_watched(self):
        valid = line_data(seed=1)
        valid.targets = valid.targets * 0.5
        plan = make_plan(max_epochs=60)
        net, history = train_line(plan=plan, valid_set=valid)
        assert len(history) == 60
        loss = ((forward(net, valid) - valid.targets) ** 2).mean()
        assert loss == pytest.approx(history["valid_loss"].iloc[-1], rel=1e-5)

    def test_validation_does_not_change_what_is_learned(self):
        plain, _ = train_line()
        watched, _ = train_line(valid_set=line_data(seed=1))
        assert torch.equal(plain.module_.linear.weight, watched.module_.linear.weight)


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
