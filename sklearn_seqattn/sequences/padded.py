"""Read an array (n, T, D) in which trailing all-NaN steps are padding."""

import numpy as np

from sklearn_seqattn.sequences.array_list import ArrayList
from sklearn_seqattn.sequences.checks import (
    NUMBERS,
    all_finite,
    as_float,
    check_finite,
    check_not_empty,
    check_shape,
)

_ONLY_PADDING = (
    "only trailing steps that are NaN in all channels are read as padding, so fill the "
    "others with SequenceImputer, or drop such steps first"
)


def read_padded(array, *, channels_first, allow_nan, name):
    """Read an array of numbers.

    Parameters
    ----------
    array : ndarray of shape (n, T, D), or (n, D, T) if `channels_first`
        The sequences.
    channels_first : bool
        Whether the channels come before the steps.
    allow_nan : bool
        Whether numbers may be NaN beside the padding.
    name : str
        What the user calls it.

    Returns
    -------
    values : ndarray of shape (S, D) or ArrayList
        The steps without padding; not copied.
    lengths : ndarray of shape (n,)
        Steps of each sequence.
    columns : None

    Raises
    ------
    TypeError, ValueError
        If the array does not hold finite numbers, padding apart.
    """
    if array.dtype.kind not in NUMBERS:
        raise TypeError(
            f"{name} is a 3-D array of dtype {array.dtype}, but a 3-D array holds "
            "numbers; pass tokens as a list of lists."
        )
    if channels_first:
        array = array.swapaxes(1, 2)  # (n, C, T) -> (n, T, C)
    check_shape(array, ["sample(s)", "step(s)", "channel(s)"], name)
    array = as_float(array)
    _, n_steps, n_channels = array.shape
    lengths = _lengths_without_padding(array)
    check_not_empty(lengths, "only NaN, and so 0 steps", name)
    options = {"remedy": _ONLY_PADDING, "allow_nan": allow_nan}
    if lengths.min() == n_steps and array.flags.c_contiguous:
        values = array.reshape(-1, n_channels)
        check_finite(values, lengths, name, **options)
    else:
        rows = [row[:length] for row, length in zip(array, lengths, strict=True)]
        values = ArrayList(rows, lengths, array.dtype)
        values.check_finite(values.starts, lengths, name, **options)
    return values, lengths, None


def _lengths_without_padding(array):
    """Count the steps up to the last one that is not NaN in all channels."""
    n_sequences, n_steps, _ = array.shape
    if all_finite(array):
        return np.full(n_sequences, n_steps)
    is_real = ~np.isnan(array).all(axis=2)  # (n, T)
    lengths = n_steps - is_real[:, ::-1].argmax(axis=1)
    return np.where(is_real.any(axis=1), lengths, 0)
