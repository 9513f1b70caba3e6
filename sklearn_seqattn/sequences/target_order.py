"""Refuse targets whose index says that they are in another order than X."""

import numpy as np
import pandas as pd

from sklearn_seqattn.sequences.tables import has_instances


def check_same_order(X, y):
    """Refuse targets that have the index of the sequences in another order.

    Targets are read by position, as everywhere in scikit-learn.

    Parameters
    ----------
    X : container of sequences
        Of pandas; others have no index.
    y : object
        As the user gave it. Row numbers (RangeIndex without a name) are no names of
        sequences.

    Raises
    ------
    ValueError
        At the first sequence whose target is another one.
    """
    if not all(isinstance(one, pd.Series | pd.DataFrame) for one in (X, y)):
        return
    ids, names = X.index, y.index
    if has_instances(X):
        ids = ids.unique(level=0)
    if isinstance(names, pd.MultiIndex) and not isinstance(ids, pd.MultiIndex):
        names = names.unique(level=0)
    is_numbered = any(
        isinstance(one, pd.RangeIndex) and one.name is None for one in (X.index, names)
    )
    if is_numbered or len(ids) != len(names) or ids.equals(names):
        return
    if not (ids.is_unique and names.isin(ids).all() and ids.isin(names).all()):
        return
    first = int(np.argmax(np.asarray(ids) != np.asarray(names)))
    order = "X.index.unique(level=0)" if has_instances(X) else "X.index"
    raise ValueError(
        f"y has the index of X in another order: sequence {first} of X is "
        f"{ids.tolist()[first]!r}, but y has {names.tolist()[first]!r} there. Targets "
        f"are read by position; pass y.loc[{order}]."
    )


def check_same_steps(X, y):
    """Refuse labels of steps that have the index of X in another order.

    Parameters
    ----------
    X, y : object
        As in `check_same_order`, and lists of objects of pandas, one a sequence.

    Raises
    ------
    ValueError
        At the first sequence or step whose label is that of another one.
    """
    check_same_order(X, y)
    if _is_long(X) and _is_long(y):
        _refuse_reordered(X.index, y.index, "y", "y.loc[X.index]")
    elif all(isinstance(one, list | tuple | pd.Series) for one in (X, y)):
        for i, (x, labels) in enumerate(zip(X, y, strict=False)):
            if all(isinstance(one, pd.Series | pd.DataFrame) for one in (x, labels)):
                remedy = f"y[{i}].loc[X[{i}].index]"
                _refuse_reordered(x.index, labels.index, f"y[{i}]", remedy)


def _is_long(table):
    """Return whether the rows of a table are steps: of pandas, with two levels."""
    is_pandas = isinstance(table, pd.Series | pd.DataFrame)
    return is_pandas and isinstance(table.index, pd.MultiIndex)


def _refuse_reordered(ids, names, name, remedy):
    """Raise if names of steps are the ids in another order; row numbers are none."""
    if any(isinstance(one, pd.RangeIndex) and one.name is None for one in (ids, names)):
        return
    if len(ids) != len(names) or ids.equals(names) or not ids.is_unique:
        return
    if names.is_unique and names.isin(ids).all():
        place = int(np.argmax(np.asarray(ids) != np.asarray(names)))
        raise ValueError(
            f"{name} has the index of X in another order: row {place} of X is "
            f"{ids[place]!r}, but {name} has {names[place]!r} there. Labels are read "
            f"by position; pass {remedy}."
        )
