"""Accuracy of the next activity of an event log, by the protocol of Tax et al. (2017).

    python benchmarks/next_activity.py helpdesk_events.csv [--seeds 0 1 2]

FILE is the log of a help desk: CaseID, ActivityID, CompleteTimestamp. The first two
thirds of its cases, in the order of the file, are for training. In the others the
activity after every prefix of two events or more is predicted. The end of a case is a
class, which models learn and predict; it is never what is to be predicted, so that
each prediction of it is wrong. "Without the end" is the accuracy where the end is not
among the classes to choose from: it is no result of the protocol, and says how much of
the error is a matter of that rule.

All parameters have their defaults. What describes times was chosen by cross-validation
in the first two thirds. Seconds are CPU seconds of one fit.

N. Tax, I. Verenich, M. La Rosa and M. Dumas, "Predictive business process monitoring
with LSTM neural networks", CAiSE 2017.
"""

import argparse
import time

import numpy as np
import pandas as pd

from sklearn_seqattn import NextStateLSTM, NextStateMarkov
from sklearn_seqattn.readers import read_event_log

CASE, ACTIVITY, TIME = "CaseID", "ActivityID", "CompleteTimestamp"


def read(path):
    """Return the cases of the log as frames of activity and time."""
    log = read_event_log(path, case=CASE, activity=ACTIVITY, timestamp=TIME)
    times = read_event_log(path, case=CASE, activity=TIME, timestamp=TIME)
    return [
        pd.DataFrame({ACTIVITY: states, TIME: pd.to_datetime(when)})
        for states, when in zip(log, times, strict=True)
    ]


def models(seed):
    """Yield (name, unfitted model, whether it reads times)."""
    end = {"end_state": True, "target": ACTIVITY}
    yield "NextStateMarkov(order=5)", NextStateMarkov(order=5, **end), False
    yield "NextStateLSTM, states alone", NextStateLSTM(random_state=seed, **end), False
    with_times = NextStateLSTM(random_state=seed, timestamp=TIME, **end)
    yield "NextStateLSTM, states and times", with_times, True


def score(model, cases):
    """Return the accuracy of the protocol, and that without the end as a class."""
    end = list(model.classes_).index(model.end_state_)
    hits = []
    for case, proba in zip(cases, model.predict_positions(cases), strict=True):
        going_on = np.delete(proba, end, axis=1)
        states = np.delete(model.classes_, end)
        for t in range(1, len(case) - 1):
            found = [model.classes_[proba[t].argmax()], states[going_on[t].argmax()]]
            hits.append([state == case[ACTIVITY].iloc[t + 1] for state in found])
    return np.mean(hits, axis=0)


def main():
    """Print the scores of each model and seed, then their means."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    cases = read(options.file)
    n = len(cases) * 2 // 3
    rows = []
    for seed in options.seeds:
        for name, model, with_times in models(seed):
            used = [c if with_times else c[[ACTIVITY]] for c in cases]
            started = time.process_time()
            model.fit(used[:n])
            seconds = time.process_time() - started
            accuracy, going_on = score(model, used[n:])
            print(f"{name}, seed {seed}: {accuracy:.4f} {going_on:.4f} {seconds:.1f}")
            rows.append((name, accuracy, going_on, seconds))
    columns = ["model", "accuracy", "without the end", "CPU seconds"]
    table = pd.DataFrame(rows, columns=columns).groupby("model", sort=False)
    print(table.agg(["mean", "std"]).round(4).to_string())


if __name__ == "__main__":
    main()
