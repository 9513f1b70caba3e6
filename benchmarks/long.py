"""Fits and predictions on sequences of thousands of steps, in bounded memory.

    python benchmarks/long.py [--steps 2500 5000 10000] [--attention multihead]
                              [--threads 1 2] [--repeats 5]

Four sequences, two a batch, two LSTM layers of 32 in both directions, self-attention
over all steps, no stem that would shorten them. Printed are the seconds of a fit of one
epoch and of a prediction, and the peak memory of the fit in MB beyond that of the
imports. The rival is `torch.nn.MultiheadAttention` over the hidden states of
`torch.nn.LSTM`, as one would write it; it is left out above 5,000 steps, where its
matrix of T x T weights would not fit everywhere.
"""

import time

import numpy as np
from contenders import resident
from measuring import arguments, child, compare, describe, save, show

RIVAL_UP_TO = 5_000


def make_data(n_steps, n=4):
    """Draw sequences of two classes."""
    rng = np.random.RandomState(0)
    y = np.arange(n) % 2
    X = [(rng.standard_normal((n_steps, 4)) + label).astype(np.float32) for label in y]
    return X, y


def run_ours(spec):
    """Fit for an epoch and predict."""
    from sklearn_seqattn import AttentionLSTMClassifier

    X, y = make_data(spec["n_steps"])
    model = AttentionLSTMClassifier(
        blend=None,
        front_end=None,
        bidirectional=True,
        attention=None if spec["attention"] == "none" else spec["attention"],
        net_params={"module__tbptt_steps": spec.get("tbptt_steps")},
        batch_size=2,
        max_epochs=1,
        random_state=0,
    )
    model.fit(*make_data(20))
    before, started = resident(), time.perf_counter()
    model.fit(X, y)
    fit, fit_memory = time.perf_counter() - started, resident() - before
    started = time.perf_counter()
    model.predict(X)
    predict = time.perf_counter() - started
    return {"seconds": fit, "predict": predict, "memory": fit_memory}


def run_rival(spec):
    """Do the same by hand."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(4, 32, 2, batch_first=True, bidirectional=True)
            self.attention = nn.MultiheadAttention(64, 4, batch_first=True)
            self.linear = nn.Linear(64, 2)

        def forward(self, x):
            h = self.lstm(x)[0]
            return self.linear((h + self.attention(h, h, h)[0]).mean(dim=1))

    network = Network()
    optimizer = torch.optim.AdamW(network.parameters())

    def epoch(X, y):
        x, y = torch.from_numpy(np.stack(X)), torch.from_numpy(y)
        for rows in (slice(0, 2), slice(2, 4)):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(x[rows]), y[rows]).backward()
            optimizer.step()
        return x

    epoch(*make_data(20))
    before, started = resident(), time.perf_counter()
    x = epoch(*make_data(spec["n_steps"]))
    fit, fit_memory = time.perf_counter() - started, resident() - before
    started = time.perf_counter()
    with torch.inference_mode():
        network(x)
    predict = time.perf_counter() - started
    return {"seconds": fit, "predict": predict, "memory": fit_memory}


def main():
    """Print a table for each length and number of threads."""
    args = arguments(__doc__, steps=[2500, 5000, 10_000], attention="multihead")
    describe()
    all_results = {}
    for n_threads in args.threads:
        for n_steps in args.steps:
            spec = {"n_steps": n_steps, "attention": args.attention}
            truncated = {**spec, "tbptt_steps": 500}
            listed = {
                "ours": ("run_ours", spec),
                "ours, tbptt_steps=500": ("run_ours", truncated),
            }
            if n_steps <= RIVAL_UP_TO:
                listed["nn.MultiheadAttention"] = ("run_rival", spec)
            results = compare(listed, n_threads, args.repeats, "long.py")
            title = f"{n_steps} steps, {n_threads} thread(s)"
            show(title, results, ("predict", "memory"))
            all_results[title] = results
    save(args.json, all_results)


if __name__ == "__main__" and not child({"run_ours": run_ours, "run_rival": run_rival}):
    main()
