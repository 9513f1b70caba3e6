"""Predict the next activity of cases, from the CSV file of an event log.

The log is that of a made-up service desk, one row an event. Complaints that wait for
more than a day are escalated, so the time helps to predict the next activity.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from sklearn_seqattn import NextStateLSTM, NextStateMarkov
from sklearn_seqattn.readers import read_event_log


def write_log(path, n_cases=600):
    """Write the events of some cases to a CSV file, sorted by time."""
    random, cases = np.random.RandomState(0), []
    for case in range(n_cases):
        kind, wait = random.choice(["question", "complaint"]), random.exponential(24)
        work = "escalate" if kind == "complaint" and wait > 24 else "work"
        asked = ["ask customer"] * random.binomial(2, 0.4)
        tasks = ["receive", "assign", *asked, "wait", work, "answer", "close"]
        hours = np.where(np.array(tasks) == "wait", wait, random.exponential(2))
        time = pd.Timestamp("2025-01-01") + pd.to_timedelta(hours.cumsum(), "h")
        columns = {"case": case, "activity": tasks, "time": time, "kind": kind}
        cases.append(pd.DataFrame(columns))
    pd.concat(cases).sort_values("time").to_csv(path, index=False)


path = Path(tempfile.mkdtemp()) / "log.csv"
write_log(path)
names = {"case": "case", "activity": "activity", "timestamp": "time"}
X = read_event_log(path, **names, others=["kind"])
train, test = X.iloc[:500], X.iloc[500:]

columns = {"target": "activity", "timestamp": "time"}
model = NextStateLSTM(**columns, end_state=True, random_state=0).fit(train)
counts = NextStateMarkov(end_state=True).fit([x["activity"] for x in train])
tasks = [x["activity"] for x in test]
print(f"                 accuracy  perplexity  ({len(test)} new cases)")
print(f"NextStateLSTM    {model.score(test):8.3f}  {model.perplexity(test):10.3f}")
print(f"NextStateMarkov  {counts.score(tasks):8.3f}  {counts.perplexity(tasks):10.3f}")

print("\nThe three most probable next activities of running cases:")
running = test.iloc[:4].map(lambda case: case.iloc[:-3])
for case, states, proba in zip(running, *model.predict_topk(running, 3), strict=True):
    guesses = ", ".join(f"{s} {p:.0%}" for s, p in zip(states, proba, strict=True))
    print(f"  ... {' > '.join(case['activity'].iloc[-2:])}  ->  {guesses}")

print("\nThe most surprising cases:")
surprise = pd.Series(-model.score_samples(test), index=test.index)
for case, value in surprise.nlargest(3).items():
    print(f"  case {case} ({value:.1f}): {' > '.join(test[case]['activity'])}")

print("\nHow a new case will probably go on:")
states, proba = model.rollout([test.iloc[0].iloc[:1]], 7, strategy="beam")
print(f"  receive > {' > '.join(states[0])}  (probability {proba.prod():.2f})")
