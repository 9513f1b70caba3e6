"""Modules of one's own in a front end and as a pooling, without a name."""

import pickle

import numpy as np
import pytest
import torch
from model_zoo import LENGTHS, RISES, SENTENCES, UP_OR_DOWN, WALKS, YES
from own_parts import (
    ClipLayer,
    CountLayer,
    FloatMaskLayer,
    MeanOfPadding,
    PairLayer,
    RangePooling,
    SinglePooling,
    SquashLayer,
    TripleLayer,
)
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    Checkpoint,
    save_model,
)
from sklearn_seqattn.blocks import Residual

SMALL = {"hidden_size": 4, "num_layers": 1, "max_epochs": 2, "random_state": 0}
SMALL |= {"device": "cpu", "blend": None}
BOTH = {"front_end": [SquashLayer, ClipLayer(2.0)], "pooling": [RangePooling(), "max"]}

#: Name: an estimator with modules of its own, and what it is fitted to.
MODELS = {
    "instances": (AttentionLSTMClassifier(**SMALL, **BOTH), (WALKS, UP_OR_DOWN)),
    "classes": (
        AttentionLSTMRegressor(**SMALL, front_end=SquashLayer, pooling=RangePooling),
        (WALKS, LENGTHS),
    ),
    "one instance": (
        AttentionLSTMRegressor(
            **{**SMALL, "blend": "auto"},
            front_end=ClipLayer(3.0),
            pooling=RangePooling(),
        ),
        (WALKS, LENGTHS),
    ),
    "tokens in a group": (
        AttentionLSTMClassifier(**SMALL, front_end=["embedding", [SquashLayer]]),
        (SENTENCES, YES),
    ),
    "labels of steps": (
        AttentionLSTMTagger(**SMALL, front_end=["dense", PairLayer]),
        (WALKS, RISES),
    ),
}


@pytest.fixture(params=MODELS)
def model(request):
    estimator, data = MODELS[request.param]
    return clone(estimator), data


def predicted(estimator, X):
    """Give predictions, or probabilities, of all sequences as one array."""
    found = getattr(estimator, "predict_proba", estimator.predict)(X)
    return np.concatenate(found) if isinstance(found, list) else found


class TestEveryModel:
    def test_is_the_same_after_pickling(self, model):
        estimator, (X, y) = model
        estimator.fit(X, y)
        copy = pickle.loads(pickle.dumps(estimator))
        np.testing.assert_array_equal(predicted(copy, X), predicted(estimator, X))
        copy.partial_fit(X, y)

    def test_two_fits_are_the_same(self, model):
        estimator, (X, y) = model
        first = predicted(estimator.fit(X, y), X)
        np.testing.assert_array_equal(predicted(estimator.fit(X, y), X), first)
        np.testing.assert_array_equal(predicted(clone(estimator).fit(X, y), X), first)

    def test_padding_changes_nothing(self, model):
        estimator, (X, y) = model
        estimator.fit(X, y)
        alone = np.concatenate([predicted(estimator, [x]) for x in X[:6]])
        found = predicted(estimator, X)[: len(alone)]
        np.testing.assert_allclose(found, alone, rtol=1e-4, atol=1e-6)

    def test_model_files_hold_no_code(self, model, tmp_path):
        estimator, data = model
        for one in (estimator, clone(estimator).fit(*data)):
            with pytest.raises(TypeError, match=r"module of your own.*register_block"):
                save_model(one, tmp_path / "model.seqattn")
        one.set_params(front_end="auto")
        if hasattr(one, "pooling"):
            one.set_params(pooling="max")
        with pytest.raises(TypeError, match=r"network_ has a module of your own"):
            save_model(one, tmp_path / "model.seqattn")
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [n for n in MODELS if n != "labels of steps"])
def test_what_it_says_of_prefixes(name):
    estimator, (X, y) = MODELS[name]
    estimator = clone(estimator).fit(X, y)
    found = [one[-1] for one in estimator.predict_prefixes(X[:2])]
    wanted = estimator.predict(X[:2]).tolist()
    assert found == (pytest.approx(wanted) if y is LENGTHS else wanted)


def test_streams_are_refused_by_the_name_of_the_module():
    options = {"attention": None, "standardize": False}
    estimator = AttentionLSTMClassifier(**{**SMALL, **BOTH, **options})
    with pytest.raises(ValueError, match=r"front_end without ClipLayer and SquashLay"):
        estimator.fit(WALKS, UP_OR_DOWN).stream()


def test_a_fit_trains_a_copy():
    module = SquashLayer(2)
    before = {name: x.clone() for name, x in module.state_dict().items()}
    estimator = AttentionLSTMClassifier(**SMALL, front_end=[module])
    estimator.fit(WALKS, UP_OR_DOWN)
    trained = estimator.network_.front_end.blocks[0].own
    assert trained is not module
    for name, x in module.state_dict().items():
        torch.testing.assert_close(x, before[name])
        assert not torch.equal(trained.state_dict()[name], before[name])


def test_a_fit_starts_from_the_weights_of_an_instance():
    module = SquashLayer(2)
    options = {**SMALL, "max_epochs": 1, "lr": 1e-12}
    estimator = AttentionLSTMClassifier(**options, front_end=[module])
    trained = estimator.fit(WALKS, UP_OR_DOWN).network_.front_end.blocks[0].own
    torch.testing.assert_close(trained.state_dict(), module.state_dict())


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_grid_of_modules(n_jobs):
    grid = {
        "front_end": [None, [ClipLayer(0.5)], [SquashLayer]],
        "pooling": ["max", RangePooling, [RangePooling(), "mean"]],
    }
    estimator = AttentionLSTMClassifier(**{**SMALL, "max_epochs": 1})
    search = GridSearchCV(estimator, grid, cv=2, error_score="raise", n_jobs=n_jobs)
    assert len(search.fit(WALKS, UP_OR_DOWN).cv_results_["params"]) == 9


def test_a_warm_start_goes_on_with_the_same_module_alone():
    module = ClipLayer(1.0)
    options = {**SMALL, "warm_start": True, "front_end": [module]}
    estimator = AttentionLSTMClassifier(**options).fit(WALKS, UP_OR_DOWN)
    estimator.fit(WALKS, UP_OR_DOWN)
    assert estimator.n_iter_ == 4
    with pytest.raises(ValueError, match=r"front_end is now.*ClipLayer"):
        estimator.set_params(front_end=[ClipLayer(2.0)]).fit(WALKS, UP_OR_DOWN)


def test_a_checkpoint_is_of_the_same_module(tmp_path):
    options = {**SMALL, "checkpoint": Checkpoint(tmp_path / "c", keep=True)}
    estimator = AttentionLSTMClassifier(**options, front_end=[ClipLayer(1.0)])
    estimator.fit(WALKS, UP_OR_DOWN)
    clone(estimator).fit(WALKS, UP_OR_DOWN)
    with pytest.raises(ValueError, match="front_end"):
        estimator.set_params(front_end=[ClipLayer(2.0)]).fit(WALKS, UP_OR_DOWN)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"front_end": [nn.Linear(2, 3)]}, "front_end: Linear does not take the mask"),
        ({"front_end": [nn.Tanh()]}, "Tanh does not take the mask"),
        ({"front_end": [RangePooling]}, r"RangePooling returns \(2, 4\)"),
        ({"pooling": [SquashLayer]}, "pooling: SquashLayer returns tuple"),
        ({"pooling": MeanOfPadding()}, "MeanOfPadding changes .* with the padding"),
        ({"front_end": [TripleLayer()]}, r"^front_end: TripleLayer returns tuple of 3"),
        ({"front_end": [CountLayer()]}, "^front_end: CountLayer returns torch.int64"),
        ({"front_end": [FloatMaskLayer()]}, "^front_end: FloatMaskLayer returns"),
        (
            {"front_end": [SquashLayer(7)]},
            r"^front_end: SquashLayer fails for x of the shape \(2, 6, 2\): mat1 and",
        ),
        (
            {"pooling": [SinglePooling]},
            r"^pooling: SinglePooling is a class.*SinglePooling\(4\).*an instance",
        ),
        ({"pooling": ["max", 3]}, r"pooling=.* must be a list .* a name or"),
        ({"pooling": len}, "pooling"),
        ({"front_end": len}, "front_end"),
    ],
)
def test_what_breaks_an_invariant_is_refused(options, message):
    estimator = AttentionLSTMClassifier(**SMALL, **options)
    with pytest.raises((TypeError, ValueError), match=message):
        estimator.fit(WALKS, UP_OR_DOWN)
    assert not hasattr(estimator, "net_")


def test_a_group_keeps_the_number_of_steps():
    class Half(ClipLayer):
        stride = 2

    estimator = AttentionLSTMClassifier(**SMALL, front_end=[Residual([Half(1.0)])])
    with pytest.raises(ValueError, match="is in a residual group"):
        estimator.fit(WALKS, UP_OR_DOWN)
