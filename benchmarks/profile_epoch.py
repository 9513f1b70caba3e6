"""Where the time of an epoch goes, and how close its LSTM layers are to the limit.

    python benchmarks/profile_epoch.py [--hidden 64 128]

The epoch is that of `train_ragged.py`. The limit is the arithmetic of the padded steps
(a backward pass counts as two forward ones) at the rate of the fastest LSTM forward
pass that is measured here on large batches of one length.
"""

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from contenders import CHANNELS, make_data, ours
from torch.profiler import ProfilerActivity, profile

from sklearn_seqattn.batching import BucketBatches, SequenceDataset


def layer_flops(hidden, n_steps):
    """Count the operations of a forward pass of both layers."""
    sizes = (CHANNELS + hidden) + (hidden + hidden)
    return 2 * 4 * hidden * sizes * n_steps


def forward_rate(hidden):
    """Measure the most operations a second of a forward pass in evaluation."""
    lstm = torch.nn.LSTM(CHANNELS, hidden, 2, batch_first=True).eval()
    best = 0.0
    for size in (16, 32, 64):
        x = torch.randn(size, 100, CHANNELS)
        for _ in range(10):
            started = time.perf_counter()
            with torch.inference_mode():
                lstm(x)
            seconds = time.perf_counter() - started
            best = max(best, layer_flops(hidden, size * 100) / seconds)
    return best


def padded_steps(X):
    """Count the steps of an epoch with its padding."""
    lengths = np.array([len(x) for x in X])
    data = SequenceDataset(np.concatenate(X), lengths)
    batches = BucketBatches(data, 64, np.random.RandomState(0))
    return sum(inputs["values"][..., 0].numel() for inputs, _ in batches)


def main():
    """Print both for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, nargs="*", default=[64, 128])
    parser.add_argument("--n", type=int, default=1024)
    args = parser.parse_args()
    for hidden in args.hidden:
        spec = {"n": args.n, "hidden": hidden}
        X, y = make_data(spec)
        ours(spec).fit(X, y)
        started = time.perf_counter()
        with profile(activities=[ProfilerActivity.CPU]) as found:
            ours(spec).fit(X, y)
        whole = time.perf_counter() - started
        events = found.key_averages()
        lstm = sum(e.self_cpu_time_total for e in events if "mkldnn_rnn" in e.key) / 1e6
        n_steps, rate = padded_steps(X), forward_rate(hidden)
        limit = 3 * layer_flops(hidden, n_steps) / rate
        print(f"\nHidden {hidden}: fit {whole:.2f} s, of it LSTM layers {lstm:.2f} s")
        print(f"{sum(map(len, X))} true steps, {n_steps} padded")
        print(f"limit {limit:.2f} s at {rate / 1e9:.0f} GFLOP/s: {lstm / limit:.2f}")
        for event in sorted(events, key=lambda e: -e.self_cpu_time_total)[:8]:
            print(f"  {event.self_cpu_time_total / 1e6:6.2f} s  {event.key}")


if __name__ == "__main__":
    main()
