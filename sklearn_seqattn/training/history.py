"""The history of a training as a table."""

from numbers import Real

import pandas as pd


def history_frame(history):
    """Return the numbers of a skorch history, one row an epoch.

    Parameters
    ----------
    history : skorch.history.History
        Of a net.

    Returns
    -------
    frame : DataFrame
        Columns "epoch", "train_loss", "valid_loss", then what callbacks recorded, then
        "batches" and "seconds".
    """
    frame = pd.DataFrame(
        [
            {
                name: value
                for name, value in row.items()
                if isinstance(value, Real)
                and not isinstance(value, bool)
                and name != "valid_batch_count"
            }
            for row in history
        ]
    )
    frame = frame.rename(columns={"dur": "seconds", "train_batch_count": "batches"})
    first, last = ("epoch", "train_loss", "valid_loss"), ("batches", "seconds")
    others = [name for name in frame if name not in (*first, *last)]
    order = [name for name in (*first, *others, *last) if name in frame]
    return frame[order]


def append_history(estimator, history, *, fresh):
    """Record a training, after earlier ones that it went on from.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets `history_` and `n_iter_`.
    history : DataFrame
        One row an epoch, as `train` returns it.
    fresh : bool
        Whether this is a new fit.
    """
    if not fresh:
        history = history.assign(epoch=history["epoch"] + estimator.n_iter_)
        history = pd.concat([estimator.history_, history], ignore_index=True)
    estimator.history_, estimator.n_iter_ = history, len(history)
