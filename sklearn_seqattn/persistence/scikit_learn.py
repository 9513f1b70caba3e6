"""What of scikit-learn a model file may hold.

Meta-estimators, scorers and splitters are written by their state, because our
estimators may be inside. All other estimators of scikit-learn are written by skops.
"""

import inspect
import io
import zipfile
from importlib import import_module

import numpy as np
import sklearn.metrics
from scipy import stats
from sklearn.base import BaseEstimator

from sklearn_seqattn._estimator import validate_parameter_constraints
from sklearn_seqattn.storage.files import FileFormatError

#: Classes that are written by their state. Names that begin with an underscore are
#: private; they are those of scikit-learn 1.7 to 1.9.
_BY_STATE = {
    "sklearn.calibration": (
        *("CalibratedClassifierCV", "_CalibratedClassifier"),
        *("_SigmoidCalibration", "_TemperatureScaling"),
    ),
    "sklearn.compose": ("ColumnTransformer", "TransformedTargetRegressor"),
    "sklearn.ensemble": (
        *("StackingClassifier", "StackingRegressor"),
        *("VotingClassifier", "VotingRegressor"),
    ),
    "sklearn.frozen": ("FrozenEstimator",),
    "sklearn.metrics._scorer": (
        *("_CurveScorer", "_MultimetricScorer", "_PassthroughScorer", "_Scorer"),
    ),
    "sklearn.model_selection": (
        *("GridSearchCV", "RandomizedSearchCV"),
        *("HalvingGridSearchCV", "HalvingRandomSearchCV"),
        *("FixedThresholdClassifier", "TunedThresholdClassifierCV"),
        *("GroupKFold", "GroupShuffleSplit", "KFold", "LeaveOneGroupOut"),
        *("LeaveOneOut", "PredefinedSplit", "RepeatedKFold"),
        *("RepeatedStratifiedKFold", "ShuffleSplit", "StratifiedGroupKFold"),
        *("StratifiedKFold", "StratifiedShuffleSplit", "TimeSeriesSplit"),
    ),
    "sklearn.multiclass": ("OneVsRestClassifier",),
    "sklearn.multioutput": ("MultiOutputClassifier", "MultiOutputRegressor"),
    "sklearn.pipeline": ("FeatureUnion", "Pipeline"),
    "sklearn.preprocessing": ("LabelBinarizer", "LabelEncoder"),
    "sklearn.utils": ("Bunch",),
}
_MODULE_OF = {name: module for module, names in _BY_STATE.items() for name in names}

#: Types that skops does not trust by itself, and that hold no code. SimpleImputer keeps
#: the dtype of its columns.
_TRUSTED = ["numpy.dtype"]

#: Parameters that name a place on one machine; a file never holds them.
_PLACES = {"memory"}


def find_class(name):
    """Return a class that is written by its state, by its bare name, or None."""
    if name not in _MODULE_OF:
        return None
    if name.startswith("Halving"):
        import_module("sklearn.experimental.enable_halving_search_cv")
    return getattr(import_module(_MODULE_OF[name]), name, None)


def pack_state(value, left_out):
    """Return the attributes of an object, as pickle would keep them.

    Numbers of numpy become arrays without dimensions, which keeps their dtypes.
    """
    state = dict(value) if isinstance(value, dict) else value.__getstate__() or {}
    left_out = left_out | _PLACES
    return {
        name: np.asarray(v) if isinstance(v, np.number) else v
        for name, v in state.items()
        if name not in left_out
    }


def build_from_state(kind, state, where):
    """Build an object of scikit-learn from attributes, which are not trusted.

    No attribute may hide a method, and parameters must be valid.
    """
    if issubclass(kind, dict):
        return kind(**state)
    wrong = [n for n in state if hasattr(kind, n) or n in _PLACES]
    if wrong:
        raise FileFormatError(f"{where} cannot have the attributes {wrong[:5]}.")
    state = {
        name: v[()] if isinstance(v, np.ndarray) else v for name, v in state.items()
    }
    value = kind.__new__(kind)
    if not issubclass(kind, BaseEstimator):
        vars(value).update(state)
        return value
    params = set(kind._get_param_names())
    state |= dict.fromkeys(params & _PLACES)
    if not params <= state.keys():
        raise FileFormatError(f"{where} lacks {sorted(params - state.keys())}.")
    value.__setstate__(state)  # which warns of another version of scikit-learn
    try:
        validate_parameter_constraints(
            getattr(kind, "_parameter_constraints", {}),
            {name: state[name] for name in params},
            where,
        )
        if hasattr(kind, "_validate_steps"):  # of a Pipeline
            value._validate_steps()
    except (ValueError, TypeError) as error:
        raise FileFormatError(f"{where} is not possible: {error}") from None
    return value


def name_function(value):
    """Return the full name of a metric of scikit-learn or ufunc of numpy, or None."""
    for module in (sklearn.metrics, np):
        full = f"{module.__name__}.{getattr(value, '__name__', '')}"
        if value is not None and find_function(full) is value:
            return full
    return None


def find_function(name):
    """Return a metric or a ufunc by its full name, or None."""
    module, _, short = name.rpartition(".")
    if module == "sklearn.metrics" and short in sklearn.metrics.__all__:
        found = getattr(sklearn.metrics, short)
        return found if inspect.isfunction(found) else None
    found = vars(np).get(short) if module == "numpy" else None
    return found if isinstance(found, np.ufunc) else None


def find_distribution(name):
    """Return a distribution of scipy by its name, or None."""
    found = vars(stats).get(name)
    kinds = stats.rv_continuous | stats.rv_discrete
    return found if isinstance(found, kinds) else None


def is_distribution(value):
    """Return whether a value is a distribution of scipy with its arguments."""
    kind = getattr(value, "dist", None)
    found = find_distribution(getattr(kind, "name", None))
    return found is not None and type(found) is type(kind)


def dump_with_skops(value, where):
    """Return an estimator as the bytes of skops, made of types that skops trusts."""
    skops = _skops(where)
    try:
        content = skops.dumps(value)
        found = skops.get_untrusted_types(data=content)
        untrusted = [name for name in found if name not in _TRUSTED]
    except Exception as error:  # objects that skops does not know fail anywhere
        raise TypeError(f"{where} cannot be saved by skops ({error}).") from error
    if untrusted:
        raise TypeError(
            f"{where} is a {type(value).__name__} that holds {untrusted[:3]}, which a "
            "model file cannot hold."
        )
    return content


def load_with_skops(content, where):
    """Return the estimator in the bytes of skops, made of types that skops trusts."""
    skops = _skops(where)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > len(content):
                raise FileFormatError("its parts are compressed")
        value = skops.loads(content, trusted=_TRUSTED)
    except Exception as error:  # hostile bytes raise errors of any type
        raise FileFormatError(
            f"{where} cannot be read by skops ({type(error).__name__}: {error})."
        ) from error
    if not is_scikit_learn(value):
        raise FileFormatError(f"{where} is no estimator of scikit-learn.")
    return value


def is_scikit_learn(value):
    """Return whether a value is an estimator that scikit-learn itself defines."""
    inside = type(value).__module__.startswith("sklearn.")
    return inside and isinstance(value, BaseEstimator)


def _skops(where):
    """Import skops, or say how to install it."""
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(
            f"{where} is an estimator of scikit-learn, which a model file holds by "
            "skops; install it with pip install 'sklearn_seqattn[persistence]'."
        ) from error
    return skops.io
