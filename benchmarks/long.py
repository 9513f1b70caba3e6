"""Fits and predictions on sequences of thousands of steps, in bounded memory.

    python benchmarks/long.py [--steps 2500 5000 10000 20000] [--attention multihead]

Two sequences a batch, two LSTM layers of 32 in both directions, self-attention over
all steps, no stem that would shorten them. Printed are seconds and the peak memory
beyond that of the imports. The rival is `torch.nn.MultiheadAttention` over the hidden
states of `torch.nn.LSTM`, as one would write it; it is left out above 5,000 steps,
where its matrix of T x T weights would not fit everywhere.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np
from contenders import resident

RIVAL_UP_TO = 5_000


def make_data(n_steps, n=4):
    """Draw sequences of two classes."""
    rng = np.random.RandomState(0)
    y = np.arange(n) % 2
    X = [(rng.standard_normal((n_steps, 4)) + label).astype(np.float32) for label in y]
    return X, y


def run_ours(n_steps, attention, tbptt_steps):
    """Fit for an epoch and predict."""
    from sklearn_seqattn import AttentionLSTMClassifier

    X, y = make_data(n_steps)
    model = AttentionLSTMClassifier(
        front_end=None,
        attention=None if attention == "none" else attention,
        tbptt_steps=tbptt_steps,
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
    return fit, time.perf_counter() - started, fit_memory


def run_rival(n_steps, *_):
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
    x = epoch(*make_data(n_steps))
    fit, fit_memory = time.perf_counter() - started, resident() - before
    started = time.perf_counter()
    with torch.inference_mode():
        network(x)
    return fit, time.perf_counter() - started, fit_memory


def child(name, *args):
    """Run one of them in a process of its own."""
    found = subprocess.run(
        [sys.executable, __file__, "--child", json.dumps([name, *args])],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(found.stdout.splitlines()[-1])


def main():
    """Print a line for each length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, nargs="*", default=[2500, 5000, 10_000])
    parser.add_argument("--attention", default="multihead")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        name, *rest = json.loads(args.child)
        print(json.dumps(globals()[name](*rest)))
        return
    print("| steps | who | fit, s | predict, s | memory of fit, MB |")
    print("|---|---|---|---|---|")
    for n_steps in args.steps:
        listed = {
            "ours": ("run_ours", n_steps, args.attention, None),
            "ours, tbptt_steps=500": ("run_ours", n_steps, args.attention, 500),
        }
        if n_steps <= RIVAL_UP_TO:
            listed["nn.MultiheadAttention"] = ("run_rival", n_steps)
        for who, call in listed.items():
            fit, predict, memory = child(*call)
            print(f"| {n_steps} | {who} | {fit:.1f} | {predict:.1f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
