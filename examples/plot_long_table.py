"""
From a long table to predictions
================================

Measurements often come as one table: a row is a step, and a column says which sequence
it belongs to. Here they are of made-up pumps, one row an hour. A pump is worn if its
pressure swings faster and faster.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_predict

from sklearn_seqattn import AttentionLSTMClassifier, events_to_sequences

random = np.random.default_rng(0)
parts = []
for pump in range(60):
    hours = np.arange(random.integers(30, 60))
    worn = pump % 3 == 0
    speed = 0.4 + (0.012 * hours if worn else random.uniform(0, 0.3))
    pressure = np.sin(np.cumsum(speed + 0 * hours)) + random.normal(0, 0.4, len(hours))
    columns = {"pump": f"p{pump:02}", "hour": hours, "pressure": pressure, "worn": worn}
    parts.append(pd.DataFrame(columns))
table = pd.concat(parts).sample(frac=1, random_state=0)  # the rows are in any order
print(table.head(4).to_string(index=False))

# %%
# One sequence a pump
# -------------------
# ``events_to_sequences`` returns a Series of sequences that is indexed by pump. The
# labels are brought into the same order by ``.loc``.

X = events_to_sequences(table, id="pump", order="hour", columns=["pressure"])
y = table.groupby("pump")["worn"].first().loc[X.index]
print(X.map(len).describe()[["min", "mean", "max"]].round(1).to_dict())

# %%
# Cross-validation splits by pump
# -------------------------------
# X has one entry a pump, so no pump is in both parts of a split.

classifier = AttentionLSTMClassifier(max_epochs=20, random_state=0)
proba = cross_val_predict(classifier, X, y, cv=3, method="predict_proba")[:, 1]
print(f"accuracy: {((proba > 0.5) == y).mean():.2f}")

# %%
# Two pumps
# ---------

figure, axes = plt.subplots(2, 1, figsize=(7, 4), sharex=True, layout="constrained")
for ax, pump in zip(axes, ("p00", "p01"), strict=True):
    ax.plot(X[pump].to_numpy())
    chance = proba[X.index.get_loc(pump)]
    ax.set(title=f"{pump}: worn with probability {chance:.2f}", ylabel="pressure")
axes[-1].set_xlabel("hour")
plt.show()
