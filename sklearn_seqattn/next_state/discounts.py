"""The discounts of modified Kneser-Ney smoothing."""

import numpy as np


def discounts(counts, fixed=None):
    """Return what Kneser-Ney smoothing takes from each count.

    Parameters
    ----------
    counts : ndarray of shape (M,)
        The counts of one level of contexts.
    fixed : float or None, default=None
        The discount of all counts; None estimates one for counts of 1, of 2 and of 3
        or more, from the counts of counts.

    Returns
    -------
    ndarray of shape (M,)
        The discounts, each at most its count.

    References
    ----------
    S. F. Chen and J. Goodman, "An empirical study of smoothing techniques for
    language modeling", Computer Speech & Language 13 (1999).

    Examples
    --------
    >>> import numpy as np
    >>> discounts(np.array([1.0, 1.0, 1.0, 1.0, 2.0, 5.0])).round(2)
    array([0.67, 0.67, 0.67, 0.67, 0.67, 0.67])
    """
    if fixed is not None:
        return np.minimum(fixed, counts)
    whole = np.rint(counts)
    seen = [float(np.count_nonzero(whole == times)) for times in (1, 2, 3, 4)]
    by_count = np.array(_estimate_discounts(*seen))
    size = np.clip(whole, 1, 3).astype(np.intp)
    return np.minimum(by_count[size - 1], counts)


def _estimate_discounts(n1, n2, n3, n4):
    """Return the discounts of counts 1, 2 and 3 or more, from counts of counts."""
    if not n1 or not n2:  # too little to estimate from
        return 0.5, 0.5, 0.5
    single = n1 / (n1 + 2 * n2)
    if not n3 or not n4:
        return single, single, single
    pairs = ((1, n1, n2), (2, n2, n3), (3, n3, n4))
    several = tuple(k - (k + 1) * single * more / once for k, once, more in pairs)
    if not all(0 < taken < k for k, taken in enumerate(several, start=1)):
        return single, single, single
    return several
