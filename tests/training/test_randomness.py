"""Seeds decide everything, and global generators are never moved."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from small_trainings import SMALL, X, Y

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor
from sklearn_seqattn.training import isolated_torch


def generators():
    return torch.random.get_rng_state().tolist(), str(np.random.get_state())


class TestSeeds:
    @pytest.mark.parametrize("random_state", [None, 0])
    @pytest.mark.parametrize("make", [AttentionLSTMClassifier, AttentionLSTMRegressor])
    def test_the_global_generators_are_never_moved(self, make, random_state):
        model = make(**SMALL).set_params(
            random_state=random_state, early_stopping=True, validation_fraction=0.4
        )
        before = generators()
        model.fit(X, Y)
        assert generators() == before
        model.predict(X)
        model.attention_weights(X)
        assert generators() == before
        model.partial_fit(X, Y)
        assert generators() == before

    def test_the_global_generators_are_left_alone_by_a_fit_that_fails(self):
        before = generators()
        with pytest.raises(FloatingPointError):
            AttentionLSTMClassifier(**{**SMALL, "lr": 1e30}).fit(X, Y)
        assert generators() == before

    def test_the_global_generators_do_not_matter(self):
        found = []
        with torch.random.fork_rng():
            for seed in (1, 2):
                torch.manual_seed(seed)
                model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
                found.append(model.predict_proba(X))
        np.testing.assert_array_equal(*found)

    def test_a_seed_decides_everything_and_another_gives_another_fit(self):
        first, second, other = (
            AttentionLSTMClassifier(**{**SMALL, "random_state": seed}).fit(X, Y)
            for seed in (0, 0, 1)
        )
        np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
        assert not np.allclose(first.predict_proba(X), other.predict_proba(X))

    def test_no_seed_gives_another_fit_each_time(self):
        first, second = (
            AttentionLSTMClassifier(**{**SMALL, "random_state": None}).fit(X, Y)
            for _ in range(2)
        )
        assert not np.allclose(first.predict_proba(X), second.predict_proba(X))

    def test_isolated_torch_restores_the_state_behind_an_error(self):
        before = torch.random.get_rng_state()
        with pytest.raises(RuntimeError), isolated_torch(3):
            torch.rand(5) @ torch.rand(4)
        assert torch.equal(torch.random.get_rng_state(), before)

    def test_fits_in_threads_equal_serial_fits(self):
        def fit(seed):
            model = AttentionLSTMClassifier(**{**SMALL, "random_state": seed})
            return model.set_params(max_epochs=6).fit(X, Y).predict_proba(X)

        serial = [fit(seed) for seed in range(4)]
        with ThreadPoolExecutor(4) as pool:
            threaded = list(pool.map(fit, range(4)))
        np.testing.assert_array_equal(threaded, serial)
