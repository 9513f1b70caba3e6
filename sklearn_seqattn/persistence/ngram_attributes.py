"""The n-grams beside a network, and how they are averaged with it, in files."""

import numpy as np

from sklearn_seqattn.attention_lstm.blending import Blend
from sklearn_seqattn.ngrams.features import NGramFeatures
from sklearn_seqattn.ngrams.model import LinearNGrams
from sklearn_seqattn.ngrams.partner import NGrams
from sklearn_seqattn.persistence.checks import (
    check_array,
    check_float,
    check_keys,
    check_states,
    refuse,
)
from sklearn_seqattn.sequences.fitted_input import reads_tokens
from sklearn_seqattn.storage.files import FileFormatError

_SCALES = ("network_scale", "partner_scale")


def pack_partner(partner):
    """Return n-grams, their weights and the linear model."""
    if partner is None:
        return None
    features = partner.features
    return {
        "ngram_range": list(features.ngram_range),
        "char_ngram_range": features.char_ngram_range
        and list(features.char_ngram_range),
        "ngrams": [c.get_feature_names_out() for c in features.counters_],
        "idf": features.idf_,
        "coef": partner.coef,
        "intercept": partner.intercept,
    }


def check_partner(value, where, estimator):
    """Return a linear model of n-grams, or None."""
    if (value is None) != (estimator.blend_ is None):
        raise FileFormatError(f"{where} and blend_ belong together.")
    if value is None:
        return None
    names = {"ngram_range", "char_ngram_range", "ngrams", "idf", "coef", "intercept"}
    check_keys(value, where, names)
    if not reads_tokens(estimator):
        raise FileFormatError(f"{where} reads tokens, and the estimator does not.")
    features = _check_features(value, where)
    n_outputs = estimator.target_encoder_.n_outputs
    n_features = sum(map(len, features.idf_)) + estimator.input_encoder_.static_size
    coef = check_array(
        value["coef"], f"{where}.coef", kind="f", shape=(n_outputs, n_features)
    )
    intercept = check_array(
        value["intercept"], f"{where}.intercept", kind="f", shape=(n_outputs,)
    )
    return LinearNGrams(features, coef, intercept)


def _check_features(value, where):
    """Return the n-grams and their weights."""
    ngrams, idf = value["ngrams"], value["idf"]
    ranges = value["ngram_range"], value["char_ngram_range"]
    try:
        NGrams(ranges[0], char_ngram_range=ranges[1])._validate_params()
    except (TypeError, ValueError) as error:
        raise FileFormatError(f"{where}: {error}") from None
    n_counters = [1] if ranges[1] is None else [1, 2]  # one of integers
    if not isinstance(ngrams, list) or len(ngrams) not in n_counters:
        refuse(where, ngrams, "one or two lists of n-grams")
    if not isinstance(idf, list) or len(idf) != len(ngrams):
        refuse(where, idf, "weights for each list of n-grams")
    for terms, weights in zip(ngrams, idf, strict=True):
        terms = check_states(terms, f"{where}.ngrams")
        if not isinstance(terms[0], str):
            refuse(where, terms, "n-grams that are strings")
        check_array(weights, f"{where}.idf", kind="f", shape=(len(terms),))
        if (weights <= 0).any():
            raise FileFormatError(f"{where}.idf has a weight that is not positive.")
    return NGramFeatures.restore(*ranges, ngrams, idf)


def pack_blend(blend):
    """Return how the outputs are averaged."""
    if blend is None:
        return None
    return {name: float(getattr(blend, name)) for name in ("weight", *_SCALES)}


def check_blend(value, where, estimator):
    """Return how the outputs are averaged; None without a partner."""
    if value is None:
        return None
    check_keys(value, where, {"weight", *_SCALES})
    weight = check_float(value["weight"], f"{where}.weight", 0.0, 1.0)
    largest = np.finfo(np.float32).max
    scales = [
        check_float(value[name], f"{where}.{name}", 0.0, float(largest))
        for name in _SCALES
    ]
    return Blend(estimator.target_encoder_.activation, weight, *scales)
