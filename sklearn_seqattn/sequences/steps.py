"""Read one sequence step by step."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sklearn_seqattn.sequences.arrays import has_array, to_numpy
from sklearn_seqattn.sequences.frames import is_frame, to_pandas


def sequence_of(step, *, channels_first=False):
    """Return one step as an element of a list of sequences.

    Parameters
    ----------
    step : float, array-like of shape (D,), str, int, dict, Series or DataFrame
        A number, the channels of a step, a token, or an event: a frame of one row, or
        the value of each of its columns.
    channels_first : bool, default=False
        Whether sequences of numbers are (D, T).

    Returns
    -------
    sequence : ndarray of shape (1,), (1, D) or (D, 1), or DataFrame of one row

    Raises
    ------
    ValueError
        If it is more or less than one step.

    Examples
    --------
    >>> from sklearn_seqattn.sequences.steps import sequence_of
    >>> sequence_of([1.0, 2.0]).shape, sequence_of("open").shape
    ((1, 2), (1,))
    >>> sequence_of({"activity": "open", "hours": 1.5})
      activity  hours
    0     open    1.5
    """
    if isinstance(step, Mapping | pd.Series):
        return pd.DataFrame([dict(step)])
    if is_frame(step):
        frame = to_pandas(step, "step")
        if len(frame) != 1:
            raise ValueError(
                f"step is a table of {len(frame)} rows; push one event at a time."
            )
        return frame
    array = to_numpy(step, "step") if has_array(step) else np.asarray(step)
    if array.ndim == 0:
        return array.reshape(1)
    if array.ndim > 1:
        raise ValueError(
            f"step has the shape {array.shape}, but one step has a number, a token, or "
            "an array of shape (n_channels,); push one step at a time."
        )
    return array.reshape((-1, 1) if channels_first else (1, -1))


class StepReader:
    """Read the steps of one sequence.

    Events are read together with the first and the last event before, from which times
    count.

    Parameters
    ----------
    channels_first : bool, default=False
        Whether sequences of numbers are (D, T).
    """

    def __init__(self, channels_first=False):
        self.channels_first = channels_first
        self.n_steps = 0
        self._events = []

    def read(self, step):
        """Return a sequence that ends with a step.

        Parameters
        ----------
        step : object
            As `sequence_of` takes it.

        Returns
        -------
        sequence : ndarray or DataFrame
            Of one step, or of up to three events.

        Raises
        ------
        ValueError
            If it is no single step, or an event with other columns.
        """
        sequence = sequence_of(step, channels_first=self.channels_first)
        if not self._events or not isinstance(sequence, pd.DataFrame):
            return sequence
        columns = self._events[0].columns
        if list(sequence.columns) != list(columns):
            raise ValueError(
                f"step has the columns {list(sequence.columns)}, but those before have "
                f"{list(columns)}; pass the same columns in the same order."
            )
        return pd.concat([*self._events, sequence], ignore_index=True)

    def keep(self, sequence):
        """Add the last step of what `read` returned to the sequence."""
        self.n_steps += 1
        if isinstance(sequence, pd.DataFrame):
            first = self._events[0] if self._events else sequence
            self._events = [first, sequence.iloc[-1:]]
