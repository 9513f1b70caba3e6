"""The linear model of windows beside a tagger, in files."""

from sklearn_seqattn.persistence.checks import (
    check_array,
    check_int,
    check_keys,
    check_states,
    refuse,
)
from sklearn_seqattn.storage.files import FileFormatError
from sklearn_seqattn.windows.features import NumberWindows, TokenWindows
from sklearn_seqattn.windows.model import LinearWindows

_NAMES = {"size", "terms", "kept", "coef", "intercept"}


def pack_windows(partner):
    """Return the size, the indicators of words and the linear model."""
    if partner is None:
        return None
    features = partner.features
    of_tokens = isinstance(features, TokenWindows)
    return {
        "size": features.size,
        "terms": features.counter_.get_feature_names_out() if of_tokens else None,
        "kept": features.kept_ if of_tokens else None,
        "coef": partner.coef,
        "intercept": partner.intercept,
    }


def check_windows(value, where, estimator):
    """Return a linear model of windows, or None."""
    if (value is None) != (estimator.blend_ is None):
        raise FileFormatError(f"{where} and blend_ belong together.")
    if value is None:
        return None
    check_keys(value, where, _NAMES)
    n_outputs = estimator.target_encoder_.n_outputs
    coef = check_array(
        value["coef"], f"{where}.coef", kind="f", shape=(n_outputs, None)
    )
    intercept = check_array(
        value["intercept"], f"{where}.intercept", kind="f", shape=(n_outputs,)
    )
    n_features = coef.shape[1]
    size = check_int(value["size"], f"{where}.size", 0, n_features)
    if "tokens" in estimator._input_kind:
        features, n_wanted = _check_words(value, size, where)
    else:
        for name in ("terms", "kept"):
            if value[name] is not None:
                refuse(f"{where}.{name}", value[name], "None for numbers")
        # Each channel at each step of the window, and its deviation.
        n_wanted = (2 * size + 2) * estimator.input_encoder_.output_size_
        features = NumberWindows(size)
    n_wanted += estimator.input_encoder_.static_size
    if n_features != n_wanted:
        raise FileFormatError(f"{where} has {n_features} weights, not {n_wanted}.")
    return LinearWindows(features, coef, intercept)


def _check_words(value, size, where):
    """Return the features of tokens, and their number."""
    terms = check_states(value["terms"], f"{where}.terms")
    kept = check_array(value["kept"], f"{where}.kept", kind="i", shape=(None,))
    if not isinstance(terms[0], str):
        refuse(where, terms, "indicators that are strings")
    n_indicators = (2 * size + 1) * (len(terms) + 1)
    if len(kept) and not 0 <= kept.min() <= kept.max() < n_indicators:
        raise FileFormatError(f"{where}.kept has a number that is no indicator.")
    return TokenWindows.restore(size, terms, kept), len(kept)
