"""Validation splits of the user in `net_params`."""

from numbers import Number

import numpy as np
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    LeaveOneGroupOut,
    LeavePGroupsOut,
    PredefinedSplit,
    StratifiedGroupKFold,
    TimeSeriesSplit,
    check_cv,
)
from skorch.dataset import ValidSplit

from sklearn_seqattn.sequences.wording import number_of
from sklearn_seqattn.training.own_parts import read_part

# Splitters that need the order of the user's rows, or groups beside them.
_OF_ROWS = (
    *(PredefinedSplit, TimeSeriesSplit, GroupKFold, GroupShuffleSplit),
    *(LeaveOneGroupOut, LeavePGroupsOut, StratifiedGroupKFold),
    type(check_cv([])),  # around pairs of rows
)


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
        If it is no splitter, or one of rows, groups or time.
    """
    splitter, params = read_part(net_params, "train_split")
    if params:
        raise ValueError(
            f"net_params has {f'train_split__{min(params)}'!r}; set it on the splitter "
            "itself, and pass that as 'train_split'."
        )
    if splitter is None:
        return None
    if isinstance(splitter, ValidSplit):
        _refuse_rows(splitter.cv)
        return splitter
    if not hasattr(splitter, "split") or isinstance(splitter, str):
        raise TypeError(
            f"net_params has train_split={splitter!r:.80}; pass a splitter of "
            "scikit-learn or skorch's ValidSplit. Fixed validation data are the "
            "arguments X_val and y_val of fit."
        )
    _refuse_rows(splitter)
    return ValidSplit(splitter)


def _refuse_rows(cv):
    """Raise if a splitter needs the order of the rows of X, or groups of them."""
    is_number = cv is None or isinstance(cv, Number)
    if isinstance(cv, _OF_ROWS) or not (is_number or hasattr(cv, "split")):
        raise ValueError(
            f"net_params has train_split={cv!r:.80}, which needs the rows of X in "
            "their order, or groups of them, but a splitter sees distinct sequences "
            "in an order by their content. Split X and y yourself, and pass the "
            "second part to fit (where it takes it) as validation_data=(X_val, y_val)."
        )


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

    Raises
    ------
    ValueError
        If the splitter fails, or one of its parts is empty or has other rows.
    """
    n = len(data)
    y = np.zeros(n, dtype=np.int64) if data.strata is None else data.strata
    try:
        train, valid = next(iter(splitter.check_cv(y).split(np.zeros((n, 1)), y)))
    except Exception as error:  # splitters of users fail anywhere
        raise ValueError(
            f"net_params['train_split']={splitter.cv!r:.80} cannot split "
            f"{number_of(n, 'distinct sequence')}: {error or type(error).__name__}"
        ) from error
    parts = {"training": train, "validation": valid}
    return tuple(data.take(_rows(part, name, n)) for name, part in parts.items())


def _rows(rows, name, n):
    """Return the rows of a part in their order, or refuse them."""
    rows = np.asarray(rows)
    if rows.size == 0:
        raise ValueError(
            f"net_params['train_split'] leaves no sequences for the {name} part; "
            "both parts need some."
        )
    if rows.dtype.kind not in "iu" or not 0 <= rows.min() <= rows.max() < n:
        raise ValueError(
            f"net_params['train_split'] returns {rows!r:.80} for the {name} part, but "
            f"rows from 0 to {n - 1} are needed: a splitter sees distinct sequences."
        )
    return np.sort(rows)
