"""Quiet sequences made audible beside loud ones.

The currents of a lamp and of a heater, a whisper and a shout: where sequences differ in
size by orders of magnitude, most of them are flat lines on the scale of all. Automatic
gain control, as radios have it, turns those up, and leaves the others alone.
"""

import numpy as np

#: A sequence is quiet if no channel deviates as much, in deviations of all steps.
QUIET = 0.3

#: How much of a factor of e between two quiet sequences is left of it, about.
_KEPT = 0.1

#: What deviates less is constant but for rounding.
_SILENT = 1e-8


def turn_up(steps, lengths):
    """Turn quiet sequences up.

    A sequence whose loudest channel has a standard deviation s below 0.3 is amplified
    about its mean, all channels alike, until s is ``0.3 / (1 + 0.1 ln(0.3 / s))``. So
    of two quiet sequences the louder one stays the louder one, and there is no jump.

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
    >>> from sklearn_seqattn.gain import turn_up
    >>> steps = np.array([[1.0], [-1.0], [0.001], [-0.001], [0.01], [-0.01]])
    >>> turn_up(steps, np.array([2, 2, 2])).ravel().round(2)
    array([ 1.  , -1.  ,  0.19, -0.19,  0.22, -0.22])
    """
    if not len(lengths):
        return steps
    starts, n_steps = np.cumsum(lengths) - lengths, lengths[:, None]
    means = np.add.reduceat(steps, starts) / n_steps  # (n, D)
    deviations = steps - np.repeat(means, lengths, axis=0)
    squares = np.add.reduceat(deviations**2, starts) / n_steps
    loudness = np.sqrt(squares.max(axis=1))  # (n,)
    quiet = np.flatnonzero((loudness < QUIET) & (loudness > _SILENT))
    ratios = QUIET / loudness[quiet]
    gains = ratios / (1 + _KEPT * np.log(ratios))
    for i, gain in zip(quiet, gains, strict=True):
        rows = slice(starts[i], starts[i] + lengths[i])
        steps[rows] = means[i] + gain * deviations[rows]
    return steps
