"""Predict how long running cases will still take, from an event log.

    python examples/remaining_time.py [LOG.csv CASE ACTIVITY TIME]

The last three are the names of columns. Without a file the log is that of a made-up
service desk: complaints and requests for parts take days longer than questions.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

from sklearn_seqattn import (
    AttentionLSTMRegressor,
    events_to_sequences,
    make_prefixes,
)

STEPS = {  # hours that each step takes, on average
    "question": {"receive": 1, "answer": 3, "close": 1},
    "complaint": {"receive": 1, "check": 30, "answer": 10, "pay back": 40, "close": 2},
    "parts": {"receive": 1, "check": 20, "order": 90, "deliver": 50, "close": 2},
}


def write_log(path, n_cases=300):
    """Write the events of some cases to a CSV file."""
    rng, cases = np.random.default_rng(0), []
    for case in range(n_cases):
        steps = STEPS[rng.choice(list(STEPS))]
        hours = rng.gamma(4, np.array([*steps.values()]) / 4).cumsum()
        start = pd.Timestamp("2025-01-01") + pd.Timedelta(case, "h")
        time = (start + pd.to_timedelta(hours, "h")).round("s")
        cases.append(pd.DataFrame({"case": case, "activity": [*steps], "time": time}))
    pd.concat(cases).to_csv(path, index=False)


if len(sys.argv) > 1:
    path, case, activity, time = sys.argv[1:]
else:
    path, case, activity, time = "log.csv", "case", "activity", "time"
    path = Path(tempfile.mkdtemp()) / path
    write_log(path)
log = pd.read_csv(path, parse_dates=[time], dtype={activity: str})
cases = list(events_to_sequences(log, id=case, order=time, columns=[activity, time]))

# Each prefix of a case is a row; those of one case stay together.
X, days, groups = make_prefixes(cases, timestamp=time, unit="days")
split = GroupShuffleSplit(n_splits=1, test_size=0.3, random_state=0)
train, test = next(split.split(X, groups=groups))
parts = [X[i] for i in train], [X[i] for i in test]

# Causal, so that a stream can follow a running case.
model = AttentionLSTMRegressor(
    blend=None,
    attention=None,
    front_end="dense",
    pooling="last",
    loss="absolute_error",
    max_epochs=15,
    random_state=0,
).fit(parts[0], days[train])

last = [[x[activity].iloc[-1] for x in part] for part in parts]
medians = pd.Series(days[train]).groupby(last[0]).median()
guesses = {
    "AttentionLSTMRegressor": model.predict(parts[1]),
    "median after the last activity": medians.reindex(last[1], fill_value=0.0),
    "median of all": np.median(days[train]),
}
print(
    f"Mean absolute error, {len(test)} prefixes of {len(set(groups[test]))} new cases"
)
for name, guess in guesses.items():
    print(f"  {name:<31} {np.abs(guess - days[test]).mean():.3f} days")

print("\nA running case")
stream, running = model.stream(), cases[groups[test[-1]]]
ahead = make_prefixes([running], timestamp=time).y
for (_, event), left in zip(running.iterrows(), ahead, strict=True):
    guess = stream.push(event)
    print(f"  {event[activity]:<12} {guess:4.1f} days left, in truth {left:.1f}")
