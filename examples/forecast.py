"""Forecast the next hours of a series, and compare with ridge regression on lags.

The series is made up: hourly demand that depends on the hour, the weekday and the
temperature of the last hours, which matters only where it is above a threshold. Both
models read the same windows, and are tested on later times than they are trained on.
"""

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_seqattn import AttentionLSTMRegressor, make_windows

HORIZON, STEP = 3, 2


def make_series(n_days=40, seed=0):
    """Return hourly demand and temperature."""
    random = np.random.RandomState(seed)
    hours = pd.date_range("2025-06-02", periods=24 * n_days, freq="h")
    noise = np.convolve(random.normal(0, 1, len(hours) + 47), np.ones(48) / 7, "valid")
    daily = np.sin(2 * np.pi * (hours.hour - 9) / 24)
    temperature = 22 + 5 * daily + 4 * noise
    cooling = np.maximum(temperature - 25, 0)
    cooling = pd.Series(cooling).rolling(4, min_periods=1).mean().to_numpy()
    is_workday = hours.day_of_week < 5
    demand = (
        50 + 12 * daily * is_workday + 3 * cooling + random.normal(0, 2, len(hours))
    )
    columns = {"demand": demand, "temperature": temperature}
    return pd.DataFrame(columns, index=hours)


def main():
    """Print the mean absolute error of each model on two later parts."""
    series = make_series()
    X, y, _, times = make_windows(
        series, 24, HORIZON, STEP, target="demand", calendar=["hour", "day_of_week"]
    )
    print(f"{len(X)} windows of 24 hours, {X.shape[2]} channels each")
    lags = FunctionTransformer(lambda X: X.reshape(len(X), -1))
    models = {
        "ridge on lags": make_pipeline(
            lags, StandardScaler(), RidgeCV(np.logspace(-2, 4, 13))
        ),
        "AttentionLSTMRegressor": AttentionLSTMRegressor(
            max_epochs=30, early_stopping=False, random_state=0
        ),
    }
    splits = TimeSeriesSplit(2, test_size=80, gap=(HORIZON - 1) // STEP)
    errors = {name: [] for name in ("same hours of the day before", *models)}
    for train, test in splits.split(X):
        first = times[test[0], 0].astype("datetime64[h]")
        print(f"{len(train)} windows train, {len(test)} from {first} on test")
        errors["same hours of the day before"].append(
            mean_absolute_error(y[test], X[test, :HORIZON, 0])
        )
        for name, model in models.items():
            predicted = model.fit(X[train], y[train]).predict(X[test])
            errors[name].append(mean_absolute_error(y[test], predicted))
    for name, found in errors.items():
        print(f"{name:<28}  {np.mean(found):.2f} ± {np.std(found):.2f}")


if __name__ == "__main__":
    main()
