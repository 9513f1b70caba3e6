"""The sequence of steps of a fit."""

import pandas as pd


def append_history(estimator, history, *, fresh):
    """Keep the record of a training, behind that of earlier ones.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets `history_` and `n_iter_`.
    history : DataFrame
        One row an epoch, as `training.train` returns it.
    fresh : bool
        Whether the training began anew, so that no earlier ones count.
    """
    if not fresh:
        history = history.assign(epoch=history["epoch"] + estimator.n_iter_)
        history = pd.concat([estimator.history_, history], ignore_index=True)
    estimator.history_, estimator.n_iter_ = history, len(history)
