"""What a default fit of a small set costs, beside a plain loop of torch.

    python benchmarks/small_fits.py [--threads 1] [--repeats 5]

The loop trains what a tutorial shows: two bidirectional LSTM layers of 32, their mean
over time, one linear layer; 200 steps of Adam over a batch of 16 sequences of 64 steps.
Ours are whole calls of `fit` of a default classifier, random kernels included. Each
line is a fresh process, which does the same before on a small scale. "seconds" are
those of the processor, which other work on the machine changes less.
"""

import gc
import time

import numpy as np
from measuring import arguments, child, compare, describe, save, show

LOOP = {"steps": 200, "n": 16, "length": 64}
SMALL_LOOP = {"steps": 20, "n": 16, "length": 64}
SIZES = [(50, 150), (300, 60)]


def draw(n, length):
    """Draw noise, and in half of the sequences a wave."""
    X = np.random.default_rng(0).normal(size=(n, length)).astype(np.float32)
    y = np.arange(n) % 2
    X[y == 1] += 0.3 * np.sin(np.arange(length, dtype=np.float32))
    return X, y


def timed(work):
    """Return the seconds of the processor that a function takes, and its loss."""
    gc.collect()
    started = time.process_time()
    loss = work()
    return {"seconds": time.process_time() - started, "loss": loss}


def train_loop(spec):
    """Train the network of the loop; return its last loss."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            options = {"num_layers": 2, "batch_first": True, "bidirectional": True}
            self.lstm = nn.LSTM(1, 32, **options)
            self.head = nn.Linear(64, 2)

        def forward(self, x):
            return self.head(self.lstm(x)[0].mean(dim=1))

    torch.manual_seed(0)
    X, y = map(torch.from_numpy, draw(spec["n"], spec["length"]))
    network = Network()
    optimizer = torch.optim.Adam(network.parameters())
    for _ in range(spec["steps"]):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(network(X[..., None]), y)
        loss.backward()
        optimizer.step()
    return loss.item()


def fit_default(spec, **options):
    """Fit a default classifier; return the loss of its last epoch."""
    from sklearn_seqattn import AttentionLSTMClassifier

    classifier = AttentionLSTMClassifier(random_state=0, **options)
    classifier.fit(*draw(spec["n"], spec["length"]))
    return float(classifier.history_["train_loss"].iloc[-1])


def loop(spec):
    """Measure the loop."""
    train_loop(SMALL_LOOP)
    return timed(lambda: train_loop(spec))


def ours(spec):
    """Measure a default fit."""
    fit_default(spec, max_epochs=2)
    return timed(lambda: fit_default(spec))


def main():
    """Print the table."""
    args = arguments(__doc__)
    describe()
    all_results = {}
    for n_threads in args.threads:
        contenders = {"plain torch loop": ("loop", LOOP)}
        for n, length in SIZES:
            spec = {"n": n, "length": length}
            contenders[f"ours, {n} sequences of {length} steps"] = ("ours", spec)
        results = compare(contenders, n_threads, args.repeats, "small_fits.py")
        show(f"{n_threads} thread(s)", results)
        all_results[n_threads] = results
    save(args.json, all_results)


if __name__ == "__main__" and not child({"loop": loop, "ours": ours}):
    main()
