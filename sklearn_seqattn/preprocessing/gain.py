"""Numbers on the scale on which a network reads them.

Channels are standardised over all steps. Where sequences differ in size by orders of
magnitude, as the currents of a lamp and of a heater do, most of them would be flat
lines then: automatic gain control, as radios have it, turns those up, and leaves the
others alone.
"""

import numpy as np

#: A sequence is quiet if no channel deviates as much, in deviations of all steps.
QUIET = 0.3

#: How much of a factor of e between two quiet sequences is left of it, about.
_KEPT = 0.1

#: What deviates less is amplified no more than this: it may be rounding.
_FAINT = 1e-5


def standardise(steps, center, scale):
    """Shift and scale each channel.

    Parameters
    ----------
    steps : ndarray of shape (S, D)
        Numbers.
    center, scale : ndarray of shape (D,), float64
        Mean and standard deviation of each channel.

    Returns
    -------
    steps : ndarray of shape (S, D), float64
        Infinite where they have overflowed.
    """
    with np.errstate(over="ignore"):
        return (steps - center) / scale


def as_float32(values):
    """Give numbers in float32.

    Parameters
    ----------
    values : ndarray
        Numbers of any dtype.

    Returns
    -------
    values : ndarray, float32
        The same array where it is of that dtype.

    Raises
    ------
    ValueError
        If a number is out of the range of float32.
    """
    with np.errstate(over="ignore"):
        values = values.astype(np.float32, copy=False)
    check_range(values)
    return values


def check_range(values):
    """Refuse numbers that have overflowed.

    Parameters
    ----------
    values : ndarray
        Numbers on their way to a network.

    Raises
    ------
    ValueError
        If one is not finite.
    """
    if not np.isfinite(values).all():
        raise ValueError(
            "X has numbers whose scale is beyond float32 (about 3e38); divide them "
            "by a constant first."
        )


def turn_up(steps, lengths):
    """Turn quiet sequences up.

    A sequence whose loudest channel has a standard deviation s below 0.3 is amplified
    about its mean, all channels alike, until s is ``0.3 / (1 + 0.1 ln(0.3 / s))``. So
    of two quiet sequences the louder one stays the louder one, and there is no jump.
    Below 1e-5 the factor grows no more, so that a constant that is rounded stays one.

    Parameters
    ----------
    steps : ndarray of shape (S, D), float64
        Standardised steps of all sequences, end to end; changed in place.
    lengths : ndarray of shape (n,), int64
        Steps of each, at least 1; they sum to S.

    Returns
    -------
    steps : ndarray of shape (S, D), float64
        The same array. A sequence is treated alike whatever stands beside it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.preprocessing.gain import turn_up
    >>> steps = np.array([[1.0], [-1.0], [0.001], [-0.001], [0.01], [-0.01]])
    >>> turn_up(steps, np.array([2, 2, 2])).ravel().round(2)
    array([ 1.  , -1.  ,  0.19, -0.19,  0.22, -0.22])
    """
    starts, n_steps = np.cumsum(lengths) - lengths, lengths[:, None]
    with np.errstate(over="ignore", invalid="ignore"):  # infinity is not quiet
        means = np.add.reduceat(steps, starts) / n_steps  # (n, D)
        deviations = steps - np.repeat(means, lengths, axis=0)
        squares = np.add.reduceat(deviations**2, starts) / n_steps
    loudness = np.sqrt(squares.max(axis=1))  # (n,)
    quiet = loudness < QUIET
    if quiet.any():
        ratios = QUIET / np.maximum(loudness[quiet], _FAINT)
        gains = ratios / (1 + _KEPT * np.log(ratios))
        rows, n_steps = np.repeat(quiet, lengths), lengths[quiet]
        deviations = deviations[rows] * np.repeat(gains, n_steps)[:, None]
        steps[rows] = np.repeat(means[quiet], n_steps, axis=0) + deviations
    return steps
