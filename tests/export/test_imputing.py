"""Imputers as operators: the same numbers, wherever values are missing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_graphs import open_graph

from sklearn_seqattn import SequenceImputer
from sklearn_seqattn.export.imputing import add_imputer
from sklearn_seqattn.export.inputs import step_mask

STRATEGIES = ["last", "mean", "median", "constant", "linear"]
CELLS = st.one_of(st.just(np.nan), st.integers(-9, 9).map(float))
SEQUENCES = st.lists(st.lists(st.tuples(CELLS, CELLS), min_size=1), min_size=1)


def imputed(imputer, X):
    """Give what the operators make of sequences, padded with nonsense."""

    def build(graph):
        mask = step_mask(graph, "values", "lengths")
        return add_imputer(imputer, graph, "values", mask)

    shape = ["batch", "steps", X[0].shape[1]]
    session = open_graph(
        build, values=(np.float64, shape), lengths=(np.int64, ["batch"])
    )
    lengths = np.array([len(x) for x in X])
    values = np.full((len(X), lengths.max() + 1, X[0].shape[1]), 99.0)
    for row, x in zip(values, X, strict=True):
        row[: len(x)] = x
    (found,) = session.run(None, {"values": values, "lengths": lengths})
    return [row[:n] for row, n in zip(found, lengths, strict=True)]


@settings(max_examples=40, deadline=None)
@given(
    SEQUENCES,
    SEQUENCES,
    st.sampled_from(STRATEGIES),
    st.booleans(),
    st.booleans(),
)
def test_every_strategy(train, seen, strategy, add_indicator, add_elapsed):
    imputer = SequenceImputer(
        strategy,
        fill_value=0.5,
        add_indicator=add_indicator,
        add_elapsed=add_elapsed,
    )
    imputer.fit([np.array(x) for x in train])
    X = [np.array(x) for x in seen]
    for found, wanted in zip(imputed(imputer, X), imputer.transform(X), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("strategy", ["last", "linear"])
def test_time_since_the_last_value(strategy):
    X = [
        pd.DataFrame({"x": [np.nan, 1.0, np.nan, np.nan], "at": [0.5, 1.0, 4.0, 9.0]}),
        pd.DataFrame({"x": [3.0, np.nan, 5.0], "at": [7.0, 8.5, 10.0]}),
    ]
    imputer = SequenceImputer(strategy, add_elapsed="at").fit(X)
    found = imputed(imputer, [x.to_numpy() for x in X])
    assert found[0][:, 2].tolist() == [0.0, 0.0, 3.0, 8.0]
    for one, wanted in zip(found, imputer.transform(X), strict=True):
        np.testing.assert_allclose(one, wanted.to_numpy(), rtol=1e-13)
