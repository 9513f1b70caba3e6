"""Stores go wherever lists go, and give the same models to the last bit."""

import itertools
import pickle
import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
    train_test_split,
)
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    Checkpoint,
    EventEncoder,
    NextStateLSTM,
    NextStateMarkov,
    RandomKernelFeatures,
    RandomKernels,
    SequenceImputer,
    SequencePadder,
    SequenceResampler,
    SequenceScaler,
    SequenceStore,
    StateEncoder,
    WindowModel,
)
from sklearn_seqattn.kernels import feature_table
from sklearn_seqattn.sequences import array_list

TINY = {"hidden_size": 4, "num_layers": 1, "max_epochs": 2, "random_state": 0}
ONE_EPOCH = {**TINY, "max_epochs": 1, "blend": RandomKernels(84)}
RNG = np.random.default_rng(0)
N = 40
Y = np.arange(N) % 2
#: Walks, so that there are slow and fast ones, and a channel with a heavy tail.
X = [RNG.normal(size=(n, 3)).cumsum(0).astype("f4") for n in RNG.integers(3, 30, N)]
X[3][:, 2] = 1e6
GAPS = [np.where(RNG.random(x.shape) < 0.1, np.nan, x).astype("f4") for x in X]
TAGS = [(x[:, 0] > 0).astype(int) for x in X]
STATES = [RNG.integers(0, 5, RNG.integers(2, 9)) for _ in range(N)]

CASES = {
    "classifier": (AttentionLSTMClassifier(**TINY, blend=None), X, Y),
    "classifier beside kernels": (
        AttentionLSTMClassifier(**TINY, blend=RandomKernels(84)),
        X,
        Y,
    ),
    "classifier that stops early": (
        AttentionLSTMClassifier(
            **TINY, blend=RandomKernels(84), early_stopping=True, scoring="accuracy"
        ),
        X,
        Y,
    ),
    "classifier of prefixes": (
        AttentionLSTMClassifier(**TINY, blend=RandomKernels(84), random_prefixes=True),
        X,
        Y,
    ),
    "classifier of tokens": (
        AttentionLSTMClassifier(**TINY, front_end="embedding"),
        STATES,
        Y,
    ),
    "regressor": (AttentionLSTMRegressor(**TINY, blend=None), X, Y + 0.5),
    "regressor beside kernels": (
        AttentionLSTMRegressor(**TINY, blend=RandomKernels(84)),
        X,
        Y + 0.5,
    ),
    "tagger": (AttentionLSTMTagger(**TINY, blend=None), X, TAGS),
    "tagger beside windows": (
        AttentionLSTMTagger(**TINY, blend=WindowModel(2)),
        X,
        TAGS,
    ),
    "next state": (NextStateLSTM(**TINY), STATES, None),
    "counts": (NextStateMarkov(), STATES, None),
}


@pytest.fixture(scope="module")
def store_of(tmp_path_factory):
    """Return a function that stores sequences."""
    folder = tmp_path_factory.mktemp("stores")
    count = itertools.count()
    return lambda X: SequenceStore.from_generator(X, folder / str(next(count)))


def outputs_of(model, X):
    """Return all that a model predicts, as bytes."""
    name = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    return [np.asarray(row).tobytes() for row in getattr(model, name)(X)]


def weights_of(model):
    weights = getattr(model, "network_", None)
    if weights is None:
        return []
    return [weight.numpy().tobytes() for weight in weights.state_dict().values()]


@pytest.mark.parametrize("name", CASES)
def test_a_store_gives_the_model_of_a_list(name, store_of, monkeypatch):
    monkeypatch.setattr(array_list, "_VALUES_AT_ONCE", 64)  # several blocks
    model, X, y = CASES[name]
    store = store_of(X)
    listed, stored = clone(model).fit(X, y), clone(model).fit(store, y)
    assert weights_of(stored) == weights_of(listed)
    assert outputs_of(stored, store) == outputs_of(listed, X)
    assert outputs_of(stored, X) == outputs_of(listed, store)


def test_a_part_in_another_order_gives_the_same_model(store_of):
    model, X, y = CASES["classifier beside kernels"]
    rows = np.random.default_rng(1).permutation(N)[:30]
    listed = clone(model).fit([X[row] for row in rows[::-1]], y[rows[::-1]])
    assert weights_of(clone(model).fit(store_of(X)[rows], y[rows])) == weights_of(
        listed
    )


@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier, AttentionLSTMRegressor])
def test_large_tables_of_features_give_the_model_of_a_list(
    estimator, store_of, monkeypatch
):
    monkeypatch.setattr(feature_table, "_MOST_IN_MEMORY", 0)
    monkeypatch.setattr(feature_table, "_AT_ONCE", 500)
    model, store = estimator(**TINY, blend=RandomKernels(84)), store_of(X)
    listed = estimator(**model.get_params(deep=False)).fit(X, Y)
    assert outputs_of(model.fit(store, Y), store) == outputs_of(listed, X)


def test_partial_fit_reads_parts(store_of):
    store = store_of(X)
    models = [AttentionLSTMClassifier(**TINY, blend=None) for _ in range(2)]
    for start in (0, 20):
        rows = slice(start, start + 20)
        models[0].partial_fit(X[rows], Y[rows], classes=[0, 1])
        models[1].partial_fit(store[rows], Y[rows], classes=[0, 1])
    assert outputs_of(models[0], X) == outputs_of(models[1], store)


def test_a_checkpoint_goes_on_with_a_store(store_of, tmp_path):
    checkpoint = Checkpoint(tmp_path / "fit.checkpoint", keep=True)
    model = AttentionLSTMClassifier(**TINY, blend=None, checkpoint=checkpoint)
    listed, begun = clone(model).fit(X, Y), checkpoint.path.stat().st_mtime_ns
    resumed = clone(model).fit(store_of(X), Y)  # refused for any other data
    assert outputs_of(resumed, X) == outputs_of(listed, X)
    assert checkpoint.path.stat().st_mtime_ns == begun


PIPELINES = {
    "scaler": (SequenceScaler(), X),
    "scaler of ranges": (SequenceScaler(method="minmax"), X),
    "robust scaler": (SequenceScaler(method="robust"), GAPS),
    "imputer": (SequenceImputer(), GAPS),
    "median": (SequenceImputer("median"), GAPS),
    "all of them": (
        make_pipeline(
            SequenceScaler(),
            SequenceImputer("linear", add_indicator=True, add_elapsed=True),
        ),
        GAPS,
    ),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_transformers_pass_stores_on(name, store_of):
    transformer, X = PIPELINES[name]
    store = store_of(X)
    expected = transformer.fit_transform(X)
    found = transformer.fit_transform(store)
    assert isinstance(found, SequenceStore)
    assert [x.tobytes() for x in found] == [x.tobytes() for x in expected]
    assert found.dtype == expected[0].dtype
    assert found.n_channels == expected[0].shape[1]
    copied = pickle.loads(pickle.dumps(found))
    transformer.fit([x * 2 for x in X])  # what was passed on stays
    assert [x.tobytes() for x in copied[3:5]] == [x.tobytes() for x in expected[3:5]]
    assert [x.tobytes() for x in found[3:5]] == [x.tobytes() for x in expected[3:5]]
    model = make_pipeline(transformer, AttentionLSTMClassifier(**TINY, blend=None))
    if not np.isnan(np.concatenate(expected)).any():
        listed = outputs_of(model.fit(X, Y), X)
        assert outputs_of(model.fit(store, Y), store) == listed


def test_numbers_that_overflow_are_refused_at_once(store_of):
    scaler = SequenceScaler().fit([np.float32([1, 2, 3])])
    with pytest.raises(ValueError, match="beyond float32 once they are scaled"):
        scaler.transform(store_of([np.float32([3e38, 1])]))


def test_kernel_features_are_those_of_a_list(store_of):
    features = RandomKernelFeatures(n_features=168, random_state=0)
    expected = features.fit_transform(X)
    assert features.fit_transform(store_of(X)).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "transformer",
    [SequencePadder(), SequenceResampler(1), EventEncoder()],
    ids=lambda one: type(one).__name__,
)
def test_what_needs_all_numbers_in_memory_says_so(transformer, store_of):
    name = type(transformer).__name__
    with pytest.raises(TypeError, match=f"X is a SequenceStore, but {name} needs all"):
        transformer.fit(store_of(X))


def test_states_are_encoded(store_of):
    expected = StateEncoder().fit_transform(STATES)
    found = StateEncoder().fit_transform(store_of(STATES))
    assert [x.tolist() for x in found] == [x.tolist() for x in expected]


def test_splitters_return_stores(store_of):
    store = store_of(X)
    parts = train_test_split(store, Y, test_size=10, stratify=Y, random_state=0)
    listed = train_test_split(X, Y, test_size=10, stratify=Y, random_state=0)
    assert isinstance(parts[0], SequenceStore)
    for part, expected in zip(parts[:2], listed[:2], strict=True):
        assert [x.tobytes() for x in part] == [x.tobytes() for x in expected]
    model = AttentionLSTMClassifier(**TINY, blend=None)
    for cv in (KFold(3), StratifiedKFold(3, shuffle=True, random_state=0)):
        scores, expected = (cross_val_score(model, x, Y, cv=cv) for x in (store, X))
        assert scores.tolist() == expected.tolist()
    found, expected = (
        cross_val_predict(model, x, Y, cv=2, method="predict_proba") for x in (store, X)
    )
    assert found.tobytes() == expected.tobytes()


def test_a_search_in_two_processes_reads_the_files(store_of, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    search = GridSearchCV(
        AttentionLSTMClassifier(**TINY, blend=None),
        {"lr": [0.001, 0.01]},
        cv=2,
        n_jobs=2,
    )
    found = search.fit(store_of(X), Y).cv_results_["mean_test_score"]
    expected = search.set_params(n_jobs=1).fit(X, Y).cv_results_["mean_test_score"]
    assert found.tolist() == expected.tolist()


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(SequenceScaler(), AttentionLSTMClassifier(**ONE_EPOCH)),
        RandomKernelFeatures(n_features=84, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_fit_holds_a_small_part_of_the_numbers(model, tmp_path, monkeypatch):
    """NumPy's memory stays below a part of the data; a list would hold all."""
    monkeypatch.setattr(array_list, "_VALUES_AT_ONCE", 2**12)
    rng = np.random.default_rng(0)
    sequences = (rng.normal(size=(100, 32)).astype("f4") for _ in range(600))
    store = SequenceStore.from_generator(sequences, tmp_path / "store")
    size = (tmp_path / "store" / "values.npy").stat().st_size
    y = np.arange(600) % 2
    model.fit(store[:20], y[:20])  # imports are no data
    tracemalloc.start()
    try:
        model.fit(store, y)
        predict = getattr(model, "predict", None) or model.transform
        predict(store)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < size / 2
