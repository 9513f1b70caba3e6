"""What "auto" means, by the size of the data.

The rules look at the number n of distinct training sequences and at their mean length T
alone.
"""

import warnings
from math import ceil

from sklearn_seqattn.nn.blocks import (
    GELU,
    BatchNorm,
    Conv,
    Differences,
    Dropout,
    Embedding,
)
from sklearn_seqattn.nn.front_end import Residual

#: With fewer sequences, holding some out costs more than stopping early gives.
EARLY_STOPPING_FROM = 10_000

#: The same of tokens, which a network learns by heart.
EARLY_STOPPING_OF_TOKENS_FROM = 1_000

#: The steps of a mean length that reach an encoder, at most.
MOST_STEPS = 64

#: The same of a classifier beside random kernels, which read every step.
MOST_STEPS_BESIDE_KERNELS = 40

#: Strides beyond this may lose short events: a network that has no partner warns.
LARGE_STRIDE = 32

#: The share that is kept of what the network of a classifier adds to its partner.
NETWORK_SHARE = 0.75

#: With fewer validation sequences, the weight of n-grams is `NGRAMS_WEIGHT`.
FEWEST_TO_BLEND = 100

#: The weight of n-grams beside a network, where no validation data choose it.
NGRAMS_WEIGHT = 0.8

#: The weight of the windows beside a tagger, where no validation data choose it.
WINDOWS_WEIGHT = 0.5

#: With fewer sequences, a tagger holds none out to weigh network and windows.
FEWEST_TO_WEIGH_WINDOWS = 20

#: With fewer sequences, a regressor shrinks its outputs towards a constant.
SHRINK_BELOW = 1_000


def stem(n_steps, most_steps=MOST_STEPS):
    """Return the front end of numeric sequences.

    Parameters
    ----------
    n_steps : float
        The mean length T.
    most_steps : int, default=MOST_STEPS
        The steps of the encoder, at most.

    Returns
    -------
    blocks : tuple of Block

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import stem
    >>> stem(640)[:2]
    (Differences(lag=10), Conv(kernel_size=21, stride=10))
    """
    stride = stem_stride(n_steps, most_steps)
    dilation = stem_dilation(n_steps, most_steps)
    return (Differences(lag=stride), *_convolutions(stride, dilation))


def token_stem(n_steps):
    """Return the front end of token sequences.

    Parameters
    ----------
    n_steps : float
        The mean length T.

    Returns
    -------
    blocks : tuple of Block
    """
    return (Embedding(), Dropout(locked=True), *_convolutions(stem_stride(n_steps), 1))


def _convolutions(stride, dilation):
    """Return a strided convolution and two residual ones, the last one dilated."""
    first = Conv(kernel_size=stem_kernel_size(stride), stride=stride)
    groups = [Residual((Conv(dilation=d), BatchNorm(), GELU())) for d in (1, dilation)]
    return (first, BatchNorm(), GELU(), *groups)


def stem_stride(n_steps, most_steps=MOST_STEPS):
    """Return the stride of the stem, which leaves `most_steps` of a mean length.

    Parameters
    ----------
    n_steps : float
        The mean length T.
    most_steps : int, default=MOST_STEPS
        The steps of the encoder, at most.

    Returns
    -------
    stride : int

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import stem_stride
    >>> [stem_stride(n_steps) for n_steps in (1, 64, 65, 1000)]
    [1, 1, 2, 16]
    """
    return max(1, ceil(n_steps / most_steps))


def warn_large_stride(n_steps):
    """Warn where the stem strides so far that short events may be lost.

    Parameters
    ----------
    n_steps : float
        The mean length T.
    """
    stride = stem_stride(n_steps)
    if stride > LARGE_STRIDE:
        warnings.warn(
            f"Sequences have {n_steps:.0f} steps on average. front_end='auto' makes "
            f"them {stride} times as short, and events of a few steps may be lost. "
            "Keep the partner (blend='auto'), which reads every step; or set "
            "front_end, for example [Conv(32, kernel_size=9, stride=8), 'batch_norm', "
            "'gelu']; or cut windows.",
            UserWarning,
            stacklevel=2,
        )


def stem_kernel_size(stride):
    """Return the kernel size of the stem: two strides, so that kernels overlap by half.

    Parameters
    ----------
    stride : int
        The stride of the stem.

    Returns
    -------
    kernel_size : int
    """
    return max(7, 2 * stride + 1)


def stem_dilation(n_steps, most_steps=MOST_STEPS):
    """Return the dilation of the last convolution of the stem of numbers.

    Its five taps reach half a sequence of mean length to both sides, but at most over
    16 of the steps that reach the encoder. Sequences of more than 192 steps have no
    dilation, since a short part of them often tells their class.

    Parameters
    ----------
    n_steps : float
        The mean length T.
    most_steps : int, default=MOST_STEPS
        The steps of the encoder, at most.

    Returns
    -------
    dilation : int

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import stem_dilation
    >>> [stem_dilation(n_steps) for n_steps in (1, 12, 30, 65, 192, 193)]
    [1, 3, 7, 8, 8, 1]
    """
    if n_steps > 192:
        return 1
    return min(8, max(1, int(n_steps / stem_stride(n_steps, most_steps) / 4)))


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


def last_steps(longest, n_channels):
    """Return how many of the last steps a linear model reads: at most 1,000 values.

    Parameters
    ----------
    longest : int
        Steps of the longest sequence.
    n_channels : int
        Channels of a step.

    Returns
    -------
    n_steps : int

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import last_steps
    >>> [last_steps(48, 1), last_steps(5_000, 1), last_steps(168, 10)]
    [48, 1000, 100]
    """
    return max(1, min(longest, 1_000 // n_channels))


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
