"""Fitted attributes of the next-state estimators, except their networks."""

import numpy as np
import pandas as pd

from sklearn_seqattn.next_state.cache import MAX_COMMON
from sklearn_seqattn.next_state.event_features import EventFeatures
from sklearn_seqattn.next_state.markov import NextStateMarkov
from sklearn_seqattn.next_state.ngrams import NgramModel
from sklearn_seqattn.persistence.attributes import INPUT, Attribute, simple
from sklearn_seqattn.persistence.checks import (
    check_array,
    check_choice,
    check_float,
    check_int,
    check_keys,
    check_labels,
    check_positive,
    check_size,
    check_states,
    refuse,
)
from sklearn_seqattn.persistence.time_attributes import (
    check_scaler,
    check_times,
    pack_times,
)
from sklearn_seqattn.preprocessing.vocabulary import Vocabulary
from sklearn_seqattn.storage.files import FileFormatError


def check_end_state(value, where, estimator):
    """Return the class of the end, which is the last one."""
    known = value is None or type(value) in (str, int)
    if not known or value not in (None, estimator.classes_.tolist()[-1]):
        refuse(where, value, "the last class, or None")
    return value


def pack_vocabulary(vocabulary):
    """Return the states and their counts."""
    counts = vocabulary.counts
    return {
        "states": vocabulary.states,
        "counted": counts.index.to_numpy(),
        "counts": counts.to_numpy(),
    }


def check_state_vocabulary(value, where, estimator):
    """Return the states and their counts."""
    check_keys(value, where, {"states", "counted", "counts"})
    states = check_states(value["states"], where)
    counted = check_states(value["counted"], where)
    counts = check_array(value["counts"], where, kind="f", shape=(len(counted),))
    known = set(counted.tolist())
    if (counts < 0).any() or not all(s in known for s in states.tolist()):
        raise FileFormatError(f"{where} has states without a count.")
    n_ends = int(estimator.end_state_ is not None)
    wanted = estimator.classes_.tolist()[: len(estimator.classes_) - n_ends]
    if states.tolist() != wanted:
        raise FileFormatError(f"{where} has other states than the classes.")
    return Vocabulary(
        states, pd.Series(counts, index=pd.Index(counted, dtype=counted.dtype))
    )


def pack_events(events):
    """Return the other features of events."""
    if events is None:
        return None
    scaler = events.scaler_
    return {
        "target": events.target,
        "timestamp": events.timestamp,
        "columns": events.columns_,
        "names": list(events.categories_),
        "categories": [index.to_numpy() for index in events.categories_.values()],
        "numbers": events.numbers_,
        "mean": None if scaler is None else scaler.mean_,
        "scale": None if scaler is None else scaler.scale_,
        "times": pack_times(events.times_),
    }


def check_events(value, where, estimator):
    """Return the other features of events."""
    if value is None:
        return None
    fields = {"columns", "names", "categories", "numbers", "mean", "scale"}
    check_keys(value, where, fields | {"target", "timestamp", "times"})
    target, timestamp = value["target"], value["timestamp"]
    events = EventFeatures(target, timestamp)
    names, categories = check_labels(value["names"], where), value["categories"]
    if not isinstance(categories, list) or len(categories) != len(names):
        refuse(where, categories, "the categories of each column")
    events.columns_ = check_labels(value["columns"], where)
    events.numbers_ = check_labels(value["numbers"], where)
    events.categories_ = {
        name: pd.Index(check_states(states, where))
        for name, states in zip(names, categories, strict=True)
    }
    known = events.columns_
    if target not in known or timestamp not in (None, *known):
        raise FileFormatError(f"{where} has roles that are no columns.")
    events.times_ = check_times(value["times"], f"{where}.times")
    if not {times.column for times in events.times_} <= set(known):
        raise FileFormatError(f"{where} has times that are no columns.")
    events.scaler_ = None
    if events.numbers_:
        events.scaler_ = check_scaler(
            value["mean"], value["scale"], len(events.numbers_), where
        )
    return events


def pack_ngrams(model):
    """Return the n-grams and their weights, from which all else follows."""
    if model is None:
        return None
    largest = max(model.n_ids, model.n_targets)
    dtype = np.int32 if largest < 2**31 else np.int64
    names = ("order", "smoothing", "alpha", "discount")
    return {
        **{name: getattr(model, name) for name in names},
        "ngrams": model.ngrams_.astype(dtype),
        "weights": model.weights_,
    }


def check_ngrams(value, where, estimator):
    """Return n-grams, counted again."""
    if value is None and estimator.get_params().get("blend", "") is None:
        return None
    names = {"order", "smoothing", "alpha", "discount", "ngrams", "weights"}
    check_keys(value, where, names)
    order = check_int(value["order"], f"{where}.order", 0, 10_000)
    rows = check_array(
        value["ngrams"], f"{where}.ngrams", kind="i", shape=(None, order + 1)
    ).astype(np.int64)
    weights = check_array(
        value["weights"], f"{where}.weights", kind="f", shape=(len(rows),)
    ).astype(np.float64)
    n_ids = estimator.vocabulary_.n_ids
    n_targets = len(estimator.classes_)
    _check_rows(rows, weights, where, n_ids, n_targets)
    choices = ("kneser_ney", "additive", "backoff")
    discount = value["discount"]
    model = NgramModel(
        order,
        n_ids,
        n_targets,
        smoothing=check_choice(value["smoothing"], f"{where}.smoothing", choices),
        alpha=check_positive(value["alpha"], f"{where}.alpha"),
        discount=None if discount is None else check_float(discount, where, 0, 1),
    ).fit(rows[:, 1:], rows[:, 0], weights)
    if not np.array_equal(model.ngrams_, rows):
        raise FileFormatError(f"{where} has n-grams that are repeated or unsorted.")
    return model


def _check_rows(rows, weights, where, n_ids, n_targets):
    """Refuse n-grams whose ids or weights are out of range."""
    targets, contexts = rows[:, 0], rows[:, 1:]
    began = contexts >= 0
    right = (
        len(rows)
        and (weights > 0).all()
        and ((targets >= 0) & (targets < n_targets)).all()
        and ((contexts >= -1) & (contexts < n_ids)).all()
        and not (~began[:, :-1] & began[:, 1:]).any()  # -1 is before the start
    )
    if not right:
        raise FileFormatError(f"{where} has n-grams that are out of range.")


def check_cache(value, where, estimator):
    """Return the weights of the cache."""
    if value is None:
        return None
    return check_array(value, where, kind="f", shape=(1 + MAX_COMMON,), positive=True)


#: What both next-state estimators keep.
STATES = {
    **INPUT,
    "classes_": simple(check_states),
    "end_state_": Attribute(check_end_state),
    "unknown_mass_": simple(check_float, 0.0, 1.0),
    "max_length_": simple(check_size),
    "vocabulary_": Attribute(check_state_vocabulary, pack_vocabulary),
    "events_": Attribute(check_events, pack_events),
}

#: The attributes of each estimator, in the order in which they are read.
ESTIMATORS = {
    NextStateMarkov: {**STATES, "model_": Attribute(check_ngrams, pack_ngrams)},
}
