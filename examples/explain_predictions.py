"""Ask a classifier of event sequences what it goes by.

Cases with a refund in them are "costly"; amounts and the other activities are noise.
Permutation says which column matters, occlusion and integrated gradients say which
events of a single case.
"""

import numpy as np
import pandas as pd

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.inspection import (
    attention_to_steps,
    integrated_gradients,
    occlusion_importance,
    permutation_importance,
)

rng = np.random.default_rng(0)


def make_case(is_costly):
    """Make the events of one case."""
    activities = rng.choice(["call", "mail", "visit"], rng.integers(5, 12))
    activities = activities.astype(object)
    activities[rng.integers(len(activities))] = "refund" if is_costly else "order"
    return pd.DataFrame(
        {"activity": activities, "amount": rng.normal(100, 30, len(activities))}
    )


y = np.array(["cheap", "costly"])[rng.integers(0, 2, 200)]
X = [make_case(label == "costly") for label in y]
# The network alone: integrated gradients do not see a partner.
model = AttentionLSTMClassifier(
    blend=None, hidden_size=16, max_epochs=30, random_state=0
)
model.fit(X[:150], y[:150])
print(f"Accuracy on new cases: {model.score(X[150:], y[150:]):.2f}")

result = permutation_importance(model, X[150:], y[150:], random_state=0)
print("\nFall of the accuracy when a column is exchanged among cases:")
for name, mean, std in zip(
    result.channels, result.importances_mean, result.importances_std, strict=True
):
    print(f"  {name:8} {mean:6.3f} +- {std:.3f}")

case = X[150]
table = case.assign(
    occlusion=occlusion_importance(model, [case], target="costly")[0],
    gradients=integrated_gradients(model, [case], target="costly")[0].sum(axis=1),
    attention=attention_to_steps(model, [case])[0].mean(axis=0),
)
print(f"\nWhat speaks for 'costly' in one case, which is {y[150]}:")
print(table.round(2).to_string(index=False))
