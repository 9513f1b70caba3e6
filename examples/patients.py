"""Classify patients by their measurements and by what is known of each.

Three made-up tables of a hospital: measurements at irregular times, one row each, with
empty cells; what is known of a patient, one row each, with ages missing; and outcomes.
"""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    SequenceImputer,
    events_to_sequences,
)

#: What each static column needs before the classifier.
PREPARE = {"age": SimpleImputer(add_indicator=True), "ward": "passthrough"}


def make_tables(n=150, seed=0):
    """Return measurements, patients and outcomes."""
    rng = np.random.default_rng(seed)
    age, ward = rng.normal(60, 12, n), rng.choice(["heart", "lung", "other"], n)
    trend, counts = rng.normal(size=n), rng.integers(6, 20, n)
    who = np.repeat(np.arange(n), counts)
    hours = rng.exponential(5.0, len(who)).cumsum()
    step = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)
    pulse = 75 + 1.2 * trend[who] * step + rng.normal(0, 4, len(who))
    pulse[rng.random(len(who)) < 0.2] = np.nan
    times = pd.Timestamp("2024-01-01") + pd.to_timedelta(hours.round(2), "h")
    events = pd.DataFrame({"patient": who, "time": times, "pulse": pulse})
    risk = trend + (age - 60) / 12 + 1.5 * (ward == "heart") + rng.normal(0, 0.5, n)
    outcome = pd.Series(risk > 0.5, name="complication")
    age[rng.random(n) < 0.1] = np.nan
    patients = pd.DataFrame({"patient": range(n), "age": age, "ward": ward})
    return events, patients, outcome


def score(events, patients, outcome, static=("age", "ward")):
    """Cross-validate a Pipeline on the tables, with some of the static columns."""
    X = events_to_sequences(
        events,
        id="patient",
        order="time",
        columns=["time", "pulse"],
        static=patients,
    )
    model = make_pipeline(
        make_column_transformer(
            (SequenceImputer("linear"), ["time", "pulse"]),
            *[(PREPARE[column], [column]) for column in static],
        ),
        AttentionLSTMClassifier(max_epochs=8, random_state=0),
    )
    y = outcome.loc[X.index]
    return cross_val_score(model, X, y, cv=3, scoring="roc_auc")


def main():
    """Print the area under the ROC curve without and with static columns."""
    tables = make_tables()
    for static in ((), ("age",), ("age", "ward")):
        written = " and ".join(("measurements", *static))
        print(f"{written:<30}{score(*tables, static=static).mean():.3f}")


if __name__ == "__main__":
    main()
