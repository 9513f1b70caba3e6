"""Events of next-state estimators: further columns of numbers and categories."""

import numpy as np
import pandas as pd
import pytest
from onnx_sessions import code_columns, look_up, metadata, open_session, pad, run

from sklearn_seqattn import NextStateLSTM
from sklearn_seqattn.export import to_onnx

SMALL = {"hidden_size": 4, "num_layers": 1, "num_heads": 2, "max_epochs": 2}
SMALL |= {"random_state": 0, "device": "cpu", "blend": None, "target": "act"}


def events(n, who="abc"):
    rng = np.random.default_rng(n)
    return [
        pd.DataFrame(
            {
                "cost": rng.normal(50, 9, size=size),
                "act": list("wxyzwx"[:size]),
                "who": rng.choice(list(who), size),
                "n": np.arange(size),
            }
        )
        for size in 1 + np.arange(n) % 6
    ]


def feed(session, X, further=0):
    """Turn events into the inputs of a model."""
    table = metadata(session)
    inputs = pad(look_up([x["act"].tolist() for x in X], session), further)
    assert [one["column"] for one in table["features"]] == ["cost", "who", "n"]
    features = np.full((*inputs["values"].shape, 3), 1e5)
    for row, x in zip(features, X, strict=True):
        row[: len(x)] = code_columns(x, table["features"])
    return {**inputs, "features": features}


@pytest.mark.filterwarnings("ignore:.*unknown to the model:UserWarning")
@pytest.mark.parametrize("start_state", [True, False])
def test_events(start_state, tmp_path):
    options = {"start_state": start_state, "end_state": start_state}
    estimator = NextStateLSTM(**SMALL, **options).fit(events(12))
    session = open_session(estimator, tmp_path / "model.onnx")
    unknown = [x.assign(act="new") for x in events(5, who="dab")]
    long = [pd.concat([x] * 6) for x in events(4)]
    for X, further in ((events(12), 0), (events(1), 2), (unknown, 1), (long, 3)):
        found = run(session, feed(session, X, further))
        wanted = estimator.predict_proba(X)
        np.testing.assert_allclose(found["probabilities"], wanted, atol=1e-5)
        rows = zip(found["position_probabilities"], X, strict=True)
        for (row, x), one in zip(rows, estimator.predict_positions(X), strict=True):
            np.testing.assert_allclose(row[: len(x)], one, atol=1e-5)


def test_features_matter(tmp_path):
    estimator = NextStateLSTM(**SMALL).fit(events(12))
    session = open_session(estimator, tmp_path / "model.onnx")
    inputs = feed(session, events(3))
    found = run(session, inputs)["probabilities"]
    for column in range(3):
        other = inputs["features"].copy()
        other[:, :, column] = 0.0
        changed = run(session, {**inputs, "features": other})["probabilities"]
        assert np.abs(changed - found).max() > 1e-6


def test_states_alone_have_no_further_input(tmp_path):
    X = [x[["act"]] for x in events(12)]
    estimator = NextStateLSTM(**SMALL).fit(X)
    session = open_session(estimator, tmp_path / "model.onnx")
    assert [one.name for one in session.get_inputs()] == ["values", "lengths"]
    inputs = pad(look_up([x["act"].tolist() for x in X], session))
    found = run(session, inputs)["probabilities"]
    np.testing.assert_allclose(found, estimator.predict_proba(X), atol=1e-5)


def test_categories_that_json_cannot_hold(tmp_path):
    months = pd.period_range("2024-01", periods=2, freq="M")
    X = [x.assign(who=pd.Categorical(months[np.arange(len(x)) % 2])) for x in events(9)]
    estimator = NextStateLSTM(**SMALL).fit(X)
    with pytest.raises(TypeError, match=r"'who' has the category .* make strings"):
        to_onnx(estimator, tmp_path / "model.onnx")
