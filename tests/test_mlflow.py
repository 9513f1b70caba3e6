"""Models in MLflow: logged, loaded and called as its users do."""

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_seqattn import AttentionLSTMClassifier, NextStateMarkov

pytestmark = pytest.mark.filterwarnings("ignore")  # of its dependencies


def make_numbers():
    rng = np.random.default_rng(0)
    return [rng.normal(i % 2, 1, size=(2 + i % 7, 2)) for i in range(24)]


TOKENS = [["a", "b"] * (1 + i % 3) + ["c"] * (i % 2) for i in range(24)]
CLASSIFIER = AttentionLSTMClassifier(hidden_size=4, max_epochs=1, random_state=0)
MODELS = {
    "numbers": (CLASSIFIER, make_numbers()),
    "tokens": (CLASSIFIER, TOKENS),
    "states": (NextStateMarkov(order=1), TOKENS),
}


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    import mlflow
    from mlflow import pyfunc, sklearn  # noqa: F401

    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'runs.db'}")
    mlflow.set_experiment("one")  # other tests choose experiments of other files
    return mlflow


@pytest.mark.parametrize("name", MODELS)
def test_a_logged_model_predicts_the_same(mlflow, name):
    model, X = MODELS[name]
    model = clone(model).fit(X, ["low", "high"] * 12 if name != "states" else None)
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            serialization_format="cloudpickle",
            pip_requirements=["sklearn_seqattn"],
        )
    loaded = mlflow.sklearn.load_model(logged.model_uri)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    served = mlflow.pyfunc.load_model(logged.model_uri)
    assert served.predict(X).tolist() == model.predict(X).tolist()
