"""Every public docstring is complete numpydoc; estimators describe parameters alike."""

import inspect

import pytest
from numpydoc.docscrape import ClassDoc
from numpydoc.validate import validate

import sklearn_seqattn
from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    NextStateLSTM,
    inspection,
)

PUBLIC = [
    (module, name)
    for module in (sklearn_seqattn, inspection)
    for name in module.__all__
]

#: What numpydoc asks beyond what this library writes.
NOT_ASKED = {
    "ES01",  # an extended summary everywhere
    "EX01",  # examples on every method; classes and functions have them
    "GL08",  # docstrings of inherited methods of scikit-learn
    "SA01",  # "See Also" everywhere
    "SA04",
    "YD01",
}

#: The most parameters that an estimator may have.
MOST_PARAMETERS = [
    (AttentionLSTMClassifier, 34),
    (AttentionLSTMRegressor, 34),
    (AttentionLSTMTagger, 34),
    (NextStateLSTM, 30),
]

#: The parameters that matter most, in the order of the signatures.
FIRST = ["blend", "hidden_size", "num_layers", "dropout", "lr", "max_epochs"]

#: Parameters that mean another thing than in the classifier, by estimator.
OTHER_MEANING = {
    AttentionLSTMRegressor: {
        "early_stopping",  # also decides about shrinkage
        "standardize",  # without gain control
        "validation_fraction",  # has no classes to keep the shares of
    },
    AttentionLSTMTagger: {
        "batch_size",  # looks at the steps of a batch
        "blend",  # has another partner
        "class_weight",  # is for steps
        "early_stopping",  # has no share of the network to choose
        "front_end",  # has no stride in "auto"
        "max_epochs",  # has no kernels beside it
        "standardize",  # without gain control
        "validation_fraction",  # also weighs the partner
    },
    NextStateLSTM: {
        "attention",  # is causal
        "batch_size",  # has another rule for "auto"
        "blend",  # has another partner
        "dropout",  # has no front end and no head
        "early_stopping",  # is not chosen by the data
        "encoder",  # is causal
        "hidden_size",  # has one direction
        "max_epochs",  # has another rule for "auto"
        "residual",  # does not concern the attention
        "tokens",  # are the states
        "validation_fraction",  # also decides about the mixture
    },
}

#: Parameters with the same text, but another default.
OTHER_DEFAULT = {
    AttentionLSTMRegressor: set(),
    AttentionLSTMTagger: {"bidirectional"},
    NextStateLSTM: {"lr", "n_iter_no_change"},
}


def public_objects():
    """Return an iterator over the paths of public names and their public methods."""
    for module, name in PUBLIC:
        thing = getattr(module, name)
        if not callable(thing):
            continue
        path = f"{thing.__module__}.{name}"
        yield path
        if inspect.isclass(thing):
            for method, function in inspect.getmembers(thing, inspect.isfunction):
                ours = function.__module__.startswith("sklearn_seqattn")
                if ours and not method.startswith("_"):
                    yield f"{path}.{method}"


@pytest.mark.parametrize("path", list(public_objects()))
def test_docstring(path):
    errors = validate(path)["errors"]
    wrong = [f"{code}: {text}" for code, text in errors if code not in NOT_ASKED]
    assert wrong == []


@pytest.mark.parametrize(("module", "name"), PUBLIC)
def test_every_name_shows_an_example(module, name):
    thing = getattr(module, name)
    assert name == "__version__" or ">>> " in thing.__doc__


def described(estimator):
    """Return (types, default, text) of each documented parameter, by its name."""
    found = {}
    for parameter in ClassDoc(estimator)["Parameters"]:
        types, _, default = parameter.type.partition(", default=")
        found[parameter.name] = types, default, "\n".join(parameter.desc)
    return found


@pytest.mark.parametrize("estimator", OTHER_MEANING)
def test_equal_parameters_have_equal_text(estimator):
    texts, theirs = described(AttentionLSTMClassifier), described(estimator)
    shared = [name for name in theirs if name in texts]
    meaning = {
        name for name in shared if theirs[name][::2] != texts[name][::2]
    }  # types and text
    default = {name for name in shared if theirs[name][1] != texts[name][1]}
    assert meaning == OTHER_MEANING[estimator]
    assert default - meaning == OTHER_DEFAULT[estimator]


@pytest.mark.parametrize(("estimator", "most"), MOST_PARAMETERS)
def test_there_are_few_parameters(estimator, most):
    assert len(described(estimator)) <= most


@pytest.mark.parametrize(("estimator", "most"), MOST_PARAMETERS)
def test_the_docstring_opens_with_the_parameters_that_matter(estimator, most):
    summary = inspect.getdoc(estimator).partition("\nParameters\n")[0]
    assert all(f"`{name}`" in summary for name in FIRST)
    assert list(described(estimator))[:6] == FIRST
    assert list(inspect.signature(estimator).parameters)[:6] == FIRST
