"""Occlusion: known answers, every container, and what is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from linear_networks import known_importance, linear_regressor, numbers
from model_zoo import EVENTS, MODELS, SENTENCES, STATE_EVENTS, WALKS, fitted
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    NextStateMarkov,
    SequenceScaler,
)
from sklearn_seqattn.inspection import occlusion_importance

X, Y = numbers()
NAMES = [
    *("next state", "next event", "markov", "markov of events", "backoff"),
    *("classifier", "labels", "tokens", "event classes", "kernel classes"),
    *("regressor", "pipeline"),
]


def close(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_linear_network_by_channel():
    model = linear_regressor(X, Y)
    found = occlusion_importance(model, X, window=1, by_channel=True)
    close(found, known_importance(model, X))


def test_windows_and_a_baseline_of_ones_own():
    model = linear_regressor(X, Y)
    center = model.input_encoder_.steps_[-1].center_
    known = known_importance(model, X)
    found = occlusion_importance(model, X, window=100)  # all steps at once
    close(found, [np.full(len(x), k.sum()) for x, k in zip(X, known, strict=True)])
    found = occlusion_importance(model, X, window=1, baseline=center + [0, 5, 0])
    scale = model.input_encoder_.steps_[-1].scale_[1]
    weight = model.target_encoder_.scale_ * model.network_.head[-1].weight[0, 1].item()
    moved = [k.sum(axis=1) - weight * 5 / scale / len(k) for k in known]
    close(found, moved)


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator(name):
    model, data = fitted(name), MODELS[name][1][:4]
    found = occlusion_importance(model, data)
    assert [one.shape for one in found] == [(len(x),) for x in data]
    assert all(np.isfinite(one).all() for one in found)
    assert np.abs(np.concatenate(found)).max() > 0


def test_importance_is_the_fall_of_the_logit():
    model = fitted("tokens")
    text = SENTENCES[0]
    (found,) = occlusion_importance(model, [text], target=1)
    with pytest.warns(UserWarning, match="unknown") if len(text) == 1 else _nothing():
        for t, importance in enumerate(found):
            changed = [*text[:t], "never seen", *text[t + 1 :]]
            before, after = model.decision_function([text, changed])
            assert importance == pytest.approx(before - after, abs=1e-5)
    (opposite,) = occlusion_importance(model, [text], target=0)
    np.testing.assert_allclose(opposite, -found, atol=1e-6)


class _nothing:  # noqa: N801
    def __enter__(self):
        return None

    def __exit__(self, *_):
        return False


CONTAINERS = {
    "tuple": tuple,
    "Series": pd.Series,
    "tensors": lambda X: [torch.from_numpy(x) for x in X],
    "frames": lambda X: [pd.DataFrame(x) for x in X],
    "polars": lambda X: [pl.from_numpy(x) for x in X],
    "long table": lambda X: pd.concat(map(pd.DataFrame, X), keys=range(len(X))),
    "cells": lambda X: pd.DataFrame({k: [x[:, k] for x in X] for k in (0, 1)}),
    "padded": lambda X: np.stack(
        [np.pad(x, ((0, 30 - len(x)), (0, 0)), constant_values=np.nan) for x in X]
    ),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_containers(name):
    model, data = fitted("classifier"), WALKS[:3]
    expected = occlusion_importance(model, data)
    close(occlusion_importance(model, CONTAINERS[name](data)), expected)


def test_tables_texts_and_channels_first():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(12, 6)), columns=list("abcdef"))
    tiny = {"hidden_size": 4, "num_layers": 1, "max_epochs": 1, "random_state": 0}
    model = AttentionLSTMClassifier(**tiny).fit(table, np.arange(12) % 2)
    found = occlusion_importance(model, table[:2])  # names of columns are kept
    assert [one.shape for one in found] == [(6,)] * 2
    texts = [" ".join(words) for words in SENTENCES[:2]]
    expected = occlusion_importance(fitted("tokens"), SENTENCES[:2])
    close(occlusion_importance(fitted("tokens"), texts), expected)
    first = AttentionLSTMClassifier(**tiny, channels_first=True)
    first.fit([x.T for x in WALKS], np.arange(24) % 2)
    last = AttentionLSTMClassifier(**tiny).fit(WALKS, np.arange(24) % 2)
    close(
        occlusion_importance(first, [x.T for x in WALKS[:2]]),
        occlusion_importance(last, WALKS[:2]),
    )


def test_the_input_of_a_pipeline_is_occluded():
    def double(X):
        return [2 * x for x in X]

    model = linear_regressor([2 * x for x in X], Y)
    pipeline = make_pipeline(FunctionTransformer(double), model)
    found = occlusion_importance(pipeline, X, window=1)
    means = np.concatenate(X).mean(axis=0)  # of X: the network reads other numbers
    doubled = occlusion_importance(
        model, [2 * x for x in X], window=1, baseline=2 * means
    )
    close(found, doubled)


def test_columns_of_events():
    found = occlusion_importance(fitted("event classes"), EVENTS[:3], by_channel=True)
    assert [one.shape for one in found] == [(len(x), 2) for x in EVENTS[:3]]
    found = occlusion_importance(
        fitted("next event"), STATE_EVENTS[:2], by_channel=True
    )
    assert all((one[:, 2] == 0).all() for one in found)  # times are not changed
    assert all((one[:, :2] != 0).any() for one in found)


REFUSED = {
    "another estimator": (
        lambda: occlusion_importance(LogisticRegression(), X),
        TypeError,
        "ends in, LogisticRegression",
    ),
    "not fitted": (
        lambda: occlusion_importance(AttentionLSTMClassifier(), X),
        ValueError,
        "not fitted yet",
    ),
    "a transformer": (
        lambda: occlusion_importance(SequenceScaler().fit(X), X),
        TypeError,
        "ends in, SequenceScaler",
    ),
    "no class": (
        lambda: occlusion_importance(fitted("classifier"), WALKS, target="left"),
        ValueError,
        r"target='left' is no class .* \['down', 'up'\]",
    ),
    "a search": (
        lambda: occlusion_importance(GridSearchCV(fitted("classifier"), {}), WALKS),
        TypeError,
        "ends in, GridSearchCV; .* Of a search it is best_estimator_",
    ),
    "a target is needed": (
        lambda: occlusion_importance(fitted("kernel numbers"), WALKS),
        ValueError,
        "predicts 2 targets; set target to the number of one, from 0 to 1",
    ),
    "no target": (
        lambda: occlusion_importance(fitted("kernel numbers"), WALKS, target=2),
        ValueError,
        "target=2 is no target",
    ),
    "window": (
        lambda: occlusion_importance(fitted("classifier"), WALKS, window=0),
        ValueError,
        "window=0 must be a positive integer",
    ),
    "channels of tokens": (
        lambda: occlusion_importance(fitted("tokens"), SENTENCES, by_channel=True),
        ValueError,
        "tokens, which have no channels",
    ),
    "baseline": (
        lambda: occlusion_importance(fitted("classifier"), WALKS, baseline=[1.0]),
        ValueError,
        r"shape \(1,\), but X has 2 channels",
    ),
    "baseline of tokens": (
        lambda: occlusion_importance(fitted("tokens"), SENTENCES, baseline=[1.0]),
        ValueError,
        "X holds tokens",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint8", "Int64", "category"])
def test_an_integer_state_is_replaced_by_an_unknown_one(dtype):
    """Whatever other sequences are explained: the next larger number is known."""
    X = [pd.DataFrame({"s": pd.Series(range(6), dtype=dtype)}) for _ in range(10)]
    model = NextStateMarkov(target="s").fit(X)
    short = X[0].iloc[:3]
    alone = occlusion_importance(model, [short], target=3)[0]
    np.testing.assert_array_equal(
        alone, occlusion_importance(model, [short, X[0]], target=3)[0]
    )
    texts = [x.astype(int).assign(s=x["s"].astype(int).map("s{}".format)) for x in X]
    of_texts = NextStateMarkov(target="s").fit(texts)
    expected = occlusion_importance(of_texts, [texts[0].iloc[:3]], target="s3")[0]
    np.testing.assert_allclose(alone, expected)
