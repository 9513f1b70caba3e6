"""AttentionLSTMRegressor."""

import pickle

import numpy as np
import pytest
from sklearn.metrics import make_scorer, mean_pinball_loss
from sklearn.model_selection import GridSearchCV
from test_losses import ALL
from test_stacking import mean_loss

from sklearn_seqattn import AttentionLSTMRegressor, RandomKernels

SMALL = {"front_end": None, "hidden_size": 8, "num_layers": 1, "head_units": (8,)}


def maxima(n_samples=80, seed=0):
    """Sequences and their maximum and mean."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=rng.integers(4, 12)) for _ in range(n_samples)]
    return X, np.array([[x.max(), x.mean()] for x in X])


def test_learns_one_target():
    X, Y = maxima(200)
    regressor = AttentionLSTMRegressor(max_epochs=40, random_state=0).fit(X, Y[:, 0])
    X_new, Y_new = maxima(seed=1)
    assert regressor.predict(X_new).shape == (80,)
    assert regressor.score(X_new, Y_new[:, 0]) > 0.85


def test_learns_several_targets():
    X, Y = maxima(200)
    regressor = AttentionLSTMRegressor(max_epochs=40, random_state=0).fit(X, Y)
    X_new, Y_new = maxima(seed=1)
    assert regressor.predict(X_new).shape == (80, 2)
    assert regressor.score(X_new, Y_new) > 0.85


def test_one_column_stays_a_column():
    X, Y = maxima()
    regressor = AttentionLSTMRegressor(max_epochs=1, random_state=0, **SMALL)
    column = regressor.fit(X, Y[:, :1]).predict(X)
    assert column.shape == (80, 1)
    np.testing.assert_array_equal(regressor.fit(X, Y[:, 0]).predict(X), column.ravel())


@pytest.mark.parametrize(("scale", "shift"), [(1e-6, 0.0), (1.0, 1e9), (1e12, -1e14)])
def test_units_of_the_target_do_not_matter(scale, shift):
    X, Y = maxima()
    regressor = AttentionLSTMRegressor(max_epochs=2, random_state=0, **SMALL)
    plain = regressor.fit(X, Y[:, 0]).predict(X)
    moved = regressor.fit(X, Y[:, 0] * scale + shift).predict(X)
    assert moved.dtype == np.float64
    np.testing.assert_allclose((moved - shift) / scale, plain, atol=1e-4)


def test_a_constant_target_is_predicted():
    X, _ = maxima()
    regressor = AttentionLSTMRegressor(max_epochs=30, random_state=0)
    predicted = regressor.fit(X, np.full(80, 7.0)).predict(X)
    np.testing.assert_allclose(predicted, 7.0, atol=0.2)


def test_weights_decide_mean_and_scale_of_the_target():
    X, Y = maxima(4)
    weights = np.array([1.0, 2.0, 0.0, 1.0])
    regressor = AttentionLSTMRegressor(max_epochs=1, random_state=0, **SMALL)
    regressor.fit(X, Y, sample_weight=weights)
    mean = np.average(Y, axis=0, weights=weights)
    np.testing.assert_allclose(regressor.target_encoder_.center_, mean)
    variance = np.average((Y - mean) ** 2, axis=0, weights=weights)
    np.testing.assert_allclose(regressor.target_encoder_.scale_, np.sqrt(variance))


def test_partial_fit_and_warm_start_keep_the_scaling():
    X, Y = maxima()
    regressor = AttentionLSTMRegressor(random_state=0, **SMALL)
    regressor.partial_fit(X[:40], Y[:40, 0])
    mean = regressor.target_encoder_.center_.copy()
    for _ in range(20):
        regressor.partial_fit(X[40:], Y[40:, 0])
    np.testing.assert_array_equal(regressor.target_encoder_.center_, mean)
    assert regressor.n_iter_ == 21
    losses = regressor.history_["train_loss"]
    assert losses.iloc[-1] < losses.iloc[1]
    regressor.set_params(warm_start=True, max_epochs=2).fit(X, Y[:, 0])
    assert regressor.n_iter_ == 23


def test_early_stopping_on_a_held_out_part():
    X, Y = maxima()
    regressor = AttentionLSTMRegressor(
        early_stopping=True, n_iter_no_change=2, max_epochs=100, lr=0.05, random_state=0
    ).fit(X, Y)
    history = regressor.history_
    assert len(history) == history["valid_loss"].idxmin() + 1 + 2


def test_training_goes_on_in_single_precision():
    X, Y = maxima()
    regressor = AttentionLSTMRegressor(max_epochs=2, warm_start=True, **SMALL)
    weights = next(regressor.fit(X, Y).network_.parameters())
    assert weights.dtype.itemsize == 8
    regressor.fit(X, Y)
    weights = next(regressor.network_.parameters()).detach().numpy()
    np.testing.assert_array_equal(weights, weights.astype(np.float32))


def regressor_of(loss, quantile, **options):
    """Return a small regressor of a loss."""
    params = {"max_epochs": 2, "random_state": 0, **SMALL, **options}
    return AttentionLSTMRegressor(loss=loss, quantile=quantile, **params)


@pytest.mark.parametrize(
    ("loss", "quantile", "answer"),
    [
        ("squared_error", None, np.mean),
        ("poisson", None, np.mean),
        ("absolute_error", None, np.median),
        ("quantile", 0.1, lambda y: np.quantile(y, 0.1)),
        ("quantile", 0.9, lambda y: np.quantile(y, 0.9)),
    ],
)
def test_noise_is_answered_by_the_statistic_of_the_loss(loss, quantile, answer):
    y = np.random.default_rng(0).exponential(size=200)
    X = np.ones((200, 2))
    model = regressor_of(
        loss, quantile, early_stopping=False, dropout=0.0, warm_start=True, lr=0.02
    )
    # The first targets decide the center, from where the network has to move away.
    model.fit(X, 3 * y + 1).set_params(max_epochs=30).fit(X, y)
    np.testing.assert_allclose(model.predict(X), answer(y), atol=0.12)


@pytest.mark.parametrize("blend", [None, RandomKernels(168)])
def test_quantiles_of_a_spread_that_depends_on_the_sequence(blend):
    rng = np.random.default_rng(0)
    spread = rng.uniform(0.2, 2.0, 500)
    X = [np.c_[np.full(4, s), rng.normal(size=4)] for s in spread]
    y = spread * rng.normal(size=500)
    found = [
        regressor_of("quantile", q, blend=blend, max_epochs=25, lr=0.01)
        .fit(X[:300], y[:300])
        .predict(X[300:])
        for q in (0.1, 0.5, 0.9)
    ]
    low, middle, high = found
    assert np.mean((low < middle) & (middle < high)) > 0.97
    for q, predicted in zip((0.1, 0.5, 0.9), found, strict=True):
        assert abs(np.mean(y[300:] <= predicted) - q) < 0.1
    assert np.corrcoef(high - low, spread[300:])[0, 1] > 0.7


@pytest.mark.parametrize(("loss", "quantile"), ALL)
@pytest.mark.parametrize("blend", [None, RandomKernels(84)])
def test_several_targets_of_each_loss(loss, quantile, blend):
    X, Y = maxima(30)
    Y = np.exp(Y)
    model = regressor_of(loss, quantile, blend=blend).fit(X, Y)
    predicted = model.predict(X)
    assert predicted.shape == (30, 2)
    column = model.fit(X, Y[:, :1]).predict(X)
    np.testing.assert_array_equal(model.fit(X, Y[:, 0]).predict(X), column.ravel())
    if loss == "poisson":
        assert min(predicted.min(), column.min()) > 0


@pytest.mark.parametrize(("loss", "quantile"), ALL)
@pytest.mark.parametrize("blend", [None, RandomKernels(84)])
def test_a_weight_counts_as_copies(loss, quantile, blend):
    X, Y = maxima(20)
    y, weights = np.exp(Y[:, 0]), np.arange(20) % 3
    model = regressor_of(loss, quantile, blend=blend)
    weighted = model.fit(X, y, sample_weight=weights).predict(X)
    copies = [x for x, k in zip(X, weights, strict=True) for _ in range(k)]
    model.fit(copies, np.repeat(y, weights))
    np.testing.assert_array_equal(model.predict(X), weighted)


@pytest.mark.parametrize(("loss", "quantile"), ALL)
def test_the_validation_loss_is_the_loss(loss, quantile):
    X, Y = maxima(40)
    y = np.exp(Y[:, 0])
    model = regressor_of(loss, quantile, blend=None, early_stopping=False)
    model.fit(X[:30], y[:30], validation_data=(X[30:], y[30:]))
    targets = (y[30:] - model.target_encoder_.center_) / model.target_encoder_.scale_
    expected = mean_loss(loss, quantile, model._outputs(X[30:])[:, 0], targets)
    assert model.history_["valid_loss"].iloc[-1] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(("loss", "quantile"), ALL)
def test_the_unit_of_positive_targets_does_not_matter(loss, quantile):
    X, Y = maxima(30)
    y = np.exp(Y[:, 0])
    model = regressor_of(loss, quantile, blend=RandomKernels(84))
    plain = model.fit(X, y).predict(X)
    np.testing.assert_allclose(model.fit(X, 1e9 * y).predict(X) / 1e9, plain, rtol=1e-3)


@pytest.mark.parametrize(("loss", "quantile"), ALL)
def test_training_goes_on_with_each_loss(loss, quantile):
    X, Y = maxima(20)
    y = np.exp(Y[:, 0])
    model = regressor_of(loss, quantile, warm_start=True).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    for one in (model, copy):
        one.fit(X, y).partial_fit(X[:5], np.zeros(5))
        assert one.n_iter_ == 5
    np.testing.assert_array_equal(model.predict(X), copy.predict(X))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_changed_loss_is_refused_by_name(method):
    X, Y = maxima(20)
    model = regressor_of("quantile", 0.5, warm_start=True).fit(X, Y[:, 0])
    expected = model.predict(X)
    with pytest.raises(ValueError, match=r"quantile is now 0.9, but .* has 0.5"):
        getattr(model.set_params(quantile=0.9), method)(X, Y[:, 0])
    with pytest.raises(ValueError, match="loss is now 'absolute_error'"):
        getattr(model.set_params(loss="absolute_error"), method)(X, Y[:, 0])
    np.testing.assert_array_equal(model.predict(X), expected)
    model.set_params(warm_start=False).fit(X, Y[:, 0])
    model.set_params(quantile=0.3, warm_start=True).fit(X, Y[:, 0])  # does not read it


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"loss": "gamma"}, "The 'loss' parameter"),
        ({"loss": "quantile"}, "loss='quantile' needs quantile"),
        ({"loss": "quantile", "quantile": 0}, "The 'quantile' parameter"),
        ({"loss": "quantile", "quantile": 1.0}, "The 'quantile' parameter"),
        ({"loss": "quantile", "quantile": "0.5"}, "The 'quantile' parameter"),
    ],
)
def test_losses_that_are_none(params, message):
    X, Y = maxima(4)
    with pytest.raises(ValueError, match=message):
        AttentionLSTMRegressor(**params).fit(X, Y)


def test_targets_that_are_no_counts():
    X, _ = maxima(12)
    counts = np.ones(12)
    model = regressor_of("poisson", None)
    with pytest.raises(ValueError, match="requires non-negative y"):
        model.fit(X, counts - 2)
    with pytest.raises(ValueError, match=r"requires sum\(y\) > 0"):
        model.fit(X, 0 * counts)
    with pytest.raises(ValueError, match=r"requires sum\(y\) > 0"):
        model.fit(X, np.arange(12) < 2, sample_weight=np.arange(12) >= 2)
    with pytest.raises(ValueError, match="requires non-negative y"):
        model.fit(X, counts, validation_data=(X, counts - 2))
    assert not hasattr(model, "net_")


def test_a_search_over_losses():
    X, Y = maxima(20)
    scoring = make_scorer(mean_pinball_loss, alpha=0.5, greater_is_better=False)
    losses = [name for name, _ in ALL]
    search = GridSearchCV(
        regressor_of("squared_error", 0.5), {"loss": losses}, scoring=scoring, cv=2
    ).fit(X, np.exp(Y[:, 0]))
    scores = dict(zip(losses, search.cv_results_["mean_test_score"], strict=True))
    assert search.best_params_["loss"] == max(scores, key=scores.get)
    assert np.isfinite(list(scores.values())).all()


def test_steps_that_few_sequences_have_get_no_weight():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 4)) for n in (30, *rng.integers(6, 10, 39))]
    X[0][:20] *= 1e-3  # such steps look constant
    y = np.array([x[-3:].sum() for x in X])
    y[0] += 8
    new = [rng.normal(size=(30, 4)) for _ in range(50)]
    found = AttentionLSTMRegressor(max_epochs=1, random_state=0).fit(X, y).predict(new)
    assert np.abs(found - y.mean()).max() < 5 * y.std()
