"""The inputs of a next-state estimator as operators: states and further columns."""

import numpy as np

from sklearn_seqattn._ids import FIRST_ID, PADDING_ID, UNKNOWN_ID
from sklearn_seqattn.export.columns import (
    describe_columns,
    split_columns,
    standardized,
)
from sklearn_seqattn.export.inputs import add_transformers, checked_lengths, step_mask
from sklearn_seqattn.export.network_inputs import describe_vocabulary
from sklearn_seqattn.export.networks import add_state_network
from sklearn_seqattn.export.outputs import add_states


def build_states(last, transformers, graph):
    """Add a next-state estimator.

    Parameters
    ----------
    last : NextStateLSTM
        Fitted.
    transformers : list of estimators
        Those before it in a Pipeline.
    graph : Graph
        Where their operators go.

    Returns
    -------
    inputs, outputs : dict
        Dtype and shape by name.
    metadata : dict
    """
    least = 0 if last.start_state else 1
    lengths = checked_lengths(graph, "values", "lengths", least)
    mask = step_mask(graph, "values", lengths)
    add_transformers(transformers, graph, "values", mask)  # refuses every one
    shape = ["batch", "steps"]
    inputs = {"values": (np.int64, shape), "lengths": (np.int64, ["batch"])}
    metadata = describe_vocabulary(last.vocabulary_.states.tolist())
    metadata["classes"] = last.classes_.tolist()
    metadata["shortest"] = least
    features = []
    if last.events_ is not None:
        names = [name for name in last.events_.columns_ if name != last.events_.target]
        columns = describe_columns(names, last.events_.categories_)
        if columns:
            features = _features(last.events_, graph, mask, columns)
            inputs["features"] = (np.float64, [*shape, len(columns)])
            metadata["features"] = columns
    ids = graph.Where(mask, "values", np.int64(PADDING_ID))
    if last.start_state:
        ids, *features = (_started(graph, one) for one in (ids, *features))
        lengths = graph.Add(lengths, np.int64(1))
        mask = step_mask(graph, ids, lengths)
    logits = add_state_network(last.network_, graph, ids, mask, features)
    if last.start_state:
        logits[0] = graph.slice(logits[0], 1, graph.size(ids, 1), axis=1)
    return inputs, add_states(last, graph, *logits), metadata


def _features(events, graph, mask, columns):
    """Return the ids of each column of categories (B, T), and numbers (B, T, D)."""
    numbers, codes = split_columns(graph, "features", columns)
    features = []
    for one, n in codes:
        one = graph.Squeeze(one, [2])
        is_known = graph.And(
            graph.GreaterOrEqual(one, np.float64(0)), graph.Less(one, np.float64(n))
        )
        ids = graph.cast(graph.Where(is_known, one, np.float64(0)), np.int64)
        ids = graph.Add(ids, np.int64(FIRST_ID))
        features.append(graph.Where(is_known, ids, np.int64(UNKNOWN_ID)))
    if numbers is not None:
        scaler = events.scaler_
        numbers = standardized(graph, numbers, scaler.mean_, scaler.scale_)
        numbers = graph.zero_padding(graph.cast(numbers, np.float32), mask)
        features.append(numbers)
    return features


def _started(graph, x):
    """Return (B, T, ...) with a step of zeros before the first one."""
    first = graph.slice(graph.Shape(x), 0, 1, axis=0)
    rest = graph.slice(graph.Shape(x), 2, 9, axis=0)
    shape = graph.Concat(first, [1], rest, axis=0)
    zeros = graph.Expand(graph.CastLike(graph.constant([PADDING_ID]), x), shape)
    return graph.Concat(zeros, x, axis=1)
