"""Estimators with their default partners: every kind of data, with static columns."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from model_zoo import EVENTS, SENTENCES, STATIC, WALKS
from onnx_sessions import feed, open_session, run
from sklearn.base import clone

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
)
from sklearn_seqattn.windows.features import describe_token

PAGE = Path(__file__).resolve().parents[2] / "docs" / "serving.md"
SMALL = {"hidden_size": 4, "num_layers": 1, "num_heads": 2, "head_units": (3,)}
SMALL |= {"max_epochs": 6, "lr": 0.1, "random_state": 0, "device": "cpu"}
TEXTS = [[str(token) + "Éa1"[i % 3] for i, token in enumerate(x)] for x in SENTENCES]
CODES = [[sum(map(ord, token)) % 13 for token in x] for x in SENTENCES]
#: Sequences of each kind, with an unknown token or category in those of `unseen`.
KINDS = {"numbers": WALKS, "texts": TEXTS, "integers": CODES, "events": EVENTS}
#: Regressors whose network is not shrunk towards a constant.
NUMBERS = {**SMALL, "early_stopping": False}
ESTIMATORS = {
    "classifier": AttentionLSTMClassifier(**SMALL),
    "labels": AttentionLSTMClassifier(**SMALL),
    "regressor": AttentionLSTMRegressor(**NUMBERS),
    "regressor, Poisson": AttentionLSTMRegressor(**NUMBERS, loss="poisson"),
    "regressor, quantile": AttentionLSTMRegressor(
        **NUMBERS, loss="quantile", quantile=0.7
    ),
    "tagger": AttentionLSTMTagger(**SMALL),
}
CASES = [
    (estimator, kind, is_static)
    for estimator in ESTIMATORS
    for kind in KINDS
    for is_static in (False, True)
]


def targets(name, lengths):
    """Give targets that follow from the lengths, and labels of steps at random."""
    if name == "classifier":
        return lengths % 3
    if name == "labels":
        return np.c_[lengths % 2, lengths % 3 == 0, lengths % 4 > 1].astype(int)
    if name == "tagger":
        rng = np.random.default_rng(0)
        return [rng.integers(0, 3, n) for n in lengths]
    return lengths if "quantile" in name else np.c_[lengths, lengths**2 % 7]


def unseen(kind, x, i):
    """Put a token or a category into a sequence that no training sequence holds."""
    if kind == "texts":
        return [*x[:-1], ("yes-no", "Zürich9", "a")[i % 3]]
    if kind == "integers":
        return [*x[:-1], 10**6 + i]
    return x.assign(act="new") if kind == "events" else x


def joined(kind, sequences, static):
    """Return sequences as X, with static columns beside them."""
    if static is None:
        return sequences
    if kind == "numbers":
        cells = {f"x{k}": [x[:, k] for x in sequences] for k in range(2)}
    elif kind == "events":
        names = "act", "h"
        cells = {name: [x[name].tolist() for x in sequences] for name in names}
    else:
        cells = {"words": sequences}
    return pd.concat([pd.DataFrame(cells), static.reset_index(drop=True)], axis=1)


def batches(kind, static):
    """Give batches of other sizes and lengths than those of the training."""
    sequences, others = KINDS[kind], static
    if static is not None:
        others = static.assign(kind="z")  # unknown

    def long(x):
        return pd.concat([x] * 5) if kind == "events" else [*x] * 5

    def rows(table, n):
        return None if table is None else table[:n]

    numeric = np.array if kind == "numbers" else lambda x: x
    yield sequences, static, 0
    yield sequences[:1], rows(static, 1), 3
    yield [x[:1] for x in sequences[:7]], rows(others, 7), 2
    yield [unseen(kind, x[: 2 + i % 4], i) for i, x in enumerate(sequences)], static, 1
    yield [numeric(long(x)) for x in sequences[:3]], rows(others, 3), 0


def varies(estimator, kind, static):
    """Tell whether predictions differ from sequence to sequence."""
    X = joined(kind, KINDS[kind], static)
    method = getattr(estimator, "predict_proba", estimator.predict)
    found = method(X)
    found = np.concatenate(found) if isinstance(found, list) else found
    return np.ptp(found, axis=0).max() > 1e-3


def difference(estimator, session, kind, sequences, static, further):
    """Assert that both say the same; return the largest difference."""
    found = run(session, feed(session, sequences, static, further))
    X = joined(kind, sequences, static)
    if "prediction" in found:
        scale = estimator.target_encoder_.scale_
        wanted = estimator.predict(X) / scale
        found = found["prediction"] / scale
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-5)
        return np.abs(found - wanted).max()
    found, wanted = found["probabilities"], estimator.predict_proba(X)
    if isinstance(wanted, list):
        pairs = zip(found, wanted, strict=True)
        found = np.concatenate([row[: len(x)] for row, x in pairs])
        wanted = np.concatenate(wanted)
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    return np.abs(found - wanted).max()


def fit(name, kind, is_static):
    """Fit one of `CASES`."""
    y = targets(name, np.array(list(map(len, KINDS[kind]))))
    static = STATIC if is_static else None
    front_end = "embedding" if kind == "integers" else "auto"
    estimator = clone(ESTIMATORS[name]).set_params(front_end=front_end)
    estimator.fit(joined(kind, KINDS[kind], static), y)
    if estimator.blend_ is not None:  # both parts count, whatever was chosen
        scales = {"network_scale": 0.8, "partner_scale": 0.3}
        estimator.blend_ = replace(estimator.blend_, weight=0.4, **scales)
    return estimator, static


@pytest.mark.filterwarnings("ignore:.*unknown to the model:UserWarning")
@pytest.mark.parametrize(("name", "kind", "is_static"), CASES)
def test_every_partner(name, kind, is_static, tmp_path):
    estimator, static = fit(name, kind, is_static)
    session = open_session(estimator, tmp_path / "model.onnx")
    for batch in batches(kind, static):
        difference(estimator, session, kind, *batch)
    assert varies(estimator, kind, static)


@pytest.mark.parametrize("token", ["Rome-2", "é", "ABBA-99", "x", "a.b.c"])
def test_the_indicators_of_the_page(token):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names = {}
    exec(next(block for block in blocks if "def describe_token" in block), names)
    assert names["describe_token"](token) == describe_token(token)


def row_of(name, kind, is_static):
    """Name a case as docs/serving.md does."""
    return f"| {name}, {kind}{', static' if is_static else ''} |"


def test_the_page_has_a_row_for_every_case():
    rows = PAGE.read_text()
    assert [one for one in CASES if row_of(*one) not in rows] == []


if __name__ == "__main__":  # print the table of docs/serving.md
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            estimator, static = fit(*case)
            session = open_session(estimator, Path(folder) / "model.onnx")
            found = [
                difference(estimator, session, case[1], *batch)
                for batch in batches(case[1], static)
            ]
            print(row_of(*case), " | ".join(f"{one:.0e}" for one in found), "|")
