"""How long one prediction takes: estimator, exported model, and the bare torch module.

For the default classifier, for the network alone and for tokens, one sequence and 256
at a time, on one thread, the times of one call are measured in turns. Printed is a
table in Markdown: medians in milliseconds, and how much longer the estimator takes than
the other two, as the ratio of medians. The time is that of the processor, which other
work on the machine does not change::

    python benchmarks/latency.py

The bare module gets a padded batch of scaled tensors, and the exported model a padded
batch of numbers: neither reads sequences, checks them or looks up tokens.

Where Keras is installed, two LSTM layers of 32 with masking, their mean over the steps
and a linear layer predict padded batches, too, as a bare model.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from contenders import CHANNELS, keras_network, set_keras_threads
from measuring import has

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.export import to_onnx

N_STEPS = 17


def make_models():
    """Fit the models, by name: estimator and sequences."""
    rng = np.random.default_rng(0)
    y = np.arange(256) % 2
    numbers = [rng.normal(label, 1, size=(N_STEPS, 3)) for label in y]
    tokens = [list(rng.choice(list("abcdefgh"), N_STEPS)) for _ in y]
    options = {"max_epochs": 1, "random_state": 0}
    alone = {**options, "blend": None}
    return {
        "default": (AttentionLSTMClassifier(**options).fit(numbers, y), numbers),
        "network alone": (AttentionLSTMClassifier(**alone).fit(numbers, y), numbers),
        "tokens": (AttentionLSTMClassifier(**alone).fit(tokens, y), tokens),
    }


def open_session(estimator, path):
    """Export an estimator and open the file with one thread."""
    to_onnx(estimator, path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


def make_calls(estimator, session, X):
    """Give the calls that predict X, by name."""
    network = estimator.network_.eval()
    inputs, _ = estimator._read_dataset(X).batch(np.arange(len(X)))
    lengths = np.full(len(X), N_STEPS)
    values = inputs["values"].numpy()
    if estimator.input_encoder_.n_ids_ is None:
        values = np.stack(X)

    def bare():
        with torch.inference_mode():
            return torch.softmax(network(**inputs), dim=1).numpy()

    return {
        "estimator": lambda: estimator.predict_proba(X),
        "exported": lambda: session.run(None, {"values": values, "lengths": lengths}),
        "bare module": bare,
    }


def make_keras_call(n):
    """Give the call by which a network of Keras predicts n sequences."""
    network = keras_network({"hidden": 32}, N_STEPS)
    X = np.random.default_rng(0).normal(size=(n, N_STEPS, CHANNELS)).astype("float32")
    return lambda: network.predict_on_batch(X)


def medians(calls, n_rounds):
    """Measure calls in turns: median seconds of each."""
    found = {name: [] for name in calls}
    for turn in range(n_rounds + 3):
        for name, call in calls.items():
            started = time.process_time()
            call()
            if turn >= 3:  # the first rounds warm up
                found[name].append(time.process_time() - started)
    return {name: float(np.median(times)) for name, times in found.items()}


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=100)
    n_rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print("| model | sequences | estimator | exported | bare | ratios |")
    print("|---|---|---|---|---|---|")
    for name, (estimator, X) in make_models().items():
        with tempfile.TemporaryDirectory() as folder:
            session = open_session(estimator, Path(folder) / "model.onnx")
        for n in (1, 256):
            calls = make_calls(estimator, session, X[:n])
            times = medians(calls, max(3, n_rounds // (1 if n == 1 else 10)))
            ours = times["estimator"]
            shown = " | ".join(f"{1e3 * one:.2f} ms" for one in times.values())
            ratios = [f"{ours / times[rival]:.2f}" for rival in list(times)[1:]]
            print(f"| {name} | {n} | {shown} | {', '.join(ratios)} |")
    if has("keras", "tensorflow-cpu") or has("keras", "tensorflow"):
        set_keras_threads()
        for n in (1, 256):
            seconds = medians({"Keras": make_keras_call(n)}, n_rounds)["Keras"]
            print(f"| Keras, two layers | {n} | | | {1e3 * seconds:.2f} ms | |")


if __name__ == "__main__":
    main()
