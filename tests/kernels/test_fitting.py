import pickle

import numpy as np
import pytest
from scipy.special import softmax

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    RandomKernels,
)
from sklearn_seqattn.blocks import Conv
from sklearn_seqattn.kernels.fitting import fit_kernel_branch, keep_features
from sklearn_seqattn.nn.kernel_branch import KernelBranch
from sklearn_seqattn.nn.random_convolutions import RandomConvolutions
from sklearn_seqattn.training.batching import SequenceDataset

SMALL = {
    "blend": RandomKernels(168),
    "hidden_size": 4,
    "front_end": ["differences", Conv(8, kernel_size=7), "batch_norm", "gelu"],
    "max_epochs": 3,
    "random_state": 0,
    "device": "cpu",
}


def draw(n=24, n_channels=2, max_length=30, seed=0):
    """Draw walks and noise: class 0 and 1."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = [rng.normal(size=(rng.integers(1, max_length + 1), n_channels)) for _ in y]
    return [x.cumsum(0) if label else x for x, label in zip(X, y, strict=True)], y


def dataset(X, targets):
    values = np.concatenate(X).astype(np.float32)
    return SequenceDataset(values, np.array([len(x) for x in X]), targets)


@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier, AttentionLSTMRegressor])
def test_predictions_ignore_batch_mates_and_survive_a_pickle(estimator):
    X, y = draw()
    model = estimator(**SMALL).fit(X, y)
    together = model._outputs(X)
    alone = np.vstack([model._outputs([x]) for x in X])
    np.testing.assert_allclose(alone, together, rtol=1e-5, atol=1e-6)
    copy = pickle.loads(pickle.dumps(model))
    assert (copy._outputs(X) == together).all()


def test_kept_features_are_those_that_the_network_computes():
    X, y = draw()
    convolutions = RandomConvolutions(2, max_length=30, n_features=168)
    branch = KernelBranch(convolutions, 2, ridge_head="softmax")
    data = dataset(X, y)
    fit_kernel_branch(branch, data, seed=0)
    inputs, _ = data.batch(np.arange(len(X)))
    computed = branch.features(inputs["values"], inputs["lengths"])
    assert (computed.numpy() == inputs["features"].numpy()).all()
    other = dataset(X[:5], y[:5])
    keep_features(branch, other)
    assert (other.features == data.features[:5]).all()


def test_the_ridge_head_alone_separates_walks_from_noise():
    X, y = draw(n=60)
    model = AttentionLSTMClassifier(**SMALL).fit(X[:40], y[:40])
    module = model.network_
    data = model._read_dataset(X[40:])
    keep_features(module.kernel_branch, data)
    branch = module.kernel_branch
    logits = data.features @ branch.coef.numpy().T + branch.intercept.numpy()
    assert (logits.argmax(1) == y[40:]).mean() > 0.7
    np.testing.assert_allclose(softmax(logits, 1).sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize(("label_smoothing", "factor"), [(0.0, 1), (0.1, 2)])
def test_the_network_beside_the_ridge_head_is_sharpened_for_label_smoothing(
    label_smoothing, factor
):
    X, y = draw()
    model = AttentionLSTMClassifier(**SMALL, label_smoothing=label_smoothing)
    proba = model.fit(X, y).predict_proba(X)
    module = model.network_
    data = model._read_dataset(X)
    keep_features(module.kernel_branch, data)
    branch = module.kernel_branch
    ridge = data.features @ branch.coef.numpy().T + branch.intercept.numpy()
    branch.ridge_head = None
    expected = softmax(factor * model._outputs(X), 1) + softmax(ridge, 1)
    np.testing.assert_allclose(proba, expected / 2, atol=1e-5)


def test_multilabel_and_several_targets():
    X, y = draw()
    labels = np.column_stack([y, 1 - y, np.arange(24) % 3 == 0]).astype(int)
    model = AttentionLSTMClassifier(**SMALL).fit(X, labels)
    assert model.predict_proba(X).shape == (24, 3)
    targets = np.column_stack([y * 10.0, np.arange(24.0)])
    assert AttentionLSTMRegressor(**SMALL).fit(X, targets).predict(X).shape == (24, 2)


def test_regression_on_noise_stays_near_the_mean():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 20)), rng.normal(5, size=60)
    model = AttentionLSTMRegressor(
        blend=RandomKernels(840), max_epochs=3, random_state=0
    )
    error = model.fit(X[:40], y[:40]).predict(X[40:]) - y[40:]
    baseline = y[40:] - y[:40].mean()
    assert (error**2).mean() < 1.3 * (baseline**2).mean()


def test_a_warm_start_keeps_the_convolutions_and_the_ridge_head():
    X, y = draw()
    model = AttentionLSTMClassifier(**SMALL, warm_start=True).fit(X, y)
    before = model.network_.kernel_branch
    model.fit(X, y)
    model.partial_fit(X[:10], y[:10])
    after = model.network_.kernel_branch
    assert (before.coef == after.coef).all()
    assert (before.kernels.biases == after.kernels.biases).all()
    assert (before.linear_head.weight != after.linear_head.weight).any()


def test_validation_data_are_watched_with_features():
    X, y = draw()
    model = AttentionLSTMClassifier(**SMALL)
    model.fit(X[:16], y[:16], validation_data=(X[16:], y[16:]))
    assert model.history_["valid_loss"].notna().all()


def test_tokens_have_no_kernels():
    X, y = ["a b", "b c"], [0, 1]
    with pytest.raises(ValueError, match="blend='kernels' needs sequences of numbers"):
        AttentionLSTMClassifier(blend="kernels").fit(X, y)
    alone = AttentionLSTMClassifier(blend="auto", max_epochs=1).fit(X, y)
    assert alone.network_.kernel_branch is None


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("n_channels", [1, 13])
def test_smallest_sets(n_classes, n_channels):
    X = np.arange(n_classes * n_channels, dtype=float).reshape(n_classes, 1, n_channels)
    y = np.arange(n_classes)
    for estimator in (AttentionLSTMClassifier, AttentionLSTMRegressor):
        model = estimator(**SMALL | {"blend": "kernels"}).fit(X, y)
        assert np.isfinite(model._outputs(X)).all()


def test_one_sequence_regresses_to_its_target():
    model = AttentionLSTMRegressor(**SMALL).fit([[1.0, 2.0]], [3.0])
    np.testing.assert_allclose(model.predict([[1.0, 2.0]]), 3.0, atol=0.2)
