"""The rules behind "auto": what the size of the data decides.

n is the number of distinct training sequences, T their mean length. The rules
look at nothing else.
"""

from math import ceil

#: A strided convolution, two residual groups.
_CONVOLUTIONS = (
    "conv",
    "batch_norm",
    "gelu",
    ("conv", "batch_norm", "gelu"),
    ("conv", "batch_norm", "gelu"),
)

#: The front end of numeric sequences.
STEM = ("changes", *_CONVOLUTIONS)

#: The front end of token sequences.
TOKEN_STEM = ("embedding", "locked_dropout", *_CONVOLUTIONS)

#: With fewer sequences, holding some out costs more than stopping early gives.
EARLY_STOPPING_FROM = 10_000

#: With fewer sequences, a regressor measures how far its outputs are to be trusted.
SHRINK_BELOW = 1_000


def stem_stride(n_steps):
    """Give the stride of the stem: at most 64 steps of a mean length remain.

    Parameters
    ----------
    n_steps : float
        The mean length T.

    Returns
    -------
    stride : int

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import stem_stride
    >>> [stem_stride(n_steps) for n_steps in (1, 64, 65, 1000)]
    [1, 1, 2, 16]
    """
    return max(1, ceil(n_steps / 64))


def stem_kernel_size(stride):
    """Give the kernel of the stem: it overlaps its neighbours by half.

    Parameters
    ----------
    stride : int
        The stride of the stem.

    Returns
    -------
    kernel_size : int
    """
    return max(7, 2 * stride + 1)


def stem_dilation(n_steps):
    """Give the dilation of the last convolution of the stem of numbers.

    Its five taps reach half a sequence of mean length to both sides, but not beyond 16
    of the steps that reach the encoder. Sequences of more than 192 steps have no
    dilation: what tells their classes is often a short part of them.

    Parameters
    ----------
    n_steps : float
        The mean length T.

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
    return min(8, max(1, int(n_steps / stem_stride(n_steps) / 4)))


def batch_size(n_samples):
    """Give the batch size: an eighth of the data, from 8 to 64.

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


def kernel_features(n_samples):
    """Give the number of random convolution features.

    It is 10,000, and less for large sets, of which the features would fill the
    memory, but never less than 1,000.

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


def max_epochs(n_samples, batch_size, n_steps):
    """Give the epochs: 400 batches or 40 epochs, with an upper and a lower end.

    It is 320 batches where they are expensive, of sequences of more than 256 steps.
    Small sets get at most 200 epochs; large ones 8,000 batches or 10 epochs,
    whichever is more.

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
    >>> from sklearn_seqattn.attention_lstm.auto import max_epochs
    >>> [max_epochs(n, 64, 100) for n in (64, 1_000, 10_000, 100_000, 1_000_000)]
    [200, 40, 40, 10, 10]
    """
    batches = ceil(n_samples / batch_size)
    wanted = 320 if n_steps > 256 else 400
    small = min(200, max(40, ceil(wanted / batches)))
    return min(small, max(10, ceil(8_000 / batches)))


def temperature(label_smoothing):
    """Give the temperature of a classifier's logits beside a readout.

    A network that learns smoothed labels is less sure than it may be, and a readout
    that is fitted to plain ones would outvote it.

    Parameters
    ----------
    label_smoothing : float
        The share of each label that is spread over all classes.

    Returns
    -------
    temperature : float

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.auto import temperature
    >>> [temperature(label_smoothing) for label_smoothing in (0.0, 0.1)]
    [1.0, 0.5]
    """
    return 1 / (1 + 10 * float(label_smoothing))
