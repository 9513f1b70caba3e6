"""What occluded steps are replaced by: means of channels, and unknown tokens."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from sklearn_seqattn.sequences.wording import number_of

_OCCLUDED = "<occluded>"


@dataclass(frozen=True, eq=False)
class Baseline:
    """What steps are replaced by.

    Parameters
    ----------
    values : dict
        The baseline of each channel or column by its name; of tokens under None.
        Columns without one are not changed.
    """

    values: dict

    def replace(self, element, steps, channel=None):
        """Return a copy of a sequence in which some steps are replaced.

        Parameters
        ----------
        element : ndarray or DataFrame
            One sequence.
        steps : slice
            Which steps.
        channel : hashable or None, default=None
            Which channel; None replaces all.

        Returns
        -------
        element : ndarray or DataFrame
        """
        chosen = list(self.values) if channel is None else [channel]
        if isinstance(element, pd.DataFrame):
            return self._replace_columns(element, steps, chosen)
        if element.ndim == 1:
            changed = element.copy()
            changed[steps] = self.values[None]
            return changed
        changed = element.astype(np.float64)
        for name in chosen:
            changed[steps, name] = self.values[name]
        return changed

    def _replace_columns(self, frame, steps, chosen):
        """Return a copy of a frame with steps of columns replaced."""
        columns = {}
        for name in chosen:
            column, value = frame[name], self.values[name]
            if isinstance(column.dtype, pd.CategoricalDtype):
                column = column.cat.add_categories([value])
            elif is_numeric_dtype(column.dtype) and isinstance(value, float):
                column = column.astype(np.float64)
            elif column.dtype.kind != "m":
                column = column.astype(object)
            columns[name] = column.copy()
            columns[name].iloc[steps] = value
        return _with_columns(frame, columns)


def _with_columns(frame, columns):
    """Return a frame with some columns exchanged, in the same order."""
    series = {name: columns.get(name, frame[name]) for name in frame.columns}
    return pd.DataFrame(series, index=frame.index, columns=frame.columns)


def make_baseline(estimator, items, baseline=None):
    """Choose what steps are replaced by.

    Parameters
    ----------
    estimator : estimator instance
        Fitted.
    items : Items
        The sequences.
    baseline : array-like of shape (D,) or None, default=None
        The value of each channel of numbers. None takes the means.

    Returns
    -------
    baseline : Baseline

    Raises
    ------
    ValueError
        If `baseline` has another number of channels, or X has no numbers.
    """
    if items.kind == "tokens":
        _refuse_baseline(baseline, "tokens")
        return Baseline({None: _unknown_token(np.concatenate(items.elements))})
    if items.kind == "events":
        _refuse_baseline(baseline, "events")
        return Baseline(_of_columns(items, _training_means(estimator)))
    if baseline is None:
        means = _training_means(estimator)
        if means is None:
            means = np.concatenate(items.elements).mean(axis=0)
    else:
        means = np.asarray(baseline, dtype=np.float64)
        if means.shape != (len(items.channels),):
            raise ValueError(
                f"baseline has the shape {means.shape}, but X has "
                f"{number_of(len(items.channels), 'channel')}; give one number for "
                "each."
            )
    return Baseline(dict(enumerate(means)))


def _refuse_baseline(baseline, kind):
    """Raise if a baseline is given for sequences that are no numbers."""
    if baseline is not None:
        raise ValueError(
            f"X holds {kind}, which are replaced by unknown ones and means; leave "
            "baseline=None, or encode them as numbers first."
        )


def _training_means(estimator):
    """Return the means that an estimator subtracts from X itself, or None."""
    encoder = getattr(estimator, "input_encoder_", None)
    steps = [] if encoder is None else encoder.steps_
    return getattr(steps[-1], "center_", None) if steps else None


def _unknown_token(tokens):
    """Return a token that is not among others, and that no vocabulary holds."""
    if len(tokens) and not isinstance(tokens[0], str):
        return int(np.iinfo(np.int64).max)
    return _OCCLUDED


def _of_columns(items, means):
    """Return the baseline of each column of events; times have none."""
    long = pd.concat(items.elements, ignore_index=True)
    values = {
        name: _unknown_category(column) if name == items.states else _of_column(column)
        for name, column in long.items()
        if name != items.times and not is_datetime64_any_dtype(column.dtype)
    }
    numbers = [name for name, value in values.items() if isinstance(value, float)]
    if means is not None and len(means) == len(numbers):
        values.update(zip(numbers, means.tolist(), strict=True))
    return values


def _of_column(column):
    """Return the mean of numbers or durations, or an unknown category."""
    if column.dtype.kind == "m":
        return column.mean()
    is_category = isinstance(column.dtype, pd.CategoricalDtype)
    if is_category or isinstance(column.iloc[0], str):
        return _unknown_category(column)
    return float(column.astype(np.float64).mean())


def _unknown_category(column):
    """Return a category of the kind of a column that no model knows."""
    return _OCCLUDED if isinstance(column.iloc[0], str) else np.iinfo(np.int64).max
