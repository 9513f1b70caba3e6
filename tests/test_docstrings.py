"""Every public docstring is complete numpydoc."""

import inspect

import pytest
from numpydoc.validate import validate

import sklearn_seqattn

#: What numpydoc asks beyond what this library writes.
NOT_ASKED = {
    "ES01",  # an extended summary everywhere
    "EX01",  # examples on every method; classes and functions have them
    "GL08",  # docstrings of inherited methods of scikit-learn
    "SA01",  # "See Also" everywhere
    "SA04",
    "YD01",
}


def public_objects():
    """Give the path of each public name and of its public methods."""
    for name in sklearn_seqattn.__all__:
        thing = getattr(sklearn_seqattn, name)
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


@pytest.mark.parametrize("name", sklearn_seqattn.__all__)
def test_every_name_shows_an_example(name):
    thing = getattr(sklearn_seqattn, name)
    assert name == "__version__" or ">>> " in thing.__doc__
