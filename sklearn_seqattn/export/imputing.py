"""Missing values inside sequences as operators: filled, marked, and how long ago."""

import numpy as np


class Observed:
    """The observed steps of each channel, and what was observed last and next.

    The k-th observed value of a channel is written to slot k, so that a count of the
    values so far finds the last one.

    Parameters
    ----------
    graph : Graph
        Where the operators go.
    x, mask : str
        Names of the numbers (B, T, D), float64, NaN where missing, and of their mask.
    """

    def __init__(self, graph, x, mask):
        self.graph = graph
        is_real = graph.Unsqueeze(mask, [2])
        self.here = graph.And(graph.Not(graph.IsNaN(x)), is_real)
        counted = graph.cast(self.here, np.int64)
        self.count = graph.CumSum(counted, np.int64(1))
        self.total = graph.ReduceSum(counted, [1], keepdims=1)
        self.steps = graph.Unsqueeze(graph.steps(x, 1), [0, 2])  # (1, T, 1)
        n_steps = graph.size(x, 1)
        unused = graph.Add(graph.Add(self.steps, np.int64(1)), n_steps)
        self._slots = graph.Where(self.here, self.count, unused)
        n_slots = graph.Add(graph.Mul(n_steps, np.int64(2)), np.int64(1))
        shape = [graph.size(x, 0), n_slots, graph.size(x, 2)]
        self._shape = graph.Concat(*shape, axis=0)

    def at(self, values, count):
        """Return values (B, T, D) where a channel was observed for the k-th time."""
        graph = self.graph
        empty = graph.Expand(graph.constant(np.zeros((1, 1, 1))), self._shape)
        slots = graph.ScatterElements(empty, self._slots, values, axis=1)
        return graph.GatherElements(slots, count, axis=1)

    def spread(self, values):
        """Return values (1 or B, T, 1) for every channel, (B, T, D)."""
        return self.graph.Expand(values, self.graph.Shape(self.count))


def add_imputer(imputer, graph, x, mask):
    """Add a fitted imputer of numbers.

    Parameters
    ----------
    imputer : SequenceImputer
        Fitted.
    graph : Graph
        Where its operators go.
    x, mask : str
        Names of the numbers (B, T, D), float64, and their mask (B, T).

    Returns
    -------
    x : str
        Name of the numbers without gaps, with the channels that are appended.
    """
    is_missing = graph.IsNaN(x)
    added, kept = [], np.flatnonzero(imputer.has_missing_).tolist()
    if imputer.add_indicator and kept:
        added.append(graph.Gather(graph.cast(is_missing, np.float64), kept, axis=2))
    if imputer.add_elapsed and kept:
        times = _times(imputer, graph, x)
        added.append(_elapsed(graph, graph.Gather(x, kept, axis=2), mask, times))
    statistics = np.asarray(imputer.statistics_, np.float64)
    filled = graph.Where(is_missing, statistics, x)
    if imputer.strategy in _FILL:
        zeros = graph.Where(is_missing, np.float64(0), x)
        fill = _FILL[imputer.strategy]
        filled = fill(graph, Observed(graph, x, mask), zeros, is_missing, filled)
    return graph.Concat(filled, *added, axis=2)


def _carried(graph, observed, values, is_missing, otherwise):
    """Return values with gaps filled by the last one observed."""
    exists = graph.Greater(observed.count, np.int64(0))
    last = observed.at(values, observed.count)
    return graph.Where(graph.And(is_missing, exists), last, otherwise)


def _interpolated(graph, observed, values, is_missing, otherwise):
    """Return values with gaps filled on the line between both sides."""
    count, one = observed.count, np.int64(1)
    has_both = graph.And(
        graph.Greater(count, np.int64(0)), graph.Less(count, observed.total)
    )
    steps = observed.spread(graph.cast(observed.steps, np.float64))
    following = graph.Min(graph.Add(count, one), graph.Max(observed.total, one))
    (before, start), (after, stop) = (
        (observed.at(values, k), observed.at(steps, k)) for k in (count, following)
    )
    span = graph.Where(has_both, graph.Sub(stop, start), np.float64(1))
    slope = graph.Div(graph.Sub(after, before), span)
    line = graph.Add(graph.Mul(slope, graph.Sub(steps, start)), before)
    return graph.Where(graph.And(is_missing, has_both), line, otherwise)


def _times(imputer, graph, x):
    """Return the time of each step, (1 or B, T, 1) float64."""
    if isinstance(imputer.add_elapsed, str):
        place = imputer._input_columns.get_loc(imputer.add_elapsed)
        return graph.slice(x, place, place + 1, axis=2)
    return graph.cast(graph.Unsqueeze(graph.steps(x, 1), [0, 2]), np.float64)


def _elapsed(graph, x, mask, times):
    """Return the time since each channel of (B, T, D) was last observed."""
    observed = Observed(graph, x, mask)
    times = observed.spread(times)
    exists = graph.Greater(observed.count, np.int64(0))
    first = graph.slice(times, 0, 1, axis=1)
    last = graph.Where(exists, observed.at(times, observed.count), first)
    return graph.Sub(times, last)


_FILL = {"last": _carried, "linear": _interpolated}
