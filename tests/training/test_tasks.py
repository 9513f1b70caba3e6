"""scikit-learn's callbacks, from version 1.9 on."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from skorch.callbacks import EpochScoring
from small_trainings import SMALL, X, Y

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateLSTM,
    SequenceScaler,
    load_model,
    save_model,
)
from sklearn_seqattn.metrics import NextStateScorer

callback = pytest.importorskip("sklearn.callback")  # since scikit-learn 1.9

STATES, LAST = [list("abc"), list("bcab")] * 10, list("ab") * 10
KINDS = {
    AttentionLSTMClassifier: (X, Y),
    AttentionLSTMRegressor: (X, Y),
    NextStateLSTM: (STATES, LAST),
}


class Log:
    """Keep what the hooks are called with; stop after an epoch if asked to."""

    def __init__(self, stop_at=None, ask=True):
        self.stop_at, self.ask, self.calls = stop_at, ask, []
        self.scores, self.n_rows = [], []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(f"begin {context.task_name} {context.task_id}")
        self.max_subtasks = context.max_subtasks if context.max_subtasks else None

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.calls.append(f"end {context.task_name} {context.task_id}")
        self.n_rows.append(len(fitted_estimator.history_))
        self.scores.append(fitted_estimator.score(X, y, **metadata))
        return context.task_name == "epoch" and context.task_id == self.stop_at


def make(kind, **options):
    params = {k: v for k, v in SMALL.items() if k in kind().get_params()}
    return kind(**{**params, **options})


EPOCHS = [f"{hook} epoch {i}" for i in range(3) for hook in ("begin", "end")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_and_its_epochs_are_tasks(kind):
    log, data = Log(), KINDS[kind]
    model = make(kind).set_callbacks(log).fit(*data)
    assert log.calls == ["setup", "begin fit 0", *EPOCHS, "end fit 0", "teardown"]
    assert log.n_rows == [1, 2, 3, 3]
    assert log.scores[-1] == model.score(*data)
    other = make(kind).fit(*data)
    assert (model.predict(data[0]) == other.predict(data[0])).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_predicts_by_the_network_of_its_epoch(kind):
    log, data = Log(), KINDS[kind]
    options = {"lr": 1e-30, "blend": None}
    if kind is NextStateLSTM:
        options["validation_fraction"] = 0.2
    make(kind, **options).set_callbacks(log).fit(*data)
    assert log.scores[0] == log.scores[1] == log.scores[2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_callback_may_stop_the_training(kind):
    log = Log(stop_at=1)
    model = make(kind).set_callbacks(log).fit(*KINDS[kind])
    assert model.n_iter_ == 2
    assert log.calls[-2:] == ["end fit 0", "teardown"]


@pytest.mark.parametrize("options", [{"max_time": 1e-9}, {"early_stopping": True}])
def test_an_epoch_in_which_training_stops_is_ended(options):
    log = Log()
    options = {"lr": 0.5, "n_iter_no_change": 1, "max_epochs": 30, **options}
    model = make(AttentionLSTMClassifier, **options).set_callbacks(log).fit(X, Y)
    assert model.n_iter_ < 30
    for hook in ("begin", "end"):
        found = [call for call in log.calls if call.startswith(f"{hook} epoch")]
        assert len(found) == model.n_iter_
    assert len(log.n_rows) == model.n_iter_ + 1


def test_a_fit_that_fails_is_torn_down():
    log = Log()
    model = make(AttentionLSTMClassifier, lr=1e30).set_callbacks(log)
    attributes = set(vars(model))
    with pytest.raises(FloatingPointError):
        model.fit(X, Y)
    assert log.calls[0] == "setup"
    assert log.calls[-1] == "teardown"
    assert set(vars(model)) == attributes


def test_the_scoring_monitor():
    monitor = callback.ScoringMonitor(scoring="accuracy")
    scoring = EpochScoring("accuracy", on_train=False, lower_is_better=False)
    model = make(AttentionLSTMClassifier, callbacks=[("scores", scoring)])
    model.set_callbacks(monitor).fit(X, Y, validation_data=(X, Y))
    log = monitor.get_logs().data_as_pandas
    epochs = log[log["task_name"] == "epoch"]
    assert epochs["task_id"].tolist() == [0, 1, 2]
    np.testing.assert_allclose(epochs["accuracy"], model.history_["accuracy"])


@pytest.mark.parametrize("y", [None, LAST])
def test_the_scoring_monitor_of_states(y):
    monitor = callback.ScoringMonitor(
        scoring={"all": NextStateScorer(), "last": make_scorer(accuracy_score)}
    )
    model = make(NextStateLSTM, blend=None).set_callbacks(monitor)
    weights = np.arange(len(STATES)) / 7
    for sample_weight in (None, weights):
        model.fit(STATES, y, sample_weight=sample_weight)
        log = monitor.get_logs().data_as_pandas
        assert log["task_name"].tolist().count("epoch") == 3
        X, last = STATES, y
        if y is None:
            X, last = [one[:-1] for one in STATES], [one[-1] for one in STATES]
        end = log[log["task_name"] == "fit"].iloc[0]
        for name, scorer in (("all", NextStateScorer()), ("last", "accuracy")):
            expected = get_scorer(scorer)(model, X, last, sample_weight=sample_weight)
            assert end[name] == pytest.approx(expected)


def with_monitor(model):
    monitor = callback.ScoringMonitor(scoring="accuracy")
    model.set_callbacks(monitor)
    return monitor


def test_in_a_pipeline():
    model = make(AttentionLSTMClassifier)
    monitor = with_monitor(model)
    make_pipeline(FunctionTransformer(), model).fit(X, Y)
    log = monitor.get_logs().data_as_pandas
    assert log["task_name"].tolist().count("epoch") == 3


def test_in_a_search_of_two_processes():
    model = make(AttentionLSTMClassifier)
    monitor = with_monitor(model)
    search = GridSearchCV(model, {"lr": [1e-3, 1e-2]}, cv=2, n_jobs=2)
    search.fit(X * 2, np.tile(Y % 2, 2))
    log = monitor.get_logs().data_as_pandas
    assert log["task_name"].tolist().count("epoch") == 5 * 3  # with the last fit


@pytest.fixture
def wide_console():
    """Make the one console of rich wide enough for whole lines."""
    rich = pytest.importorskip("rich")
    rich.reconfigure(width=200)
    yield
    rich.reconfigure()


@pytest.mark.filterwarnings("ignore:The estimator FunctionTransformer does not")
@pytest.mark.parametrize("wrap", ["alone", "pipeline", "search"])
def test_the_progress_bar(wrap, capsys, wide_console):
    model = make(AttentionLSTMClassifier)
    if wrap == "pipeline":
        model = make_pipeline(FunctionTransformer(), model)
    if wrap == "search":
        model = GridSearchCV(model, {"lr": [1e-3, 1e-2]}, cv=2, n_jobs=2)
    bar = callback.ProgressBar(max_propagation_depth=None)
    model.set_callbacks(bar).fit(X * 2, np.tile(Y % 2, 2))
    shown = capsys.readouterr().out
    assert "AttentionLSTMClassifier" in shown
    assert "100%" in shown


def test_copies_and_files(tmp_path):
    model = make(AttentionLSTMClassifier)
    monitor = with_monitor(model)
    model.fit(X, Y)
    assert clone(model)._skl_callbacks == [monitor]
    assert model.net_.callbacks == []
    scaler = SequenceScaler().fit(X)
    pipeline = make_pipeline(scaler, model).set_callbacks(monitor)
    for estimator in (model, pipeline):
        save_model(estimator, tmp_path / "model")
        for copy in (
            pickle.loads(pickle.dumps(estimator)),
            load_model(tmp_path / "model"),
        ):
            found, wanted = copy.predict_proba(X), estimator.predict_proba(X)
            np.testing.assert_array_equal(found, wanted)
