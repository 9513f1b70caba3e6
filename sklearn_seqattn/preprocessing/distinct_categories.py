"""Warn of columns of strings that look like numbers, dates or names of rows."""

import warnings

from sklearn_seqattn.sequences.event_columns import numeric_columns

_FEWEST_ROWS = 20  # as where scikit-learn warns of classes of a target


def warn_distinct(rows):
    """Warn of each column of categories most of which occur once.

    Parameters
    ----------
    rows : DataFrame
        Columns of numbers, of CategoricalDtype and of dates.
    """
    if len(rows) <= _FEWEST_ROWS:
        return
    for name, column in rows.loc[:, ~numeric_columns(rows)].items():
        if column.dtype != "category":
            continue
        n_categories = column.nunique()
        if n_categories > len(rows) / 2:
            warnings.warn(
                f"Column {name!r} holds {n_categories} categories in {len(rows)} rows: "
                "categories that occur once tell nothing. Turn dates and numbers that "
                "are strings into what they are by pandas.to_datetime and "
                "pandas.to_numeric, and leave out names of rows.",
                UserWarning,
                stacklevel=2,
            )
