"""A linear chain over the labels of steps: which label follows which, and its loss."""

import numpy as np

#: Transition weights are at most this far from 0.
LARGEST_WEIGHT = 50.0

_TINY = np.finfo(np.float32).tiny  # of probabilities
_TINY_WEIGHT = np.finfo(np.float64).tiny


class LabelChain:
    """Weigh the labels of each step by those of the steps beside it.

    The probability of a sequence of labels is proportional to the exponential of the
    sum of their logits, and of a transition weight for each two labels that follow each
    other. Where a chain does not look ahead, a label has, given the label before it,
    the probability that is proportional to the exponential of its logit and that
    weight.

    Parameters
    ----------
    transitions : ndarray of shape (K, K)
        The weight of each label (column) after each label (row), at most
        `LARGEST_WEIGHT` from 0.
    looks_ahead : bool, default=True
        Whether a label depends on later steps.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.windows.chain import LabelChain
    >>> chain = LabelChain(np.array([[2.0, 0.0], [0.0, 2.0]]))  # labels stay
    >>> logits = np.array([[1.0, 0.0], [0.0, 0.2], [1.0, 0.0]])
    >>> np.exp(chain(logits, np.array([3]))).round(2)
    array([[0.8 , 0.2 ],
           [0.78, 0.22],
           [0.8 , 0.2 ]])
    """

    def __init__(self, transitions, looks_ahead=True):
        self.transitions = transitions
        self.looks_ahead = looks_ahead

    def __call__(self, logits, lengths):
        """Return the logarithms of the probability of each label at each step.

        Parameters
        ----------
        logits : ndarray of shape (S, K)
            Of the steps of all sequences, end to end.
        lengths : ndarray of shape (n,)
            The steps of each sequence.

        Returns
        -------
        logs : ndarray of shape (S, K), float64
        """
        if not len(logits):
            return logits
        steps = StepOrder(lengths)
        emissions, factors = exponentials(steps.arrange(logits)), self.factors
        found = forward(
            emissions, factors, steps.counts, is_directed=not self.looks_ahead
        )
        if self.looks_ahead:
            found *= backward(emissions, factors, steps.counts)
        return _logarithms(steps.restore(found))

    def follow(self, before, logits):
        """Return what is known of a label, given the steps up to its own.

        Parameters
        ----------
        before : ndarray of shape (1, K) or None
            What this method returned for the step before; None at the first step.
        logits : ndarray of shape (1, K)
            Of the step.

        Returns
        -------
        logs : ndarray of shape (1, K)
            The logarithms of the probabilities.
        """
        rows = exponentials(logits)
        if before is not None:
            rows = np.vstack([np.exp(before), rows])
        counts = [1] * len(rows)
        found = forward(rows, self.factors, counts, is_directed=not self.looks_ahead)
        return _logarithms(found[-1:])

    @property
    def factors(self):
        """The exponentials of the transition weights, (K, K)."""
        return np.exp(self.transitions)


def exponentials(logits):
    """Return the exponentials of the logits of steps, the largest of a step 1."""
    return np.exp(logits - logits.max(axis=1, keepdims=True))


def _logarithms(weights):
    """Return the logarithms of positive weights whose rows are made to sum to one."""
    return np.log(np.maximum(weights / weights.sum(axis=1, keepdims=True), _TINY))


class StepOrder:
    """The steps of sequences by time: first steps of all, then second steps.

    The longest sequence comes first, so that the sequences which go on are the first
    ones of each time.

    Parameters
    ----------
    lengths : ndarray of shape (n,)
        The steps of each sequence, which follow each other.

    Attributes
    ----------
    counts : list of int
        The sequences that have a step, for each time.
    """

    def __init__(self, lengths):
        ranks = np.empty(len(lengths), np.int64)
        ranks[np.argsort(-lengths, kind="stable")] = np.arange(len(lengths))
        starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
        times = np.arange(len(starts)) - starts
        self._order = np.lexsort((np.repeat(ranks, lengths), times))
        self.counts = np.bincount(times).tolist()

    def arrange(self, steps):
        """Return steps in the order of time."""
        return steps[self._order]

    def restore(self, steps):
        """Return steps in the order of the sequences."""
        found = np.empty_like(steps)
        found[self._order] = steps
        return found

    def before(self):
        """Return the place of the step before each step that has one, (S - n,)."""
        starts = np.cumsum([0, *self.counts[:-1]])
        later = zip(starts, self.counts[1:], strict=False)
        places = [start + np.arange(count) for start, count in later]
        return np.concatenate([np.zeros(0, np.int64), *places])


def forward(emissions, factors, counts, *, is_directed=False):
    """Return what is known of each label from the steps so far.

    Parameters
    ----------
    emissions : ndarray of shape (S, K)
        Factors of the labels, in the order of time.
    factors : ndarray of shape (K, K)
        Positive factors of the pairs of labels.
    counts : list of int
        As in `StepOrder`.
    is_directed : bool, default=False
        Whether the labels that may follow a label share its weight.

    Returns
    -------
    messages : ndarray of shape (S, K)
        In the order of time; rows sum to one.
    """
    messages, before, stop = emissions.copy(), None, 0
    for count in counts:
        start, stop = stop, stop + count
        now = messages[start:stop]
        if before is not None:
            before = before[:count]
            if is_directed:
                before = before / (now @ factors.T)
            now *= before @ factors
        now /= now.sum(axis=1, keepdims=True)
        before = now
    return messages


def backward(emissions, factors, counts):
    """Return what the later steps say of each label.

    Parameters
    ----------
    emissions, factors, counts
        As in `forward`.

    Returns
    -------
    messages : ndarray of shape (S, K)
        In the order of time; ones at the last step of a sequence, where nothing
        follows.
    """
    messages, after, start = np.ones_like(emissions), None, len(emissions)
    for count in reversed(counts):
        start, stop = start - count, start
        if after is not None:
            now = after @ factors.T
            messages[start : start + len(now)] = now / now.sum(axis=1, keepdims=True)
        after = messages[start:stop] * emissions[start:stop]
    return messages


def sequence_loss(chain, logits, codes, weights, steps):
    """Return the weighted negative log-likelihood of labels, and its gradient.

    The likelihood of a sequence is the product of the probabilities of its labels, each
    given those before it. The logarithm of each is multiplied by the weight of its
    step.

    Parameters
    ----------
    chain : LabelChain
        The transition weights.
    logits : ndarray of shape (S, K)
        Logits of the steps, in the order of time.
    codes, weights : ndarray of shape (S,)
        The label of each step, and its weight, in the order of time.
    steps : StepOrder
        That order.

    Returns
    -------
    loss : float
    of_logits : ndarray of shape (S, K)
        Derivatives by the logits.
    of_transitions : ndarray of shape (K, K)
        Derivatives by the transition weights.
    """
    factors, first = chain.factors, steps.counts[0]
    ahead = exponentials(logits)  # what a step and the later ones say of its label
    if chain.looks_ahead:
        ahead *= backward(ahead, factors, steps.counts)
    rows = np.arange(len(codes))
    # The sums over the labels of a step: of a first one, or after the label before it.
    totals = ahead[:first].sum(axis=1)
    sums = ahead[first:] @ factors.T
    pairs = codes[steps.before()], codes[first:]
    found = np.log(np.maximum(ahead[rows, codes], _TINY_WEIGHT))
    loss = weights[:first] @ np.log(totals) - weights @ found
    logs = np.log(sums[np.arange(len(sums)), pairs[0]]) - chain.transitions[pairs]
    loss += weights[first:] @ logs
    of_logits = np.empty_like(ahead)
    of_logits[:first] = ahead[:first] / totals[:, None] * weights[:first, None]
    before = np.zeros_like(sums)
    before[np.arange(len(sums)), pairs[0]] = weights[first:]
    if chain.looks_ahead:
        _expect(before, ahead, sums, factors, codes, weights, steps.counts, of_logits)
    else:
        of_logits[first:] = ((before / sums) @ factors) * ahead[first:]
    of_transitions = ((before / sums).T @ ahead[first:]) * factors
    np.subtract.at(of_transitions, pairs, weights[first:])
    of_logits[rows, codes] -= weights
    return loss, of_logits, of_transitions


def _expect(before, ahead, sums, factors, codes, weights, counts, expected):
    """Fill in what each label of later steps, and of those before, should weigh.

    Where all steps of a sequence weigh the same, this is the probability of the label
    times the weight. `before` (S - n, K) and `expected` (S, K) have the first terms.
    """
    excess = expected[: counts[0]].copy()
    excess[np.arange(counts[0]), codes[: counts[0]]] -= weights[: counts[0]]
    stop = counts[0]
    for count in counts[1:]:
        start, stop = stop, stop + count
        places = slice(start - counts[0], stop - counts[0])
        before[places] += excess[:count]
        excess = ((before[places] / sums[places]) @ factors) * ahead[start:stop]
        expected[start:stop] = excess
        excess[np.arange(count), codes[start:stop]] -= weights[start:stop]
