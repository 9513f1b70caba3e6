"""Inputs that must be refused, each with its exact message.

Rows are (id, make_input, kwargs of check_sequences, exception, message).
"""

import datetime
from collections import namedtuple

import numpy as np
import pandas as pd
import torch
from scipy import sparse
from torch.nn.utils.rnn import pack_sequence

nan, inf = np.nan, np.inf
Pair = namedtuple("Pair", "first second")


def with_values(shape, at, value):
    """Return ones with some other values."""
    array = np.ones(shape)
    array[at] = value
    return array


def frames(*columns):
    """Return one DataFrame for each dict of columns."""
    return [pd.DataFrame(column) for column in columns]


CONTAINERS = (
    "expected a list of sequences, a 3-D array (n_sequences, n_steps, n_channels) or a "
    "2-D table (n_sequences, n_steps)."
)
RESHAPE = (
    "X is one sequence of numbers, but several are expected: for one sequence pass "
    "[X]. Reshape your data by numpy.reshape(X, (-1, 1)) if each number is a sequence "
    "of one step."
)
MINIMUM = "while a minimum of 1 is required"
FILL = "fill it with SequenceImputer, or drop such steps first."
NO_TOKEN = "tokens are never missing, so drop such steps, or give them an id."
REPLACE = "every step needs finite numbers, so replace or drop such steps first."
PADDING = (
    "only trailing steps that are NaN in all channels are read as padding, so fill "
    "the others with SequenceImputer, or drop such steps first."
)
EMPTY = (
    "but every sequence needs at least one step; remove the empty sequences (and their "
    "targets)."
)
ELEMENT = (
    "every element of X must be a sequence: an array or list of shape (n_steps,) or "
    "(n_steps, n_channels)."
)
SAME = "all sequences need the same kind of container."
OTHER_TEXTS = "other elements of X are texts; drop it, or pass an empty text instead."
KINDS = "all sequences need numbers, or all need tokens."
TOKENS = (
    "but other tokens are strings; tokens are all strings or all integers, and never "
    "missing."
)
LONG = (
    "a table is read as one sequence a row, of values of one kind. If a row is one "
    "step of a sequence, split the table by events_to_sequences(X, id=...). A text "
    "beside static columns is a list of tokens: X.assign(text=X['text'].str.split())."
)
COMPLEX = (
    "has dtype complex128. Complex data not supported: pass the real and the imaginary "
    "part as two channels."
)
CONVERT = "convert it, for example with astype(str)."
SECONDS = "pass numbers instead, for example the seconds since the first step."
UNEQUAL = (
    "X[0] has steps that differ in their number of channels; expected n_steps numbers, "
    "or n_steps lists of n_channels numbers."
)
ONE_COLUMN = (
    "X has channels or columns, but sequences of tokens are expected: 1-D sequences of "
    "strings or integers; select one column."
)

BAD_CONTAINERS = [
    ("none", lambda: None, {}, TypeError, f"X is None; {CONTAINERS}"),
    ("number", lambda: 3.0, {}, TypeError, f"X is of type float; {CONTAINERS}"),
    ("object", lambda: object(), {}, TypeError, f"X is of type object; {CONTAINERS}"),
    (
        "string",
        lambda: "a b",
        {},
        TypeError,
        "X is one text (of type str), but a list of texts is expected: for one text "
        "pass [X].",
    ),
    (
        "bytes",
        lambda: b"a b",
        {},
        TypeError,
        "X is of type bytes; decode bytes to strings first.",
    ),
    (
        "dict",
        lambda: {"a": [1]},
        {},
        TypeError,
        "X is of type dict; pass list(X.values()).",
    ),
    (
        "dict values",
        lambda: {"a": [1]}.values(),
        {},
        TypeError,
        "X is of type dict_values; pass list(X).",
    ),
    (
        "set",
        lambda: {1, 2},
        {},
        TypeError,
        "X is of type set; a set has no order; pass a list.",
    ),
    (
        "generator",
        lambda: (x for x in [[1.0]]),
        {},
        TypeError,
        "X is of type generator; an iterator can be read only once; pass list(X).",
    ),
    (
        "map",
        lambda: map(list, ["ab"]),
        {},
        TypeError,
        "X is of type map; an iterator can be read only once; pass list(X).",
    ),
    (
        "named tuple",
        lambda: Pair([1.0], [2.0]),
        {},
        TypeError,
        "X is of type bad_inputs.Pair; pass list(X) if each field of the named tuple "
        "is an element.",
    ),
    (
        "packed sequence",
        lambda: pack_sequence([torch.ones(3), torch.ones(2)]),
        {},
        TypeError,
        "X is of type torch.PackedSequence; pass the list of tensors that was packed, "
        "or unpack it: pad_packed_sequence returns padded tensors and lengths, to "
        "which each tensor is cut.",
    ),
    (
        "nested tensor",
        lambda: torch.nested.nested_tensor(
            [torch.ones(3), torch.ones(2)], layout=torch.jagged
        ),
        {},
        TypeError,
        "X is of type torch.NestedTensor; pass list(X.unbind()).",
    ),
    (
        "groups of a frame",
        lambda: pd.DataFrame({"id": [1, 2], "v": [1.0, 2.0]}).groupby("id"),
        {},
        TypeError,
        "X is of type pandas.DataFrameGroupBy; pass [group for _, group in X].",
    ),
    (
        "0-D array",
        lambda: np.array(1.0),
        {},
        ValueError,
        f"X has 0 dimensions; {CONTAINERS}",
    ),
    (
        "4-D array",
        lambda: np.ones((2, 3, 4, 5)),
        {},
        ValueError,
        f"X has 4 dimensions; {CONTAINERS}",
    ),
    ("1-D array", lambda: np.ones(3), {}, ValueError, RESHAPE),
    ("flat list", lambda: [1, 2.0, 3], {}, ValueError, RESHAPE),
    ("range", lambda: range(3), {}, ValueError, RESHAPE),
    ("1-D tensor", lambda: torch.ones(3), {}, ValueError, RESHAPE),
    ("list of 0-D", lambda: list(torch.ones(3)), {}, ValueError, RESHAPE),
    ("series of numbers", lambda: pd.Series([1.0, 2.0]), {}, ValueError, RESHAPE),
    (
        "empty list",
        lambda: [],
        {},
        ValueError,
        f"X has 0 sample(s) {MINIMUM}; {CONTAINERS}",
    ),
    (
        "table without rows",
        lambda: np.ones((0, 3)),
        {},
        ValueError,
        f"X has 0 sample(s) (shape=(0, 3)) {MINIMUM}.",
    ),
    (
        "table without columns",
        lambda: np.ones((3, 0)),
        {},
        ValueError,
        f"X has 0 feature(s) (shape=(3, 0)) {MINIMUM}.",
    ),
    (
        "3-D without steps",
        lambda: np.ones((2, 0, 3)),
        {},
        ValueError,
        f"X has 0 step(s) (shape=(2, 0, 3)) {MINIMUM}.",
    ),
    (
        "3-D without channels",
        lambda: np.ones((2, 3, 0)),
        {},
        ValueError,
        f"X has 0 channel(s) (shape=(2, 3, 0)) {MINIMUM}.",
    ),
    (
        "sparse",
        lambda: sparse.csr_array(np.eye(2)),
        {},
        TypeError,
        "X is of type scipy.csr_array; sparse data is not supported, pass X.toarray().",
    ),
    (
        "masked array",
        lambda: np.ma.masked_array([[1.0, 2.0]], mask=[[False, True]]),
        {},
        TypeError,
        "X is a masked array, whose mask would be lost; fill it with NaN or drop the "
        "masked steps.",
    ),
    (
        "3-D of strings",
        lambda: np.array([[["a"]]]),
        {},
        TypeError,
        "X is a 3-D array of dtype <U1, but a 3-D array holds numbers; pass tokens as "
        "a list of lists.",
    ),
]

BAD_ELEMENTS = [
    ("element None", lambda: [[1, 2], None], {}, TypeError, f"X[1] is None; {ELEMENT}"),
    (
        "element dict",
        lambda: [[1, 2], {"a": 1}],
        {},
        TypeError,
        "X[1] is of type dict; pass list(X[1].values()).",
    ),
    (
        "element set",
        lambda: [{1, 2}],
        {},
        TypeError,
        "X[0] is of type set; a set has no order; pass a list.",
    ),
    (
        "element number",
        lambda: [[1, 2], 3],
        {},
        TypeError,
        f"X[1] is of type int; {ELEMENT}",
    ),
    (
        "string beside token list",
        lambda: [["a", "b"], "a b"],
        {},
        TypeError,
        f"X[1] is of type str, but X[0] is of type list; {SAME}",
    ),
    (
        "None among texts",
        lambda: ["good film", None, "bad film"],
        {},
        TypeError,
        f"X[1] is None; {OTHER_TEXTS}",
    ),
    (
        "None before texts",
        lambda: [None, "good film"],
        {},
        TypeError,
        f"X[0] is None; {OTHER_TEXTS}",
    ),
    (
        "NaN among texts",
        lambda: pd.Series(["good film", nan]),
        {},
        TypeError,
        f"X[1] is NaN; {OTHER_TEXTS}",
    ),
    (
        "NA among texts",
        lambda: pd.Series(["good film", pd.NA], dtype="string"),
        {},
        TypeError,
        f"X[1] is <NA>; {OTHER_TEXTS}",
    ),
    (
        "number among texts",
        lambda: ["good film", "bad film", 3],
        {},
        TypeError,
        f"X[2] is of type int; {OTHER_TEXTS}",
    ),
    (
        "one text among arrays",
        lambda: ["a b", np.ones(2), np.ones(3)],
        {},
        TypeError,
        f"X[0] is of type str, but X[1] is of type numpy.ndarray; {SAME}",
    ),
    (
        "element bytes",
        lambda: [[1, 2], b"ab"],
        {},
        TypeError,
        "X[1] is of type bytes; decode bytes to strings first.",
    ),
    (
        "element iterator",
        lambda: [[1, 2], iter([1])],
        {},
        TypeError,
        "X[1] is of type list_iterator; an iterator can be read only once; pass "
        "list(X[1]).",
    ),
    (
        "element named tuple",
        lambda: [[1, 2], Pair(1, 2)],
        {},
        TypeError,
        "X[1] is of type bad_inputs.Pair; pass list(X[1]) if each field of the named "
        "tuple is an element.",
    ),
    (
        "masked element",
        lambda: [np.ma.masked_array([1.0, 2.0], mask=[False, True])],
        {},
        TypeError,
        "X[0] is a masked array, whose mask would be lost; fill it with NaN or drop "
        "the masked steps.",
    ),
    (
        "element 0-D",
        lambda: [np.ones(2), np.array(1.0)],
        {},
        ValueError,
        "X[1] has shape (), but a sequence has shape (n_steps,) or "
        "(n_steps, n_channels).",
    ),
    (
        "element 3-D",
        lambda: [np.ones((2, 3, 4))],
        {"channels_first": True},
        ValueError,
        "X[0] has shape (2, 3, 4), but a sequence has shape (n_steps,) or "
        "(n_channels, n_steps).",
    ),
    (
        "empty sequence",
        lambda: [[1, 2], []],
        {},
        ValueError,
        f"X[1] has 0 steps, {EMPTY}",
    ),
    (
        "empty array",
        lambda: [np.ones((2, 3)), np.ones((0, 3))],
        {},
        ValueError,
        f"X[1] has 0 steps, {EMPTY}",
    ),
    (
        "blank string",
        lambda: ["a b", " "],
        {},
        ValueError,
        f"X[1] has 0 steps, {EMPTY}",
    ),
    (
        "all padding",
        lambda: with_values((3, 4, 2), 2, nan),
        {},
        ValueError,
        f"X[2] has only NaN, and so 0 steps, {EMPTY}",
    ),
    (
        "no channels",
        lambda: [np.ones((3, 0))],
        {},
        ValueError,
        "X[0] has 0 channels (shape (3, 0)); every step needs at least one number.",
    ),
    (
        "other channels",
        lambda: [np.ones((2, 4)), np.ones((3, 4)), np.ones((4, 2))],
        {},
        ValueError,
        "X[2] has 2 channels, but X[0] has 4; every sequence needs the same channels.",
    ),
    (
        "1-D beside 2-D",
        lambda: [np.ones((3, 4)), np.ones(4)],
        {},
        ValueError,
        "X[1] has 1 channel, but X[0] has 4; every sequence needs the same channels.",
    ),
    (
        "channels last taken for first",
        lambda: [np.ones((3, 4)), np.ones((2, 4))],
        {"channels_first": True},
        ValueError,
        "X[1] has 2 channels, but X[0] has 3; every sequence needs the same channels.",
    ),
    (
        "the first has other channels",
        lambda: [np.ones((2, 1)), np.ones((3, 4)), np.ones((4, 4))],
        {},
        ValueError,
        "X[0] has 1 channel, but X[1] has 4; every sequence needs the same channels.",
    ),
    ("ragged step", lambda: [[[1, 2], [3]]], {}, ValueError, UNEQUAL),
    ("nested step", lambda: [[1, [2]]], {}, ValueError, UNEQUAL),
    (
        "tokens beside numbers",
        lambda: [[1, 2], [3], ["a"]],
        {},
        TypeError,
        f"X[2] holds tokens, but X[0] holds numbers; {KINDS}",
    ),
    (
        "numbers beside tokens",
        lambda: [["a"], [1, 2]],
        {},
        TypeError,
        f"X[1] holds numbers, but X[0] holds tokens; {KINDS}",
    ),
]

CELLS = {"a": [[1.0, 2.0], [3.0]], "b": [[1.0, 2.0], [3.0]]}

BAD_TABLES = [
    (
        "three levels",
        lambda: pd.concat({"u": pd.concat({"i": pd.DataFrame({"v": [1.0]})})}),
        {},
        ValueError,
        "X has a row index of 3 levels, [None, None, None], but a long table has two, "
        "(instance, time); use events_to_sequences(X.reset_index(), id=...).",
    ),
    (
        "missing instance",
        lambda: pd.DataFrame(
            {"v": [1.0, 2.0]}, index=pd.MultiIndex.from_tuples([("i", 0), (None, 1)])
        ),
        {},
        ValueError,
        "X has a missing instance in the first level of its row index, row 1; drop or "
        "fill such rows first.",
    ),
    (
        "cells of other lengths",
        lambda: pd.DataFrame({**CELLS, "b": [[1.0, 2.0], [3.0, 4.0]]}),
        {},
        ValueError,
        "X[1] has 2 steps in column 'b', but 1 in column 'a'; the columns of a row are "
        "the channels of one sequence.",
    ),
    (
        "cells of channels",
        lambda: pd.DataFrame({**CELLS, "b": [np.ones((2, 2)), np.ones((1, 2))]}),
        {},
        ValueError,
        "X[0] has shape (2, 2) in column 'b', but each of several columns is one "
        "channel, of shape (n_steps,).",
    ),
    (
        "missing cell",
        lambda: pd.DataFrame({**CELLS, "b": [[1.0, 2.0], None]}),
        {},
        TypeError,
        "X[1], column 'b', is None; every cell of such a column must hold a sequence.",
    ),
    (
        "NA in a nullable table",
        lambda: pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [1, 2]}),
        {},
        ValueError,
        f"X[1] contains NaN at step 0, channel 0; {FILL}",
    ),
    (
        "date among numbers",
        lambda: pd.DataFrame({"a": [1, 2], "b": pd.date_range("2020", periods=2)}),
        {},
        TypeError,
        "X is one table with numbers in column 'a', dates or times in column 'b'; "
        f"{LONG}",
    ),
    (
        "bytes in an object table",
        lambda: np.array([[1, 2], [3, b"4"]], dtype=object),
        {},
        TypeError,
        "X[1] holds b'4' at step 1: decode bytes to strings first.",
    ),
    (
        "3-D objects",
        lambda: np.array([[[1, 2], [3, {"a": 2}]]], dtype=object),
        {},
        TypeError,
        "X[0] holds {'a': 2} at step 1: float() argument must be a string or a real "
        "number, not 'dict'.",
    ),
    (
        "huge integer",
        lambda: [[1, 10**400]],
        {},
        ValueError,
        "X[0] holds 100000000000000000...0000000000000000000 at step 1: int too large "
        "to convert to float.",
    ),
    (
        "one string among integers",
        lambda: [[1, 2, 3, "a"], [4, 5, "b"]],
        {},
        TypeError,
        "X[0] holds 'a' of type str at step 3, but most values are no strings; tokens "
        "are all strings or all integers, and never missing.",
    ),
]

BAD_VALUES = [
    (
        "NaN in a table",
        lambda: np.array([[1.0, 2.0], [3.0, nan]]),
        {},
        ValueError,
        f"X[1] contains NaN at step 1, channel 0; {FILL}",
    ),
    (
        "infinity in a table",
        lambda: np.array([[-inf, 2.0]]),
        {},
        ValueError,
        f"X[0] contains infinity (inf) at step 0, channel 0; {REPLACE}",
    ),
    (
        "NaN in the middle",
        lambda: [[1, 2], [1, nan, 2]],
        {},
        ValueError,
        f"X[1] contains NaN at step 1, channel 0; {FILL}",
    ),
    (
        "trailing NaN in a list",
        lambda: [[1, 2, nan]],
        {},
        ValueError,
        f"X[0] contains NaN at step 2, channel 0; {FILL}",
    ),
    (
        "infinity",
        lambda: [np.ones((2, 2)), with_values((3, 2), (1, 1), inf)],
        {},
        ValueError,
        f"X[1] contains infinity (inf) at step 1, channel 1; {REPLACE}",
    ),
    (
        "padding in the middle",
        lambda: with_values((3, 4, 2), (0, 1), nan),
        {},
        ValueError,
        f"X[0] contains NaN at step 1, channel 0; {PADDING}",
    ),
    (
        "padding in front",
        lambda: with_values((3, 4, 2), (1, 0), nan),
        {},
        ValueError,
        f"X[1] contains NaN at step 0, channel 0; {PADDING}",
    ),
    (
        "padding in one channel",
        lambda: with_values((3, 4, 2), (1, 3, 1), nan),
        {},
        ValueError,
        f"X[1] contains NaN at step 3, channel 1; {PADDING}",
    ),
    (
        "None for a number",
        lambda: [[1, 2], [1, None]],
        {},
        ValueError,
        f"X[1] contains NaN at step 1, channel 0; {FILL}",
    ),
    (
        "complex table",
        lambda: np.ones((2, 2)) * 1j,
        {},
        ValueError,
        f"X {COMPLEX}",
    ),
    ("complex", lambda: [np.ones(3) * 1j], {}, ValueError, f"X[0] {COMPLEX}"),
    (
        "times",
        lambda: [np.array(["2020-01-01"], dtype="M8[s]")],
        {},
        TypeError,
        f"X[0] has dtype datetime64[s], which is not supported; {SECONDS}",
    ),
    (
        "durations",
        lambda: np.array([[3]], dtype="m8[s]"),
        {},
        TypeError,
        "X has dtype timedelta64[s], which is not supported; pass numbers instead, for "
        "example seconds.",
    ),
    (
        "bytes",
        lambda: [[b"a"]],
        {},
        TypeError,
        "X[0] holds b'a' at step 0: decode bytes to strings first.",
    ),
    (
        "records",
        lambda: np.zeros((1, 2), dtype=[("a", "f8")]),
        {},
        TypeError,
        "X has dtype [('a', '<f8')], which is not supported; pass numbers or strings.",
    ),
    (
        "dict in a table",
        lambda: np.array([[1, 2], [3, {"a": 2}]], dtype=object),
        {},
        TypeError,
        "X[1] holds {'a': 2} at step 1: float() argument must be a string or a real "
        "number, not 'dict'.",
    ),
    (
        "dict among channels",
        lambda: [[[1, 2]], [[1, 2], [{"a": 2}, 4]]],
        {},
        TypeError,
        "X[1] holds {'a': 2} at step 1: float() argument must be a string or a real "
        "number, not 'dict'.",
    ),
]

BAD_TOKENS = [
    (
        "number among strings",
        lambda: [["b"], ["a", 1]],
        {},
        TypeError,
        f"X[1] holds 1 of type int at step 1, {TOKENS}",
    ),
    (
        "string among numbers",
        lambda: [[1, "a"]],
        {},
        TypeError,
        f"X[0] holds 1 of type int at step 0, {TOKENS}",
    ),
    (
        "None among strings",
        lambda: [["a", None]],
        {},
        TypeError,
        f"X[0] holds None of type NoneType at step 1, {TOKENS}",
    ),
    (
        "NaN among strings",
        lambda: pd.DataFrame({"a": ["x", nan]}),
        {},
        TypeError,
        f"X[1] is NaN; {OTHER_TEXTS}",
    ),
    (
        "number column beside text",
        lambda: pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}),
        {},
        TypeError,
        f"X is one table with categories in column 'a', numbers in column 'b'; {LONG}",
    ),
    (
        "tokens with channels",
        lambda: [np.array([["a", "b"]])],
        {},
        ValueError,
        "X[0] has shape (1, 2), but a sequence of tokens has shape (n_steps,); pass "
        "several features an event as DataFrames.",
    ),
    (
        "fractions as tokens",
        lambda: [[1, 2], [1.0, 2.5]],
        {"tokens": True},
        ValueError,
        "X[1] holds 2.5 at step 1, but tokens are strings or integers; round or bin "
        "the numbers first.",
    ),
    (
        "NaN as token",
        lambda: [[1, 2], [1, nan]],
        {"tokens": True},
        ValueError,
        f"X[1] contains NaN at step 1, channel 0; {NO_TOKEN}",
    ),
    (
        "integers too large",
        lambda: [np.array([1, 2**63], dtype=np.uint64)],
        {"tokens": True},
        ValueError,
        "X[0] holds a number at step 1 that does not fit into int64; pass such tokens "
        "as strings.",
    ),
    (
        "3-D as tokens",
        lambda: np.ones((2, 3, 1)),
        {"tokens": True},
        TypeError,
        ONE_COLUMN,
    ),
    (
        "frames as tokens",
        lambda: frames({"a": [1], "b": ["x"]}),
        {"tokens": True},
        TypeError,
        ONE_COLUMN,
    ),
    (
        "strings as numbers",
        lambda: ["a b", "c"],
        {"tokens": False},
        TypeError,
        "X holds tokens (strings), but numbers are expected; put an 'embedding' first "
        "in front_end, or encode the tokens as numbers.",
    ),
]

BAD_EVENTS = [
    (
        "frame beside array",
        lambda: [*frames({"a": [1]}), np.ones(2)],
        {},
        TypeError,
        f"X[1] is of type numpy.ndarray, but X[0] is of type pandas.DataFrame; {SAME}",
    ),
    (
        "other columns",
        lambda: frames({"a": [1], "b": [2]}, {"b": [2], "a": [1]}),
        {},
        ValueError,
        "X[1] has the columns ['b', 'a'], but X[0] has ['a', 'b']; all frames need the "
        "same columns in the same order.",
    ),
    (
        "no columns",
        lambda: [pd.DataFrame(index=[0])],
        {},
        ValueError,
        "X[0] has no columns; every event needs at least one feature.",
    ),
    (
        "repeated columns",
        lambda: [pd.DataFrame([[1, 2]], columns=["a", "a"])],
        {},
        ValueError,
        "X[0] has columns that occur more than once: ['a']; column names must be "
        "unique.",
    ),
    (
        "no events",
        lambda: frames({"a": [1]}, {"a": []}),
        {},
        ValueError,
        f"X[1] has 0 steps (rows), {EMPTY}",
    ),
    (
        "NaN in a column",
        lambda: frames({"a": [1.0]}, {"a": [2.0, nan]}),
        {},
        ValueError,
        f"X[1] contains NaN at step 1, column 'a'; {FILL}",
    ),
    (
        "missing category",
        lambda: frames({"a": ["x"]}, {"a": ["x", None]}),
        {},
        ValueError,
        "X[1] has a missing value (NaN or None) at step 1, column 'a'; fill it with "
        "SequenceImputer, or drop such steps first.",
    ),
    (
        "mixed categories",
        lambda: [pd.DataFrame({"a": ["x", 1]}, dtype=object)],
        {},
        TypeError,
        "X[0] holds 1 of type int at step 1, column 'a', but the values before it are "
        "categories; a column holds one kind of values in all frames, so convert it to "
        "one type.",
    ),
    (
        "column of dicts",
        lambda: frames({"a": [{"x": 1}]}),
        {},
        TypeError,
        "X[0] holds {'x': 1} of type dict at step 0, column 'a', but a column holds "
        f"numbers, strings or categories; {CONVERT}",
    ),
    (
        "missing date",
        lambda: frames({"a": np.array(["2020-01-01", "NaT"], dtype="M8[s]")}),
        {},
        ValueError,
        "X[0] has a missing value (NaN or None) at step 1, column 'a'; fill it "
        "with the date before, or drop such steps first.",
    ),
    (
        "missing date among objects",
        lambda: frames({"a": [datetime.date(2020, 1, 1), None]}),
        {},
        ValueError,
        "X[0] has a missing value (NaN or None) at step 1, column 'a'; fill it "
        "with the date before, or drop such steps first.",
    ),
    (
        "complex column",
        lambda: frames({"a": [1j]}),
        {},
        ValueError,
        "X[0] holds 1j of type complex at step 0, column 'a'. Complex data not "
        "supported: pass the real and the imaginary part as two columns.",
    ),
    (
        "categories as numbers",
        lambda: frames({"a": ["x"], "b": [1]}),
        {"tokens": False},
        TypeError,
        "X has columns that are not numeric, ['a'], but numbers are expected; encode "
        "them first, for example with EventEncoder.",
    ),
]

BAD_INPUTS = [
    *BAD_CONTAINERS,
    *BAD_ELEMENTS,
    *BAD_TABLES,
    *BAD_VALUES,
    *BAD_TOKENS,
    *BAD_EVENTS,
]
