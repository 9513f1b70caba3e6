"""Classify sequences with missing values, from a long table with empty cells.

The table is that of a made-up hospital, one row an hour of a stay. Nurses measure the
temperature in half of the hours; lactate is measured when a doctor suspects something.
So it tells something that a value is missing, and indicators help.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    SequenceImputer,
    SequenceScaler,
    events_to_sequences,
)


def make_table(n_stays=120, seed=0):
    """Return the measurements of all stays, and whether each ends in a complication."""
    random, stays = np.random.RandomState(seed), []
    outcome = pd.Series(random.permutation(n_stays) % 2 == 1, name="complication")
    for stay, is_bad in outcome.items():
        n_hours = random.randint(8, 30)
        course = np.cumsum(random.normal(0.04 * is_bad, 0.3, n_hours))
        lactate = course + random.normal(0, 1.0, n_hours)
        lactate[random.rand(n_hours) > (0.35 if is_bad else 0.2)] = np.nan
        temperature = 37 + 0.3 * course + random.normal(0, 0.3, n_hours)
        temperature[random.rand(n_hours) > 0.5] = np.nan
        values = {"lactate": lactate, "temperature": temperature}
        stays.append(pd.DataFrame({"stay": stay, "hour": range(n_hours), **values}))
    return pd.concat(stays), outcome


def score(table, outcome, **options):
    """Cross-validate a pipeline that fills the empty cells of a table."""
    X = events_to_sequences(table, id="stay", order="hour")
    model = make_pipeline(
        SequenceImputer(**options),
        SequenceScaler(),
        AttentionLSTMClassifier(max_epochs=15, random_state=0),
    )
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    return cross_val_score(model, X, outcome.loc[X.index], cv=folds, scoring="roc_auc")


def main():
    """Print the area under the ROC curve of each way to fill."""
    table, outcome = make_table()
    print(f"{table['lactate'].isna().mean():.0%} of the lactate values are missing")
    for options in (
        {"strategy": "mean"},
        {"strategy": "last"},
        {"strategy": "last", "add_indicator": True},
    ):
        scores = score(table, outcome, **options)
        written = ", ".join(map(str, options.values()))
        print(
            f"SequenceImputer({written:<10})  {scores.mean():.3f} ± {scores.std():.3f}"
        )


if __name__ == "__main__":
    main()
