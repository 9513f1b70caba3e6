"""Numbers on the scale on which a network reads them.

Channels are standardized over all steps. If sequences differ in size by orders of
magnitude, as the currents of a lamp and of a heater do, most of them would be nearly
constant on that scale. Automatic gain control amplifies low-amplitude sequences and
leaves the others alone.
"""

import numpy as np

#: A sequence has a low amplitude if the standard deviation of every channel is smaller,
#: measured in standard deviations over all steps.
LOW_AMPLITUDE = 0.3

#: How much the gain compresses: about this share of the logarithm of the ratio of two
#: low amplitudes remains.
COMPRESSION = 0.1

#: The gain is the same for all smaller amplitudes, which may be rounding errors.
SMALLEST_AMPLITUDE = 1e-5


def standardize(steps, center, scale):
    """Return channels with the center subtracted, divided by the scale.

    Parameters
    ----------
    steps : ndarray of shape (S, D)
        Numbers.
    center, scale : ndarray of shape (D,), float64
        Mean and standard deviation of each channel.

    Returns
    -------
    ndarray of shape (S, D), float64
        Numbers that overflow are infinite.
    """
    with np.errstate(over="ignore"):
        return (steps - center) / scale


def as_float32(values, names=None):
    """Return numbers in float32.

    Parameters
    ----------
    values : ndarray of shape (..., D)
        Numbers of any dtype.
    names : sequence of str or None, default=None
        Names of the D channels in the error message.

    Returns
    -------
    ndarray of shape (..., D), float32
        The same array if it is of that dtype.

    Raises
    ------
    ValueError
        If a number is out of the range of float32.
    """
    with np.errstate(over="ignore"):
        values = values.astype(np.float32, copy=False)
    check_range(values, names)
    return values


def check_range(values, names=None):
    """Raise if a number has overflowed.

    Parameters
    ----------
    values : ndarray of shape (..., D)
        Numbers for a network, or their scales.
    names : sequence of str or None, default=None
        Names of the D channels in the error message; "channel 0" and so on if None.

    Raises
    ------
    ValueError
        If a number is infinite or NaN.
    """
    is_finite = np.isfinite(values)
    if not is_finite.all():
        channel = int(np.argwhere(~is_finite)[0][-1])
        where = f"channel {channel}" if names is None else names[channel]
        raise ValueError(
            f"X has numbers in {where} whose scale is beyond float32 (about 3e38); "
            "divide them by a constant first."
        )


def control_gain(steps, lengths):
    """Amplify low-amplitude sequences.

    The amplitude of a sequence is the largest standard deviation s of its channels. If
    it is below 0.3, all channels are amplified about their means by the same gain, so
    that it becomes ``0.3 / (1 + 0.1 ln(0.3 / s))``. This function of s is increasing
    and continuous. Below 1e-5 the gain no longer grows, so that the rounding errors of
    a constant sequence stay small.

    Parameters
    ----------
    steps : ndarray of shape (S, D), float64
        Standardized steps of all sequences, end to end; changed in place.
    lengths : ndarray of shape (n,)
        Steps of each, at least 1; they sum to S.

    Returns
    -------
    ndarray of shape (S, D), float64
        The same array. The result for a sequence does not depend on the others.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.preprocessing.gain import control_gain
    >>> steps = np.array([[1.0], [-1.0], [0.001], [-0.001], [0.01], [-0.01]])
    >>> control_gain(steps, np.array([2, 2, 2])).ravel().round(2)
    array([ 1.  , -1.  ,  0.19, -0.19,  0.22, -0.22])
    """
    starts, n_steps = np.cumsum(lengths) - lengths, lengths[:, None]
    with np.errstate(over="ignore", invalid="ignore"):  # infinity is no low amplitude
        means = np.add.reduceat(steps, starts) / n_steps  # (n, D)
        deviations = steps - np.repeat(means, lengths, axis=0)
        squares = np.add.reduceat(deviations**2, starts) / n_steps
    amplitudes = np.sqrt(squares.max(axis=1))  # (n,)
    is_low = amplitudes < LOW_AMPLITUDE
    if is_low.any():
        ratios = LOW_AMPLITUDE / np.maximum(amplitudes[is_low], SMALLEST_AMPLITUDE)
        gains = ratios / (1 + COMPRESSION * np.log(ratios))
        rows, n_steps = np.repeat(is_low, lengths), lengths[is_low]
        deviations = deviations[rows] * np.repeat(gains, n_steps)[:, None]
        steps[rows] = np.repeat(means[is_low], n_steps, axis=0) + deviations
    return steps
