import pickle
from copy import deepcopy

import numpy as np
import pytest

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    RandomKernels,
)
from sklearn_seqattn.blocks import Conv
from sklearn_seqattn.kernels.fitting import compute_outputs, fit_kernel_partner
from sklearn_seqattn.kernels.heads import ClassHead
from sklearn_seqattn.nn.config import KernelConfig
from sklearn_seqattn.nn.kernel_partner import KernelPartner
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


def dataset(X, targets, static=None):
    values = np.concatenate(X).astype(np.float32)
    lengths = np.array([len(x) for x in X])
    return SequenceDataset(values, lengths, targets, static=static)


@pytest.mark.parametrize("estimator", [AttentionLSTMClassifier, AttentionLSTMRegressor])
def test_predictions_ignore_batch_mates_and_survive_a_pickle(estimator):
    X, y = draw()
    model = estimator(**SMALL).fit(X, y)
    together = model._outputs(X)
    alone = np.vstack([model._outputs([x]) for x in X])
    np.testing.assert_allclose(alone, together, rtol=1e-5, atol=1e-6)
    copy = pickle.loads(pickle.dumps(model))
    assert (copy._outputs(X) == together).all()


def fitted_partner(X, y, n_outputs=2, seed=0):
    """Return a partner fitted to classes, the data, and outputs for rows left out."""
    sizes = KernelConfig(max_length=30, n_features=168)
    partner, data = KernelPartner(2, n_outputs, sizes), dataset(X, y)
    left_out = fit_kernel_partner(partner, data, ClassHead(n_outputs, False), seed)
    return partner, data, left_out


def test_the_partner_alone_separates_walks_from_noise():
    X, y = draw(n=60)
    partner, _, left_out = fitted_partner(X[:40], y[:40])
    outputs = compute_outputs(partner, dataset(X[40:], y[40:]))
    assert (outputs.argmax(1) == y[40:]).mean() > 0.7
    assert (left_out.argmax(1) == y[:40]).mean() > 0.7


def test_computed_outputs_are_those_of_the_module():
    X, y = draw()
    partner, data, _ = fitted_partner(X, y)
    inputs, _ = data.batch(np.arange(len(X)))
    expected = partner(inputs["values"], inputs["lengths"])
    np.testing.assert_allclose(compute_outputs(partner, data), expected, rtol=1e-5)


def with_static(y, static, seed=0):
    """Return a partner fitted to noise beside static numbers, and what it learned."""
    X = [np.random.default_rng(i).normal(size=(9, 2)) for i in range(len(y))]
    n_static, sizes = static.shape[1], KernelConfig(max_length=30, n_features=168)
    partner, data = KernelPartner(2, 2, sizes, n_static), dataset(X, y, static)
    return partner, data, fit_kernel_partner(partner, data, ClassHead(2, False), seed)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e3])
def test_one_static_number_is_heard_among_many_features(scale):
    y = np.random.default_rng(0).permutation(60) % 2
    static = np.float32(scale * np.c_[2.0 * y - 1])
    partner, data, left_out = with_static(y, static)
    assert (left_out.argmax(1) == y).mean() > 0.95
    inputs, _ = data.batch(np.arange(60))
    assert inputs["static"].shape == (60, 1)
    outputs = partner(inputs["values"], inputs["lengths"], inputs["static"])
    np.testing.assert_allclose(compute_outputs(partner, data), outputs, rtol=1e-5)
    data.static = -static
    assert (compute_outputs(partner, data).argmax(1) == y).mean() < 0.05


def test_static_numbers_that_are_all_zero_change_nothing():
    X, y = draw(n=30)
    partner, data, _ = fitted_partner(X, y)
    sizes = KernelConfig(max_length=30, n_features=168)
    other = KernelPartner(2, 2, sizes, 2)
    zeros = dataset(X, y, np.zeros((30, 2), np.float32))
    fit_kernel_partner(other, zeros, ClassHead(2, False), 0)
    np.testing.assert_allclose(
        compute_outputs(other, zeros), compute_outputs(partner, data), rtol=1e-4
    )


def test_outputs_of_a_left_out_sequence_do_not_follow_its_own_label():
    X, y = draw(n=30)
    _, _, left_out = fitted_partner(X, y)
    partner, data, _ = fitted_partner(X, y)
    inside = compute_outputs(partner, data)
    right = np.arange(len(y)), y
    margin = left_out[right] - left_out[np.arange(len(y)), 1 - y]
    fitted_margin = inside[right] - inside[np.arange(len(y)), 1 - y]
    assert margin.mean() < fitted_margin.mean()


def test_new_heads_for_the_same_convolutions():
    X, y = draw(n=40)
    partner, data, first = fitted_partner(X, y)
    biases = partner.kinds[0].biases.clone()
    coef = partner.coef.clone()
    again = fit_kernel_partner(partner, data, ClassHead(2, False))
    assert (again == first).all()
    assert (partner.coef == coef).all()
    other = fit_kernel_partner(partner, dataset(X[:20], y[:20]), ClassHead(2, False))
    assert len(other) == 20
    assert (partner.kinds[0].biases == biases).all()
    assert (partner.coef != coef).any()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_sequences_to_leave_one_out_leave_the_partner_at_zero(n):
    X, y = draw(n=n)
    partner, data, left_out = fitted_partner(X, y)
    assert (left_out == np.zeros((n, 2))).all()
    assert (compute_outputs(partner, data) == 0).all()


def test_the_network_starts_from_its_partner():
    X, y = draw(n=40)
    model = AttentionLSTMClassifier(**{**SMALL, "lr": 1e-12, "max_epochs": 1})
    model.fit(X, y)
    partner = compute_outputs(model.network_.kernel_partner, model._read_dataset(X))
    np.testing.assert_allclose(model._outputs(X), partner, rtol=1e-4, atol=1e-5)


def test_the_network_learns_what_the_partner_leaves():
    # Kernels sum to zero: they do not see the level, which alone tells the class.
    rng = np.random.default_rng(0)
    y = np.arange(80) % 2
    X = [np.full((8, 1), float(k)) + rng.normal(0, 0.3) for k in y]
    params = {"blend": RandomKernels(168), "random_state": 0, "max_epochs": 30}
    model = AttentionLSTMClassifier(**params).fit(X[:60], y[:60])
    partner = compute_outputs(
        model.network_.kernel_partner, model._read_dataset(X[60:])
    )
    assert (partner.argmax(1) == y[60:]).mean() < 1.0
    assert model.score(X[60:], y[60:]) > (partner.argmax(1) == y[60:]).mean()


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


def test_a_warm_start_keeps_the_convolutions_and_fits_their_heads():
    X, y = draw()
    model = AttentionLSTMClassifier(**SMALL, warm_start=True).fit(X, y)
    before = model.network_.kernel_partner
    model.fit(X[:20], y[:20])
    after = model.network_.kernel_partner
    assert (before.coef != after.coef).any()
    assert (before.kinds[0].biases == after.kinds[0].biases).all()
    assert (before.kinds[1].weights == after.kinds[1].weights).all()


def test_partial_fit_leaves_the_partner_and_trains_the_network():
    X, y = draw()
    model = AttentionLSTMClassifier(**SMALL).partial_fit(X, y)
    before = deepcopy(model.network_)
    model.partial_fit(X[:10], y[:10])
    assert (before.kernel_partner.coef == model.network_.kernel_partner.coef).all()
    assert (before.head[-1].weight != model.network_.head[-1].weight).any()


def test_validation_data_are_watched_beside_the_partner():
    X, y = draw()
    model = AttentionLSTMClassifier(**SMALL)
    model.fit(X[:16], y[:16], validation_data=(X[16:], y[16:]))
    assert model.history_["valid_loss"].notna().all()


def test_tokens_have_no_kernels():
    X, y = ["a b", "b c"], [0, 1]
    with pytest.raises(ValueError, match="blend='kernels' needs sequences of numbers"):
        AttentionLSTMClassifier(blend="kernels").fit(X, y)
    alone = AttentionLSTMClassifier(blend="auto", max_epochs=1).fit(X, y)
    assert alone.network_.kernel_partner is None


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
    np.testing.assert_allclose(model.predict([[1.0, 2.0]]), 3.0, atol=0.3)
