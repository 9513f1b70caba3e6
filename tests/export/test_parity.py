"""An exported model says what its estimator says, on shapes that it has not seen."""

from pathlib import Path

import numpy as np
import pytest
from model_zoo import (
    IS_YES,
    LABELS,
    LENGTHS,
    RISES,
    SENTENCES,
    UP_OR_DOWN,
    WALKS,
    YES,
    fitted,
)
from onnx_sessions import look_up, metadata, open_session, pad, run
from sequence_data import faint_labels
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    NextStateLSTM,
    RandomKernels,
    SequenceImputer,
    SequenceScaler,
    Tokens,
    WindowModel,
)
from sklearn_seqattn.blocks import (
    Conv,
    Dense,
    Differences,
    Residual,
    SelfAttention,
    TimeDistributedConv,
    Transformer,
)

SMALL = {"hidden_size": 6, "num_heads": 2, "max_epochs": 2, "random_state": 0}
SMALL |= {"device": "cpu"}
UNTIED = {"net_params": {"module__tie_weights": False}}
ALONE = {**SMALL, "blend": None}
EVERY_BLOCK = [
    Differences(lag=3),
    Conv(4, kernel_size=4, stride=3),
    "batch_norm",
    "gelu",
    Residual([Conv(5, kernel_size=3, dilation=2), "layer_norm", "relu"]),
    TimeDistributedConv(2, kernel_size=3),
    "locked_dropout",
    [SelfAttention(key_size=4, value_size=4, num_heads=2)],
    "tanh",
    "dropout",
    Dense(5),
]
HEAVY_TAILS = [np.where(np.arange(len(x))[:, None] % 9 == 8, 1e5, x) for x in WALKS]
HEAVY_TAILS[0] = HEAVY_TAILS[0] * 1e4
FAINT = [x * 10.0 ** -(i % 9) + 1e4 for i, x in enumerate(WALKS)]
OFFSET = np.c_[LENGTHS * 1e3 + 1e6, -LENGTHS]
TABLE = np.random.default_rng(0).standard_normal((24, 40))
INTEGERS = [[sum(map(ord, token)) for token in x] for x in SENTENCES]


def gaps(X):
    """Remove a third of the values of the first channel."""
    rows = [x.astype(float) for x in X]
    for x in rows:
        x[np.arange(len(x)) % 3 == 1, 0] = np.nan
    return rows


def classifier(**options):
    return AttentionLSTMClassifier(**{**ALONE, **options})


def regressor(**options):
    """Make a regressor that does not shrink its network towards a constant."""
    options = {**ALONE, "early_stopping": False, **options}
    return AttentionLSTMRegressor(**options)


def scaled(last, *others):
    steps = [SequenceScaler(method="robust"), *others, "passthrough", last]
    return Pipeline([(str(i), step) for i, step in enumerate(steps)])


#: Name: an estimator of MODELS.md, and what it is fitted to.
VARIANTS = {
    "default": (AttentionLSTMClassifier(**SMALL), WALKS, UP_OR_DOWN),
    "attention, LSTM, max": (
        classifier(
            front_end="attention",
            attention=None,
            residual=False,
            pooling="max",
            head_units=(),
            num_layers=1,
        ),
        WALKS,
        UP_OR_DOWN,
    ),
    "every block": (classifier(front_end=EVERY_BLOCK), WALKS, UP_OR_DOWN),
    "both directions": (classifier(bidirectional=True), WALKS, UP_OR_DOWN),
    "both directions, GRU": (
        classifier(bidirectional=True, encoder="gru", residual=False, front_end=None),
        WALKS,
        UP_OR_DOWN,
    ),
    "GRU": (classifier(encoder="gru"), WALKS, UP_OR_DOWN),
    "causal Transformer": (classifier(encoder="transformer"), WALKS, UP_OR_DOWN),
    "Transformer, odd heads": (
        classifier(
            encoder=Transformer(positions="sinusoidal"),
            hidden_size=7,
            bidirectional=True,
        ),
        WALKS,
        UP_OR_DOWN,
    ),
    "rotary, odd heads": (
        classifier(encoder="transformer", hidden_size=9, bidirectional=True),
        WALKS,
        UP_OR_DOWN,
    ),
    "dot": (classifier(attention="dot"), WALKS, UP_OR_DOWN),
    "general": (classifier(attention="general"), WALKS, UP_OR_DOWN),
    "additive": (classifier(attention="additive"), WALKS, UP_OR_DOWN),
    "all poolings": (
        classifier(pooling=["attention", "last", "mean", "max"]),
        WALKS,
        LENGTHS % 3,
    ),
    "labels": (AttentionLSTMClassifier(**SMALL), WALKS, LABELS),
    "not standardized": (classifier(standardize=False), WALKS, UP_OR_DOWN),
    "faint sequences": (AttentionLSTMClassifier(**SMALL), FAINT, UP_OR_DOWN),
    "heavy tails": (AttentionLSTMClassifier(**SMALL), HEAVY_TAILS, UP_OR_DOWN),
    "table": (AttentionLSTMClassifier(**SMALL), TABLE, UP_OR_DOWN),
    "regressor": (regressor(blend="auto"), WALKS, LENGTHS),
    "regressor far from zero": (
        regressor(blend=RandomKernels(336)),
        WALKS,
        OFFSET,
    ),
    "counts": (regressor(loss="poisson"), WALKS, LENGTHS),
    "quantile": (regressor(loss="quantile", quantile=0.8), WALKS, LENGTHS),
    "tokens": (classifier(), SENTENCES, YES),
    "integer tokens": (classifier(front_end="embedding"), INTEGERS, YES),
    "tokens, regressor": (
        regressor(front_end=["embedding", "conv"], tokens=Tokens(5)),
        SENTENCES,
        YES,
    ),
    "scaled": (scaled(AttentionLSTMClassifier(**SMALL)), WALKS, UP_OR_DOWN),
    "imputed": (
        scaled(classifier(), SequenceImputer("median", add_indicator=True)),
        gaps(WALKS),
        UP_OR_DOWN,
    ),
    "imputed by the last value": (
        Pipeline(
            [
                ("fill", SequenceImputer(add_indicator=True, add_elapsed=True)),
                ("last", classifier()),
            ]
        ),
        gaps(WALKS),
        UP_OR_DOWN,
    ),
    "imputed linearly": (
        scaled(regressor(), SequenceImputer("linear")),
        gaps(WALKS),
        LENGTHS,
    ),
    "last steps of both directions": (
        classifier(pooling=["last", "max"], bidirectional=True),
        WALKS,
        UP_OR_DOWN,
    ),
    "labels of steps": (AttentionLSTMTagger(**SMALL), WALKS, RISES),
    "labels of steps, stride": (
        AttentionLSTMTagger(**ALONE, front_end=Conv(3, stride=3), bidirectional=False),
        WALKS,
        RISES,
    ),
    "labels of steps, chain": (
        AttentionLSTMTagger(**SMALL, blend=WindowModel(0)),
        *faint_labels(),
    ),
    "labels of steps, causal chain": (
        AttentionLSTMTagger(**SMALL, bidirectional=False),
        *faint_labels(),
    ),
    "labels of tokens": (AttentionLSTMTagger(**ALONE), SENTENCES, IS_YES),
    "states": (NextStateLSTM(**ALONE), SENTENCES, None),
    "states without start": (
        NextStateLSTM(**ALONE, **UNTIED, start_state=False, end_state=True),
        SENTENCES,
        None,
    ),
    "states, dot": (
        NextStateLSTM(**ALONE, attention="dot", encoder="gru"),
        INTEGERS,
        None,
    ),
    "states, additive": (
        NextStateLSTM(**ALONE, attention="additive", residual=False),
        SENTENCES,
        None,
    ),
    "states, Transformer": (
        NextStateLSTM(**ALONE, encoder="transformer", attention=None, targets="last"),
        SENTENCES,
        None,
    ),
}

#: The estimators of tests/model_zoo.py that have a form in ONNX.
OF_THE_ZOO = ["classifier", "default", "transformer", "labels", "tokens", "vectors"]
OF_THE_ZOO += ["kernel classes", "regressor", "quantiles", "counts", "kernel numbers"]
OF_THE_ZOO += ["pipeline"]


def batches(X):
    """Give batches of other sizes and lengths than those of the training."""
    X = [x.split() if isinstance(x, str) else np.asarray(x) for x in X]
    yield X, 0
    yield X[:1], 3
    yield [x[:1] for x in X[:7]], 2
    yield [x[: 1 + i % 5] for i, x in enumerate(X)], 0
    yield [np.concatenate([x] * 5) for x in X[:3]], 1


def test_the_page_has_a_row_for_every_variant():
    page = Path(__file__).resolve().parents[2] / "docs" / "serving.md"
    rows = [line.split(" | ")[0] for line in page.read_text().splitlines()]
    assert {f"| {name}" for name in VARIANTS} <= set(rows)


def compare(estimator, session, X, further):
    """Assert that both say the same; return the largest difference."""
    is_text = "vocabulary" in metadata(session)
    inputs = pad(look_up(X, session) if is_text else X, further)
    if not is_text and np.asarray(X[0]).ndim == 1:
        inputs["values"] = inputs["values"].reshape(*inputs["values"].shape[:2], 1)
        X = [np.asarray(x)[:, None] for x in X]
    X = [list(x) for x in X] if is_text else X
    found = run(session, inputs)
    if "prediction" in found:
        wanted = estimator.predict(X)
        last = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        scale = last.target_encoder_.scale_
        np.testing.assert_allclose(
            found["prediction"] / scale, wanted / scale, rtol=1e-6, atol=1e-5
        )
        return np.abs((found["prediction"] - wanted) / scale).max()
    wanted, predicted = estimator.predict_proba(X), estimator.predict(X)
    if isinstance(wanted, list):  # labels of steps
        real = np.arange(inputs["values"].shape[1]) < inputs["lengths"][:, None]
        found = {name: values[real] for name, values in found.items()}
        wanted, predicted = np.concatenate(wanted), np.concatenate(predicted)
    np.testing.assert_allclose(found["probabilities"], wanted, atol=1e-5)
    clear = wanted.ndim > 2 or np.ptp(wanted, axis=1) > 1e-4
    assert np.array_equal(found["label"][clear], np.asarray(predicted)[clear])
    if "position_probabilities" in found:
        rows = zip(found["position_probabilities"], inputs["lengths"], strict=True)
        for (row, n), one in zip(rows, estimator.predict_positions(X), strict=True):
            np.testing.assert_allclose(row[:n], one, atol=1e-5)
    return np.abs(found["probabilities"] - wanted).max()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_network_on_other_batches_and_lengths(name, tmp_path):
    estimator, X, y = VARIANTS[name]
    estimator = clone(estimator).fit(X, y)
    session = open_session(estimator, tmp_path / "model.onnx")
    for batch, further in batches(X):
        compare(estimator, session, batch, further)


@pytest.mark.parametrize("name", OF_THE_ZOO)
def test_models_of_the_zoo(name, tmp_path):
    from model_zoo import MODELS

    session = open_session(fitted(name), tmp_path / "model.onnx")
    compare(fitted(name), session, MODELS[name][1], 1)


def test_empty_sequences_of_states(tmp_path):
    estimator = NextStateLSTM(**ALONE).fit(SENTENCES)
    session = open_session(estimator, tmp_path / "model.onnx")
    inputs = {"values": np.zeros((2, 0), np.int64), "lengths": np.zeros(2, np.int64)}
    found = run(session, inputs)
    wanted = estimator.predict_proba([[], []])
    np.testing.assert_allclose(found["probabilities"], wanted, atol=1e-5)
    assert found["position_probabilities"].shape == (2, 0, wanted.shape[1])


if __name__ == "__main__":  # print the table of docs/serving.md
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name, (estimator, X, y) in VARIANTS.items():
            estimator.fit(X, y)
            session = open_session(estimator, Path(folder) / "model.onnx")
            found = [compare(estimator, session, *batch) for batch in batches(X)]
            print(f"| {name} |", " | ".join(f"{one:.0e}" for one in found), "|")
