"""
What happens next
=================

A made-up service desk. Complaints that wait for more than a day are escalated: the next
activity depends on the kind of the case and on time, not on the activities alone.
Counting the activities is the baseline.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklearn_seqattn import NextStateLSTM, NextStateMarkov

random = np.random.default_rng(0)


def make_case():
    """Return the events of one case."""
    kind, wait = random.choice(["question", "complaint"]), random.exponential(30)
    work = "escalate" if kind == "complaint" and wait > 24 else "work"
    tasks = np.array(["receive", "assign", "wait", work, "answer"])
    hours = np.where(tasks == "wait", wait, random.exponential(1, len(tasks)))
    time = pd.Timestamp("2025-01-01") + pd.to_timedelta(hours.cumsum(), "h")
    time = time.round("min")
    return pd.DataFrame({"activity": tasks, "kind": kind, "time": time})


cases = [make_case() for _ in range(300)]
train, test = cases[:220], cases[220:]
print(train[0].to_string(index=False))

# %%
# Fit on whole cases
# ------------------
# No targets are needed: every event is the target of those before it.

model = NextStateLSTM(
    target="activity", timestamp="time", hidden_size=32, max_epochs=25, random_state=0
).fit(train)
counts = NextStateMarkov().fit([case["activity"] for case in train])

# %%
# Ask after three events
# ----------------------
# Only the fourth activity is uncertain.

running = [case.iloc[:3] for case in test]
truth = np.array([case["activity"].iloc[3] for case in test])
by_time = model.predict(running)
by_count = counts.predict([case["activity"] for case in running])
print(f"by kind and time: {(by_time == truth).mean():.2f}")
print(f"by counts:        {(by_count == truth).mean():.2f}")

# %%
# How the probability changes with the wait
# -----------------------------------------

waits = np.array([case["time"].diff().dt.total_seconds().iloc[2] for case in running])
kinds = np.array([case["kind"].iloc[0] for case in running])
column = list(model.classes_).index("escalate")
proba = model.predict_proba(running)[:, column]
figure, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
for kind in ("complaint", "question"):
    mask = kinds == kind
    ax.scatter(waits[mask] / 3600, proba[mask], s=18, label=kind)
ax.axvline(24, color="gray", linestyle=":", label="one day")
ax.set(xlabel="hours of waiting", ylabel="probability of 'escalate'", xscale="log")
ax.legend()
plt.show()
