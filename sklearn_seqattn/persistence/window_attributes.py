"""The linear model of windows beside a tagger, in files."""

import numpy as np

from sklearn_seqattn.persistence.checks import (
    check_array,
    check_bool,
    check_int,
    check_keys,
    check_states,
    refuse,
)
from sklearn_seqattn.sequences.fitted_input import reads_tokens
from sklearn_seqattn.sequences.wording import number_of
from sklearn_seqattn.storage.files import FileFormatError
from sklearn_seqattn.windows.chain import LARGEST_WEIGHT, LabelChain
from sklearn_seqattn.windows.features import NumberWindows, TokenWindows
from sklearn_seqattn.windows.model import LinearWindows

_NAMES = {"size", "looks_ahead", "terms", "kept", "coef", "intercept", "transitions"}

#: What files from before there were chains do not have.
_EARLIER = {"looks_ahead": True, "transitions": None}


def pack_windows(partner):
    """Return the window, the indicators of words, the linear model and the chain."""
    if partner is None:
        return None
    features = partner.features
    of_tokens = isinstance(features, TokenWindows)
    return {
        "size": features.size,
        "looks_ahead": features.looks_ahead,
        "terms": features.counter_.get_feature_names_out() if of_tokens else None,
        "kept": features.kept_ if of_tokens else None,
        "coef": partner.coef,
        "intercept": partner.intercept,
        "transitions": None if partner.chain is None else partner.chain.transitions,
    }


def check_windows(value, where, estimator):
    """Return a linear model of windows, or None."""
    if (value is None) != (estimator.blend_ is None):
        raise FileFormatError(f"{where} and blend_ belong together.")
    if value is None:
        return None
    if isinstance(value, dict):
        value = _EARLIER | value
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
    looks_ahead = check_bool(value["looks_ahead"], f"{where}.looks_ahead")
    n_steps = size * (1 + looks_ahead) + 1
    if reads_tokens(estimator):
        terms, kept = _check_words(value, n_steps, where)
        features, n_wanted = (
            TokenWindows.restore(size, looks_ahead, terms, kept),
            len(kept),
        )
    else:
        for name in ("terms", "kept"):
            if value[name] is not None:
                refuse(f"{where}.{name}", value[name], "None for numbers")
        # Each channel at each step of the window, and its deviation.
        n_wanted = (n_steps + 1) * estimator.input_encoder_.output_size_
        features = NumberWindows(size, looks_ahead)
    n_wanted += estimator.input_encoder_.static_size
    if n_features != n_wanted:
        raise FileFormatError(
            f"{where} has {number_of(n_features, 'weight')}, not {n_wanted}."
        )
    chain = _check_chain(value["transitions"], n_outputs, looks_ahead, where)
    return LinearWindows(features, coef, intercept, chain)


def _check_chain(transitions, n_outputs, looks_ahead, where):
    """Return a chain of labels, or None."""
    if transitions is None:
        return None
    where = f"{where}.transitions"
    shape = (n_outputs, n_outputs)
    transitions = check_array(transitions, where, kind="f", shape=shape)
    if np.abs(transitions).max() > LARGEST_WEIGHT:
        raise FileFormatError(f"{where} has a weight above {LARGEST_WEIGHT:g}.")
    return LabelChain(transitions, looks_ahead)


def _check_words(value, n_steps, where):
    """Return the indicators of a token, and which of a window are features."""
    terms = check_states(value["terms"], f"{where}.terms")
    kept = check_array(value["kept"], f"{where}.kept", kind="i", shape=(None,))
    if not isinstance(terms[0], str):
        refuse(where, terms, "indicators that are strings")
    n_indicators = n_steps * (len(terms) + 1)
    if len(kept) and not 0 <= kept.min() <= kept.max() < n_indicators:
        raise FileFormatError(f"{where}.kept has a number that is no indicator.")
    return terms, kept
