"""Columns of strings that are dates, numbers or names give a warning."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sklearn_seqattn import AttentionLSTMClassifier, EventEncoder, NextStateLSTM

DATES = pd.date_range("2025-01-01", periods=24, freq="h")
SMALL = {"hidden_size": 4, "num_layers": 1, "max_epochs": 1, "random_state": 0}


def cases(column):
    """Return twelve cases of two events each, which have one more column."""
    table = pd.DataFrame({"act": ["open", "close"] * 12, "more": column})
    return [table.iloc[i : i + 2] for i in range(0, 24, 2)]


def nested(column):
    """Return twelve sequences beside a static column, twice."""
    values = [np.arange(float(n)) for n in range(1, 25)]
    return pd.DataFrame({"value": values, "more": column})


READERS = {
    "encoder": lambda column: EventEncoder().fit(cases(column)),
    "classifier": lambda column: AttentionLSTMClassifier(**SMALL).fit(
        cases(column), [0, 1] * 6
    ),
    "next state": lambda column: NextStateLSTM(**SMALL, target="act").fit(
        cases(column)
    ),
    "static": lambda column: AttentionLSTMClassifier(**SMALL).fit(
        nested(column), [0, 1] * 12
    ),
}
DISTINCT = {
    "dates": DATES.astype(str),
    "numbers": np.arange(24).astype(str),
    "names": pd.Categorical([f"n{i}" for i in range(24)]),
    "over half": list("1020304050607080900a0b0c"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", DISTINCT)
def test_strings_that_hardly_repeat_give_a_warning(reader, kind):
    column = pd.Series(DISTINCT[kind])
    found = f"'more' holds {column.nunique()} categories in 24 rows.*to_datetime"
    with pytest.warns(UserWarning, match=found):
        READERS[reader](column)


@pytest.mark.parametrize("reader", READERS)
def test_what_repeats_gives_none(reader):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        READERS[reader]([*map(str, range(12))] * 2)
        if reader != "static":
            READERS[reader](DATES)


def test_few_rows_say_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        EventEncoder().fit([pd.DataFrame({"act": [str(i) for i in range(20)]})])
