"""Candidates that share a partner compute it once, and nothing else changes."""

import copy
import pickle
from shutil import rmtree

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sequence_data import walks
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    RandomKernels,
    load_model,
    save_model,
)
from sklearn_seqattn.kernels import caching

X, Y = walks(40)
NUMBERS = np.array([x[-1] for x in X])
NESTED = pd.DataFrame(
    {"x": [x[:, 0] for x in X], "z": [x[:, 1] for x in X], "age": range(len(X))}
)
SMALL = {
    "front_end": None,
    "hidden_size": 4,
    "num_layers": 1,
    "max_epochs": 1,
    "random_state": 0,
    "device": "cpu",
}
CLASSIFIER = AttentionLSTMClassifier(**SMALL)
REGRESSOR = AttentionLSTMRegressor(**SMALL)
HELD_OUT = {"early_stopping": True, "validation_fraction": 0.3}
LARGE = [np.tile(x, (40, 1)) for x in X]  # several parts of a batch
CASES = {
    "classes": (CLASSIFIER, X, Y),
    "labels": (CLASSIFIER, X, NUMBERS > 0),
    "parts": (CLASSIFIER, LARGE, Y),
    "held out": (clone(CLASSIFIER).set_params(**HELD_OUT), X, Y),
    "prefixes": (clone(CLASSIFIER).set_params(random_prefixes=True), X, Y),
    "static": (CLASSIFIER, NESTED, Y),
    "numbers": (REGRESSOR, X, NUMBERS),
    "quantile": (
        clone(REGRESSOR).set_params(loss="quantile", quantile=0.9),
        X,
        NUMBERS[:, 0],
    ),
    "numbers held out": (clone(REGRESSOR).set_params(**HELD_OUT), X, NUMBERS),
}


@pytest.fixture
def fits(monkeypatch):
    """Count the fits of partners."""
    counted, fit = [], caching.fit_kernel_partner

    def count(*args, **kwargs):
        counted.append(1)
        return fit(*args, **kwargs)

    monkeypatch.setattr(caching, "fit_kernel_partner", count)
    return counted


def fitted(model, X, y, memory=None, **fit_params):
    kernels = RandomKernels(84, memory=memory)
    return clone(model).set_params(blend=kernels).fit(X, y, **fit_params)


def outputs(model, X):
    return getattr(model, "predict_proba", model.predict)(X)


def files_in(folder):
    return sorted(folder.rglob("*.pkl"))


@pytest.mark.parametrize("name", CASES)
def test_fits_and_predictions_are_those_without_memory(name, tmp_path, fits):
    model, X, y = CASES[name]
    plain = fitted(model, X, y)
    for n_fits in (2, 2, 2):  # the first one without memory
        shared = fitted(model, X, y, str(tmp_path))
        assert len(fits) == n_fits
        for key, weights in plain.network_.state_dict().items():
            assert torch.equal(weights, shared.network_.state_dict()[key]), key
        for rows in (slice(None), slice(5, 12)):
            found = outputs(shared, X[rows])
            np.testing.assert_array_equal(found, outputs(plain, X[rows]))
    assert len(files_in(tmp_path)) == 3  # a fit and two predictions


@pytest.mark.parametrize(
    "what",
    ["y", "weights", "static", "seed", "size", "class_weight", "step", "channel"],
)
def test_what_a_partner_depends_on_makes_another_fit(what, tmp_path, fits):
    model, data, y, options = clone(CLASSIFIER), NESTED.copy(), Y, {}
    fitted(model, data, y, str(tmp_path))
    if what == "y":
        y = Y[::-1]
    elif what == "weights":
        options["sample_weight"] = np.linspace(1, 2, len(Y))
    elif what == "static":
        data["age"] = np.arange(len(Y)) ** 2
    elif what == "seed":
        model.set_params(random_state=1)
    elif what == "class_weight":
        model.set_params(class_weight={"up": 2, "down": 1})
    elif what == "step":
        data["x"] = [np.append(data["x"][0][:-1], 9.0), *data["x"][1:]]
    elif what == "channel":
        data["z"] = [np.sign(z) for z in data["z"]]
    size = 168 if what == "size" else 84
    models = [
        clone(model).set_params(blend=RandomKernels(size, memory=memory))
        for memory in (None, str(tmp_path))
    ]
    plain, shared = (m.fit(data, y, **options) for m in models)
    assert len(fits) == 3
    np.testing.assert_array_equal(outputs(plain, data), outputs(shared, data))


def test_what_the_network_has_of_its_own_makes_no_other_fit(tmp_path, fits):
    memory = joblib.Memory(tmp_path, mmap_mode="r", verbose=0)
    for params in ({}, {"hidden_size": 8}, {"lr": 0.1}, {"max_epochs": 2}):
        fitted(clone(CLASSIFIER).set_params(**params), X, Y, memory)
    assert len(fits) == 1


def test_later_fits_are_computed(tmp_path, fits):
    plain, shared = (
        fitted(CLASSIFIER, X, Y, memory) for memory in (None, str(tmp_path))
    )
    for model in (plain, shared):
        model.partial_fit(X[:20], Y[:20])
        model.set_params(warm_start=True).fit(X[10:], Y[10:])
    assert len(fits) == 4
    np.testing.assert_array_equal(outputs(plain, X), outputs(shared, X))


def test_weights_that_the_user_changes_count(tmp_path):
    model = fitted(CLASSIFIER, X, Y, str(tmp_path))
    before = outputs(model, X)
    model.network_.kernel_partner.coef.zero_()
    assert (outputs(model, X) != before).any()
    model.set_params(blend__memory=None)
    changed = outputs(model, X)
    model.set_params(blend__memory=str(tmp_path))
    np.testing.assert_array_equal(outputs(model, X), changed)


def unpickled(model, path):
    return pickle.loads(pickle.dumps(model))


def loaded(model, path):
    save_model(model, path)
    return load_model(path)


@pytest.mark.parametrize("kept", [unpickled, loaded, lambda m, path: copy.deepcopy(m)])
def test_a_copy_uses_no_folder_of_the_past(kept, tmp_path):
    folder, path = tmp_path / "memory", tmp_path / "model"
    model = fitted(CLASSIFIER, X, Y, str(folder))
    expected = outputs(model, X)
    found = kept(model, path)
    rmtree(folder)
    np.testing.assert_array_equal(outputs(found, X), expected)
    assert not folder.exists()


def test_a_file_does_not_name_the_folder(tmp_path):
    model = fitted(CLASSIFIER, X, Y, str(tmp_path / "the place of fits"))
    found = loaded(model, tmp_path / "model")
    assert found.blend.memory is None
    assert b"the place" not in (tmp_path / "model").read_bytes()
    save_model(clone(model), tmp_path / "unfitted")
    assert b"the place" not in (tmp_path / "unfitted").read_bytes()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_fits_a_partner_for_each_fold(n_jobs, tmp_path):
    grid, scores = {"lr": [1e-3, 1e-2], "dropout": [0.0, 0.5]}, []
    for memory in (None, str(tmp_path)):
        model = clone(CLASSIFIER).set_params(blend=RandomKernels(84, memory=memory))
        search = GridSearchCV(
            model, grid, cv=2, n_jobs=n_jobs, scoring="neg_log_loss", refit=False
        )
        scores.append(search.fit(X, Y).cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*scores)
    names = [path.parent.parent.name for path in files_in(tmp_path)]
    assert sorted(names) == ["_fit", "_fit", "_outputs", "_outputs"]


def test_a_memory_is_a_folder_or_keeps_results():
    with pytest.raises(ValueError, match="'memory' parameter of RandomKernels"):
        fitted(CLASSIFIER, X, Y, 3)
