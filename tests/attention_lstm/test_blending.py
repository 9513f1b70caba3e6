import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax

from sklearn_seqattn.attention_lstm.blending import Blend, choose_blend
from sklearn_seqattn.ngrams.row_losses import ROW_LOSSES

ACTIVATIONS = {
    "softmax": lambda outputs: softmax(outputs, axis=1),
    "sigmoid": expit,
    "identity": lambda outputs: outputs,
}
KINDS = pytest.mark.parametrize("kind", ACTIVATIONS)


def draw(kind, seed, n=12, spread=3.0):
    """Draw outputs of two parts, and targets that the first one knows something of."""
    rng = np.random.default_rng(seed)
    network, partner = spread * rng.normal(size=(2, n, 3))
    targets = rng.normal(size=(n, 3)) + network
    if kind == "softmax":
        targets = targets.argmax(axis=1)
    elif kind == "sigmoid":
        targets = (targets > 0).astype(np.float32)
    return network, partner, targets


@KINDS
@given(seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([1e-3, 1.0, 50.0]))
def test_the_chosen_blend_loses_no_more_than_either_part(kind, seed, spread):
    network, partner, targets = draw(kind, seed, spread=spread)
    weights = np.random.default_rng(seed).exponential(size=len(targets))
    blend = choose_blend(kind, network, partner, targets, weights)

    def loss(outputs):
        return np.average(ROW_LOSSES[kind](outputs, targets), weights=weights)

    assert 0 <= blend.weight <= 1
    least = min(loss(network), loss(partner))
    assert loss(blend(network, partner)) <= least * (1 + 1e-9)


@KINDS
def test_the_mean_is_one_of_predictions(kind):
    network, partner, _ = draw(kind, 0)
    predict = ACTIVATIONS[kind]
    found = predict(Blend(kind, 0.3, 2.0, 0.5)(network, partner))
    expected = 0.7 * predict(2.0 * network) + 0.3 * predict(0.5 * partner)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@KINDS
@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_an_extreme_weight_gives_one_part_back(kind, weight):
    network, partner, _ = draw(kind, 0)
    found = ACTIVATIONS[kind](Blend(kind, weight)(network, partner))
    expected = ACTIVATIONS[kind]([network, partner][int(weight)])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@KINDS
def test_extreme_outputs_stay_finite(kind):
    outputs = np.array([[1e4, -1e4, 0.0]])
    for weight in (0.0, 0.5, 1.0):
        assert np.isfinite(Blend(kind, weight)(outputs, -outputs)).all()


def test_the_dtype_is_that_of_the_network():
    outputs = np.zeros((2, 3), np.float32)
    assert Blend("softmax")(outputs, outputs.astype(float)).dtype == np.float32


@KINDS
def test_a_weight_of_rows_counts_as_copies(kind):
    network, partner, targets = draw(kind, 3)
    copies = 1 + np.arange(len(targets)) % 3
    parts = (np.repeat(x, copies, axis=0) for x in (network, partner, targets))
    weighed = choose_blend(kind, network, partner, targets, copies)
    copied = choose_blend(kind, *parts)
    assert weighed.weight == pytest.approx(copied.weight, abs=1e-3)
    assert weighed.network_scale == pytest.approx(copied.network_scale, rel=1e-3)


def test_a_useless_partner_gets_no_weight_and_an_overconfident_one_is_cooled():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 300)
    right = np.log(
        0.8 * np.eye(3)[np.where(rng.random(300) < 0.8, y, (y + 1) % 3)] + 0.1
    )
    blend = choose_blend("softmax", right, rng.normal(size=(300, 3)), y)
    assert blend.weight < 0.1
    assert choose_blend("softmax", 5 * right, right, y).network_scale < 0.5
