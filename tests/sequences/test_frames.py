"""Frames of all libraries and columns of all dtypes, read alike by all estimators."""

import datetime as dt
import itertools
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    EventEncoder,
    NextStateLSTM,
    SequenceImputer,
    events_to_sequences,
    sequences_to_events,
)
from sklearn_seqattn.sequences import check_sequences
from sklearn_seqattn.sequences.frames import is_frame, to_pandas

LIBRARIES = {
    "pandas": lambda frame: frame,
    "polars": lambda frame: pl.from_arrow(to_arrow(frame)),
    "pyarrow": lambda frame: to_arrow(frame),
}
TINY = {"max_epochs": 1, "hidden_size": 2, "num_layers": 1, "random_state": 0}
Y = [0, 1] * 6


def to_arrow(frame):
    """Convert a pandas frame without the metadata that restores its dtypes."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return table.replace_schema_metadata(None)


def arrow(kind):
    return pd.ArrowDtype(kind)


ONES = [[1, 2, 2], [2, 1]]
BITS = [[True, False, False], [False, True]]
DECIMALS = [[Decimal(v) for v in values] for values in ONES]
SPANS = [[dt.timedelta(seconds=v) for v in values] for values in ONES]
WORDS = [["a", "b", "b"], ["b", "a"]]
DATES = [[dt.date(2020, 1, v) for v in values] for values in ONES]
TIMES = [[dt.datetime(2020, 1, v) for v in values] for values in ONES]
UTC_TIMES = [[time.replace(tzinfo=dt.UTC) for time in times] for times in TIMES]

#: Columns of two frames that hold the numbers of ONES (or of BITS), by dtype.
NUMBERS = {
    **{
        dtype: (ONES, dtype)
        for dtype in (
            *("int8", "int64", "uint8", "uint64", "float16", "float32", ">f8"),
            *("Int64", "Float32"),
            *("object", "int64[pyarrow]", "double[pyarrow]"),
        )
    },
    "bool": (BITS, "bool"),
    "boolean": (BITS, "boolean"),
    "bool[pyarrow]": (BITS, "bool[pyarrow]"),
    "bool objects": (BITS, "object"),
    "sparse": (ONES, pd.SparseDtype("float64", 0.0)),
    "Decimal objects": (DECIMALS, "object"),
    "decimal[pyarrow]": (DECIMALS, arrow(pa.decimal128(5, 2))),
    "timedelta64[ns]": (SPANS, "m8[ns]"),
    "timedelta64[s]": (SPANS, "m8[s]"),
    "timedelta objects": (SPANS, "object"),
    "duration[pyarrow]": (SPANS, arrow(pa.duration("ms"))),
}
#: The same for the categories of WORDS (or of ONES).
CATEGORIES = {
    "str": (WORDS, "str"),
    "objects": (WORDS, "object"),
    "string": (WORDS, "string"),
    "string[pyarrow]": (WORDS, arrow(pa.string())),
    "category": (WORDS, "category"),
    "category of numbers": (ONES, "category"),
    "ordered category": (WORDS, pd.CategoricalDtype(["b", "a", "c"], ordered=True)),
    "dictionary[pyarrow]": (WORDS, arrow(pa.dictionary(pa.int8(), pa.string()))),
}
#: The same for the dates of TIMES, without and with a time zone.
DATES_OF_ALL_KINDS = {
    "datetime64[ns]": (TIMES, "M8[ns]"),
    "datetime64[s]": (TIMES, "M8[s]"),
    "datetime64[us, UTC]": (TIMES, "datetime64[us, UTC]"),
    "timestamp[pyarrow]": (TIMES, arrow(pa.timestamp("us"))),
    "timestamp[pyarrow, UTC]": (UTC_TIMES, arrow(pa.timestamp("us", "UTC"))),
    "date32[pyarrow]": (DATES, arrow(pa.date32())),
    "datetime objects": (TIMES, "object"),
    "datetime objects in UTC": (UTC_TIMES, "object"),
    "date objects": (DATES, "object"),
}
REFUSED = {
    "time objects": ([[dt.time(1)] * 3, [dt.time(2)] * 2], "object"),
    "bytes": ([[b"a"] * 3, [b"b"] * 2], "object"),
    "lists": ([[[1]] * 3, [[2]] * 2], "object"),
}
#: Columns that arrow cannot hold.
REFUSED_IN_PANDAS = {
    "period": (TIMES, "period[D]"),
    "interval": ([[pd.Interval(0, 1)] * 3, [pd.Interval(0, 1)] * 2], None),
    "complex128": (ONES, "complex128"),
    "huge integers": ([[10**400] * 3, [1, 2]], "object"),
    "mixed objects": ([["a", 1, "b"], ["a", "b"]], "object"),
    "numbers, then strings": ([[1, 2, 2], ["a", "b"]], "object"),
    "sequences": ([[np.ones(2)] * 3, [np.ones(2)] * 2], "object"),
}
NOT_IN = {
    "pandas": set(),
    "polars": {"float16", ">f8", "sparse", "category of numbers"},
    "pyarrow": {"float16", ">f8", "sparse"},
}


def frames(values, dtype, library="pandas"):
    """Return 12 frames with a state and a column v of two sets of values."""
    made = []
    for column in values:
        v = pd.Series(column, dtype=dtype)
        made.append(pd.DataFrame({"state": list("xyx")[: len(v)], "v": v}))
    return [LIBRARIES[library](frame) for frame in made] * 6


def fit(name, X):
    if name == "encoder":
        return EventEncoder().fit(X)
    if name == "next state":
        return NextStateLSTM(target="state", num_heads=1, **TINY).fit(X)
    make = {"classifier": AttentionLSTMClassifier, "regressor": AttentionLSTMRegressor}
    return make[name](**TINY).fit(X, Y)


def outputs(model, X):
    """Return what a fitted estimator makes of X, as one array."""
    if isinstance(model, EventEncoder):
        return np.concatenate(model.transform(X))
    return getattr(model, "predict_proba", model.predict)(X)


#: Frames whose columns are float64 or strings, to compare with.
REFERENCES = {
    "numbers": frames(ONES, "float64"),
    "bits": frames(BITS, "float64"),
    "categories": frames(WORDS, "object"),
    "categories of numbers": frames(ONES, "category"),
    "dates": frames(TIMES, "M8[us]"),
    "dates with a time zone": frames(TIMES, "datetime64[us, UTC]"),
}


@cache
def reference(name, kind):
    """Return an estimator of the reference frames and what it makes of them."""
    model = fit(name, REFERENCES[kind])
    return model, outputs(model, REFERENCES[kind])


def kind_of(values, table, dtype_name=""):
    if table is DATES_OF_ALL_KINDS:
        return "dates with a time zone" if "UTC" in dtype_name else "dates"
    if table is NUMBERS:
        return "bits" if values is BITS else "numbers"
    return "categories of numbers" if values is ONES else "categories"


TABLES = [NUMBERS, CATEGORIES, DATES_OF_ALL_KINDS]
ESTIMATORS = ["encoder", "classifier", "regressor", "next state"]


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("table", TABLES, ids=["numbers", "categories", "dates"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_columns_are_predicted_from_as_the_plain_ones(name, table, library):
    for dtype_name, (values, dtype) in table.items():
        if dtype_name not in NOT_IN[library]:
            model, expected = reference(name, kind_of(values, table, dtype_name))
            found = outputs(model, frames(values, dtype, library))
            np.testing.assert_array_equal(found, expected, err_msg=dtype_name)


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize(
    ("table", "dtype_name"),
    [(table, name) for table in TABLES for name in table],
)
def test_columns_are_fitted_as_the_plain_ones(name, table, dtype_name):
    values, dtype = table[dtype_name]
    X = frames(values, dtype)
    _, expected = reference(name, kind_of(values, table, dtype_name))
    np.testing.assert_array_equal(outputs(fit(name, X), X), expected)


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize(
    ("values", "dtype", "library"),
    [
        pytest.param(*row, library, id=f"{dtype_name}-{library}")
        for dtype_name, row in (REFUSED | REFUSED_IN_PANDAS).items()
        for library in LIBRARIES
        if library == "pandas" or dtype_name in REFUSED
    ],
)
def test_other_columns_are_refused_by_name(name, values, dtype, library):
    with pytest.raises((TypeError, ValueError), match="column 'v'"):
        fit(name, frames(values, dtype, library))


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    "hole", ["number", "string", "category", "bool", "duration", "date"]
)
def test_missing_values_are_refused_with_their_place(name, library, hole):
    values = {
        "number": [1.0, None],
        "string": ["a", None],
        "category": pd.Categorical(["a", None]),
        "bool": pd.array([True, None], dtype="boolean"),
        "duration": pd.to_timedelta([1, None], unit="s"),
        "date": pd.to_datetime(["2020-01-01", None]),
    }[hole]
    frame = pd.DataFrame({"state": ["x", "y"], "v": values})
    X = [LIBRARIES[library](f) for f in (frame[:1], frame)] * 6
    message = r"X\[1\] (contains|has a missing value).* at step 1, column 'v'"
    with pytest.raises(ValueError, match=message):
        fit(name, X)


# The dtypes of a column may differ between frames ------------------------------------


def columns(*pairs):
    return [pd.DataFrame({"v": pd.Series(v, dtype=dtype)}) for v, dtype in pairs]


@pytest.mark.parametrize(
    "X",
    [
        columns(([1, 0], "int64"), ([0.0], "float64")),
        columns(([1, 0], "bool"), ([0], "int64")),
        columns(([1, 0], "object"), ([0], "float64")),
        columns(([1, 0], "Int64"), ([0], "float32")),
    ],
)
def test_dtypes_of_numbers_may_differ(X):
    assert check_sequences(X).values.ravel().tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "X",
    [
        columns((["a", "b"], "category"), (["b"], "category")),
        columns((["a", "b"], "category"), (["b"], "str")),
        columns((["a", "b"], "object"), (["b"], "str")),
    ],
)
def test_dtypes_of_categories_may_differ(X):
    assert check_sequences(X).values["v"].tolist() == ["a", "b", "b"]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (
            columns((["a", "b"], "str"), ([0, 1], "int64")),
            r"X\[1\] holds 0 of type int at step 0, column 'v', but the values before "
            "it are categories",
        ),
        (
            columns(([0.5, 1], "float64"), ([1, 2], "category")),
            r"X\[1\] holds .* at step 0, column 'v', but the values before it",
        ),
        (
            columns(([1, 0], "int64"), ([0], "m8[s]")),
            r"X\[1\] holds .* of type Timedelta at step 0, column 'v', but the values",
        ),
        (
            columns(([0, 1], "object"), ([1, "a"], "object")),
            r"X\[1\] holds 'a' of type str at step 1, column 'v', but the",
        ),
    ],
)
def test_kinds_may_not_differ(X, message):
    with pytest.raises(TypeError, match=message):
        check_sequences(X)


def test_categories_are_those_of_fit_whichever_frames_come_together():
    values = [pd.Categorical([1, 2]), pd.Categorical([2]), pd.Categorical([2, 1])]
    X = [pd.DataFrame({"v": v}) for v in values] * 4
    model = AttentionLSTMClassifier(**TINY).fit(X, Y)
    singly = [model.predict_proba([x])[0] for x in X]
    np.testing.assert_allclose(model.predict_proba(X), singly, rtol=1e-5)


@pytest.mark.parametrize("name", ["encoder", "next state"])
@pytest.mark.parametrize(
    ("at_fit", "later"),
    list(
        itertools.permutations(
            [
                *((ONES, None), (WORDS, None), (ONES, "category")),
                *((TIMES, None), (TIMES, "datetime64[us, UTC]")),
            ],
            2,
        )
    ),
)
def test_other_kinds_than_at_fit_are_refused(name, at_fit, later):
    model = fit(name, frames(*at_fit))
    with pytest.raises(ValueError, match=r"column 'v' holds .*, but it held .* in fit"):
        outputs(model, frames(*later))


# Dates -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ESTIMATORS)
def test_dates_as_row_index_are_a_column(name):
    X = [f[["v", "state"]] for f in REFERENCES["dates"]]
    indexed = [f.set_index("v") for f in X]
    np.testing.assert_array_equal(
        outputs(fit(name, indexed), indexed), outputs(fit(name, X), X)
    )


@pytest.mark.parametrize(
    ("frame", "columns"),
    [
        (pd.DataFrame({"v": [1.0]}, index=pd.DatetimeIndex(["2020"])), ["time", "v"]),
        (
            pd.DataFrame({"v": pd.DatetimeIndex(["2020"])}).set_index("v", drop=False),
            ["v"],
        ),
        (pd.DataFrame({"v": [1.0]}, index=pd.Index([7], name="row")), ["v"]),
    ],
)
def test_names_of_dates_as_row_index(frame, columns):
    assert check_sequences([frame]).columns.tolist() == columns


def test_dates_in_several_time_zones_are_in_utc():
    zones = [pd.Timestamp("2020-01-01 12:00", tz=z) for z in ("Asia/Tokyo", "UTC")]
    X = [pd.DataFrame({"v": [time]}) for time in zones]
    found = check_sequences(X).values["v"]
    assert [str(time) for time in found] == [
        "2020-01-01 03:00:00+00:00",
        "2020-01-01 12:00:00+00:00",
    ]


def test_dates_with_and_without_a_time_zone_are_refused():
    times = [pd.Timestamp("2020"), pd.Timestamp("2021", tz="UTC")]
    X = [pd.DataFrame({"v": [time]}) for time in (times[0], *times)]
    message = r"X\[2\]: only some dates in column 'v' have a time zone.* at step 0"
    with pytest.raises(ValueError, match=message):
        check_sequences(X)


# Columns of all libraries ------------------------------------------------------------


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("library", LIBRARIES)
def test_the_order_of_columns_is_checked(name, library):
    model, _ = reference(name, "numbers")
    swapped = [LIBRARIES[library](f[["v", "state"]]) for f in REFERENCES["numbers"]]
    with pytest.raises(ValueError, match=r"X has the columns \['v', 'state'\], but"):
        outputs(model, swapped)


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_frames_keep_what_they_hold(library):
    frame = pd.DataFrame(
        {
            "number": [1.5, None],
            "string": ["a", None],
            "category": pd.Categorical(["b", "a"]),
            "time": pd.to_datetime(["2020-01-01", None]).tz_localize("UTC"),
            "flag": [True, False],
            "count": [1, 2],
        }
    )
    found = to_pandas(LIBRARIES[library](frame))
    pd.testing.assert_frame_equal(
        found, frame, check_dtype=False, check_categorical=False
    )
    assert found["category"].dtype == "category"
    assert found["time"].dtype.kind == "M"
    assert found["count"].dtype == np.int64


def test_lazy_frames_are_refused_by_name():
    lazy = pl.DataFrame({"v": [1.0]}).lazy()
    assert is_frame(lazy)
    with pytest.raises(TypeError, match=r"X\[0\] .*LazyFrame.*X\[0\]\.collect\(\)"):
        check_sequences([lazy])
    with pytest.raises(TypeError, match=r"frame .*LazyFrame.*frame\.collect\(\)"):
        events_to_sequences(lazy, id="v")


def test_columns_that_pandas_lacks_are_refused_by_the_frame():
    frame = pl.DataFrame({"v": [1, 2]}, schema={"v": pl.Int128})
    with pytest.raises(TypeError, match=r"X\[1\] .* polars.DataFrame and cannot"):
        check_sequences([pl.DataFrame({"v": [1]}), frame])


@pytest.mark.parametrize(
    "x", [None, 1, "a", [1], np.ones((2, 2)), pd.Series([1]), pl.Series([1]), {"a": 1}]
)
def test_other_objects_are_no_frames(x):
    assert not is_frame(x)


REPEATED = {
    "pandas": pd.DataFrame([[1, 2, 3]], columns=["id", "v", "v"]),
    "pyarrow": pa.table([[1], [2], [3]], names=["id", "v", "v"]),
}


@pytest.mark.parametrize("library", REPEATED)
@pytest.mark.parametrize(
    "read",
    [
        lambda frame: check_sequences([frame]),
        lambda frame: events_to_sequences(frame, id="id"),
        lambda frame: events_to_sequences(frame, id="id", columns="v"),
        lambda frame: sequences_to_events([frame]),
        lambda frame: NextStateLSTM(target="v").fit([frame]),
    ],
)
def test_repeated_names_are_refused_everywhere(read, library):
    message = r"has columns that occur more than once: \['v'\]"
    with pytest.raises(ValueError, match=message):
        read(REPEATED[library])


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_frames_does_not_change_their_kinds(seed):
    X = [f[["v"]] for f in frames(WORDS, "category")]
    order = np.random.RandomState(seed).permutation(len(X))
    found = check_sequences([X[i] for i in order]).to_list()
    for i, x in zip(order, found, strict=True):
        assert x["v"].tolist() == X[i]["v"].tolist()


@pytest.mark.parametrize("zone", [None, "UTC"])
@pytest.mark.parametrize("name", [None, "at"])
def test_dates_of_a_long_table_are_a_column(name, zone):
    """The same content as a list of frames with such a row index."""
    days = pd.date_range("2024-01-01", periods=5, freq="h", tz=zone, name=name)
    who = [2, 1, 2, 1, 2]
    values = pd.DataFrame({"v": np.arange(5.0)}, index=days)
    long = values.set_index(pd.MultiIndex.from_arrays([who, days], names=["who", name]))
    pieces = [values[np.array(who) == one] for one in (2, 1)]
    found, expected = check_sequences(long), check_sequences(pieces)
    assert found.columns.tolist() == [name or "time", "v"]
    assert found.lengths.tolist() == expected.lengths.tolist() == [3, 2]
    pd.testing.assert_frame_equal(found.values, expected.values)
    filled = SequenceImputer().fit_transform(long)
    pd.testing.assert_frame_equal(check_sequences(filled).values, expected.values)
