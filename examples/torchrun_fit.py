"""One fit by several processes, which share its batches.

    python examples/torchrun_fit.py [N_SEQUENCES]
    torchrun --nproc_per_node=2 examples/torchrun_fit.py [N_SEQUENCES]

Both commands run this script, and print the same losses. The second one starts two
processes: each of them runs all of it, makes the same data, and ends with the same
estimator. Only the first one prints and saves.
"""

import os
import sys
from pathlib import Path

import numpy as np

from sklearn_seqattn import AttentionLSTMClassifier, load_model, save_model


def make_swings(n):
    """Make sequences of 20 to 60 steps that swing slowly or fast."""
    rng = np.random.default_rng(0)
    y = np.array(["fast", "slow"])[np.arange(n) % 2]
    lengths = rng.integers(20, 60, n)
    pace = np.where(y == "slow", 0.5, 0.7)
    X = [np.sin(np.arange(m) * p) for m, p in zip(lengths, pace, strict=True)]
    return [x + rng.normal(0, 0.7, len(x)) for x in X], y


def main(n=400, path="swings.seqattn"):
    X, y = make_swings(int(n))
    model = AttentionLSTMClassifier(
        blend=None,
        early_stopping=True,
        max_epochs=4,
        batch_size=32,
        device="cpu",
        random_state=0,
        net_params={"distributed": True},
    )
    model.fit(X, y)
    if int(os.environ.get("RANK", 0)) > 0:  # torchrun numbers its processes from 0
        return
    losses = model.history_[["epoch", "train_loss", "valid_loss"]]
    print(losses.round(5).to_string(index=False))
    save_model(model, path)
    same = np.array_equal(load_model(path).predict_proba(X), model.predict_proba(X))
    print(f"{Path(path).name} predicts the same: {same}")


if __name__ == "__main__":
    main(*sys.argv[1:])
