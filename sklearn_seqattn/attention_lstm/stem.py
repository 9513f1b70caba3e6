"""The front end that "auto" means: a stem of convolutions, by the mean length."""

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
from sklearn_seqattn.nn.front_end import FrontEnd, Residual

#: The steps of a mean length that reach an encoder, at most.
MOST_STEPS = 64

#: The same of a classifier beside random kernels, which read every step.
MOST_STEPS_BESIDE_KERNELS = 40

#: Strides beyond this may lose short events: a network that has no partner warns.
LARGE_STRIDE = 32


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
    blocks : FrontEnd

    Examples
    --------
    >>> from sklearn_seqattn.attention_lstm.stem import stem
    >>> stem(640)[:2]
    (Differences(lag=10), Conv(kernel_size=21, stride=10))
    """
    stride = stem_stride(n_steps, most_steps)
    dilation = stem_dilation(n_steps, most_steps)
    return FrontEnd([Differences(lag=stride), *_convolutions(stride, dilation)])


def token_stem(n_steps):
    """Return the front end of token sequences.

    Parameters
    ----------
    n_steps : float
        The mean length T.

    Returns
    -------
    blocks : FrontEnd
    """
    convolutions = _convolutions(stem_stride(n_steps), 1)
    return FrontEnd([Embedding(), Dropout(locked=True), *convolutions])


def tagger_stem(embeds):
    """Return the front end of a tagger, which has no convolutions.

    A batch may be one long sequence, of which batch normalization learns the statistics
    of that sequence alone.

    Parameters
    ----------
    embeds : bool
        Whether sequences are tokens.

    Returns
    -------
    blocks : FrontEnd
    """
    return FrontEnd([Embedding(), Dropout(locked=True)] if embeds else [])


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
    >>> from sklearn_seqattn.attention_lstm.stem import stem_stride
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
    >>> from sklearn_seqattn.attention_lstm.stem import stem_dilation
    >>> [stem_dilation(n_steps) for n_steps in (1, 12, 30, 65, 192, 193)]
    [1, 3, 7, 8, 8, 1]
    """
    if n_steps > 192:
        return 1
    return min(8, max(1, int(n_steps / stem_stride(n_steps, most_steps) / 4)))
