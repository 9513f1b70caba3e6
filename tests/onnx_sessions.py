"""Exported models in onnxruntime, for tests."""

import json

import numpy as np
import onnxruntime
import pandas as pd

from sklearn_seqattn.export import to_onnx
from sklearn_seqattn.windows.features import describe_token


def open_session(estimator, path):
    """Export an estimator and open the file."""
    to_onnx(estimator, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options)


def metadata(session):
    """Give what the model says about itself."""
    entries = session.get_modelmeta().custom_metadata_map
    return {name: json.loads(value) for name, value in entries.items()}


def pad(X, further=0):
    """Pad sequences of numbers or ids with nonsense."""
    arrays = [np.asarray(x) for x in X]
    lengths = np.array([len(x) for x in arrays])
    first = arrays[0]
    if first.ndim == 1 and first.dtype.kind == "f":  # rows of a table
        arrays = [x[:, None] for x in arrays]
    shape = (len(arrays), lengths.max() + further, *arrays[0].shape[1:])
    is_id = arrays[0].dtype.kind in "iu" and arrays[0].ndim == 1
    values = np.full(shape, 1 if is_id else 1e4, np.int64 if is_id else np.float64)
    for row, x in zip(values, arrays, strict=True):
        row[: len(x)] = x
    return {"values": values, "lengths": lengths}


def look_up(X, session):
    """Turn sequences of tokens or states into ids by the table of the model."""
    table = metadata(session)
    ids = {token: i for i, token in enumerate(table["vocabulary"], table["first_id"])}
    split = [x.split() if isinstance(x, str) else x for x in X]
    unknown = table["unknown_id"]
    return [np.array([ids.get(t, unknown) for t in x], dtype=np.int64) for x in split]


def run(session, inputs):
    """Give the outputs by name."""
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def code_columns(frame, columns):
    """Turn columns into numbers: categories into codes, unknown ones into -1."""
    found = []
    for one in columns:
        values = frame[one["column"]]
        if "categories" in one:
            values = pd.Index(one["categories"]).get_indexer(values)
        found.append(np.asarray(values, dtype=np.float64))
    return np.stack(found, axis=1)


def feed(session, X, static=None, further=0):
    """Turn sequences and their static columns into the inputs of a model."""
    table, names = metadata(session), [one.name for one in session.get_inputs()]
    if "columns" in table:
        arrays = [code_columns(x, table["columns"]) for x in X]
    else:
        arrays = look_up(X, session) if "vocabulary" in table else X
    inputs = pad([x if len(x) else np.array([1]) for x in arrays], further)
    if "characters" in names:
        inputs["characters"] = _characters(X, further)
    if "indicators" in names:
        inputs["indicators"] = _indicators(X, inputs["values"].shape, table)
    if "static" in names:
        inputs["static"] = code_columns(static, table["static"])
    return inputs


def _characters(X, further):
    """Give code points, padded with spaces."""
    texts = [" ".join(x) for x in X]
    longest = max(map(len, texts)) + further
    return np.array([list(map(ord, text.ljust(longest))) for text in texts])


def _indicators(X, shape, table):
    """Give the places of the indicators of each token, padded with 0."""
    places = {name: place for place, name in enumerate(table["indicators"], 1)}
    found = np.zeros((*shape, 12), np.int64)
    for row, x in zip(found, X, strict=True):
        for cell, token in zip(row, x, strict=False):
            names = describe_token(token)
            cell[: len(names)] = [places.get(name, 0) for name in names]
    return found
