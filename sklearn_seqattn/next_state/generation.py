"""Continue sequences: draw at random, or search for the most probable way on.

Both functions know nothing of the model but one callable. It takes the numbers of
given sequences (m,) and the columns of the states added to them so far (m, t), and
returns the log-probabilities of what follows, (m, K).
"""

import numpy as np


def narrow(log_proba, *, temperature=1.0, top_k=None, top_p=None):
    """Sharpen or flatten distributions and cut off their tails.

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
    scaled = log_proba / temperature
    proba = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    proba /= proba.sum(axis=1, keepdims=True)
    order = np.argsort(-proba, axis=1, kind="stable")
    ranked = np.take_along_axis(proba, order, axis=1)
    if top_p is not None:
        before = np.cumsum(ranked, axis=1) - ranked  # mass ahead of each
        ranked[before >= top_p] = 0.0
    if top_k is not None:
        ranked[:, top_k:] = 0.0
    np.put_along_axis(proba, order, ranked, axis=1)
    return proba / proba.sum(axis=1, keepdims=True)


def draw(next_log_proba, n, n_steps, end, generator, **narrowing):
    """Draw continuations of the sequence number 0.

    Parameters
    ----------
    next_log_proba : callable
        As said above.
    n : int
        Number of continuations.
    n_steps : int
        Most states to add.
    end : int or None
        Column of the end, where it is learnt.
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
    for step in range(n_steps):
        log_proba = next_log_proba(np.zeros_like(growing), paths[growing, :step])
        cumulative = np.cumsum(narrow(log_proba, **narrowing), axis=1)
        below = generator.uniform(size=len(growing)) * cumulative[:, -1]
        columns = (cumulative <= below[:, None]).sum(axis=1)
        on = np.full(len(growing), True) if end is None else columns != end
        growing, columns = growing[on], columns[on]
        paths[growing, step] = columns
        lengths[growing] += 1
        if not len(growing):
            break
    return [path[:length] for path, length in zip(paths, lengths, strict=True)]


def search(next_log_proba, n, n_steps, width, end):
    """Find a probable continuation of each of n sequences by beam search.

    Parameters
    ----------
    next_log_proba : callable
        As said above.
    n : int
        Number of sequences.
    n_steps : int
        States to add.
    width : int
        Continuations kept at each step; 1 takes the most probable state.
    end : int or None
        Column of the end; nothing but the end follows it.

    Returns
    -------
    columns : ndarray of shape (n, n_steps)
        The best continuation found.
    log_proba : ndarray of shape (n, n_steps)
        Log-probability of each of its states.
    """
    paths = np.zeros((n, 1, 0), dtype=np.intp)  # (n, beams, steps)
    steps = np.zeros((n, 1, 0))  # log-probability of each step
    for _ in range(n_steps):
        log_proba = _extend(next_log_proba, paths, end)  # (n, beams, K)
        n_targets = log_proba.shape[2]
        totals = (steps.sum(axis=2)[:, :, None] + log_proba).reshape(n, -1)
        kept = np.argsort(-totals, axis=1, kind="stable")[:, :width]
        beam, column = np.divmod(kept, n_targets)
        row = np.arange(n)[:, None]
        paths = np.concatenate([paths[row, beam], column[:, :, None]], axis=2)
        step = log_proba[row, beam, column]
        steps = np.concatenate([steps[row, beam], step[:, :, None]], axis=2)
    return paths[:, 0], steps[:, 0]


def _extend(next_log_proba, paths, end):
    """Return what follows each path (n, beams, K); only the end follows the end."""
    n, beams, _ = paths.shape
    ended = (paths == (-1 if end is None else end)).any(axis=2)
    if ended.all():
        log_proba = np.full((n, beams, end + 1), -np.inf)
    else:
        found = next_log_proba(np.nonzero(~ended)[0], paths[~ended])
        log_proba = np.full((n, beams, found.shape[1]), -np.inf)
        log_proba[~ended] = found
    if end is not None:
        log_proba[ended, end] = 0.0
    return log_proba
