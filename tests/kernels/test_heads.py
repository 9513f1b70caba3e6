"""Heads of the partner: fits in the span of the rows are those on the features."""

import numpy as np
import pytest

from sklearn_seqattn.kernels.heads import ClassHead, NumberHead, fit_in_span

N, P = 12, 400


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(N, P)) * rng.uniform(0.1, 2, P)
    return (features - features.mean(0)).astype(np.float32)


HEADS = {
    "classes": (ClassHead(3, multilabel=False), np.arange(N) % 3),
    "labels": (ClassHead(2, multilabel=True), np.eye(2)[np.arange(N) % 2]),
    "numbers": (
        NumberHead(lambda y: y, None, np.array_split(np.arange(N), 4)),
        np.random.default_rng(1).normal(size=(N, 2)),
    ),
}


def assert_same_fit(head, features, targets, weights):
    found = fit_in_span(head, features, targets, weights)
    expected = head.fit(features.astype(float), targets, weights)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", HEADS)
def test_a_fit_in_the_span_is_the_fit_on_the_features(rows, name):
    head, targets = HEADS[name]
    weights = np.random.default_rng(2).uniform(0.5, 2, N).astype(np.float32)
    assert_same_fit(head, rows, targets, weights)


@pytest.mark.parametrize("name", HEADS)
def test_equal_rows_and_rows_of_zeros_have_a_span_too(rows, name):
    head, targets = HEADS[name]
    weights = np.ones(N, np.float32)
    rows[1] = rows[0]
    assert_same_fit(head, rows, targets, weights)
    coef, *rest = fit_in_span(head, np.zeros_like(rows), targets, weights)
    assert not coef.any()
    assert all(np.isfinite(one).all() for one in rest)


def test_few_features_are_fitted_as_they_are(rows):
    head, targets = HEADS["classes"]
    weights = np.ones(N, np.float32)
    found = fit_in_span(head, rows[:, :20], targets, weights)
    expected = head.fit(rows[:, :20], targets, weights)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
