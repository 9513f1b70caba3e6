"""Warn of sequences that seem to be padded with zeros."""

import warnings

import numpy as np

from sklearn_seqattn.sequences.array_list import LazySteps, steps_of

_MANY = 0.25  # share of the sequences
_FEW = 0.1  # zero steps elsewhere, for each one of the padding


def warn_zero_padding(sequences):
    """Warn if sequences of one length end, or begin, in zeros, as padded ones do.

    Three signs are needed, so that sparse signals raise no warning: at least a quarter
    of the sequences, and four, have such steps; the numbers of such steps differ; and
    elsewhere zero steps are rare, at most a tenth of those.

    Parameters
    ----------
    sequences : Sequences
        Numbers or tokens.

    Warns
    -----
    UserWarning
        With what to do instead.
    """
    is_integer = sequences.kind == "tokens" and sequences.values.dtype != object
    if sequences.kind != "numeric" and not is_integer:
        return
    n, n_steps = len(sequences.lengths), sequences.lengths[0]
    if n_steps < 2 or (sequences.lengths != n_steps).any():
        return
    first, last = _ends(sequences)
    for steps, verb in ((last, "end"), (first, "begin")):
        n_ends = int((steps == 0).reshape(n, -1).all(axis=1).sum())
        if n_ends < max(4, _MANY * n):
            continue
        if _looks_padded(sequences, at_end=verb == "end"):
            warnings.warn(
                f"{n_ends} of the {n} sequences {verb} in all-zero steps, "
                "as if they were padded with zeros, which are read as data. If they "
                "are padding, pass a list of arrays of their true lengths, or pad with "
                "NaN at the end (SequencePadder).",
                UserWarning,
                stacklevel=4,
            )
            return


def _ends(sequences):
    """Return the first and the last step of each sequence: shape (n, ...) each."""
    values, starts = sequences.values, sequences.starts
    if isinstance(values, LazySteps):
        # Copies: views would keep all steps of what was read from a file.
        return np.stack([steps[[0, -1]] for steps in _steps(sequences)], axis=1)
    return values[starts], values[starts + sequences.lengths - 1]


def _steps(sequences):
    """Return an iterator over the steps of each sequence."""
    stops = sequences.starts + sequences.lengths
    return steps_of(sequences.values, sequences.starts, stops)


def _looks_padded(sequences, *, at_end):
    """Return whether runs of zero steps differ, and zero steps elsewhere are rare."""
    runs, n_zeros = [], 0
    for steps in _steps(sequences):
        is_zero = ~(steps != 0).reshape(len(steps), -1).any(axis=1)
        if is_zero.all():  # nothing was padded
            continue
        runs.append(np.flatnonzero(~is_zero[::-1] if at_end else ~is_zero)[0])
        n_zeros += int(is_zero.sum())
    runs = np.array(runs)
    n_padding = runs.sum()
    return (
        len(np.unique(runs[runs > 0])) > 1 and n_zeros - n_padding <= _FEW * n_padding
    )
