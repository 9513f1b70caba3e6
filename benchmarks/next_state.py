"""Accuracy and perplexity of next-state models, as a Markdown table.

    python benchmarks/next_state.py FOLDER [--sets helpdesk chords sign] [--seeds 3]

FOLDER holds text files with one sequence a line, states separated by spaces. Each
set is split by sequence, one fifth for testing (`RandomState(0).permutation`); the
vocabulary, and whatever is held out for stopping, calibration and the mixture, comes
from the train part. Every state from the second on is predicted from what precedes
it; a state that the train part lacks counts as wrong, and with the probability
`unknown_mass_`, for all models alike. Seeds change initial weights, order and what is
held out, not the split; counting needs none. Seconds are CPU seconds of one fit.

All models have their default parameters. These were chosen on inner splits of the
train parts of the three sets above (one fifth of each held out), never on test parts.
"""

import argparse
import copy
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_seqattn import NextStateLSTM, NextStateMarkov
from sklearn_seqattn.readers import read_state_lines

LONGEST = {"chords": 50}  # longer sequences are left out, as is usual on this set

PLAIN_LSTM = {
    "attention": None,
    "residual": False,
    "net_params": {"module__tie_weights": False},
    "blend": None,
}


def split(path):
    """Return the train and the test sequences of a file."""
    longest = LONGEST.get(path.stem, np.inf)
    X = [x for x in read_state_lines(path) if 2 <= len(x) <= longest]
    order = np.random.RandomState(0).permutation(len(X))
    n_test = len(X) // 5
    return [X[i] for i in order[n_test:]], [X[i] for i in order[:n_test]]


def models(seed):
    """Yield (name, unfitted model) for one seed."""
    if seed == 0:
        for order in (1, 3, 5):
            yield f"NextStateMarkov(order={order})", NextStateMarkov(order=order)
    yield "plain LSTM", NextStateLSTM(**PLAIN_LSTM, random_state=seed)
    yield "NextStateLSTM", NextStateLSTM(random_state=seed)


def measure(path, seeds):
    """Yield a row for each model and seed on one set."""
    train, test = split(path)
    for seed in range(seeds):
        for name, model in models(seed):
            started = time.process_time()
            model.fit(train)
            seconds = time.process_time() - started
            yield row(path.stem, name, model, test, seconds)
            if name == "NextStateLSTM":
                network = copy.copy(model)
                network.counts_ = network.cache_weights_ = None
                yield row(path.stem, f"{name}, network alone", network, test, seconds)


def row(data, name, model, test, seconds):
    """Score a fitted model; say so on the way."""
    accuracy, perplexity = model.score(test), model.perplexity(test)
    print(f"{data} {name}: {accuracy:.4f} {perplexity:.3f} {seconds:.1f} s", flush=True)
    return {
        "set": data,
        "model": name,
        "accuracy": accuracy,
        "perplexity": perplexity,
        "seconds": seconds,
    }


def markdown(rows):
    """Return the table: means over the seeds, plus or minus their deviation."""
    groups = pd.DataFrame(rows).groupby(["set", "model"], sort=False)
    lines = [
        "| set | model | accuracy | perplexity | CPU seconds |",
        "|---|---|---|---|---|",
    ]
    for (data, name), group in groups:
        accuracy, perplexity = group["accuracy"], group["perplexity"]
        spread = "", ""
        if len(group) > 1:
            spread = f" ± {accuracy.std():.3f}", f" ± {perplexity.std():.2f}"
        lines.append(
            f"| {data} | {name} | {accuracy.mean():.3f}{spread[0]} "
            f"| {perplexity.mean():.2f}{spread[1]} | {group['seconds'].mean():.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="+", default=["helpdesk", "chords", "sign"])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", ".*unknown to the model", UserWarning)
    table = []
    for name in options.sets:
        table += measure(options.folder / f"{name}.txt", options.seeds)
    print(f"\n{markdown(table)}")
