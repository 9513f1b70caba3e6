"""Where the time of an epoch goes, and how close its LSTM layers are to the limit.

    python benchmarks/profile_epoch.py [--hidden 64 128]

The epoch is the last of three of `train_ragged.py`, when all shapes are compiled and
memory is there. The limit is the arithmetic of the padded steps that go through the
network (a backward pass counts as two forward ones) at the rate of the fastest LSTM
forward pass that is measured here on large batches of one length.
"""

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from contenders import CHANNELS, make_data, ours
from skorch.callbacks import Callback
from torch.profiler import ProfilerActivity, profile


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


class LastEpoch(Callback):
    """Profile the last epoch of a fit, and count the steps that its network sees."""

    def on_epoch_begin(self, net, **kwargs):
        """Start at the last epoch."""
        if len(net.history) == net.max_epochs:
            self.n_steps = 0
            self.hook = net.module_.register_forward_pre_hook(
                self.count, with_kwargs=True
            )
            self.profile = profile(activities=[ProfilerActivity.CPU])
            self.profile.start()
            self.started = time.perf_counter()

    def count(self, module, args, kwargs):
        """Count the steps of a part, padding included."""
        self.n_steps += kwargs["values"][..., 0].numel()

    def on_epoch_end(self, net, **kwargs):
        """Stop at its end."""
        if len(net.history) == net.max_epochs:
            self.seconds = time.perf_counter() - self.started
            self.profile.stop()
            self.hook.remove()


def main():
    """Print both for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, nargs="*", default=[64, 128])
    parser.add_argument("--n", type=int, default=2048)
    args = parser.parse_args()
    for hidden in args.hidden:
        X, y = make_data({"n": args.n})
        last = LastEpoch()
        ours({"hidden": hidden}, callbacks=[last]).set_params(max_epochs=3).fit(X, y)
        events = last.profile.key_averages()
        lstm = sum(e.self_cpu_time_total for e in events if "mkldnn_rnn" in e.key) / 1e6
        rate = forward_rate(hidden)
        limit = 3 * layer_flops(hidden, last.n_steps) / rate
        print(
            f"\nHidden {hidden}: {last.seconds:.2f} s, of it LSTM layers {lstm:.2f} s"
        )
        print(f"{sum(map(len, X))} true steps, {last.n_steps} padded")
        print(f"limit {limit:.2f} s at {rate / 1e9:.0f} GFLOP/s: {lstm / limit:.2f}")
        for event in sorted(events, key=lambda e: -e.self_cpu_time_total)[:8]:
            print(f"  {event.self_cpu_time_total / 1e6:6.2f} s  {event.key}")


if __name__ == "__main__":
    main()
