"""Integrated gradients: known answers, completeness, and what is refused."""

import warnings

import numpy as np
import pytest
from linear_networks import known_importance, linear_regressor, numbers
from model_zoo import EVENTS, MODELS, NETWORKS, SENTENCES, WALKS, fitted
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_seqattn import AttentionLSTMTagger
from sklearn_seqattn.inspection import integrated_gradients
from sklearn_seqattn.inspection.items import read_items

ALONE = [
    *("classifier", "transformer", "labels", "tokens", "vectors"),
    *("event classes", "regressor"),
]


def test_a_linear_network():
    X, y = numbers()
    model = linear_regressor(X, y)
    found = integrated_gradients(model, X, n_steps=1)
    for one, known in zip(found, known_importance(model, X), strict=True):
        np.testing.assert_allclose(one, known, rtol=1e-5, atol=1e-8)


def baselines(name, data):
    """Return sequences of the same lengths that the network reads as the baseline."""
    if name in ("tokens", "vectors"):
        return [["never seen"] * len(x) for x in data]
    if name == "event classes":
        mean = np.concatenate([x["h"] for x in EVENTS]).mean()
        return [x.assign(act="never seen", h=mean) for x in data]
    mean = np.concatenate(WALKS).mean(axis=0)
    return [np.tile(mean, (len(x), 1)) for x in data]


@pytest.mark.parametrize("name", ALONE)
@pytest.mark.filterwarnings("ignore:.*unknown:UserWarning")
def test_attributions_add_up_to_the_difference_of_the_outputs(name):
    model, data = fitted(name), MODELS[name][1][:6]
    method = getattr(model, "decision_function", model.predict)
    target = None if name == "regressor" else model.classes_[1]
    found = integrated_gradients(model, data, target=target, n_steps=200)
    outputs = method(data) - method(baselines(name, data))
    if outputs.ndim == 2:
        outputs = outputs[:, 1]
    sums = [one.sum() for one in found]
    np.testing.assert_allclose(sums, outputs, rtol=0.02, atol=2e-3)
    if name != "vectors":  # all vectors are equal there
        assert np.abs(outputs).max() > 0.01
    assert [len(one) for one in found] == [len(x) for x in data]


def has_partner(model):
    """Return whether a model blends its network with something else."""
    last = model[-1] if hasattr(model, "steps") else model
    partners = (
        getattr(last.network_, "kernel_partner", None),
        getattr(last, "partner_", None),
        getattr(last, "counts_", None),
    )
    return any(partner is not None for partner in partners)


TAGGERS = [n for n in NETWORKS if isinstance(MODELS[n][0], AttentionLSTMTagger)]


@pytest.mark.parametrize("name", [*sorted({*NETWORKS} - {*TAGGERS}), "pipeline"])
@pytest.mark.filterwarnings("ignore:The partner of:UserWarning")
def test_every_network(name):
    model, data = fitted(name), MODELS[name][1][:3]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        found = integrated_gradients(model, data, n_steps=3, target=_target(name))
    told = [str(one.message).startswith("The partner of") for one in seen]
    assert any(told) == has_partner(model)
    lengths = [len(x) for x in read_items(model, data).elements]
    assert [len(one) for one in found] == lengths
    shuffled = integrated_gradients(model, data[::-1], n_steps=3, target=_target(name))
    for one, other in zip(found, shuffled[::-1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def _target(name):
    return 0 if name in ("kernel numbers", "ngram numbers", "counts") else None


@pytest.mark.parametrize("name", ["kernel classes", "ngram classes", "next state"])
def test_a_partner_is_not_explained(name):
    model, data = fitted(name), MODELS[name][1][:2]
    with pytest.warns(UserWarning, match="the network alone is explained"):
        integrated_gradients(model, data, n_steps=1)


def test_two_classes_are_opposites():
    model = fitted("classifier")
    up, down = (
        integrated_gradients(model, WALKS[:3], target=target, n_steps=5)
        for target in ("up", "down")
    )
    for one, other in zip(up, down, strict=True):
        np.testing.assert_allclose(one, -other, rtol=1e-5, atol=1e-7)


REFUSED = {
    "no network": (
        lambda: integrated_gradients(fitted("markov"), SENTENCES),
        TypeError,
        "NextStateMarkov has no network",
    ),
    "other steps": (
        lambda: integrated_gradients(
            make_pipeline(
                FunctionTransformer(lambda X: [x[::2] for x in X]),
                fitted("classifier"),
            ),
            WALKS,
        ),
        ValueError,
        "change the number of steps",
    ),
    "n_steps": (
        lambda: integrated_gradients(fitted("classifier"), WALKS, n_steps=0),
        ValueError,
        "n_steps=0",
    ),
    "no class": (
        lambda: integrated_gradients(fitted("classifier"), WALKS, target=7),
        ValueError,
        "target=7 is no class",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        call()
