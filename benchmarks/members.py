"""What training several networks in one vectorized run costs: the LSTM layers alone.

    python benchmarks/members.py [--members 3 5] [--repeats 9]

A step of training (forward and backward) of one LSTM layer of 32 units for each member
of an ensemble: by torch's layers one after the other, and by one product of matrices a
time step for all members. Batch sizes and lengths are those of small data sets.
"""

import argparse
import statistics
import time

import torch
from torch import nn

HIDDEN, INPUTS = 32, 64


def all_at_once(x, weights, recurrent, bias):
    """Run the layers of all members over x (M, T, B, C) together, (M, T, B, H)."""
    gates = torch.baddbmm(bias, x.flatten(1, 2), weights).unflatten(1, x.shape[1:3])
    h = c = x.new_zeros(len(x), x.shape[2], HIDDEN)
    hidden_states = []
    for t in range(x.shape[1]):
        step = torch.baddbmm(gates[:, t], h, recurrent)
        i, f, o = torch.sigmoid(step[..., : 3 * HIDDEN]).chunk(3, dim=-1)
        c = f * c + i * torch.tanh(step[..., 3 * HIDDEN :])
        h = o * torch.tanh(c)
        hidden_states.append(h)
    return torch.stack(hidden_states, dim=1)


def measure(n_members, batch_size, n_steps, repeats):
    """Give the median milliseconds of a training step, apart and together."""
    x = torch.randn(n_members, n_steps, batch_size, INPUTS)
    layers = [nn.LSTM(INPUTS, HIDDEN) for _ in range(n_members)]
    weights = torch.randn(n_members, INPUTS, 4 * HIDDEN, requires_grad=True)
    recurrent = torch.randn(n_members, HIDDEN, 4 * HIDDEN, requires_grad=True)
    bias = torch.zeros(n_members, 1, 4 * HIDDEN, requires_grad=True)

    def apart():
        for layer, own in zip(layers, x, strict=True):
            layer(own)[0].sum().backward()

    def together():
        all_at_once(x, weights, recurrent, bias).sum().backward()

    seconds = {apart: [], together: []}
    for _ in range(repeats):
        for step, taken in seconds.items():
            started = time.perf_counter()
            step()
            taken.append(time.perf_counter() - started)
    return [1e3 * statistics.median(taken) for taken in seconds.values()]


def main():
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--members", type=int, nargs="*", default=[3, 5])
    parser.add_argument("--repeats", type=int, default=9)
    args = parser.parse_args()
    torch.set_num_threads(1)
    print("| members | batch | steps | apart, ms | together, ms | ratio |")
    print("|---|---|---|---|---|---|")
    for n_members in args.members:
        for batch_size, n_steps in ((8, 30), (8, 64), (22, 48), (64, 64)):
            apart, together = measure(n_members, batch_size, n_steps, args.repeats)
            print(
                f"| {n_members} | {batch_size} | {n_steps} | {apart:.1f} | "
                f"{together:.1f} | {together / apart:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
