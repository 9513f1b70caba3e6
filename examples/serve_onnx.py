"""Predict with an exported model, by numpy and onnxruntime alone.

``sklearn_seqattn.export.to_onnx(estimator, "model.onnx")`` writes the model. Then copy
this file to the server, which needs neither torch nor scikit-learn, and run

    python serve_onnx.py MODEL.onnx SEQUENCES.json

The JSON is a list of sequences: lists of steps, which are lists of numbers, or lists of
tokens. Printed is the label or the number that is predicted for each.
"""

import json
import sys

import numpy as np
import onnxruntime


def encode(session, sequences):
    """Return arrays: numbers (T, D), or the ids of tokens by the table of the model."""
    table = session.get_modelmeta().custom_metadata_map
    if "vocabulary" not in table:
        return [np.array(x, dtype=np.float64) for x in sequences]
    ids = {token: i for i, token in enumerate(json.loads(table["vocabulary"]), 2)}
    unknown = json.loads(table["unknown_id"])
    return [np.array([ids.get(token, unknown) for token in x]) for x in sequences]


def predict(session, sequences, batch_size=64):
    """Return the first output for all sequences; batches hold similar lengths."""
    name, found = session.get_outputs()[0].name, []
    order = np.argsort([len(x) for x in sequences], kind="stable")
    for start in range(0, len(order), batch_size):
        chosen = [sequences[i] for i in order[start : start + batch_size]]
        lengths = np.array([len(x) for x in chosen])
        shape = (len(chosen), lengths.max(), *chosen[0].shape[1:])
        values = np.zeros(shape, chosen[0].dtype)
        for row, x in zip(values, chosen, strict=True):
            row[: len(x)] = x
        found += session.run([name], {"values": values, "lengths": lengths})
    return np.concatenate(found)[np.argsort(order)]


def main(model, sequences):
    """Run the example."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    with open(sequences, encoding="utf-8") as file:
        inputs = encode(session, json.load(file))
    print(*predict(session, inputs), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
