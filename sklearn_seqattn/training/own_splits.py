"""Validation splits of the user in `net_params`."""

import numpy as np
from skorch.dataset import ValidSplit

from sklearn_seqattn.training.own_parts import read_part


def own_split(net_params):
    """Return the user's own way to hold out validation data, or None.

    Parameters
    ----------
    net_params : dict or None
        The parameter of the estimators.

    Returns
    -------
    splitter : ValidSplit or None

    Raises
    ------
    TypeError, ValueError
        If it is no splitter.
    """
    splitter, params = read_part(net_params, "train_split")
    if params:
        raise ValueError(
            f"net_params has {f'train_split__{min(params)}'!r}; set it on the splitter "
            "itself, and pass that as 'train_split'."
        )
    if splitter is None or isinstance(splitter, ValidSplit):
        return splitter
    if not hasattr(splitter, "split") or isinstance(splitter, str):
        raise TypeError(
            f"net_params has train_split={splitter!r:.80}; pass a splitter of "
            "scikit-learn or skorch's ValidSplit. Fixed validation data are the "
            "arguments X_val and y_val of fit."
        )
    return ValidSplit(splitter)


def split_by(splitter, data):
    """Hold out the first test part of a splitter.

    Parameters
    ----------
    splitter : ValidSplit
        As from `own_split`.
    data : data of a fit
        The training data: distinct sequences, in an order by content.

    Returns
    -------
    train, valid : data of a fit
        The rows of both parts in their order.
    """
    y = np.zeros(len(data), dtype=np.int64) if data.strata is None else data.strata
    parts = splitter.check_cv(y).split(np.zeros((len(data), 1)), y)
    return tuple(data.take(np.sort(rows)) for rows in next(iter(parts)))
