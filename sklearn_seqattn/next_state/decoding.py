"""Continue sequences: by random sampling, or by beam search.

Both take `Continuations`, so that they work for every model.
"""

import numpy as np
from scipy.special import softmax


class Continuations:
    """Sequences to which one state at a time is added, and what follows them.

    Parameters
    ----------
    streams : StateStreams
        The m sequences so far.
    last_log_proba : callable
        Returns the log-probabilities (m, K) of what follows each of some streams.
    """

    def __init__(self, streams, last_log_proba):
        self.streams = streams
        self.last_log_proba = last_log_proba

    def log_proba(self):
        """Return the log-probabilities of what follows each sequence, (m, K)."""
        return self.last_log_proba(self.streams)

    def grow(self, rows, columns):
        """Return some of these sequences, each with one more state.

        Parameters
        ----------
        rows : ndarray of shape (m',)
            Which sequences; one may be there several times.
        columns : ndarray of shape (m',)
            The columns of the states.

        Returns
        -------
        Continuations
            The m' sequences. The present object does not change.
        """
        longer = self.streams.continued(rows, columns[:, None])
        return Continuations(longer, self.last_log_proba)


def narrow(log_proba, *, temperature=1.0, top_k=None, top_p=None):
    """Return distributions to draw from, sharper or without their tails.

    Parameters
    ----------
    log_proba : ndarray of shape (n, K)
        Log-probabilities.
    temperature : float, default=1.0
        Below 1 sharpens, above 1 flattens.
    top_k : int or None, default=None
        Keep the k most probable.
    top_p : float or None, default=None
        Keep the fewest that together have at least this probability.

    Returns
    -------
    ndarray of shape (n, K)
        Probabilities; each row sums to one.

    References
    ----------
    A. Holtzman et al., "The curious case of neural text degeneration", ICLR 2020
    (top_p).

    Examples
    --------
    >>> import numpy as np
    >>> narrow(np.log([[0.5, 0.3, 0.2]]), top_k=2).round(3)
    array([[0.625, 0.375, 0.   ]])
    """
    proba = softmax(log_proba / temperature, axis=1)
    order = np.argsort(-proba, axis=1, kind="stable")
    ranked = np.take_along_axis(proba, order, axis=1)
    if top_p is not None:
        before = np.cumsum(ranked, axis=1) - ranked  # mass ahead of each
        ranked[before >= top_p] = 0.0
    if top_k is not None:
        ranked[:, top_k:] = 0.0
    np.put_along_axis(proba, order, ranked, axis=1)
    return proba / proba.sum(axis=1, keepdims=True)


def draw(ahead, n, n_steps, end, generator, **narrowing):
    """Return random continuations of one sequence.

    Parameters
    ----------
    ahead : Continuations
        The sequence.
    n : int
        Number of continuations.
    n_steps : int
        Most states to add.
    end : int or None
        Column of the end, if it is learned. A continuation stops there.
    generator : RandomState
        Source of randomness.
    **narrowing
        Parameters of `narrow`.

    Returns
    -------
    list of ndarray
        Columns added, the end excluded.
    """
    paths = np.zeros((n, n_steps), dtype=np.intp)
    lengths = np.zeros(n, dtype=np.intp)
    growing = np.arange(n)
    rows = np.zeros(n, dtype=np.intp)  # the row of each path in `ahead`
    for step in range(n_steps):
        cumulative = np.cumsum(narrow(ahead.log_proba(), **narrowing), axis=1)[rows]
        below = generator.uniform(size=len(growing)) * cumulative[:, -1]
        columns = (cumulative <= below[:, None]).sum(axis=1)
        on = np.full(len(growing), True) if end is None else columns != end
        growing, columns = growing[on], columns[on]
        paths[growing, step] = columns
        lengths[growing] += 1
        if not len(growing):
            break
        ahead = ahead.grow(rows[on], columns)
        rows = np.arange(len(growing))
    return [path[:length] for path, length in zip(paths, lengths, strict=True)]


def beam_search(ahead, n_steps, width, end):
    """Return a probable continuation of each of n sequences.

    Parameters
    ----------
    ahead : Continuations
        The n sequences.
    n_steps : int
        States to add.
    width : int
        Continuations kept at each step; 1 takes the most probable state.
    end : int or None
        Column of the end, if it is learned. After it only the end follows.

    Returns
    -------
    columns : ndarray of shape (n, n_steps)
        The best continuation found.
    log_proba : ndarray of shape (n, n_steps)
        Log-probability of each of its states.
    """
    n = len(ahead.streams)
    paths = np.zeros((n, 1, 0), dtype=np.intp)  # (n, beams, steps)
    steps = np.zeros((n, 1, 0))  # log-probability of each step
    rows = np.arange(n)[:, None]  # the row of each path in `ahead`, -1 after the end
    for _ in range(n_steps):
        log_proba = _extend(ahead, rows, end)  # (n, beams, K)
        n_targets = log_proba.shape[2]
        totals = (steps.sum(axis=2)[:, :, None] + log_proba).reshape(n, -1)
        kept = np.argsort(-totals, axis=1, kind="stable")[:, :width]
        beam, column = np.divmod(kept, n_targets)
        sequence = np.arange(n)[:, None]
        paths = np.concatenate([paths[sequence, beam], column[:, :, None]], axis=2)
        step = log_proba[sequence, beam, column]
        steps = np.concatenate([steps[sequence, beam], step[:, :, None]], axis=2)
        rows = rows[sequence, beam]
        grows = (rows >= 0) & (column != (-1 if end is None else end))
        if grows.any():
            ahead = ahead.grow(rows[grows], column[grows])
        rows = np.where(grows, np.cumsum(grows).reshape(grows.shape) - 1, -1)
    return paths[:, 0], steps[:, 0]


def _extend(ahead, rows, end):
    """Return what follows each path (n, beams, K); only the end follows the end."""
    if (rows < 0).all():
        log_proba = np.full((*rows.shape, end + 1), -np.inf)
    else:
        found = ahead.log_proba()
        log_proba = np.full((*rows.shape, found.shape[1]), -np.inf)
        log_proba[rows >= 0] = found[rows[rows >= 0]]
    if end is not None:
        log_proba[rows < 0, end] = 0.0
    return log_proba
