"""skorch's callbacks in a fit: what they score, record, and change."""

from functools import partial

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    get_scorer,
    make_scorer,
    mean_poisson_deviance,
    mean_squared_error,
    r2_score,
    roc_auc_score,
)
from skorch.callbacks import (
    BatchScoring,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    Freezer,
    GradientNormClipping,
    LRScheduler,
    PassthroughScoring,
    PrintLog,
    ProgressBar,
    TrainEndCheckpoint,
)
from small_trainings import SMALL, X, Y, draw_sequences

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateLSTM,
    Tokens,
    load_model,
    save_model,
)
from sklearn_seqattn import Checkpoint as CheckpointPath
from sklearn_seqattn.training.batching import BucketBatches

X_VALID = draw_sequences(9, seed=5)
LABELS = np.random.RandomState(0).randint(0, 2, size=(14, 2))
NUMBERS = np.random.RandomState(0).standard_normal((14, 2)) * 7 + 40
COUNTS = np.arange(14.0) % 4
LOGS = [
    ["a", "b", "c"],
    ["b", "c", "a", "b"],
    ["c", "a"],
    ["a"],
] * 2  # too few to hold any out
#: Losses so small that the weights stay as they are: all epochs have one score.
STILL = {**SMALL, "lr": 1e-30, "dropout": 0.0}


def of_names(y):
    """Name classes so that their codes differ from their order in y."""
    return np.array(["z", "m", "b"])[y]


def score(estimator, y, scoring, *, on_train=False, caching=True, **params):
    """Fit with a score and return its column, and the model."""
    callback = EpochScoring(
        scoring,
        on_train=on_train,
        use_caching=caching,
        name="the_score",
        lower_is_better=False,
    )
    model = estimator(**{**STILL, **params}, callbacks=[("mine", callback)])
    if "time_warp" in model.get_params():
        model.set_params(time_warp=0.0)
    model.fit(X, y, validation_data=(X_VALID, y[:9]))
    assert model.net_.history[:, "the_score"] == model.history_["the_score"].tolist()
    return model.history_["the_score"], model


def check_one_score(column, expected):
    """Check that each epoch has the score of the fitted model."""
    np.testing.assert_allclose(column, [expected] * 3, rtol=1e-5)


@pytest.mark.parametrize("caching", [True, False])
@pytest.mark.parametrize("on_train", [True, False])
class TestScores:
    """The score of a net that no longer changes is that of the fitted model."""

    @pytest.mark.parametrize(
        "scoring", ["accuracy", accuracy_score, make_scorer(accuracy_score)]
    )
    def test_accuracy(self, scoring, on_train, caching):
        y = of_names(Y)
        column, model = score(
            AttentionLSTMClassifier, y, scoring, on_train=on_train, caching=caching
        )
        data = (X, y) if on_train else (X_VALID, y[:9])
        check_one_score(column, model.score(*data))

    @pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "f1"])
    def test_two_classes(self, scoring, on_train, caching):
        y = Y % 2
        column, model = score(
            AttentionLSTMClassifier, y, scoring, on_train=on_train, caching=caching
        )
        data = (X, y) if on_train else (X_VALID, y[:9])
        check_one_score(column, get_scorer(scoring)(model, *data))

    def test_probabilities(self, on_train, caching):
        column, model = score(
            AttentionLSTMClassifier,
            Y,
            "neg_log_loss",
            on_train=on_train,
            caching=caching,
        )
        data = (X, Y) if on_train else (X_VALID, Y[:9])
        check_one_score(column, get_scorer("neg_log_loss")(model, *data))

    @pytest.mark.parametrize("scoring", ["f1_macro", "roc_auc"])
    def test_labels(self, scoring, on_train, caching):
        column, model = score(
            AttentionLSTMClassifier, LABELS, scoring, on_train=on_train, caching=caching
        )
        data, y = (X, LABELS) if on_train else (X_VALID, LABELS[:9])
        expected = (
            f1_score(y, model.predict(data), average="macro")
            if scoring == "f1_macro"
            else roc_auc_score(y, model.predict_proba(data))
        )
        check_one_score(column, expected)

    @pytest.mark.parametrize("scoring", ["r2", "neg_mean_squared_error"])
    def test_numbers(self, scoring, on_train, caching):
        column, model = score(
            AttentionLSTMRegressor, NUMBERS, scoring, on_train=on_train, caching=caching
        )
        data, y = (X, NUMBERS) if on_train else (X_VALID, NUMBERS[:9])

        targets = model.target_encoder_.standardize(y)
        metric = r2_score if scoring == "r2" else mean_squared_error
        sign = 1 if scoring == "r2" else -1
        check_one_score(column, sign * metric(targets, model._outputs(data)))

    def test_counts_are_scored_as_counts(self, on_train, caching):
        column, model = score(
            partial(AttentionLSTMRegressor, loss="poisson"),
            COUNTS,
            "neg_mean_poisson_deviance",
            on_train=on_train,
            caching=caching,
        )
        data, y = (X, COUNTS) if on_train else (X_VALID, COUNTS[:9])
        mean = model.target_encoder_.scale_
        expected = mean_poisson_deviance(y / mean, model.predict(data) / mean)
        check_one_score(column, -expected)


class TestOthers:
    def test_a_function_of_net_data_and_targets(self):
        def share_of_first(net, dataset, y):
            return float((net.predict(dataset) == 0).mean())

        column, model = score(AttentionLSTMClassifier, Y, share_of_first)
        check_one_score(column, (model.predict(X_VALID) == 0).mean())

    def test_predictions_of_a_callback_are_in_the_order_of_its_data(self):
        outputs = []

        class Predict(EpochScoring):
            def on_epoch_end(self, net, dataset_train, **kwargs):
                outputs.append(net.forward(dataset_train).numpy())
                assert net.module_.training is False
                batches = BucketBatches(dataset_train, 4)
                self.order = batches.order

        callback = Predict("accuracy", name="unused")
        model = AttentionLSTMClassifier(**STILL, callbacks=[callback]).fit(X, Y)
        by_length = np.argsort([len(x) for x in X], kind="stable")
        found = outputs[-1][callback.order]
        expected = model._outputs([X[i] for i in by_length])
        np.testing.assert_allclose(
            np.sort(found, axis=0), np.sort(expected, axis=0), rtol=1e-4, atol=1e-5
        )

    def test_a_split_that_the_estimator_makes(self):
        scoring = EpochScoring("accuracy", lower_is_better=False, name="valid_acc")
        model = AttentionLSTMClassifier(**SMALL, callbacks=[scoring])
        model.set_params(early_stopping=True, validation_fraction=0.4).fit(X, Y)
        assert model.history_["valid_acc"].between(0, 1).all()

    def test_without_validation_data_there_is_no_column(self):
        scoring = EpochScoring("accuracy", name="valid_acc")
        model = AttentionLSTMClassifier(**SMALL, callbacks=[scoring]).fit(X, Y)
        assert not [name for name in model.history_ if name.startswith("valid")]

    def test_weights_do_not_enter_scores(self):
        weights = np.random.RandomState(1).uniform(0.1, 5, size=len(X))
        scoring = EpochScoring("accuracy", on_train=True, name="acc")
        model = AttentionLSTMClassifier(**STILL, callbacks=[scoring])
        model.set_params(time_warp=0.0).fit(X, Y, sample_weight=weights)
        check_one_score(model.history_["acc"], model.score(X, Y))

    def test_scores_of_batches_and_passed_through(self):
        batch = BatchScoring("accuracy", name="acc", lower_is_better=False)
        through = PassthroughScoring("train_batch_size", on_train=True)
        model = AttentionLSTMClassifier(**STILL, callbacks=[batch, through])
        model.fit(X, Y, validation_data=(X_VALID, Y[:9]))
        check_one_score(model.history_["acc"], model.score(X_VALID, Y[:9]))
        assert "train_batch_size" in model.history_

    def test_one_stops_early_by_a_score(self):
        scoring = EpochScoring("accuracy", name="acc", lower_is_better=False)
        stopping = EarlyStopping(monitor="acc", lower_is_better=False, patience=2)
        params = {**STILL, "max_epochs": 20, "callbacks": [scoring, stopping]}
        model = AttentionLSTMClassifier(**params)
        model.fit(X, Y, validation_data=(X_VALID, Y[:9]))
        assert model.n_iter_ == 3  # the score never gets better

    def test_a_checkpointed_fit_goes_on_with_its_scores(self, tmp_path):
        def fit(**params):
            scoring = EpochScoring("accuracy", on_train=True, name="acc")
            model = AttentionLSTMClassifier(**{**SMALL, **params}, callbacks=[scoring])
            return model.fit(X, Y)

        kept = {"checkpoint": CheckpointPath(tmp_path, keep=True)}
        fit(max_epochs=3, **kept)
        again = fit(max_epochs=3, **kept)
        assert again.history_["acc"].tolist() == fit().history_["acc"].tolist()

    def test_a_regressor_that_is_shrunk_by_networks_of_halves(self):
        scoring = EpochScoring("r2", on_train=True)
        net_params = {"callbacks__EpochScoring__name": "fit", "max_steps": 7}
        model = AttentionLSTMRegressor(
            **SMALL, callbacks=[scoring], net_params=net_params
        )
        assert model.fit(X, NUMBERS).history_["fit"].notna().all()

    def test_scores_are_saved_with_the_model(self, tmp_path):
        scoring = EpochScoring("accuracy", on_train=True, name="acc")
        model = AttentionLSTMClassifier(**SMALL, callbacks=[scoring]).fit(X, Y)
        save_model(model.set_params(callbacks=()), tmp_path / "model")
        assert load_model(tmp_path / "model").history_.equals(model.history_)

    def test_two_fits_may_record_different_columns(self):
        model = AttentionLSTMClassifier(**SMALL).partial_fit(X, Y)
        scoring = EpochScoring("accuracy", on_train=True, name="acc")
        model.set_params(callbacks=[scoring]).partial_fit(X, Y)
        assert model.history_["acc"].isna().tolist() == [True, False]


class TestStates:
    """Scores over positions: each state that the network learns is a sample."""

    @pytest.mark.parametrize("caching", [True, False])
    @pytest.mark.parametrize("targets", ["all", "last"])
    def test_accuracy(self, targets, caching):
        scoring = EpochScoring("accuracy", on_train=True, use_caching=caching)
        params = {"tokens": Tokens(4, dropout=0.0), "hidden_size": 4, "lr": 1e-30}
        model = NextStateLSTM(
            **params,
            num_heads=2,
            max_epochs=2,
            batch_size=5,
            dropout=0.0,
            targets=targets,
            start_state=False,
            early_stopping=False,
            blend=None,
            num_layers=1,
            random_state=0,
            callbacks=[scoring],
        ).fit(LOGS)
        expected = model.score(LOGS)
        if targets == "last":
            longer = [states for states in LOGS if len(states) > 1]
            last = [states[-1] for states in longer]
            expected = model.score([states[:-1] for states in longer], last)
        np.testing.assert_allclose(model.history_["accuracy"], expected)


class TestTools:
    """Callbacks of skorch that do not score."""

    @pytest.mark.parametrize(
        "make",
        [
            lambda path: ProgressBar(),
            lambda path: PrintLog(),
            lambda path: EarlyStopping(monitor="train_loss"),
            lambda path: LRScheduler("CosineAnnealingLR", T_max=3),
            lambda path: Checkpoint(dirname=path, monitor="train_loss_best"),
            lambda path: TrainEndCheckpoint(dirname=path),
            lambda path: GradientNormClipping(0.5),
            lambda path: Freezer("encoder*"),
            lambda path: EpochScoring("accuracy", on_train=True),
            lambda path: EpochScoring(f1_score, on_train=True),
        ],
        ids=[
            "ProgressBar", "PrintLog", "EarlyStopping", "LRScheduler", "Checkpoint",
            "TrainEndCheckpoint", "GradientNormClipping", "Freezer", "EpochScoring",
            "EpochScoring of a function",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("named", [True, False])
    def test_it_runs(self, make, named, tmp_path, capfd):
        callback = make(tmp_path)
        callbacks = [("mine", callback)] if named else [callback]
        model = AttentionLSTMClassifier(**SMALL, callbacks=callbacks)
        model.fit(X, Y % 2)
        assert model.n_iter_ == 3
        assert np.isfinite(model.predict_proba(X)).all()

    def test_a_class_is_instantiated(self):
        callbacks = [PrintLog, ("clip", GradientNormClipping)]
        assert AttentionLSTMClassifier(**SMALL, callbacks=callbacks).fit(X, Y).n_iter_
