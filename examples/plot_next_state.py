"""
What comes next, and how often
==============================

The distribution of the state after a prefix, and the transitions between states:
counted, and as the model predicts them.
"""

import matplotlib.pyplot as plt
import numpy as np

from sklearn_seqattn import NextStateMarkov
from sklearn_seqattn.inspection import NextStateDisplay, TransitionDisplay

# %%
# Requests of a service desk.
rng = np.random.default_rng(0)
cases = [
    ["open", *["ask"] * rng.binomial(3, 0.4), "work", rng.choice(["close", "escalate"])]
    for _ in range(200)
]
model = NextStateMarkov(end_state=True).fit(cases)
NextStateDisplay.from_estimator(model, [["open", "ask"]])

# %%
TransitionDisplay.from_estimator(model, cases)
plt.show()
