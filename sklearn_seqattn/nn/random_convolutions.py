"""Frozen random convolutions: strong features of a sequence without training.

Every feature is the share of a sequence's steps at which one fixed, dilated
convolution exceeds one threshold. Nothing is learnt by gradient; the thresholds
come from quantiles of the training sequences.
"""

import math
from itertools import combinations

import torch
from torch import nn
from torch.nn import functional

from sklearn_seqattn.nn.normal_scores import NormalScores

N_KERNELS = 84
_KERNEL_LENGTH = 9
_MAX_DILATIONS = 32
_MAX_CHANNELS_PER_KERNEL = 9
_GOLDEN_RATIO = (math.sqrt(5) + 1) / 2
# Steps of one chunk: its 84 responses stay in the cache and repay the calls.
_STEPS_PER_CHUNK = 4096
# Values are clipped here, in standard deviations, before they are rounded.
_CLIP = 32.0
# With more channels than this, mixing first and convolving each mix is faster.
_MAX_DENSE_CHANNELS = 12


def kernel_weights():
    """Return the 84 kernels of length 9: three weights are 2, the others -1.

    Returns
    -------
    weights : Tensor of shape (84, 9), float32
        Every row sums to zero, so that a constant shift changes no response.
    """
    weights = -torch.ones(N_KERNELS, _KERNEL_LENGTH, device="cpu")
    for row, taps in zip(weights, combinations(range(_KERNEL_LENGTH), 3), strict=True):
        row[list(taps)] = 2.0
    return weights


def dilation_plan(n_features, max_length):
    """Choose the dilations and how many thresholds a kernel gets at each.

    Parameters
    ----------
    n_features : int
        Wanted number of features; at least 84 are made, in multiples of 84.

    max_length : int
        Steps of the longest training sequence. A kernel spans up to all of it.

    Returns
    -------
    dilations : list of int
        At most 32, spread evenly in the logarithm from 1 upwards, ascending.

    n_biases : list of int
        Thresholds a kernel at each dilation; they sum to ``n_features // 84``.
    """
    total = max(1, n_features // N_KERNELS)
    n_steps = min(total, _MAX_DILATIONS)
    span = _KERNEL_LENGTH - 1
    largest = math.log2(max(1.0, (max_length - 1) / span))
    counts = {}
    for step in range(n_steps):
        dilation = int(2 ** (largest * step / max(1, n_steps - 1)) + 1e-9)
        counts[dilation] = counts.get(dilation, 0) + 1
    n_biases = [count * total // n_steps for count in counts.values()]
    for i in range(total - sum(n_biases)):  # what rounding down has left over
        n_biases[i % len(n_biases)] += 1
    return list(counts), n_biases


class RandomKernels(nn.Module):
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

    Attributes
    ----------
    output_size : int
        Number of features.

    Notes
    -----
    Channels with heavy tails are ranked (`NormalScores`). Then values are standardised
    per channel, clipped at 32 standard deviations and rounded to a grid on which every
    sum of the convolution is exact in float32.
    A feature is therefore the same to the last bit for any padding, batch,
    thread count or device, even where a response ties with its threshold.

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
    >>> from sklearn_seqattn.nn.random_convolutions import RandomKernels
    >>> values, lengths = torch.randn(30, 2), torch.tensor([12, 18])
    >>> kernels = RandomKernels(input_size=2, max_length=18, n_features=840)
    >>> kernels = kernels.fit(values, lengths, torch.Generator().manual_seed(0))
    >>> kernels(values[:12].unsqueeze(0), lengths[:1]).shape
    torch.Size([1, 840])
    """

    def __init__(self, input_size, max_length, n_features=10_000):
        super().__init__()
        self.input_size, self.max_length = input_size, max_length
        self.dilations, self.n_biases = dilation_plan(n_features, max_length)
        self.output_size = N_KERNELS * sum(self.n_biases)
        most = min(input_size, _MAX_CHANNELS_PER_KERNEL)
        largest_sum = _CLIP * float(kernel_weights()[0].abs().sum()) * most
        self.grid = 2.0 ** math.floor(24 - math.log2(largest_sum))
        self.register_buffer("weights", kernel_weights(), persistent=False)
        self.normal_scores = NormalScores(input_size)
        self.register_buffer("channel_mean", torch.zeros(input_size))
        self.register_buffer("channel_std", torch.ones(input_size))
        self.register_buffer(
            "channels", torch.ones(len(self.dilations), N_KERNELS, input_size)
        )
        self.register_buffer("biases", torch.zeros(sum(self.n_biases), N_KERNELS))
        self.register_buffer("feature_mean", torch.zeros(self.output_size))
        self.register_buffer("feature_std", torch.ones(self.output_size))

    @torch.no_grad()
    def fit(self, values, lengths, generator):
        """Draw channels, and thresholds from the responses to training sequences.

        Parameters
        ----------
        values : Tensor of shape (S, D), float32
            All training sequences end to end.

        lengths : Tensor of shape (n,), int64
            Steps of each; they sum to S.

        generator : torch.Generator
            On the CPU, as are the other arguments.

        Returns
        -------
        self : RandomKernels
        """
        scored = self.normal_scores.fit(values)(values)
        self.channel_mean.copy_(scored.mean(0))
        self.channel_std.copy_(_guarded(scored.std(0, unbiased=False)))
        self.channels.copy_(self._draw_channels(generator))
        sequences = values.split(lengths.tolist())
        quantiles = torch.arange(1, self.output_size + 1, dtype=torch.float64)
        quantiles = quantiles.mul_(_GOLDEN_RATIO).frac_().float()
        first = 0
        for i, count in enumerate(self.n_biases):
            # A sequence for each kernel, drawn anew at every dilation.
            drawn = torch.randint(len(lengths), (N_KERNELS,), generator=generator)
            last = first + count
            wanted = quantiles[first * N_KERNELS : last * N_KERNELS]
            self.biases[first:last] = self._draw_biases(
                i,
                [sequences[j] for j in drawn],
                wanted.reshape(N_KERNELS, count),
            ).T
            first = last
        return self

    def fit_statistics(self, features):
        """Learn the mean and standard deviation that `standardise` removes.

        Parameters
        ----------
        features : Tensor of shape (n, n_features)
            Features of the training sequences.

        Returns
        -------
        self : RandomKernels
        """
        self.feature_mean.copy_(features.mean(0))
        self.feature_std.copy_(_guarded(features.std(0, unbiased=False)))
        return self

    def standardise(self, features):
        """Subtract the mean and divide by the standard deviation.

        Parameters
        ----------
        features : Tensor of shape (B, n_features)

        Returns
        -------
        standardised : Tensor of shape (B, n_features)
        """
        return (features - self.feature_mean) / self.feature_std

    def forward(self, values, lengths):
        """Compute the features of a padded batch.

        Parameters
        ----------
        values : Tensor of shape (B, T, D)
            Right-padded; what stands in padded steps does not matter.

        lengths : Tensor of shape (B,), int64
            Real steps of each sequence, at least 1.

        Returns
        -------
        features : Tensor of shape (B, n_features), float32
            Shares between 0 and 1, grouped by dilation, then by threshold, then
            by kernel.
        """
        # Lower precision would move responses across their thresholds.
        with (
            torch.autocast(values.device.type, enabled=False),
            torch.backends.cudnn.flags(enabled=True, allow_tf32=False),
        ):
            if torch.compiler.is_exporting():  # chunks would fix the sizes
                return self._features(values, lengths)
            size = max(1, _STEPS_PER_CHUNK // values.shape[1])
            chunks = zip(values.split(size), lengths.split(size), strict=True)
            return torch.cat([self._features(*chunk) for chunk in chunks])

    def _features(self, values, lengths):
        """Compute the features of a chunk that fits a cache."""
        x = self._on_grid(values, lengths)  # (D, B, T)
        columns = []
        rows = iter(self.biases.split(self.n_biases))
        for i, dilation in enumerate(self.dilations):
            responses = self._responses(x, i)  # (84, B, T)
            totals = responses.new_empty(responses.shape[:2])
            for inner in (False, True):
                counted = _counted_steps(x.shape[2], lengths, dilation, inner)
                # -inf exceeds no threshold, so an uncounted step adds nothing.
                penalty = torch.zeros_like(x[0]).masked_fill_(~counted, -math.inf)
                turn = slice((i + inner) % 2, None, 2)
                responses[turn] += penalty
                totals[turn] = counted.sum(1)
            above = torch.empty_like(responses)
            for biases in next(rows):  # (84,)
                torch.gt(responses, biases.view(-1, 1, 1), out=above)
                columns.append(above.sum(2) / totals)
        return torch.cat(columns).T

    def _on_grid(self, values, lengths):
        """Scale, round and lay out a batch as (D, B, T), zero where padded."""
        x = self.normal_scores(values.float())
        x = (x - self.channel_mean) / self.channel_std
        x = x.clamp(-_CLIP, _CLIP).mul(self.grid).round().div(self.grid)
        padded = torch.arange(x.shape[1], device=x.device) >= lengths.unsqueeze(1)
        x = x.masked_fill(padded.unsqueeze(2), 0.0)
        return x.permute(2, 0, 1).contiguous()

    def _responses(self, x, i):
        """Convolve (D, B, T) with the 84 kernels at dilation i: (84, B, T)."""
        dilation = self.dilations[i]
        # The batch is the height of an image on which the kernels move sideways.
        options = {
            "dilation": (1, dilation),
            "padding": (0, dilation * (_KERNEL_LENGTH // 2)),
        }
        if self.input_size <= _MAX_DENSE_CHANNELS:
            weight = self.channels[i].unsqueeze(2) * self.weights.unsqueeze(1)
            return functional.conv2d(x.unsqueeze(0), weight.unsqueeze(2), **options)[0]
        mixed = torch.tensordot(self.channels[i], x, dims=1)
        weight = self.weights.view(N_KERNELS, 1, 1, _KERNEL_LENGTH)
        return functional.conv2d(
            mixed.unsqueeze(0), weight, groups=N_KERNELS, **options
        )[0]

    def _draw_channels(self, generator):
        """Draw for each dilation and kernel a random subset, few channels likelier."""
        shape = self.channels.shape
        most = min(self.input_size, _MAX_CHANNELS_PER_KERNEL)
        exponent = torch.rand(shape[:2], generator=generator) * math.log2(most + 1)
        n_channels = torch.floor(2**exponent).clamp(1, most)
        rank = torch.rand(shape, generator=generator).argsort(-1).argsort(-1)
        return (rank < n_channels.unsqueeze(-1)).float()

    def _draw_biases(self, i, sequences, quantiles):
        """Take quantiles (84, J) of each kernel's responses to its own sequence."""
        lengths = torch.tensor([len(sequence) for sequence in sequences])
        values = nn.utils.rnn.pad_sequence(sequences, batch_first=True)
        x = self._on_grid(values, lengths)  # (D, 84, T)
        # Kernel k sees sequence k alone: 84 groups of one output each.
        weight = self.channels[i].unsqueeze(2) * self.weights.unsqueeze(1)
        dilation = self.dilations[i]
        responses = functional.conv1d(
            x.transpose(0, 1).reshape(1, -1, x.shape[2]),
            weight,
            dilation=dilation,
            padding=dilation * (_KERNEL_LENGTH // 2),
            groups=N_KERNELS,
        )[0]  # (84, T)
        counted = torch.empty_like(responses, dtype=torch.bool)
        for inner in (False, True):
            turn = slice((i + inner) % 2, None, 2)
            counted[turn] = _counted_steps(x.shape[2], lengths[turn], dilation, inner)
        ordered = responses.masked_fill(~counted, math.inf).sort(1).values
        position = quantiles * (counted.sum(1).unsqueeze(1) - 1)
        low = position.floor().long()
        high = position.ceil().long()
        return torch.lerp(ordered.gather(1, low), ordered.gather(1, high), position % 1)


def compute_features(kernels, values, lengths):
    """Compute the features of sequences of any lengths, in bounded memory.

    Parameters
    ----------
    kernels : RandomKernels
        Fitted.

    values : Tensor of shape (S, D), float32
        All sequences end to end.

    lengths : Tensor of shape (n,), int64
        Steps of each; they sum to S.

    Returns
    -------
    features : Tensor of shape (n, n_features), float32
        The only large array that is made.
    """
    sequences = values.split(lengths.tolist())
    features = torch.empty(len(lengths), kernels.output_size)
    device = kernels.biases.device
    order = torch.argsort(lengths, stable=True)
    first = 0
    with torch.no_grad():
        while first < len(order):
            # Sorted by length, so a chunk needs next to no padding.
            size = max(1, _STEPS_PER_CHUNK // int(lengths[order[first]]))
            chosen = order[first : first + size]
            batch = nn.utils.rnn.pad_sequence(
                [sequences[j] for j in chosen], batch_first=True
            )
            inputs = batch.to(device), lengths[chosen].to(device)
            features[chosen] = kernels(*inputs).cpu()
            first += size
    return features


def _counted_steps(n_steps, lengths, dilation, inner):
    """Mark the steps (B, T) that count: all real ones, or those inside the ends."""
    margin = dilation * (_KERNEL_LENGTH // 2) * int(inner)
    lengths = lengths.unsqueeze(1)
    # A sequence no longer than the kernel has no inside: all its steps count.
    margin = margin * (lengths > 2 * margin)
    time = torch.arange(n_steps, device=lengths.device)
    return (time >= margin) & (time < lengths - margin)


def _guarded(std):
    """Replace zero standard deviations by one."""
    return torch.where(std > 0, std, torch.ones_like(std))
