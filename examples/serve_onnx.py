"""Predict with an exported model, by numpy and onnxruntime alone.

``sklearn_seqattn.export.to_onnx(estimator, "model.onnx")`` writes the model. Then copy
this file to the server, which needs neither torch nor scikit-learn, and run

    python serve_onnx.py MODEL.onnx SEQUENCES.json

The JSON is a list of sequences: texts, lists of tokens, or lists of steps, which are
numbers or lists of numbers. Printed is what is predicted for each.
"""

import json
import sys
from numbers import Real

import numpy as np
import onnxruntime


def open_model(path):
    """Return a session, and what the model says about itself."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    table = session.get_modelmeta().custom_metadata_map
    table = {name: json.loads(value) for name, value in table.items()}
    tokens = table.get("vocabulary", [])
    table["ids"] = {token: k for k, token in enumerate(tokens, 2)}
    return session, table


def encode(session, table, x, name="X"):
    """Return the inputs of one sequence: numbers, or ids and characters of tokens."""
    if "vocabulary" in table:
        tokens = x.split() if isinstance(x, str) else x
        check_tokens(table, tokens, name)
        ids = [table["ids"].get(token, table["unknown_id"]) for token in tokens]
        text = " ".join(map(str, tokens))
        if "shortest" not in table:  # not states: no tokens are an unknown one
            ids = ids or [table["unknown_id"]]
        elif len(ids) < table["shortest"]:
            raise ValueError(f"{name} is empty: there is nothing to predict from.")
        characters = np.array(list(map(ord, text)), np.int64)
        return {"values": np.array(ids, np.int64), "characters": characters}
    try:
        if np.array(x).dtype.kind == "U":
            raise TypeError("it holds strings")
        values = np.array(x, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} is not made of numbers ({error}).") from error
    n_channels = session.get_inputs()[0].shape[2]
    values = values[:, None] if values.ndim == 1 else values
    if len(values) == 0 or values.shape[1:] != (n_channels,):
        raise ValueError(f"{name} has the shape {values.shape}, not (T, {n_channels}).")
    return {"values": values}


def check_tokens(table, tokens, name):
    """Refuse what are no tokens of the kind that the model knows."""
    is_text = isinstance((table["vocabulary"] or [""])[0], str)
    for step, token in enumerate(tokens):
        is_number = isinstance(token, Real) and abs(token) < 2**63
        is_known_kind = isinstance(token, str) if is_text else is_number
        if not is_known_kind or (is_number and token % 1):
            kind = "strings" if is_text else "integers"
            raise ValueError(
                f"{name} holds {token!r:.40} at step {step}, but the tokens of the "
                f"model are {kind}."
            )


def pad(arrays, fill):
    """Return arrays as one, padded on the right."""
    shape = (len(arrays), max(map(len, arrays)), *arrays[0].shape[1:])
    padded = np.full(shape, fill, arrays[0].dtype)
    for row, x in zip(padded, arrays, strict=True):
        row[: len(x)] = x
    return padded


def predict(session, table, sequences, batch_size=64):
    """Return each output for all sequences, as a list; batches hold similar lengths."""
    names = [one.name for one in session.get_inputs() if one.name != "lengths"]
    others = sorted(set(names) - {"values", "characters"})
    if others:
        raise ValueError(
            f"The model has the inputs {others}, which are not made of sequences here; "
            "make them as the documents of to_onnx say, and call session.run."
        )
    n_steps = [len(x.split() if isinstance(x, str) else x) for x in sequences]
    parts = [encode(session, table, x, f"X[{i}]") for i, x in enumerate(sequences)]
    lengths = np.array([len(part["values"]) for part in parts])
    found = {one.name: [None] * len(parts) for one in session.get_outputs()}
    order = np.argsort(lengths, kind="stable")
    for rows in np.split(order, range(batch_size, len(order), batch_size)):
        inputs = {"lengths": lengths[rows]}
        for name in names:
            fill = ord(" ") if name == "characters" else 0
            inputs[name] = pad([parts[row][name] for row in rows], fill)
        outputs = zip(session.get_outputs(), session.run(None, inputs), strict=True)
        for one, values in outputs:
            for row, value in zip(rows, values, strict=True):
                of_steps = "steps" in one.shape
                found[one.name][row] = value[: n_steps[row]] if of_steps else value
    return found


def main(model, sequences):
    """Run the example."""
    session, table = open_model(model)
    with open(sequences, encoding="utf-8") as file:
        found = predict(session, table, json.load(file))
    print(*next(iter(found.values())), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
