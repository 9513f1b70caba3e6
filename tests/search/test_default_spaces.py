"""Default spaces: every draw is valid, and can be fitted."""

import numpy as np
import optuna
import pandas as pd
import pytest
from sequence_data import sentences, walks
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterSampler
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    NextStateLSTM,
    NextStateMarkov,
    SequenceScaler,
)
from sklearn_seqattn.search import (
    default_space,
    optuna_distributions,
    param_distributions,
)

ESTIMATORS = [
    AttentionLSTMClassifier(),
    AttentionLSTMRegressor(),
    AttentionLSTMTagger(),
    NextStateLSTM(),
    make_pipeline(SequenceScaler(), AttentionLSTMClassifier()),
    make_pipeline(make_pipeline(SequenceScaler(), AttentionLSTMRegressor())),
]
SIX = ["blend", "hidden_size", "num_layers", "dropout", "lr", "max_epochs"]


def names(model):
    return type(model).__name__


def draw_both(space, n):
    """Draw candidates as scikit-learn does, and as Optuna does."""
    yield from ParameterSampler(param_distributions(space), n, random_state=0)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(n):
        yield study.ask(optuna_distributions(space)).params


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("model", ESTIMATORS, ids=names)
def test_every_draw_is_valid(model, size):
    space = default_space(model, size)
    for params in draw_both(space, 100):
        assert params.keys() == space.keys()
        last = clone(model).set_params(**params)
        while hasattr(last, "steps"):
            last = last[-1]
        last._validate_params()


@pytest.mark.parametrize("model", ESTIMATORS[:4], ids=names)
def test_the_default_is_in_both_spaces_and_the_large_one_has_more(model):
    small, large = default_space(model), default_space(model, size="large")
    assert list(small) == SIX
    assert small.items() < large.items()
    defaults = model.get_params()
    for name in large.keys() - {"tokens__size"}:
        entry, value = large[name], defaults[name]
        value = list(value) if isinstance(value, tuple) else value
        if "values" in entry:
            assert value in entry["values"]
        else:
            assert entry["min"] <= value <= entry["max"]


def test_names_begin_with_the_step():
    pipeline = make_pipeline(SequenceScaler(), AttentionLSTMClassifier())
    assert list(default_space(pipeline)) == [
        f"attentionlstmclassifier__{name}" for name in SIX
    ]


def test_a_space_is_the_callers_own():
    first = default_space(NextStateLSTM())
    first["blend"]["values"].append("counts")
    del first["max_epochs"]
    assert default_space(NextStateLSTM())["blend"] == {"values": ["auto", None]}
    assert "max_epochs" in default_space(NextStateLSTM())


X, Y = walks(24)
EVENTS = [
    pd.DataFrame({"x": x[:, 0], "up": np.where(x[:, 1] > 0, "u", "d")}) for x in X
]
TEXTS, TEXT_Y = sentences(24)
FITS = [
    (AttentionLSTMClassifier(), X, Y),
    (AttentionLSTMClassifier(), TEXTS, TEXT_Y),
    (AttentionLSTMClassifier(), EVENTS, Y),
    (AttentionLSTMRegressor(), X, [float(len(x)) for x in X]),
    (AttentionLSTMTagger(), X, [(x[:, 0] > 0).astype(int) for x in X]),
    (AttentionLSTMTagger(), TEXTS, [[word == "yes" for word in t] for t in TEXTS]),
    (NextStateLSTM(), TEXTS, None),
]


@pytest.mark.parametrize(("model", "data", "y"), FITS)
def test_draws_of_the_large_space_fit_any_kind_of_sequences(model, data, y):
    space = default_space(model, size="large")
    space["max_epochs"] = {"values": [1]}
    space["hidden_size"]["max"] = 2 * space["hidden_size"]["min"]
    sampled = ParameterSampler(param_distributions(space), 4, random_state=3)
    for params in sampled:
        fitted = clone(model).set_params(random_state=0, **params).fit(data, y)
        assert len(fitted.predict(data)) == len(data)


@pytest.mark.parametrize("model", [NextStateMarkov(), LogisticRegression(), None])
def test_what_has_no_space_is_refused(model):
    with pytest.raises(TypeError, match=r"no default space for .* pass an instance"):
        default_space(model)


def test_sizes_are_checked():
    with pytest.raises(ValueError, match="size='medium' is no size of a space"):
        default_space(NextStateLSTM(), "medium")
