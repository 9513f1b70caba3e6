"""Tags of scikit-learn say what each estimator reads and needs."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.utils import get_tags

import sklearn_seqattn
from sklearn_seqattn import AttentionLSTMTagger
from sklearn_seqattn._estimator import VersionedPickles

KINDS = [
    kind
    for kind in (getattr(sklearn_seqattn, name) for name in sklearn_seqattn.__all__)
    if isinstance(kind, type) and issubclass(kind, VersionedPickles)
]
SMALL = {"max_epochs": 1, "blend": None, "hidden_size": 4, "random_state": 0}
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(12, 9))
GAPS = NUMBERS.copy()
GAPS[0, 3] = np.nan
#: What a tag is about.
INPUTS = {
    "three_d_array": RNG.normal(size=(12, 9, 2)),
    "string": np.array(list("abc"), dtype=object)[RNG.integers(0, 3, (12, 9))],
    "allow_nan": GAPS,
    "sparse": csr_array(np.abs(NUMBERS)),
}


def make(kind):
    model = kind()
    names = SMALL.keys() & model.get_params().keys()
    return model.set_params(**{name: SMALL[name] for name in names})


def fit(model, X):
    if isinstance(model, AttentionLSTMTagger):
        return model.fit(X, np.arange(108).reshape(12, 9) % 2)
    if get_tags(model).target_tags.required:
        return model.fit(X, np.arange(12) % 2)
    return model.fit(X)


@pytest.mark.parametrize("tag", INPUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_read(kind, tag):
    model = make(kind)
    if getattr(get_tags(model).input_tags, tag):
        fit(model, INPUTS[tag])
    else:
        with pytest.raises((ValueError, TypeError)):
            fit(model, INPUTS[tag])


@pytest.mark.parametrize("kind", KINDS)
def test_y_is_needed_where_the_tag_says_so(kind):
    model = make(kind)
    X = INPUTS["string"] if "State" in kind.__name__ else NUMBERS
    if get_tags(model).target_tags.required:
        with pytest.raises((ValueError, TypeError), match="y"):
            model.fit(X, None)
    else:
        model.fit(X)


TRANSFORMERS = [kind for kind in KINDS if hasattr(kind, "transform")]
OF_STATES = [kind for kind in TRANSFORMERS if "State" in kind.__name__]


@pytest.mark.parametrize("kind", OF_STATES)
def test_states_have_no_floats_to_keep(kind):
    assert get_tags(make(kind)).transformer_tags.preserves_dtype == []


@pytest.mark.parametrize(
    "kind", [kind for kind in TRANSFORMERS if kind not in OF_STATES]
)
def test_dtypes_that_are_kept(kind):
    kept = get_tags(make(kind)).transformer_tags.preserves_dtype
    for dtype in ("float32", "float64"):
        X = NUMBERS.astype(dtype)
        found = fit(clone(make(kind)), X).transform(X)
        found = found if isinstance(found, np.ndarray) else found[0]
        assert (found.dtype == dtype) == (dtype in kept)


@pytest.mark.parametrize("kind", KINDS)
def test_fits_are_deterministic_where_the_tag_says_so(kind):
    model = make(kind)
    assert not get_tags(model).non_deterministic
    X = INPUTS["string"] if "State" in kind.__name__ else NUMBERS
    method = "predict_proba" if hasattr(model, "predict_proba") else "transform"
    if not hasattr(model, method):
        method = "predict"
    first, second = (
        np.concatenate([np.ravel(row) for row in getattr(fit(m, X), method)(X)])
        for m in (make(kind), make(kind))
    )
    np.testing.assert_array_equal(first, second)
