"""Embeddings of sequences and of steps, for every kind of network and container."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from model_zoo import MODELS, NETWORKS, STATE_EVENTS, STATES, TOKENS, fitted
from sequence_data import sentences, walks
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateLSTM,
)
from sklearn_seqattn.blocks import Conv

TINY = {"hidden_size": 4, "num_layers": 1, "max_epochs": 1, "random_state": 0}
X, Y = walks(150, seed=1)


def assert_same(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def head_of(model, X):
    """Return what the output layers read, as a hook on the head sees it."""
    seen = []
    hook = model.network_.head.register_forward_pre_hook(
        lambda _, inputs: seen.append(inputs[0].clone())
    )
    method = getattr(model, "predict_proba", model.predict)
    for i in range(len(X)):
        method(X[i : i + 1])
    hook.remove()
    return torch.cat(seen).float().numpy()


#: Those that make one vector of a sequence.
POOLED = [name for name in NETWORKS if hasattr(MODELS[name][0], "transform")]


@pytest.mark.parametrize("name", POOLED)
def test_rows_are_what_the_output_layers_read(name):
    model, data = fitted(name), MODELS[name][1]
    rows = model.transform(data)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, head_of(model, data), rtol=1e-5, atol=1e-6)
    assert model.get_feature_names_out().shape == (rows.shape[1],)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_does_not_depend_on_the_other_sequences(name):
    model, data = fitted(name), MODELS[name][1]
    steps, reverse = model.embed_steps(data), model.embed_steps(data[::-1])[::-1]
    if name in POOLED:
        together = model.transform(data)
        assert_same(model.transform(data[::-1])[::-1], together)
    for i in range(len(data)):
        one = data[i : i + 1]
        if name in POOLED:
            assert_same(model.transform(one)[0], together[i])
        assert_same(reverse[i], steps[i])
        assert_same(model.embed_steps(one)[0], steps[i])


@pytest.mark.parametrize("name", NETWORKS)
def test_steps_are_those_of_the_attention(name):
    model, data = fitted(name), MODELS[name][1]
    steps = model.embed_steps(data)
    assert {x.dtype for x in steps} == {np.dtype(np.float32)}
    assert len({x.shape[1] for x in steps}) == 1
    if model.attention is not None:
        weights = model.attention_weights(data)
        assert [len(x) for x in steps] == [w.shape[-1] for w in weights]


def test_the_pooled_vector_is_the_maximum_and_the_mean_of_the_steps():
    model = AttentionLSTMClassifier(**TINY, front_end=Conv(3, stride=3)).fit(X, Y)
    steps = model.embed_steps(X)
    assert [len(x) for x in steps] == [-(-len(x) // 3) for x in X]
    pooled = [np.append(x.max(axis=0), x.mean(axis=0)) for x in steps]
    np.testing.assert_allclose(model.transform(X), pooled, atol=1e-6)


def test_the_last_step_is_the_embedding_of_a_next_state_model():
    model, data = fitted("next event"), STATE_EVENTS
    steps = model.embed_steps(data)
    assert [len(x) for x in steps] == [len(x) + 1 for x in data]  # the start symbol
    np.testing.assert_allclose(model.transform(data), [x[-1] for x in steps], atol=1e-6)


CONTAINERS = {
    "tuple": tuple,
    "Series": pd.Series,
    "tensors": lambda X: [torch.from_numpy(x) for x in X],
    "long table": lambda X: pd.concat(map(pd.DataFrame, X), keys=range(len(X))),
    "cells": lambda X: pd.DataFrame({k: [x[:, k] for x in X] for k in (0, 1)}),
}


@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier, AttentionLSTMRegressor])
def test_containers(estimator):
    model = estimator(**TINY).fit(X, np.arange(len(X)) % 2)
    expected = model.transform(X)
    for make in CONTAINERS.values():
        np.testing.assert_allclose(model.transform(make(X)), expected, atol=1e-6)


def test_before_the_fit():
    for model in (AttentionLSTMClassifier(), NextStateLSTM()):
        for call in (model.transform, model.embed_steps):
            with pytest.raises(ValueError, match="is not fitted yet"):
                call(X)
        with pytest.raises(ValueError, match="is not fitted yet"):
            model.get_feature_names_out()


@pytest.mark.parametrize("name", ["classifier", "kernels"])
def test_output_of_pandas_and_polars(name):
    model, data = fitted(name), MODELS[name][1]
    rows, names = model.transform(data), list(model.get_feature_names_out())
    long = pd.concat(map(pd.DataFrame, data), keys=[f"id{i}" for i in range(len(data))])
    labels = long.index.get_level_values(0).unique()
    try:
        model.set_output(transform="pandas")
        series = pd.Series(list(data), index=labels)
        for container, index in (
            (data, pd.RangeIndex(len(data))),
            (series, labels),
            (long, labels),
        ):
            table = model.transform(container)
            expected = pd.DataFrame(rows, index=index, columns=names)
            pd.testing.assert_frame_equal(table, expected, rtol=1e-5, atol=1e-6)
        model.set_output(transform="polars")
        for container in (data, series, long):
            table = model.transform(container)
            assert isinstance(table, pl.DataFrame)
            assert table.columns == names
            np.testing.assert_allclose(table.to_numpy(), rows, atol=1e-6)
    finally:
        model.set_output(transform="default")


class TestPipelines:
    def test_clusters(self):
        pipeline = make_pipeline(
            AttentionLSTMClassifier(max_epochs=15, random_state=0),
            StandardScaler(),
            KMeans(2, random_state=0),
        )
        assert adjusted_rand_score(Y, pipeline.fit_predict(X, Y)) > 0.7

    def test_a_model_of_labels_behind_one_of_numbers(self):
        lengths = [len(x) for x in X]
        pipeline = make_pipeline(
            AttentionLSTMRegressor(**TINY), PCA(3), LogisticRegression()
        )
        is_long = (np.array(lengths) > 11).astype(int)
        assert pipeline.fit(X, is_long).score(X, is_long) > 0.5

    def test_weights_and_validation_data_reach_the_fit(self):
        classifier = AttentionLSTMClassifier(**TINY)
        weights = np.where(np.arange(len(X)) < 100, 1.0, 0.0)
        rows = classifier.fit_transform(
            X, Y, sample_weight=weights, X_val=X[:9], y_val=Y[:9]
        )
        assert "valid_loss" in classifier.history_
        np.testing.assert_array_equal(rows, classifier.transform(X))
        alone = AttentionLSTMClassifier(**TINY)
        alone.fit(X[:100], Y[:100], X_val=X[:9], y_val=Y[:9])
        np.testing.assert_array_equal(rows, alone.transform(X))

    def test_labels_behind_a_frozen_model_of_states(self):
        texts, labels = sentences(80)
        states = NextStateLSTM(**{**STATES, "max_epochs": 10}).fit(texts)
        pipeline = make_pipeline(FrozenEstimator(states), LogisticRegression())
        assert pipeline.fit(texts, labels).score(texts, labels) > 0.6

    def test_tokens(self):
        texts, labels = sentences(40)
        classifier = AttentionLSTMClassifier(**{**TOKENS, "max_epochs": 60})
        pipeline = make_pipeline(classifier, LogisticRegression(max_iter=1000))
        assert pipeline.fit(texts, labels).score(texts, labels) > 0.7
