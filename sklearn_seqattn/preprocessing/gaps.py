"""Gaps of missing values inside sequences that are stored end to end.

Every function works on one channel of all sequences at once.
"""

import numpy as np

from sklearn_seqattn.sequences.checks import locate


def last_observed(is_missing, first):
    """Return the last observed step at or before each step.

    Parameters
    ----------
    is_missing : ndarray of shape (S,), bool
        Which steps of a channel are missing.
    first : ndarray of shape (S,), int64
        Position of the first step of the sequence of each step.

    Returns
    -------
    ndarray of shape (S,), int64
        Positions; -1 where no step of the sequence has been observed so far.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.preprocessing.gaps import last_observed
    >>> is_missing = np.array([False, True, True, True, False])
    >>> last_observed(is_missing, np.array([0, 0, 0, 3, 3]))
    array([ 0,  0,  0, -1,  4])
    """
    places = np.where(is_missing, -1, np.arange(len(is_missing)))
    places = np.maximum.accumulate(places)
    return np.where(places < first, -1, places)


def carry_forward(channel, first):
    """Fill each gap with the value before it.

    Parameters
    ----------
    channel : ndarray of shape (S,)
        Numbers, NaN where they are missing.
    first : ndarray of shape (S,), int64
        As in `last_observed`.

    Returns
    -------
    ndarray of shape (S,)
        Numbers, NaN where a sequence begins with a gap.
    """
    places = last_observed(np.isnan(channel), first)
    return np.where(places < 0, np.nan, channel[places])


def interpolate(channel, first):
    """Fill each gap between two values on the line between them.

    Parameters
    ----------
    channel : ndarray of shape (S,)
        Numbers, NaN where they are missing.
    first : ndarray of shape (S,), int64
        As in `last_observed`.

    Returns
    -------
    ndarray of shape (S,), float64
        Numbers, NaN where a sequence begins or ends with a gap.
    """
    is_missing = np.isnan(channel)
    if is_missing.all():
        return channel
    before = last_observed(is_missing, first)
    # The same for steps in reversed order, whose sequences begin at their last steps.
    last = np.flatnonzero(np.diff(first, append=-1))  # (n,) of each sequence
    of_step = last[np.searchsorted(last, np.arange(len(first)))]
    end = len(first) - 1
    after = last_observed(is_missing[::-1], end - of_step[::-1])[::-1]
    places = np.flatnonzero(is_missing & (before >= 0) & (after >= 0))
    observed = np.flatnonzero(~is_missing)
    filled = channel.astype(np.float64)
    filled[places] = np.interp(places, observed, channel[observed])
    return filled


def elapsed(is_missing, first, times):
    """Return the time since a channel was last observed.

    Parameters
    ----------
    is_missing : ndarray of shape (S,), bool
        Which steps of the channel are missing.
    first : ndarray of shape (S,), int64
        As in `last_observed`.
    times : ndarray of shape (S,)
        The time of each step, in any unit.

    Returns
    -------
    ndarray of shape (S,)
        0 where the channel is observed. Before its first value in a sequence, the
        time since the first step.
    """
    places = last_observed(is_missing, first)
    return times - times[np.where(places < 0, first, places)]


def check_fill_values(values, dtype):
    """Raise if numbers of a type cannot hold what fills their gaps.

    Parameters
    ----------
    values : ndarray of shape (D,), float64
        The value of each channel.
    dtype : dtype
        The type of the numbers.
    """
    is_beyond = np.abs(values) > float(np.finfo(dtype).max)
    if is_beyond.any():
        raise ValueError(
            f"X holds {dtype}, which cannot hold {values[is_beyond][0]}, the value "
            "that fills a gap; convert X to float64, or choose a smaller fill_value."
        )


def check_times(times, sequences):
    """Raise if a time is missing, or earlier than the one before it.

    Parameters
    ----------
    times : ndarray of shape (S,)
        The time of each step.
    sequences : Sequences
        Whose steps they are, end to end.
    """
    is_late = np.diff(times, prepend=-np.inf) >= 0
    is_late[sequences.starts] = ~np.isnan(times[sequences.starts])
    if not is_late.all():
        index, step = locate(int(is_late.argmin()), sequences.lengths)
        raise ValueError(
            f"X[{index}] has a time that is missing or earlier than the one before it, "
            f"at step {step}; drop such steps, or sort them."
        )
