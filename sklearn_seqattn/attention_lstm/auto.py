"""What "auto" means, by the size of the data.

The rules look at the number n of distinct training sequences, at their lengths (T is
the mean) and at their channels.
"""

from math import ceil

import numpy as np

#: With fewer sequences, holding some out costs more than stopping early gives.
EARLY_STOPPING_FROM = 10_000

#: The same of tokens, which a network learns by heart.
EARLY_STOPPING_OF_TOKENS_FROM = 1_000

#: The share that is kept of what the network of a classifier adds to its partner.
NETWORK_SHARE = 0.75

#: Sequences left out choose it where a partner alone has more of the log loss of the
#: class frequencies.
MOST_LOSS_OF_PARTNER = 0.5

#: The same where half networks choose it, which double the time of a fit.
MOST_LOSS_WITHOUT_HALVES = 0.75

#: With fewer of them, none are held out: they would confirm too little.
FEWEST_TO_JUDGE = 20

#: With fewer validation sequences, the weight of n-grams is `NGRAMS_WEIGHT`.
FEWEST_TO_BLEND = 100

#: The weight of n-grams beside a network, where no validation data choose it.
NGRAMS_WEIGHT = 0.8

#: The weight of the windows beside a tagger, where no validation data choose it.
WINDOWS_WEIGHT = 0.5

#: With fewer sequences, a tagger holds none out to weigh network and windows.
FEWEST_TO_WEIGH_WINDOWS = 20

#: A classifier beside kernels needs half of the batches for so many steps.
SHORT = 10

#: With fewer sequences, a regressor shrinks its outputs towards a constant.
SHRINK_BELOW = 1_000

#: With fewer sequences, no half networks choose how much network and kernels count.
FEWEST_TO_HALVE = 32


def batch_size(n_samples):
    """Return the batch size: an eighth of the data, from 8 to 64.

    Parameters
    ----------
    n_samples : int
        The number of sequences n.

    Returns
    -------
    batch_size : int

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import batch_size
    >>> [batch_size(n) for n in (2, 100, 10_000)]
    [8, 12, 64]
    """
    return min(max(n_samples // 8, 8), 64)


def tagger_batch_size(n_samples, n_steps):
    """Return the batch size of a tagger: that of a classifier, but about 1,024 steps.

    Each step is a target, so long sequences make large batches by themselves.

    Parameters
    ----------
    n_samples : int
        The number of sequences n.
    n_steps : float
        The mean length T.

    Returns
    -------
    batch_size : int

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import tagger_batch_size
    >>> [tagger_batch_size(1000, n_steps) for n_steps in (10, 100, 5000)]
    [64, 10, 1]
    """
    return min(batch_size(n_samples), max(1, int(1024 / n_steps)))


def kernel_features(n_samples):
    """Return the number of random convolution features.

    It is 10,000, but less for large sets, whose features would fill the memory, and at
    least 1,000.

    Parameters
    ----------
    n_samples : int
        The number of sequences n.

    Returns
    -------
    n_features : int

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import kernel_features
    >>> [kernel_features(n) for n in (2, 5_000, 10_000, 100_000)]
    [10000, 10000, 5000, 1000]
    """
    return min(max(50_000_000 // n_samples, 1_000), 10_000)


def last_steps(lengths, n_channels):
    """Return how many of the last steps a linear model reads: at most 1,000 values.

    Nine of ten sequences have as many. A step that few sequences have would get a
    weight that nothing tests.

    Parameters
    ----------
    lengths : ndarray of shape (n,)
        Steps of each sequence.
    n_channels : int
        Channels of a step.

    Returns
    -------
    n_steps : int

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.auto import last_steps
    >>> last_steps(np.array([48, 48]), 1), last_steps(np.arange(101), 1)
    (48, 10)
    >>> last_steps(np.array([5_000]), 1), last_steps(np.array([168]), 10)
    (1000, 100)
    """
    usual = int(np.quantile(lengths, 0.1, method="lower"))
    return max(1, min(usual, 1_000 // n_channels))


def max_epochs(n_samples, batch_size, n_steps, *, blended=False):
    """Return the epochs: a number of batches, within bounds.

    A network alone gets 400 batches or 40 epochs. Sequences of more than 256 steps,
    whose batches are expensive, get 320 batches. A network beside random kernels gets
    200 batches or 15 epochs, and less with fewer than 90 sequences. Small
    sets get at most 200 epochs; large ones 8,000 batches or 10 epochs, whichever is
    more.

    Parameters
    ----------
    n_samples : int
        The number of sequences n.
    batch_size : int
        Sequences a batch.
    n_steps : float
        The mean length T.
    blended : bool, default=False
        Whether the network stands beside random kernels.

    Returns
    -------
    max_epochs : int

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import max_epochs
    >>> [max_epochs(n, 64, 100) for n in (64, 1_000, 10_000, 100_000, 1_000_000)]
    [200, 40, 40, 10, 10]
    >>> [max_epochs(n, 64, 100, blended=True) for n in (64, 1_000, 10_000, 100_000)]
    [148, 15, 15, 10]
    """
    batches = ceil(n_samples / batch_size)
    wanted, fewest = 320 if n_steps > 256 else 400, 40
    if blended:
        wanted, fewest = min(200, 20 + 2 * n_samples), 15
    small = min(200, max(fewest, ceil(wanted / batches)))
    return min(small, max(10, ceil(8_000 / batches)))


def classifier_max_epochs(n_samples, batch_size, n_steps):
    """Return the epochs of a classifier beside random kernels.

    Sequences of at most 10 steps get half of the batches that others get, but at least
    15 epochs.

    Parameters
    ----------
    n_samples : int
        The number of sequences n.
    batch_size : int
        Sequences a batch.
    n_steps : float
        The mean length T.

    Returns
    -------
    max_epochs : int

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import classifier_max_epochs
    >>> [classifier_max_epochs(64, 64, n_steps) for n_steps in (10, 11)]
    [74, 148]
    """
    found = max_epochs(n_samples, batch_size, n_steps, blended=True)
    return min(found, max(15, ceil(found / 2))) if n_steps <= SHORT else found


def token_max_epochs(n_samples, batch_size, n_steps):
    """Return the epochs of tokens: those of numbers, but less from 1,000 sequences on.

    There, where held-out sequences say when to stop, it is what gives 600 batches, but
    at least 8.

    Parameters
    ----------
    n_samples : int
        The number of sequences n.
    batch_size : int
        Sequences a batch.
    n_steps : float
        The mean length T.

    Returns
    -------
    max_epochs : int

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import token_max_epochs
    >>> [token_max_epochs(n, 64, 10) for n in (64, 1_000, 2_000, 10_000)]
    [200, 38, 19, 8]
    """
    found = max_epochs(n_samples, batch_size, n_steps)
    if n_samples < EARLY_STOPPING_OF_TOKENS_FROM:
        return found
    return min(found, max(8, ceil(600 / ceil(n_samples / batch_size))))
