import numpy as np
import pytest
import torch
from scipy.special import expit, logit, softmax
from sklearn.metrics import log_loss
from torch import nn

from sklearn_seqattn import AttentionLSTMClassifier, RandomKernels
from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.network_share import confirmed_share, leaves_much
from sklearn_seqattn.attention_lstm.shrinkage import shrink
from sklearn_seqattn.training.batching import SequenceDataset
from sklearn_seqattn.training.engine import bare_net

SMALL = {
    "blend": RandomKernels(168),
    "front_end": None,
    "hidden_size": 8,
    "num_layers": 1,
    "head_units": (8,),
    "random_state": 0,
}

#: A training that learns chance by heart.
EAGER = {"max_epochs": 30, "lr": 2e-2, **SMALL}


def shares(classifier):
    """Return the shares of network and partner, which all classes have alike."""
    rows = classifier.network_.mixture.numpy()
    assert (rows == rows[:, :1]).all()
    return rows[:2, 0].tolist()


def draw_noise(n, n_channels=3, seed=0):
    """Return sequences that tell nothing of their classes, of which one is rare."""
    rng = np.random.default_rng(seed)
    X = list(rng.normal(size=(n, 20, n_channels)).astype(np.float32))
    return X, (rng.random(n) < 0.3).astype(int)


def draw_pairs(n, seed=0):
    """Return sequences whose class is whether two events have one sign.

    The first event is early, the second one late. Random kernels see each of them, but
    not whether they are alike.
    """
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1, 1], size=(n, 2))
    X = rng.normal(0, 0.3, size=(n, 40, 1))
    places = np.stack([rng.integers(0, 10, n), rng.integers(30, 40, n)], axis=1)
    X[np.arange(n)[:, None], places, 0] += 3 * signs
    return list(X), (signs[:, 0] == signs[:, 1]).astype(int)


def draw_waves(n, seed=0):
    """Return sequences of two frequencies, which random kernels tell apart."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    steps = np.arange(30)[:, None]
    return [np.sin(steps * (1 + k)) + rng.normal(0, 0.1, (30, 1)) for k in y], y


class Added(nn.Module):
    """Add the first step to the outputs of the partner."""

    stride = 1

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, values, lengths, partner_outputs):
        return partner_outputs + self.scale * values[:, 0]


def judge(added, partner, targets, weights=None, activation="softmax", n_rounds=1):
    """Return the share of a network that adds given outputs to those of a partner."""
    n = len(targets)
    dataset = SequenceDataset(
        added.astype(np.float32), np.ones(n, np.int64), targets, weights
    )
    dataset.partner_outputs = partner.astype(np.float32)
    dataset.n_rounds = n_rounds
    return confirmed_share(bare_net(Added(), "cpu"), dataset, activation)


def loss_of(logits, targets, activation):
    """Return the log loss of each row."""
    if activation == "softmax":
        return -np.log(softmax(logits, axis=1)[np.arange(len(targets)), targets])
    p = expit(logits)
    return -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).sum(1)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_a_partner_is_compared_with_the_frequencies(activation):
    rng = np.random.default_rng(0)
    weights = rng.integers(1, 4, size=30)
    targets = rng.integers(3, size=30)
    has = np.eye(3)[targets]
    frequencies = np.average(has, axis=0, weights=weights)
    if activation == "softmax":
        constant = np.tile(np.log(frequencies), (30, 1))
        directions = 10 * has
    else:
        targets = has
        constant = np.tile(logit(frequencies), (30, 1))
        directions = 20 * has - 10
    whole = np.average(loss_of(constant, targets, activation), weights=weights)
    found, losses = [], []
    for share in np.linspace(0, 1, 50):
        outputs = constant + share * directions
        loss = np.average(loss_of(outputs, targets, activation), weights=weights)
        losses.append(loss / whole)
        found.append(leaves_much(activation, outputs, targets, weights))
    expected = np.array(losses) > auto.MOST_LOSS_OF_PARTNER
    assert found == expected.tolist()
    assert 0 < expected.sum() < 50


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("helps", [True, False])
def test_the_share_is_that_of_least_loss_as_far_as_it_is_certain(activation, helps):
    rng = np.random.default_rng(0)
    targets = rng.integers(2, size=40)
    weights = rng.integers(1, 4, size=40)
    has = np.eye(2)[targets]
    added = rng.normal(0, 2, size=(40, 2)) + (2 * has - 1 if helps else 0)
    partner = rng.normal(0, 0.1, size=(40, 2))
    targets = targets if activation == "softmax" else has
    found = judge(added, partner, targets, weights, activation)
    grid = np.linspace(0, 1, 2001)
    rows = np.array(
        [weights * loss_of(partner + s * added, targets, activation) for s in grid]
    )
    best = rows.mean(1).argmin()
    gains = rows[0] - rows[best]
    z = gains.mean() / (gains.std(ddof=1) / 40**0.5) if best else 0
    expected = grid[best] * (1 - 1 / z**2) if z > 1 else 0.0
    assert found == pytest.approx(expected, abs=2e-3)
    assert (found > 0.1) == helps


def test_a_certain_network_is_kept_whole():
    targets = np.arange(20) % 2
    added = 4.0 * (2 * np.eye(2)[targets] - 1)
    assert judge(added, np.zeros((20, 2)), targets) == 1.0


def test_rows_of_one_sequence_are_one_judge():
    rng = np.random.default_rng(0)
    targets = rng.integers(2, size=12)
    added = rng.normal(0, 1, size=(12, 2)) + 1.2 * np.eye(2)[targets]
    once = judge(added, np.zeros((12, 2)), targets)
    twice = [np.tile(x, (2, 1)) for x in (added, np.zeros((12, 2)))]
    assert 0 < once < 1
    assert judge(*twice, np.tile(targets, 2), n_rounds=2) == pytest.approx(once)


def test_noise_has_the_probabilities_of_the_frequencies():
    X, y = draw_noise(400)
    excess, constant = {}, np.tile(np.bincount(y[:100]) / 100, (300, 1))
    for stopping in ("auto", False):
        classifier = AttentionLSTMClassifier(early_stopping=stopping, **EAGER)
        found = classifier.fit(X[:100], y[:100]).predict_proba(X[100:])
        excess[stopping] = log_loss(y[100:], found) - log_loss(y[100:], constant)
    assert excess["auto"] < 0.02
    assert excess["auto"] < 0.5 * excess[False]


def test_the_network_is_kept_where_it_sees_what_kernels_do_not():
    X, y = draw_pairs(200)
    classifier = AttentionLSTMClassifier(**EAGER).fit(X[:100], y[:100])
    assert classifier.score(X[100:], y[100:]) > 0.9
    share, partner_share = shares(classifier)
    assert share > 0.8
    assert partner_share == 1.0


def test_a_partner_that_leaves_little_needs_no_judges():
    X, y = draw_waves(100)
    found = [
        AttentionLSTMClassifier(max_epochs=2, early_stopping=stopping, **SMALL)
        .fit(X, y)
        .predict_proba(X)
        for stopping in ("auto", False)
    ]
    np.testing.assert_array_equal(*found)  # trained on all sequences
    classifier = AttentionLSTMClassifier(max_epochs=2, **SMALL).fit(X, y)
    assert shares(classifier) == [auto.NETWORK_SHARE, 1.0]


@pytest.mark.parametrize("stopping", ["auto", True, False])
def test_validation_data_judge(stopping):
    X, y = draw_noise(120)
    params = {**EAGER, "early_stopping": stopping, "n_iter_no_change": 20}
    classifier = AttentionLSTMClassifier(**params)
    classifier.fit(X[:60], y[:60], validation_data=(X[60:], y[60:]))
    assert shares(classifier)[0] != auto.NETWORK_SHARE
    loss = log_loss(y[60:], classifier.predict_proba(X[60:]))
    shrink(classifier.network_, 0.0)
    assert loss < log_loss(y[60:], classifier.predict_proba(X[60:])) + 1e-6


@pytest.mark.parametrize("n_judged", [1, 19, 20])
def test_few_validation_data_judge_nothing(n_judged):
    X, y = draw_noise(100)
    y[:2] = 0, 1
    classifier = AttentionLSTMClassifier(max_epochs=2, **SMALL)
    classifier.fit(X, y, validation_data=(X[:n_judged], y[:n_judged]))
    is_judged = shares(classifier)[0] != auto.NETWORK_SHARE
    assert is_judged == (n_judged >= auto.FEWEST_TO_JUDGE)


@pytest.mark.parametrize("n", [5, 31, 32, 99])
@pytest.mark.parametrize("stopping", ["auto", False])
def test_half_networks_judge_from_32_sequences_on(n, stopping):
    X, y = draw_noise(n)
    y[:2] = 0, 1
    params = {"max_epochs": 2, "early_stopping": stopping, **SMALL}
    classifier = AttentionLSTMClassifier(**params).fit(X, y)
    is_judged = shares(classifier)[0] != auto.NETWORK_SHARE
    assert is_judged == (n >= 32 and stopping == "auto")


@pytest.mark.parametrize("most", [0.5, 2.0])
def test_half_networks_judge_only_where_kernels_leave_nearly_all(most, monkeypatch):
    monkeypatch.setattr(auto, "MOST_LOSS_WITHOUT_HALVES", most)
    X, y = draw_noise(60)
    classifier = AttentionLSTMClassifier(max_epochs=2, **SMALL).fit(X, y)
    assert (shares(classifier)[0] != auto.NETWORK_SHARE) == (most < 1)


@pytest.mark.parametrize("random_prefixes", [False, True])
def test_half_networks_find_out_what_is_chance(random_prefixes):
    X, y = draw_noise(400)
    params = {**EAGER, "random_prefixes": random_prefixes}
    classifier = AttentionLSTMClassifier(**params).fit(X[:60], y[:60])
    assert shares(classifier)[0] < 0.2


def test_half_networks_find_out_what_kernels_do_not_see():
    X, y = draw_pairs(180)
    classifier = AttentionLSTMClassifier(**EAGER).fit(X[:80], y[:80])
    assert classifier.score(X[80:], y[80:]) > 0.8
    assert shares(classifier)[0] > 0.5


def test_labels_share_one_network():
    X, _ = draw_noise(100)
    y = np.random.default_rng(1).integers(2, size=(100, 3))
    classifier = AttentionLSTMClassifier(max_epochs=20, **SMALL).fit(X, y)
    assert shares(classifier)[0] < 0.2


def test_weights_are_copies_and_classes_have_weights():
    X, y = draw_noise(160)
    weights = np.random.default_rng(0).integers(0, 3, size=160)
    params = {"max_epochs": 5, "class_weight": "balanced", **SMALL}
    weighted = AttentionLSTMClassifier(**params).fit(X, y, weights)
    rows = np.repeat(np.arange(160), weights)
    copied = AttentionLSTMClassifier(**params).fit([X[i] for i in rows], y[rows])
    np.testing.assert_array_equal(weighted.predict_proba(X), copied.predict_proba(X))
    assert shares(weighted)[0] != auto.NETWORK_SHARE


def test_later_fits_keep_the_share():
    X, y = draw_noise(100)
    first = AttentionLSTMClassifier(max_epochs=5, warm_start=True, **SMALL).fit(X, y)
    share = shares(first)
    assert share[0] != auto.NETWORK_SHARE
    assert shares(first.fit(X, y)) == share
    assert shares(first.partial_fit(X, y)) == share
    streamed = AttentionLSTMClassifier(**SMALL).partial_fit(X, y)
    assert shares(streamed)[0] == auto.NETWORK_SHARE
    assert shares(streamed.partial_fit(X, y))[0] == auto.NETWORK_SHARE
