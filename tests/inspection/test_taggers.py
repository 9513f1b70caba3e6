"""Importance for one label of a tagger: the logit of a label at a step."""

import warnings

import numpy as np
import pytest
from model_zoo import MODELS, WALKS, fitted
from scipy.special import logit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_seqattn import AttentionLSTMTagger
from sklearn_seqattn.inspection import (
    ImportanceDisplay,
    integrated_gradients,
    occlusion_importance,
    permutation_importance,
)
from sklearn_seqattn.metrics import StepScorer

TAGGERS = [n for n in MODELS if isinstance(MODELS[n][0], AttentionLSTMTagger)]
TINY = {"hidden_size": 8, "num_layers": 1, "random_state": 0, "max_epochs": 30}


def echoes(n, seed=0):
    """Give two channels; a label says the sign of the first one at the step before."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(rng.integers(4, 9), 2)) for _ in range(n)]
    y = [np.where(np.r_[x[0, 0], x[:-1, 0]] > 0, "up", "down") for x in X]
    return X, y


def n_steps(x):
    """Return the number of steps of a sequence, words of a text."""
    return len(x.split() if isinstance(x, str) else x)


@pytest.fixture(scope="module")
def model():
    X, y = echoes(150)
    return AttentionLSTMTagger(**TINY, lr=0.02, blend=None).fit(X, y)


@pytest.mark.parametrize("name", TAGGERS)
def test_occlusion_is_the_fall_of_the_logit_at_the_step(name):
    """It is that of the whole estimator, partner included."""
    model, data = fitted(name), MODELS[name][1][:3]
    (found,) = occlusion_importance(model, data[:1], step=-1, window=10**6)
    label = model.classes_[0]
    (of_label,) = occlusion_importance(
        model, data[:1], step=-1, window=10**6, target=label
    )
    proba = model.predict_proba(data[:1])[0][-1].astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert found.shape == (n_steps(data[0]),)
        assert len(set(found.round(6))) == 1  # all steps at once
    sign = 1 if proba.argmax() == 0 or len(proba) > 2 else -1
    if len(proba) == 2:
        np.testing.assert_allclose(of_label, sign * found, rtol=1e-4, atol=1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = occlusion_importance(model, data, step=[0] * len(data))
    assert [len(row) for row in rows] == list(map(n_steps, data))


def test_the_fall_of_one_step(model):
    (x,), _ = echoes(1, seed=5)
    (found,) = occlusion_importance(model, [x], step=3, target="up", window=1)
    column = model.classes_.tolist().index("up")
    before = logit(model.predict_proba([x])[0][3, column].astype(float))
    for t, importance in enumerate(found):
        changed = x.copy()
        changed[t] = model.input_encoder_.steps_[-1].center_
        after = logit(model.predict_proba([changed])[0][3, column].astype(float))
        assert importance == pytest.approx(before - after, rel=1e-3, abs=1e-3)
    assert found.__abs__().argmax() == 2  # the step before


@pytest.mark.parametrize("name", TAGGERS)
@pytest.mark.filterwarnings("ignore:The partner of:UserWarning")
def test_gradients_of_every_tagger(name):
    model, data = fitted(name), MODELS[name][1][:3]
    found = integrated_gradients(model, data, step=-1, n_steps=4)
    assert [len(one) for one in found] == list(map(n_steps, data))
    steps = [n_steps(x) - 1 for x in data]
    backwards = integrated_gradients(model, data[::-1], step=steps[::-1], n_steps=4)
    for one, other in zip(found, backwards[::-1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_gradients_sum_to_the_logit(model):
    X, _ = echoes(4, seed=6)
    means = model.input_encoder_.steps_[-1].center_
    steps = [0, 1, 2, -1]
    found = integrated_gradients(model, X, step=steps, target="down", n_steps=300)
    for x, one, step in zip(X, found, steps, strict=True):
        proba = model.predict_proba([x, np.tile(means, (len(x), 1))])
        after, before = (logit(p[step, 0].astype(float)) for p in proba)
        assert one.sum() == pytest.approx(after - before, abs=2e-2)


def test_in_a_pipeline(model):
    X, _ = echoes(3, seed=7)
    pipeline = make_pipeline(FunctionTransformer(), model)
    for explain in (occlusion_importance, integrated_gradients):
        found = explain(pipeline, X, step=1, **_baseline(explain, model))
        for one, other in zip(found, explain(model, X, step=1), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6)


def _baseline(explain, model):
    """Give the means of training, which a Pipeline does not know."""
    if explain is integrated_gradients:
        return {}
    return {"baseline": model.input_encoder_.steps_[-1].center_}


def test_permutation_of_channels(model):
    X, y = echoes(60, seed=8)
    for scoring in (None, StepScorer("f1_macro")):
        result = permutation_importance(model, X, y, scoring=scoring, random_state=0)
        first, second = result.importances_mean
        assert first > 0.2 > 10 * abs(second)


class TestRefused:
    @pytest.mark.parametrize("explain", [integrated_gradients, occlusion_importance])
    @pytest.mark.parametrize(
        ("options", "match"),
        [
            ({}, "set step to the one to explain"),
            ({"step": 99}, "step=99 is no step of sequence 0, which has 10 steps"),
            ({"step": [0, -99]}, "step=-99 is no step of sequence 1"),
            ({"step": [0]}, "one for each sequence: X has 2 sequences"),
            ({"step": 0.5}, "must be an integer"),
            ({"step": 0, "target": "never"}, "no class of the estimator"),
        ],
    )
    def test_steps(self, explain, options, match):
        with pytest.raises(ValueError, match=match):
            explain(fitted("tags"), WALKS[:2], **options)

    @pytest.mark.parametrize("explain", [integrated_gradients, occlusion_importance])
    def test_other_estimators_have_none(self, explain):
        with pytest.raises(ValueError, match="has one output a sequence"):
            explain(fitted("classifier"), WALKS[:2], step=0)


@pytest.mark.parametrize("name", TAGGERS)
def test_the_display_marks_the_step(name):
    pytest.importorskip("matplotlib").use("agg")
    model, data = fitted(name), MODELS[name][1]
    display = ImportanceDisplay.from_estimator(model, data, index=1, step=-1)
    last = n_steps(data[1]) - 1
    assert display.step == last
    assert display.ax_[0].get_title().endswith(f"sequence 1, step {last}")
    if display.ax_[0].texts:
        edges = [t.get_bbox_patch().get_edgecolor()[3] for t in display.ax_[0].texts]
        assert [edge > 0 for edge in edges] == [False] * last + [True]
    else:
        for ax in display.ax_:
            marks = [line for line in ax.lines if line.get_linestyle() == ":"]
            assert [list(line.get_xdata()) for line in marks] == [[last, last]]
