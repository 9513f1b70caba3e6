"""Ctrl-C, sent for real to the process of the tests."""

import os
import signal
import threading

import numpy as np
import pytest
from sequence_data import walks
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback
from small_trainings import make_plan, train_line

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateLSTM,
    SequenceScaler,
)
from sklearn_seqattn.blocks import Dense
from sklearn_seqattn.training import interrupts
from sklearn_seqattn.training.interrupts import StopAtBatch, finishing_batches

X, Y = walks(40)
SMALL = {
    "front_end": (Dense(3),),
    "hidden_size": 4,
    "num_layers": 1,
    "num_heads": 2,
    "head_units": (3,),
    "max_epochs": 5,
    "batch_size": 8,
    "random_state": 0,
    "device": "cpu",
}


class Press(Callback):
    """Press Ctrl-C at the beginning of a batch."""

    def __init__(self, epoch=3, batch=2, times=1):
        self.epoch, self.batch, self.times = epoch, batch, times

    def initialize(self):
        self.n_batches = 0
        return self

    def on_batch_begin(self, net, training=False, **kwargs):
        self.n_batches += training
        row = net.history[-1]
        if (row["epoch"], len(row["batches"])) == (self.epoch, self.batch):
            for _ in range(self.times):
                os.kill(os.getpid(), signal.SIGINT)


class Clock(Callback):
    """A clock that jumps when an epoch begins."""

    def __init__(self, epoch):
        self.epoch, self.seconds = epoch, 0.0

    def now(self):
        return self.seconds

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == self.epoch:
            self.seconds += 99.0


class Count(Press):
    """Press it in each fit, and count the fits of all copies."""

    n_fits = 0

    def on_train_begin(self, net, **kwargs):
        Count.n_fits += 1


def make(press=None, **options):
    callbacks = () if press is None else (press,)
    return AttentionLSTMClassifier(**{**SMALL, "callbacks": callbacks, **options})


def interrupted(model, match, **fit_params):
    """Fit a model that is interrupted once."""
    with pytest.raises(KeyboardInterrupt, match=match):
        model.fit(X, Y, **fit_params)
    return model


@pytest.mark.parametrize(
    "kind", [AttentionLSTMClassifier, AttentionLSTMRegressor, NextStateLSTM]
)
def test_a_fit_stops_at_the_batch_and_is_fitted(kind):
    press = Press(epoch=3, batch=2)
    params = {**SMALL, "callbacks": [press], "early_stopping": False}
    data = X, (Y[0] == Y).astype(int)
    if kind is NextStateLSTM:
        params = {k: v for k, v in params.items() if k in kind().get_params()}
        data = [["a", "b"], ["b", "a", "b"]] * 20, None
    model = kind(**params)
    with pytest.raises(KeyboardInterrupt, match=r"in epoch 3, after batch 2\. The est"):
        model.fit(*data)
    assert press.n_batches >= 12  # two epochs of five or more, and two
    assert model.history_["epoch"].tolist() == [1, 2, 3]
    assert model.history_["batches"].iloc[-1] == 2
    assert np.isfinite(model.history_["train_loss"]).all()
    assert model.n_iter_ == 3
    assert len(model.predict(data[0])) == 40


def test_with_early_stopping_the_best_weights_are_kept():
    options = {"early_stopping": True, "validation_fraction": 0.2, "lr": 0.2}
    options["net_params"] = {"callbacks__lr_schedule": None}
    straight = make(max_epochs=3, **options).fit(X, Y)
    model = interrupted(make(Press(epoch=4), **options), r"best weights .* epoch \d")
    np.testing.assert_array_equal(model.predict_proba(X), straight.predict_proba(X))


@pytest.mark.parametrize("early_stopping", [True, False])
def test_what_the_first_batch_taught_is_kept(early_stopping):
    press = Press(epoch=1, batch=1)
    model = make(press, early_stopping=early_stopping)
    interrupted(model, r"epoch 1, after batch 1\. .* the weights of that batch")
    assert press.n_batches == 1
    row = model.history_.iloc[0]
    assert (row["epoch"], row["batches"], model.n_iter_) == (1, 1, 1)
    assert row["seconds"] >= 0
    assert ("valid_loss" in row) == early_stopping
    limited = make(max_time=1e-9, early_stopping=early_stopping).fit(X, Y)
    found, wanted = model.predict_proba(X), limited.predict_proba(X)
    np.testing.assert_array_equal(found, wanted)
    untrained = make(max_time=1e-9, early_stopping=early_stopping, lr=1e-30).fit(X, Y)
    assert np.abs(found - untrained.predict_proba(X)).max() > 1e-6


def test_a_callback_that_raises_within_an_epoch_abandons_the_fit():
    class Raise(Callback):
        def on_batch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    model = interrupted(make(Raise()), "Interrupted in epoch 1")
    assert not hasattr(model, "net_")


@pytest.mark.parametrize("place", [(1, 1), (3, 2), (3, 5)])
@pytest.mark.parametrize("early_stopping", [True, False])
def test_the_checkpoint_of_an_interrupt_has_its_batch(tmp_path, place, early_stopping):
    options = {"early_stopping": early_stopping, "validation_fraction": 0.2}
    before, after = Press(*place), Press(epoch=99)
    interrupted(make(before, checkpoint=tmp_path, **options), "Interrupted")
    resumed = make(after, checkpoint=tmp_path, **options).fit(X, Y)
    straight = make(**options).fit(X, Y)
    np.testing.assert_array_equal(resumed.predict_proba(X), straight.predict_proba(X))
    found, wanted = (m.history_.drop(columns="seconds") for m in (resumed, straight))
    assert found.equals(wanted)
    n_batches = straight.history_["batches"].sum()
    assert before.n_batches + after.n_batches == n_batches  # none twice


class TestMaxTime:
    """A limit that has passed after any batch."""

    @pytest.mark.parametrize(
        "kind", [AttentionLSTMClassifier, AttentionLSTMRegressor, NextStateLSTM]
    )
    def test_it_stops_after_the_batch_without_an_error(self, kind):
        params = {k: v for k, v in SMALL.items() if k in kind().get_params()}
        data = X, np.arange(40) % 3
        if kind is NextStateLSTM:
            data = [["a", "b"], ["b", "a", "b"]] * 20, None
        model = kind(**params, max_time=1e-9).fit(*data)
        assert model.net_.stopped_by == "max_time"
        assert model.history_["batches"].tolist() == [1]
        assert len(model.predict(data[0])) == 40

    def test_a_limit_that_is_not_reached_changes_nothing(self):
        limited, free = make(max_time=1e6).fit(X, Y), make().fit(X, Y)
        assert limited.net_.stopped_by is None
        assert limited.n_iter_ == 5
        np.testing.assert_array_equal(limited.predict_proba(X), free.predict_proba(X))

    def test_the_best_weights_are_kept(self, monkeypatch):
        options = {"early_stopping": True, "validation_fraction": 0.2, "lr": 0.2}
        options["net_params"] = {"callbacks__lr_schedule": None}
        clock = Clock(epoch=4)
        monkeypatch.setattr(interrupts, "monotonic", clock.now)
        model = make(clock, max_time=10, **options).fit(X, Y)
        monkeypatch.undo()
        straight = make(max_epochs=3, **options).fit(X, Y)
        found, wanted = model.predict_proba(X), straight.predict_proba(X)
        np.testing.assert_array_equal(found, wanted)
        assert np.isnan(model.history_["valid_loss"].iloc[3])

    def test_partial_fit_is_limited_too(self):
        model = make(max_time=1e-9).partial_fit(X, Y)
        assert model.history_["batches"].tolist() == [1]

    def test_the_same_fit_goes_on_from_its_checkpoint(self, tmp_path):
        n_fits, model = 1, make(max_time=1e-9, checkpoint=tmp_path, max_epochs=2)
        while model.fit(X, Y).net_.stopped_by == "max_time":
            n_fits += 1
        assert n_fits == model.history_["batches"].sum() + 1
        straight = make(max_epochs=2).fit(X, Y)
        np.testing.assert_array_equal(model.predict_proba(X), straight.predict_proba(X))

    @pytest.mark.parametrize("max_time", [0, -1, "long"])
    def test_what_is_no_limit(self, max_time):
        with pytest.raises(ValueError, match="max_time"):
            make(max_time=max_time).fit(X, Y)


def test_twice_abandons_the_fit_and_keeps_the_old_one():
    model = make().fit(X, Y)
    before = model.predict_proba(X)
    with pytest.raises(KeyboardInterrupt):
        model.set_params(callbacks=[Press(times=2)]).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


class Wrapper(ClassifierMixin, BaseEstimator):
    """A meta-estimator of another library."""

    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y):
        self.fitted_ = [clone(self.estimator).fit(X, y) for _ in range(2)]
        return self


GRID = {"lr": [1e-3, 1e-2]}
DEEP_GRID = {"attentionlstmclassifier__lr": [1e-3, 1e-2]}
#: Estimators and functions that fit several models: the interrupt ends all of it.
SEARCHES = {
    "GridSearchCV": lambda model: GridSearchCV(model, GRID, cv=2).fit(X, Y),
    "cross_val_score": lambda model: cross_val_score(model, X, Y, cv=2),
    "GridSearchCV of a Pipeline": lambda model: GridSearchCV(
        make_pipeline(SequenceScaler(), model), DEEP_GRID, cv=2, error_score=0.0
    ).fit(X, Y),
    "Pipeline of a GridSearchCV": lambda model: make_pipeline(
        SequenceScaler(), GridSearchCV(model, GRID, cv=2)
    ).fit(X, Y),
    "VotingClassifier": lambda model: VotingClassifier(
        [("a", model), ("b", model)]
    ).fit(X, Y),
    "CalibratedClassifierCV": lambda model: CalibratedClassifierCV(model, cv=2).fit(
        X, Y
    ),
    "another library": lambda model: Wrapper(model).fit(X, Y),
    "a Pipeline in another library": lambda model: Wrapper(
        make_pipeline(SequenceScaler(), model)
    ).fit(X, Y),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_interrupted(name):
    Count.n_fits = 0
    with pytest.raises(KeyboardInterrupt, match="Interrupted in epoch 3"):
        SEARCHES[name](make(Count()))
    assert Count.n_fits == 1


def test_a_network_that_calibrates_another_is_abandoned():
    plan = make_plan(auxiliary=True, callbacks=(Press(epoch=2, batch=2),))
    with pytest.raises(KeyboardInterrupt, match="Interrupted"):
        train_line(plan=plan)


def test_a_pipeline_is_fitted():
    pipeline = interrupted(make_pipeline(SequenceScaler(), make(Press())), "epoch 3")
    assert pipeline.predict(X).shape == (40,)


def test_with_a_checkpoint_the_same_fit_can_go_on(tmp_path):
    interrupted(make(Press(), checkpoint=tmp_path), "Interrupted in epoch 3")
    resumed = make(checkpoint=tmp_path).fit(X, Y)
    straight = make().fit(X, Y)
    np.testing.assert_array_equal(resumed.predict_proba(X), straight.predict_proba(X))


class TestHandler:
    def test_it_is_put_back(self):
        before = signal.getsignal(signal.SIGINT)
        make().fit(X, Y)
        with pytest.raises(ZeroDivisionError), finishing_batches(StopAtBatch()):
            raise ZeroDivisionError
        assert signal.getsignal(signal.SIGINT) is before

    def test_one_of_the_user_stays(self):
        pressed = []
        before = signal.signal(signal.SIGINT, lambda *_: pressed.append(1))
        try:
            model = make(Press()).fit(X, Y)
        finally:
            signal.signal(signal.SIGINT, before)
        assert pressed == [1]
        assert model.n_iter_ == 5

    def test_other_threads_leave_it_alone(self):
        found = []

        def look():
            with finishing_batches(StopAtBatch()):
                found.append(signal.getsignal(signal.SIGINT))

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert found == [signal.default_int_handler]
