"""Static columns from the container to the prediction, for all that read them."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from model_zoo import (
    LABELS,
    LENGTHS,
    SMALL,
    STATIC_EVENTS,
    STATIC_WALKS,
    STATIC_WORDS,
    TOKENS,
    UP_OR_DOWN,
    WALKS,
)
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    EventEncoder,
    NextStateLSTM,
    NextStateMarkov,
    NGrams,
    RandomKernelFeatures,
    RandomKernels,
    SequenceImputer,
    SequencePadder,
    SequenceScaler,
    StateEncoder,
    load_model,
    save_model,
)
from sklearn_seqattn.inspection import occlusion_importance, permutation_importance

CLASSIFIER = AttentionLSTMClassifier(**SMALL, blend=RandomKernels(84))
REGRESSOR = AttentionLSTMRegressor(**SMALL, blend=RandomKernels(84))
READERS = AttentionLSTMRegressor(**TOKENS, blend=NGrams((1, 1)))
DATA = {
    "numbers": (CLASSIFIER, STATIC_WALKS, UP_OR_DOWN),
    "tokens": (READERS, STATIC_WORDS, LENGTHS),
    "events": (REGRESSOR, STATIC_EVENTS, LENGTHS),
}
NAMES = list(DATA)


def predict(model, X):
    """Give probabilities, or numbers."""
    return getattr(model, "predict_proba", model.predict)(X)


def as_lists(X):
    """Give the columns with plain lists in their cells."""
    return {name: [_plain(cell) for cell in column] for name, column in X.items()}


def _plain(cell):
    return list(cell) if np.ndim(cell) else cell


CONTAINERS = {
    "lists in cells": lambda X: pd.DataFrame(as_lists(X)),
    "polars": lambda X: pl.DataFrame(as_lists(X)),
    "pyarrow": lambda X: pa.table(as_lists(X)),
    "labeled rows": lambda X: X.set_axis([f"r{i}" for i in range(len(X))]),
    "categories": lambda X: X.assign(kind=X["kind"].astype("category")),
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", NAMES)
def test_the_same_content_gives_the_same_model(name, container):
    model, X, y = DATA[name]
    other = CONTAINERS[container](X)
    expected = predict(clone(model).fit(X, y), X)
    np.testing.assert_array_equal(predict(clone(model).fit(other, y), other), expected)


@pytest.mark.parametrize("name", NAMES)
def test_an_object_array_gives_the_same_model(name):
    model, X, y = DATA[name]
    array = X.to_numpy(object)
    expected = predict(clone(model).fit(X, y), X)
    np.testing.assert_array_equal(predict(clone(model).fit(array, y), array), expected)


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_is_copies_and_rows_have_no_order(name):
    model, X, y = DATA[name]
    weights = np.arange(len(X)) % 3 + 1
    weighted = clone(model).fit(X, y, weights)
    rows = np.random.default_rng(0).permutation(np.repeat(np.arange(len(X)), weights))
    copied = clone(model).fit(X.iloc[rows], y[rows])
    np.testing.assert_array_equal(predict(copied, X), predict(weighted, X))


@pytest.mark.parametrize("name", NAMES)
def test_equal_sequences_with_other_static_values_are_not_merged(name):
    model, X, y = DATA[name]
    twins = pd.concat([X, X.assign(kind=X["kind"].map(ord).map(lambda k: chr(k + 9)))])
    model = clone(model).fit(twins, np.concatenate([y, y]))
    assert model.network_.config.n_static == model.input_encoder_.static_size
    assert len(model.input_encoder_.static_.categories_["kind"]) == 6


@pytest.mark.parametrize("name", NAMES)
def test_pickles_and_more_training(name):
    model, X, y = DATA[name]
    model = clone(model).set_params(warm_start=True).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(predict(again, X), predict(model, X))
    again.fit(X, y).partial_fit(X, y)
    assert len(again.history_) == 3
    first = clone(model)
    first.partial_fit(X[:20], y[:20]).partial_fit(X[4:], y[4:])
    assert predict(first, X).shape == predict(model, X).shape


BESIDE = np.random.default_rng(1).normal(size=24)


@pytest.mark.parametrize(
    "model",
    [
        AttentionLSTMRegressor(**SMALL, blend=RandomKernels(84)),
        AttentionLSTMRegressor(**TOKENS, blend=NGrams((1, 1))),
        AttentionLSTMRegressor(
            **{**SMALL, "max_epochs": 60}, lr=0.02, blend=None, early_stopping=False
        ),
    ],
    ids=["kernels", "n-grams", "network"],
)
def test_each_part_learns_from_a_static_number(model):
    """The target is the static number: without it nothing can be learned."""
    X = STATIC_WORDS if model.front_end == "embedding" else STATIC_WALKS
    X = X.assign(beside=BESIDE)
    assert clone(model).fit(X, BESIDE).score(X, BESIDE) > 0.5
    without = X.drop(columns=["beside", "age"])
    assert clone(model).fit(without, BESIDE).score(without, BESIDE) < 0.5


def test_the_head_reads_the_pooled_vector_and_the_static_numbers():
    model = clone(CLASSIFIER).set_params(blend=None, head_units=())
    model.fit(STATIC_WALKS, UP_OR_DOWN)
    weight = model.network_.head[-1].weight.data
    weight.zero_()
    weight[1, -2] = 1.0  # the category "c" of "kind", before it "b" and "a"
    weight[1, model.network_.pooling.output_size + 2] = 7.0  # "a"
    model.network_.head[-1].bias.data.zero_()
    logits = model.decision_function(STATIC_WALKS)
    expected = STATIC_WALKS["kind"].map({"a": 7.0, "b": 1.0, "c": 0.0})
    np.testing.assert_allclose(logits, expected)
    unknown = model.decision_function(STATIC_WALKS.assign(kind="z"))
    np.testing.assert_allclose(unknown, 0.0)


FITTED = clone(CLASSIFIER).fit(STATIC_WALKS, UP_OR_DOWN)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X.drop(columns="age"), "seen at fit time, yet now missing"),
        (lambda X: X[X.columns[::-1]], "must be in the same order"),
        (
            lambda X: WALKS,
            r"static columns \[\], but .* fitted on \['age', 'kind', 'is",
        ),
        (lambda X: X.assign(age="old"), "'age' holds categories"),
        (
            lambda X: X.assign(age=np.nan),
            r"X\[0\] has a missing value .* 'age'; .*Simp",
        ),
        (lambda X: X.assign(x1=X["age"]), r"the static columns \['x1', 'age', 'kind'"),
    ],
)
def test_other_columns_in_predict(change, message):
    with pytest.raises(ValueError, match=message):
        FITTED.predict(change(STATIC_WALKS))


def test_dates_are_refused_before_any_work():
    X = STATIC_WALKS.assign(born=pd.Timestamp("2000-01-01"))
    model = clone(CLASSIFIER)
    with pytest.raises(TypeError, match="static column 'born' holds dates"):
        model.fit(X, UP_OR_DOWN)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_static_columns_alone_are_a_table_as_before():
    table = STATIC_WALKS[["age"]].assign(height=1.0)
    model = clone(CLASSIFIER).fit(table, UP_OR_DOWN)
    assert model.n_features_in_ == 2
    assert model.network_.config.n_static == 0


ALONE = {
    "padder": (SequencePadder(), STATIC_WALKS),
    "kernels": (RandomKernelFeatures(n_features=84), STATIC_WALKS),
    "events": (EventEncoder(), STATIC_EVENTS),
    "states": (StateEncoder(), STATIC_WORDS),
    "markov": (NextStateMarkov(), STATIC_WORDS),
    "next state": (NextStateLSTM(max_epochs=1), STATIC_WORDS),
}


@pytest.mark.parametrize("name", ALONE)
def test_what_reads_sequences_alone_says_so(name):
    estimator, X = ALONE[name]
    with pytest.raises(ValueError, match=r"static columns\).*'kind'.*leave these"):
        estimator.fit(X)


GAPS = STATIC_WALKS.assign(
    x0=[np.where(np.arange(len(x)) % 3 == 1, np.nan, x) for x in STATIC_WALKS["x0"]]
)


@pytest.mark.parametrize("transformer", [SequenceImputer(), SequenceScaler()])
def test_transformers_leave_static_columns_as_they_are(transformer):
    X = GAPS.assign(age=[np.nan, *STATIC_WALKS["age"][1:]])
    found = transformer.fit_transform(X)
    assert found.columns.tolist() == X.columns.tolist()
    static = ["age", "kind", "is_new"]
    pd.testing.assert_frame_equal(found[static], X[static])
    assert transformer.get_feature_names_out().tolist() == X.columns.tolist()
    channels = transformer.fit_transform(
        [np.c_[a, b] for a, b in zip(X["x0"], X["x1"], strict=True)]
    )
    for a, b, steps in zip(found["x0"], found["x1"], channels, strict=True):
        np.testing.assert_array_equal(np.c_[a, b], steps)


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_pipelines_and_column_transformers(output, tmp_path):
    X = GAPS.assign(age=[np.nan, *STATIC_WALKS["age"][1:]])
    whole = make_pipeline(
        SequenceImputer(add_indicator=True), SequenceScaler(), clone(CLASSIFIER)
    )
    found = whole.set_output(transform=output).fit(GAPS, UP_OR_DOWN)
    assert found.predict(GAPS).shape == (24,)
    assert found[-1].input_size_ == 3
    by_column = make_column_transformer(
        (make_pipeline(SequenceImputer(), SequenceScaler()), ["x0", "x1"]),
        (SimpleImputer(), ["age"]),
        remainder="passthrough",
    )
    model = make_pipeline(by_column, clone(CLASSIFIER)).set_output(transform=output)
    found = cross_val_predict(model, X, UP_OR_DOWN, cv=2)
    assert set(found) <= {"up", "down"}
    model.fit(X, UP_OR_DOWN)
    assert model[-1].network_.config.n_static == 5
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_a_grid_search():
    search = GridSearchCV(clone(CLASSIFIER), {"standardize": [True, False]}, cv=2)
    assert search.fit(STATIC_WALKS, UP_OR_DOWN).predict(STATIC_WALKS).shape == (24,)


def test_validation_data_have_static_columns():
    model = clone(CLASSIFIER)
    model.fit(
        STATIC_WALKS, UP_OR_DOWN, validation_data=(STATIC_WALKS[:9], UP_OR_DOWN[:9])
    )
    assert model.history_["valid_loss"].notna().all()
    with pytest.raises(ValueError, match="static columns"):
        model.fit(STATIC_WALKS, UP_OR_DOWN, validation_data=(WALKS, UP_OR_DOWN))


@pytest.mark.parametrize("name", NAMES)
def test_a_column_without_weight_has_no_importance(name):
    model, X, y = DATA[name]
    X = X.assign(beside=BESIDE)
    model = clone(model).set_params(blend=None, head_units=()).fit(X, y)
    place = model.network_.pooling.output_size
    place += model.input_encoder_.static_.numbers_.index("beside")
    weight = model.network_.head[-1].weight.data
    weight[:, place] = 0.0
    result = permutation_importance(model, X, y, n_repeats=2, random_state=0)
    found = dict(zip(result.channels, result.importances, strict=True))
    assert list(found)[-1] == "beside"
    np.testing.assert_array_equal(found["beside"], 0.0)
    if name == "numbers":
        assert list(found)[:2] == ["x0", "x1"]
    weight.zero_()
    weight[:, place] = 9.0  # the regressors now follow it alone
    if name != "numbers":
        result = permutation_importance(model, X, BESIDE, n_repeats=2, random_state=0)
        found = dict(zip(result.channels, result.importances_mean, strict=True))
        assert max(found, key=lambda key: abs(found[key])) == "beside"


@pytest.mark.parametrize("name", NAMES)
def test_occlusion_keeps_static_values(name):
    """A model of static values alone has nothing to occlude."""
    model, X, y = DATA[name]
    model = clone(model).set_params(blend=None, head_units=()).fit(X, y)
    n_pooled = model.network_.pooling.output_size
    model.network_.head[-1].weight.data[:, :n_pooled] = 0.0
    for importance in occlusion_importance(model, X[:3]):
        np.testing.assert_allclose(importance, 0.0, atol=1e-6)


def test_labels_of_several_columns():
    model = clone(CLASSIFIER).fit(STATIC_WALKS, LABELS)
    assert model.predict_proba(STATIC_WALKS).shape == LABELS.shape
