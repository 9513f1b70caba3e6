"""Pickles: small, on any machine, and across versions with a warning at most."""

import importlib
import pickle
import pickletools
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
from model_zoo import MODELS, NETWORKS, fitted, outputs
from processes import run_python
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import InconsistentVersionWarning
from skorch.exceptions import DeviceWarning

from sklearn_seqattn import SequencePadder, _estimator
from sklearn_seqattn._estimator import VersionedPickles, draw_seeds, rollback_on_error

VERSIONED = [n for n, m in MODELS.items() if isinstance(m[0], VersionedPickles)]


@pytest.mark.parametrize("module", ["pickle", "joblib", "cloudpickle"])
@pytest.mark.parametrize("name", ["classifier", "next event", "markov", "pipeline"])
def test_round_trip(module, name, tmp_path):
    library = importlib.import_module(module)
    path = tmp_path / "model"
    with path.open("wb") as file:
        library.dump(fitted(name), file)
    with path.open("rb") as file:
        copy = library.load(file)
    assert outputs(name, copy) == outputs(name, fitted(name))


@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_of_the_training_is_in_it(name):
    net = fitted(name).net_
    assert net.optimizer_ is net.iterator_train__random_state is net.train_split is None
    strings = {
        argument
        for content in (pickle.dumps(fitted(name)), pickle.dumps(net.__getstate__()))
        for _, argument, _ in pickletools.genops(content)
        if isinstance(argument, str)
    }
    assert not any(s.startswith("torch.optim") for s in strings)
    assert not strings & {"Generator", "RandomState", "exp_avg", "SequenceDataset"}


def test_every_estimator_knows_its_version():
    assert set(VERSIONED) == set(MODELS) - {"pipeline"}


class TestVersions:
    def pickled(self, name, monkeypatch):
        """Pickle a model as another version would."""
        with monkeypatch.context() as patch:
            patch.setattr(_estimator, "__version__", "0.0.9")
            return pickle.dumps(fitted(name))

    @pytest.mark.parametrize("name", VERSIONED)
    def test_another_one_is_a_warning(self, name, monkeypatch):
        content = self.pickled(name, monkeypatch)
        with pytest.warns(
            InconsistentVersionWarning,
            match=r"0\.0\.9 of sklearn_seqattn when using version .* of sklearn_seqatt",
        ):
            copy = pickle.loads(content)
        assert vars(copy).keys() == vars(fitted(name)).keys()
        assert outputs(name, copy) == outputs(name, fitted(name))
        pickle.loads(pickle.dumps(copy))  # it is of this version now

    @pytest.mark.parametrize("name", VERSIONED)
    def test_a_parameter_that_came_later_gets_its_default(self, name, monkeypatch):
        model = clone(fitted(name))
        parameters = model.get_params(deep=False)
        if not parameters:
            pytest.skip("there are no parameters")
        missing = sorted(parameters)[0]
        state = model.__getstate__()
        del state[missing]
        copy = type(model).__new__(type(model))
        copy.__setstate__(state)
        assert getattr(copy, missing) == getattr(type(model)(), missing)
        repr(copy)

    def test_none_at_all_is_unknown(self):
        model = SequencePadder()
        with pytest.warns(InconsistentVersionWarning, match="unknown of sklearn_seqat"):
            model.__setstate__({"max_len": 3})
        assert model.max_len == 3

    def test_a_copy_is_no_other_version(self):
        model = fitted("scaler")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert vars(pickle.loads(pickle.dumps(model))).keys() == vars(model).keys()


#: Pickles as on a machine with a GPU: every tensor says that it was on "cuda:0". The
#: tensors themselves are on the CPU; in a pickle the tag is all that tells them apart.
ON_A_GPU = """
import pickle, sys
import torch
from model_zoo import NETWORKS, fitted
torch.serialization.register_package(1, lambda storage: "cuda:0", lambda *_: None)
for name in NETWORKS:
    fitted(name).net_.device = "cuda"
content = {name: pickle.dumps(fitted(name)) for name in NETWORKS}
content["a tensor alone"] = pickle.dumps(torch.ones(2))
with open(sys.argv[1], "wb") as file:
    pickle.dump(content, file)
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_what_was_on_a_gpu_loads_without_one(tmp_path):
    path = tmp_path / "pickles"
    run_python(ON_A_GPU, path)
    contents = pickle.loads(path.read_bytes())
    with pytest.raises(RuntimeError, match="on a CUDA device but"):
        pickle.loads(contents.pop("a tensor alone"))  # the tag is what counts
    for name, content in contents.items():
        assert b"cuda:0" in content
        with pytest.warns(DeviceWarning):
            copy = pickle.loads(content)
        assert torch.device(copy.net_.device).type == "cpu"
        assert outputs(name, copy) == outputs(name, fitted(name))


def test_a_private_name_of_scikit_learn_that_is_gone_is_named():
    code = (
        "import sklearn.base\n"
        "del sklearn.base._fit_context\n"
        "import sklearn_seqattn._estimator"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 1
    assert "'_fit_context'" in found.stderr
    assert "sklearn_seqattn works with 1.7 to 1.9" in found.stderr


class TestRollbackOnError:
    def test_a_failure_restores_changed_new_and_deleted_attributes(self):
        estimator = BaseEstimator()
        estimator.a_, estimator.b_ = 1, 2

        def fail():
            with rollback_on_error(estimator):
                estimator.a_, estimator.c_ = 10, 30
                del estimator.b_
                raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            fail()
        assert vars(estimator) == {"a_": 1, "b_": 2}

    def test_success_keeps_what_is_new(self):
        estimator = BaseEstimator()
        with rollback_on_error(estimator):
            estimator.a_ = 1
        assert estimator.a_ == 1


class TestDrawSeeds:
    def test_a_number_gives_the_same_seeds_again(self):
        assert draw_seeds(3, 4) == draw_seeds(3, 4) != draw_seeds(4, 4)

    def test_a_generator_moves_on(self):
        generator = np.random.RandomState(0)
        assert draw_seeds(generator, 2) != draw_seeds(generator, 2)

    def test_none_draws_anew_and_leaves_the_global_generator_alone(self):
        before = str(np.random.get_state())
        assert draw_seeds(None, 3) != draw_seeds(None, 3)
        assert str(np.random.get_state()) == before

    def test_seeds_are_plain_integers(self):
        assert {type(seed) for seed in draw_seeds(0, 3)} == {int}
