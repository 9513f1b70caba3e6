"""The partner of a next-state network: counts of states, and a cache."""

from numbers import Integral

from sklearn.base import BaseEstimator

from sklearn_seqattn._estimator import Interval


class Counts(BaseEstimator):
    """Interpolated Kneser-Ney counts and a cache, for ``blend``.

    The distribution of the network is mixed with that of the counts [1]_, as
    p_network^w p_counts^(1 - w) up to a factor [2]_. The weight w is the one under
    which held-out states are most probable. The counts read states alone, whatever
    other features there are.

    Parameters
    ----------
    order : int, default=5
        The number of preceding states that the counts depend on.
    cache : bool, default=True
        Whether earlier steps of the same sequence count as observations of what
        follows [3]_: the more states they have in common with the present step, the
        more they count. Held-out sequences decide how much.

    References
    ----------
    .. [1] S. Chen and J. Goodman, "An empirical study of smoothing techniques for
       language modeling", Computer Speech and Language 13 (1999).
    .. [2] D. Klakow, "Log-linear interpolation of language models", ICSLP 1998.
    .. [3] R. Kuhn and R. De Mori, "A cache-based natural language model for speech
       recognition", IEEE Transactions on Pattern Analysis and Machine Intelligence
       12 (1990).

    Examples
    --------
    >>> from sklearn_seqattn import Counts, NextStateLSTM
    >>> X = ["open check pay close", "open check check pay close"] * 10
    >>> model = NextStateLSTM(
    ...     blend=Counts(order=2), hidden_size=8, max_epochs=2, random_state=0
    ... )
    >>> model.fit(X).predict(["open check pay"])
    array(['close'], dtype=object)
    """

    _parameter_constraints = {
        "order": [Interval(Integral, 0, None, closed="left")],
        "cache": ["boolean"],
    }

    def __init__(self, order=5, *, cache=True):
        self.order = order
        self.cache = cache
