"""
Forecast a series by windows
============================

``make_windows`` cuts a series into windows and the values that follow. The demand here
depends on the hour and on heat, but on heat only above a threshold: a linear model of
lags cannot say that.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error

from sklearn_seqattn import AttentionLSTMRegressor, make_windows

random = np.random.default_rng(0)
hours = pd.date_range("2025-06-01", periods=24 * 25, freq="h")
day = np.sin(2 * np.pi * (hours.hour - 9) / 24)
heat = 22 + 5 * day + np.convolve(random.normal(0, 2, 647), np.ones(48) / 7, "valid")
cooling = pd.Series(np.maximum(heat - 25, 0)).rolling(4, min_periods=1).mean()
demand = 50 + 8 * day + 4 * cooling.to_numpy() + random.normal(0, 1.5, len(hours))
series = pd.DataFrame({"demand": demand, "heat": heat}, index=hours)

# %%
# Windows
# -------
# 24 hours go in, the next 2 are to be predicted. The last fifth is for testing. Windows
# whose targets would reach into it are left out.

X, y, _, times = make_windows(series, 24, 2, 2, target="demand", calendar=["hour"])
n_train = int(0.8 * len(X))
train, test = slice(n_train - 1), slice(n_train, None)
print(X.shape, y.shape)

# %%
# Three forecasts
# ---------------

lags = X.reshape(len(X), -1)
network = AttentionLSTMRegressor(max_epochs=25, early_stopping=False, random_state=0)
forecasts = {
    "as a day before": X[test, :2, 0],
    "ridge on lags": RidgeCV(np.logspace(-2, 4, 13))
    .fit(lags[train], y[train])
    .predict(lags[test]),
    "AttentionLSTMRegressor": network.fit(X[train], y[train]).predict(X[test]),
}
for name, forecast in forecasts.items():
    print(f"{name:23} mean absolute error {mean_absolute_error(y[test], forecast):.2f}")

# %%
# Draw them
# ---------
# Look at the errors before you choose: ridge regression takes no time at all.

figure, ax = plt.subplots(figsize=(8, 3.5), layout="constrained")
when = times[test].ravel()[:72]
ax.plot(when, y[test].ravel()[:72], color="black", label="measured")
for name, forecast in list(forecasts.items())[1:]:
    ax.plot(when, forecast.ravel()[:72], "--", label=name)
ax.set(ylabel="demand", title="Forecasts of the next two hours, joined")
ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.25), ncols=3, frameon=False)
figure.autofmt_xdate()
plt.show()
