"""Frozen random convolutions: features of sequences that need no gradients.

Every feature is the share of a sequence's steps at which one fixed, dilated
convolution exceeds one threshold. Nothing is learned by gradient; the thresholds
come from quantiles of the training sequences.
"""

import math

import torch
from torch import nn
from torch.nn import functional

from sklearn_seqattn.nn.frozen_features import FrozenFeatures
from sklearn_seqattn.nn.kernel_input import KernelInput
from sklearn_seqattn.nn.kernel_plan import (
    KERNEL_LENGTH,
    MAX_CHANNELS_PER_KERNEL,
    N_KERNELS,
    counted_steps,
    dilation_plan,
    draw_channels,
    kernel_weights,
)
from sklearn_seqattn.nn.masking import is_full, length_mask
from sklearn_seqattn.nn.row_blocks import sequence_reader

_GOLDEN_RATIO = (math.sqrt(5) + 1) / 2
# Values are clipped here, in standard deviations, before they are rounded.
_CLIP = 32.0
# With more channels than this, mixing first and convolving each mix is faster.
_MAX_DENSE_CHANNELS = 12
# Comparisons made at once, few enough that their results stay in the cache.
_COMPARED_AT_ONCE = 2**17


class RandomConvolutions(FrozenFeatures):
    """Shares of steps at which fixed random convolutions exceed thresholds.

    The kernels, the channels each of them sees, the thresholds and the statistics
    of the features are buffers: they are saved, pickled and exported with the
    network that holds this module. A new module holds no useful values until
    `fit` or `load_state_dict` has filled them in.

    Parameters
    ----------
    input_size : int
        Channels D.

    max_length : int
        Steps of the longest training sequence; decides the dilations.

    n_features : int, default=10_000
        Wanted number of features, rounded down to a multiple of 84.

    device : str or torch.device, default="cpu"
        Where the buffers are.

    Attributes
    ----------
    output_size : int
        Number of features.

    Notes
    -----
    Features are grouped by dilation, then by threshold, then by kernel. The values are
    scaled by `KernelInput`. A feature is the same to the last bit for
    any padding, batch, thread count or device, also where a response equals its
    threshold.

    Beyond the ends of a sequence lies zero, the mean. Half of the kernels count
    only the steps at which they do not reach beyond the ends, provided that the
    sequence is longer than the kernel.

    References
    ----------
    Dempster, A., Schmidt, D. F., Webb, G. I. (2021). MiniRocket: A very fast
    (almost) deterministic transform for time series classification. KDD.

    Examples
    --------
    >>> import torch
    >>> from sklearn_seqattn.nn.random_convolutions import RandomConvolutions
    >>> values, lengths = torch.randn(30, 2), torch.tensor([12, 18])
    >>> kernels = RandomConvolutions(input_size=2, max_length=18, n_features=840)
    >>> kernels = kernels.fit(values, lengths, torch.Generator().manual_seed(0))
    >>> kernels(values[:12].unsqueeze(0), lengths[:1]).shape
    torch.Size([1, 840])
    """

    def __init__(self, input_size, max_length, n_features=10_000, device="cpu"):
        super().__init__()
        self.input_size, self.max_length = input_size, max_length
        self.dilations, self.n_biases = dilation_plan(n_features, max_length)
        self.output_size = N_KERNELS * sum(self.n_biases)
        weights = kernel_weights(device="cpu")
        most = min(input_size, MAX_CHANNELS_PER_KERNEL)
        largest_sum = float(weights[0].abs().sum()) * most
        self.register_buffer("weights", weights.to(device), persistent=False)
        self.inputs = KernelInput(
            input_size, clip=_CLIP, largest_sum=largest_sum, device=device
        )
        self._add_buffers(
            device,
            channels=(len(self.dilations), N_KERNELS, input_size),
            biases=(sum(self.n_biases), N_KERNELS),
        )

    @torch.no_grad()
    def fit(self, values, lengths, generator, *, is_binary=None, like=None):
        """Draw channels, and thresholds from the responses to training sequences.

        Parameters
        ----------
        values : Tensor of shape (S, D), float32, or object with methods `blocks` and \
                `sequences`
            All training sequences, concatenated.

        lengths : Tensor of shape (n,), int64
            Steps of each; they sum to S.

        generator : torch.Generator
            On the CPU, as are the other arguments.

        is_binary : ndarray of shape (D,), bool, or None, default=None
            Which channels have at most two values; None for no channel.

        like : KernelInput or None, default=None
            One that was fitted to the same values.

        Returns
        -------
        self : RandomConvolutions
        """
        self.inputs.fit(values, like)
        self.channels.copy_(draw_channels(self.channels.shape, generator, is_binary))
        read = sequence_reader(values, lengths)
        positions = torch.arange(
            1, self.output_size + 1, dtype=torch.float64, device="cpu"
        )
        quantiles = positions.mul_(_GOLDEN_RATIO).frac_().float()
        first = 0
        for i, count in enumerate(self.n_biases):
            # A sequence for each kernel, drawn again at every dilation.
            drawn = torch.randint(
                len(lengths), (N_KERNELS,), generator=generator, device="cpu"
            )
            last = first + count
            wanted = quantiles[first * N_KERNELS : last * N_KERNELS]
            self.biases[first:last] = self._draw_biases(
                i,
                read(drawn),
                wanted.reshape(N_KERNELS, count),
            ).T
            first = last
        return self

    def _features(self, values, lengths):
        """Compute the features of a chunk that fits a cache."""
        x = self.inputs(values, lengths)  # (D, B, T)
        columns = []
        rows = iter(self.biases.split(self.n_biases))
        real = length_mask(lengths, x.shape[2])
        for i, dilation in enumerate(self.dilations):
            responses = self._responses(x, i)  # (84, B, T)
            totals = responses.new_empty(responses.shape[:2])
            inner = counted_steps(x.shape[2], lengths, dilation, True)
            for first, counted in ((i % 2, real), (1 - i % 2, inner)):
                # -inf exceeds no threshold, so that an uncounted step adds nothing.
                if not is_full(counted):
                    responses[first::2] += counted.to(responses.dtype).log()
                totals[first::2] = counted.sum(1)
            biases = next(rows).unsqueeze(2).unsqueeze(3)  # (J, 84, 1, 1)
            above = responses.new_empty(_n_at_once(responses), *responses.shape)
            for some in biases.split(len(above)):
                exceeding = torch.gt(responses, some, out=above[: len(some)])
                columns.append((exceeding.sum(3) / totals).flatten(0, 1))
        return torch.cat(columns).T

    def _responses(self, x, i):
        """Convolve (D, B, T) with the 84 kernels at dilation i: (84, B, T)."""
        dilation = self.dilations[i]
        # The batch is the height of an image on which the kernels move sideways.
        options = {
            "dilation": (1, dilation),
            "padding": (0, dilation * (KERNEL_LENGTH // 2)),
        }
        if self.input_size <= _MAX_DENSE_CHANNELS:
            weight = self.channels[i].unsqueeze(2) * self.weights.unsqueeze(1)
            return functional.conv2d(x.unsqueeze(0), weight.unsqueeze(2), **options)[0]
        mixed = torch.tensordot(self.channels[i], x, dims=1)
        weight = self.weights.view(N_KERNELS, 1, 1, KERNEL_LENGTH)
        return functional.conv2d(
            mixed.unsqueeze(0), weight, groups=N_KERNELS, **options
        )[0]

    def _draw_biases(self, i, sequences, quantiles):
        """Return quantiles (84, J) of each kernel's responses to its own sequence."""
        lengths = torch.tensor([len(sequence) for sequence in sequences], device="cpu")
        values = nn.utils.rnn.pad_sequence(sequences, batch_first=True)
        x = self.inputs(values, lengths)  # (D, 84, T)
        # Kernel k sees sequence k alone: 84 groups of one output each.
        weight = self.channels[i].unsqueeze(2) * self.weights.unsqueeze(1)
        dilation = self.dilations[i]
        responses = functional.conv1d(
            x.transpose(0, 1).reshape(1, -1, x.shape[2]),
            weight,
            dilation=dilation,
            padding=dilation * (KERNEL_LENGTH // 2),
            groups=N_KERNELS,
        )[0]  # (84, T)
        counted = torch.empty_like(responses, dtype=torch.bool)
        for inner in (False, True):
            turn = slice((i + inner) % 2, None, 2)
            counted[turn] = counted_steps(x.shape[2], lengths[turn], dilation, inner)
        ordered = responses.masked_fill(~counted, math.inf).sort(1).values
        position = quantiles * (counted.sum(1).unsqueeze(1) - 1)
        low = position.floor().long()
        high = position.ceil().long()
        return torch.lerp(ordered.gather(1, low), ordered.gather(1, high), position % 1)


def _n_at_once(responses):
    """Return how many thresholds are compared at once; a batch is large by itself."""
    if torch.compiler.is_exporting():  # a number that depends on sizes would fix them
        return 1
    return max(1, _COMPARED_AT_ONCE // max(1, responses.numel()))
