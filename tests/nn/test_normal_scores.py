import copy
import pickle

import numpy as np
import pytest
import torch
from scipy.stats import norm, rankdata

from sklearn_seqattn.nn.normal_scores import NormalScores


def counts(n=5000, seed=0):
    """Draw counts of heavy tails, most of them 0."""
    rng = np.random.default_rng(seed)
    return np.floor(np.exp(rng.normal(-1, 2.5, n))).astype(np.float32)


def fit(*columns):
    """Fit to channels and give the module and their values (S, D)."""
    values = torch.from_numpy(np.column_stack(columns))
    return NormalScores(len(columns)).fit(values), values


def test_heavy_tails_become_the_normal_quantiles_of_mean_ranks():
    column = counts()
    module, values = fit(column)
    expected = norm.ppf((rankdata(column) - 0.5) / len(column))
    found = module(values).ravel().numpy()
    assert np.abs(found - expected).max() < 0.15  # between knots
    knots = np.isin(column, module.knots[0].numpy())
    np.testing.assert_allclose(found[knots], expected[knots], atol=1e-5)


def test_other_channels_stay_to_the_last_bit():
    rng = np.random.default_rng(0)
    gauss = rng.normal(size=5000).astype(np.float32)
    constant = np.full(5000, 3, np.float32)
    module, values = fit(gauss, counts(), constant)
    assert torch.equal(module(values)[:, [0, 2]], values[:, [0, 2]])
    assert not torch.equal(module(values)[:, 1], values[:, 1])
    module.fit(torch.from_numpy(np.column_stack([gauss, gauss, constant])))
    assert module(values) is values


def test_scores_ascend_and_end_with_the_training_values():
    module, values = fit(counts())
    x = torch.linspace(-10, 2 * values.max().item(), 9999).unsqueeze(1)
    scores = module(x).ravel()
    assert (scores.diff() >= 0).all()
    ends = module(torch.stack([values.min(), values.max()]).unsqueeze(1)).ravel()
    assert scores[0] == ends[0]
    assert scores[-1] == ends[1]


def test_a_rare_event_has_two_scores():
    column = np.zeros(1000, np.float32)
    column[0] = 5
    module, values = fit(column)
    assert torch.isfinite(module(values)).all()
    low, high = module(torch.tensor([[0.0], [5.0]])).ravel()
    np.testing.assert_allclose([low, high], norm.ppf([0.4995, 0.9995]), rtol=1e-4)
    assert module(torch.tensor([[7.0]])) == high


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_keep_their_dtype_whatever_that_of_the_module(dtype):
    module, values = fit(counts())
    scores = module(values)
    assert torch.equal(module.to(dtype)(values), scores)


def test_copies_know_their_channels():
    module, values = fit(counts())
    loaded = NormalScores(1)
    loaded.load_state_dict(module.state_dict())
    for other in (loaded, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(other(values), module(values))
