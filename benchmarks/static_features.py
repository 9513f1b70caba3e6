"""What static columns add where they tell something, and cost where they do not.

    python benchmarks/static_features.py --data ../shared/data --seeds 10
    python benchmarks/static_features.py --task helpdesk --options '{"hidden_size": 16}'

Each model is fitted with the static columns and without them, on the same sequences.
Printed are the mean scores over the seeds, and the mean and the standard error of the
paired differences. A seed draws the data, or splits them, and decides the model.

* synthetic, signal: the class depends on the mean of a channel, on a static number and
  on a static category; 200 sequences to train, 500 to test.
* synthetic, noise: the class depends on the channels alone; three static numbers and a
  category of four values are drawn at random.
* vowels, noise: the train part of JapaneseVowels with the same random columns, split
  into two thirds and one third.
* helpdesk: the logarithm of the days that a ticket is open after its first three
  events, from their activities (real tickets, split into 600 and 600). The static
  columns are the hour and the weekday of the first event, and how long the three took.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads

import numpy as np
import pandas as pd
from loaders import find_sets

from sklearn_seqattn import AttentionLSTMClassifier, AttentionLSTMRegressor

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def noise(n, rng):
    """Return static columns that tell nothing."""
    numbers = {f"n{k}": rng.normal(size=n) for k in range(3)}
    return pd.DataFrame({**numbers, "c": rng.choice(list("abcd"), n)})


def nested(X):
    """Return sequences of channels as the nested columns of a frame."""
    channels = [x.T for x in X]
    columns = {f"x{k}": [x[k] for x in channels] for k in range(len(channels[0]))}
    return pd.DataFrame(columns)


def synthetic(data, rng, *, signal):
    """Return sequences whose mean tells the class, and their static columns."""
    n = 700
    X = [rng.normal(size=(length, 2)) for length in rng.integers(20, 41, n)]
    level = np.array([x[:, 0].mean() * len(x) ** 0.5 for x in X])
    static = noise(n, rng)
    logit = 2 * level
    if signal:
        logit += 1.5 * static["n0"] + np.where(static["c"] == "a", 2.0, -0.5)
    y = logit + rng.logistic(size=n) > 0
    return nested(X), static, np.asarray(y).astype(int), 200


def vowels(data, rng):
    """Return the train part of JapaneseVowels in random order, with noise."""
    _, read = find_sets(data)["JapaneseVowels"]
    X, y, *_ = read()
    order = rng.permutation(len(X))
    X, y = [X[i] for i in order], np.asarray(y)[order]
    return nested(X), noise(len(X), rng), y, 2 * len(X) // 3


def helpdesk(data, rng):
    """Return the first three activities of tickets, and the time to their end."""
    log = pd.read_csv(data / "states" / "helpdesk_events.csv")
    log["time"] = pd.to_datetime(log["CompleteTimestamp"])
    log = log.sort_values(["CaseID", "time"], kind="stable")
    cases = [case for _, case in log.groupby("CaseID") if len(case) > 3]
    cases = [cases[i] for i in rng.permutation(len(cases))[:1200]]
    days = lambda a, b: (b - a) / pd.Timedelta("1D")  # noqa: E731
    times = [case["time"].tolist() for case in cases]
    X = [[f"a{a}" for a in case["ActivityID"].tolist()[:3]] for case in cases]
    static = pd.DataFrame(
        {
            "hour": [t[0].hour for t in times],
            "weekday": [t[0].day_name() for t in times],
            "took": [np.log1p(days(t[0], t[2])) for t in times],
        }
    )
    y = np.array([np.log1p(days(t[2], t[-1])) for t in times])
    return pd.DataFrame({"activity": X}), static, y, 600


TASKS = {
    "synthetic, signal": lambda data, rng: synthetic(data, rng, signal=True),
    "synthetic, noise": lambda data, rng: synthetic(data, rng, signal=False),
    "vowels, noise": vowels,
    "helpdesk": helpdesk,
}


def score(X, y, n_train, seed, options):
    """Return accuracy or R^2 on the rows that were not fitted."""
    kind = AttentionLSTMRegressor if y.dtype.kind == "f" else AttentionLSTMClassifier
    model = kind(random_state=seed, **options).fit(X[:n_train], y[:n_train])
    return model.score(X[n_train:], y[n_train:])


def compare(task, data, n_seeds, options):
    """Return the scores without and with static columns, (n_seeds, 2)."""
    found = []
    for seed in range(n_seeds):
        X, static, y, n_train = TASKS[task](data, np.random.default_rng(seed))
        both = X, pd.concat([X, static], axis=1)
        found.append([score(one, y, n_train, seed, options) for one in both])
    return np.array(found)


def main():
    """Print the comparison of each task, for the blend and for the network alone."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--task", choices=TASKS, action="append")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--options", type=json.loads, default={})
    arguments = parser.parse_args()
    print("task                 blend   without  with    difference")
    for task in arguments.task or TASKS:
        for blend in ("auto", None):
            options = {"blend": blend, **arguments.options}
            scores = compare(task, arguments.data, arguments.seeds, options)
            without, beside = scores.mean(axis=0)
            differences = scores[:, 1] - scores[:, 0]
            error = differences.std(ddof=1) / len(differences) ** 0.5
            print(
                f"{task:<20} {blend!s:<7} {without:.3f}    {beside:.3f}   "
                f"{differences.mean():+.3f} ± {error:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
