"""Forecasts one step ahead: the regressor beside ridge on lags and simple models.

    pip install statsforecast
    python benchmarks/forecast.py [--seeds 3] [--set hourly-0]

Three series are made up: hourly, with a daily and a weekly cycle, a moving average
and noise. The others come with statsmodels, which statsforecast installs: the weekly
carbon dioxide of Mauna Loa, monthly sea temperatures of El Nino, and yearly sunspots.
Windows of two periods predict the next value. The first two thirds train, the last
third tests; nothing was chosen by it. AutoETS and AutoTheta are fitted to the first two
thirds and then see each value in turn. Printed is the root mean squared error, that of
the seasonal naive forecast being 1, and seconds of the processor; then by how much the
mean squared error is above that of ridge regression, with its standard error over ten
stretches of time. The regressor has one value a seed.
"""

import argparse
import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch loads

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn import AttentionLSTMRegressor, make_windows


def hourly(seed, n=24 * 60):
    """Return a made-up series."""
    random, t = np.random.RandomState(seed), np.arange(n)
    cycles = 5 * np.sin(2 * np.pi * t / 24) + 3 * np.sin(2 * np.pi * t / 168)
    moving = 1.5 * np.convolve(random.normal(size=n + 4), np.ones(5) / 5, "valid")
    return 10 + cycles + moving + 0.7 * random.normal(size=n)


def load_series():
    """Return each series with its period."""
    from statsmodels.datasets import co2, elnino, sunspots

    months = elnino.load_pandas().data.drop(columns="YEAR").to_numpy().ravel()
    found = {f"hourly-{seed}": (hourly(seed), 24) for seed in range(3)}
    found["co2"] = (co2.load_pandas().data["co2"].interpolate().to_numpy(), 52)
    found["elnino"] = (months, 12)
    found["sunspots"] = (sunspots.load_pandas().data["SUNACTIVITY"].to_numpy(), 11)
    return found


def simple_models(series, period, n_train):
    """Return forecasts of the simple models, by name, with seconds."""
    from statsforecast import StatsForecast
    from statsforecast.models import AutoETS, AutoTheta

    frame = pd.DataFrame({"unique_id": 0, "ds": np.arange(len(series)), "y": series})
    found = {}
    for model in (AutoETS(season_length=period), AutoTheta(season_length=period)):
        start = time.process_time()
        forecast = StatsForecast([model], freq=1).cross_validation(
            df=frame, h=1, n_windows=len(series) - n_train, step_size=1, refit=False
        )
        seconds = time.process_time() - start
        found[str(model)] = (forecast[str(model)].to_numpy(), seconds)
    return found


def main():
    """Print one row a series and model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set")
    options = parser.parse_args()
    for name, (series, period) in load_series().items():
        if options.set not in (None, name):
            continue
        n_in = 2 * period
        X, y, _, _ = make_windows(series, n_in, 1)
        n_train = len(series) * 2 // 3
        n = n_train - n_in
        naive = series[n_train - period : -period]
        found = simple_models(series, period, n_train)
        ridge = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 4, 15)))
        models = {"ridge on lags": (ridge, X[:, :, 0])}
        for seed in range(options.seeds):
            regressor = AttentionLSTMRegressor(random_state=seed)
            models[f"AttentionLSTMRegressor {seed}"] = (regressor, X)
        for model_name, (model, inputs) in models.items():
            start = time.process_time()
            predicted = model.fit(inputs[:n], y[:n]).predict(inputs[n:])
            found[model_name] = (predicted, time.process_time() - start)
        scale = np.mean((naive - y[n:]) ** 2)
        squares = {key: (one - y[n:]) ** 2 / scale for key, (one, _) in found.items()}
        for model_name, (_, seconds) in found.items():
            error = np.sqrt(np.mean(squares[model_name]))
            gaps = np.array_split(squares[model_name] - squares["ridge on lags"], 10)
            gaps = [np.mean(gap) for gap in gaps]
            spread = np.std(gaps, ddof=1) / len(gaps) ** 0.5
            print(
                f"{name:<10} {model_name:<26} {error:.3f} {seconds:7.1f} s"
                f" {np.mean(gaps):+.4f} ± {spread:.4f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
