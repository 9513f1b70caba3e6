"""The features of a numeric partner and their linear head as operators.

The arithmetic is that of the modules, operator by operator: sums are exact, so that
features have the same bits, also where a response equals its threshold.
"""

import numpy as np

from sklearn_seqattn.export.graph import as_float32
from sklearn_seqattn.nn.competing_convolutions import GROUP_SIZE, CompetingConvolutions
from sklearn_seqattn.nn.kernel_plan import KERNEL_LENGTH, N_KERNELS
from sklearn_seqattn.nn.last_steps import LastSteps
from sklearn_seqattn.nn.random_convolutions import RandomConvolutions


def add_partner(partner, graph, values, mask, static=None):
    """Add the partner of a network.

    Parameters
    ----------
    partner : KernelPartner
        Fitted.
    graph : Graph
        Where its operators go.
    values, mask : str
        Names of the numbers (B, T, D), float32, and their mask (B, T).
    static : str or None, default=None
        Name of the static numbers, (B, P) float32.

    Returns
    -------
    outputs : str
        Name of the outputs, (B, K) float64.
    """
    features = []
    for kind in partner.kinds:
        x = _kernel_input(kind.inputs, graph, values, mask)
        found = _FEATURES[type(kind)](kind, graph, x, mask)
        found = graph.Sub(found, as_float32(kind.feature_mean))
        features.append(graph.Div(found, as_float32(kind.feature_std)))
    features += [] if static is None else [static]
    features = graph.cast(graph.Concat(*features, axis=1), np.float64)
    # Cast in the graph, the coefficients take half of the file.
    coef = graph.cast(graph.constant(as_float32(partner.coef).T.copy()), np.float64)
    intercept = as_float32(partner.intercept).astype(np.float64)
    return graph.Add(graph.MatMul(features, coef), intercept)


def _kernel_input(inputs, graph, values, mask):
    """Scale and round (B, T, D): (D, B, T), zero where padded."""
    x = _normal_scores(inputs.normal_scores, graph, values)
    x = graph.Div(graph.Sub(x, as_float32(inputs.mean)), as_float32(inputs.std))
    x = graph.Clip(x, np.float32(-inputs.clip), np.float32(inputs.clip))
    grid = np.float32(inputs.grid)
    x = graph.Div(graph.Round(graph.Mul(x, grid)), grid)
    return graph.Transpose(graph.zero_padding(x, mask), perm=[2, 0, 1])


def _normal_scores(scores, graph, values):
    """Replace the channels with heavy tails by their normal scores."""
    has_heavy_tails = (scores.knots[:, -1] > scores.knots[:, 0]).tolist()
    if not any(has_heavy_tails):
        return values
    columns = []
    for channel, is_heavy in enumerate(has_heavy_tails):
        column = graph.slice(values, channel, channel + 1, axis=2)
        if is_heavy:
            knots = as_float32(scores.knots[channel])
            column = _interpolate(
                graph, column, knots, as_float32(scores.scores[channel])
            )
        columns.append(column)
    return graph.Concat(*columns, axis=2)


def _interpolate(graph, x, knots, scores):
    """Return scores of (B, T, 1), linear between the knots, as torch.lerp computes."""
    below = graph.cast(graph.Less(knots, x), np.int64)  # (B, T, knots)
    right = graph.ReduceSum(below, [2], keepdims=1)
    right = graph.Clip(right, np.int64(1), np.int64(len(knots) - 1))
    left = graph.Sub(right, np.int64(1))
    low, high = graph.Gather(knots, left), graph.Gather(knots, right)
    width = graph.Sub(high, low)
    has_width = graph.Greater(width, np.float32(0))
    share = graph.Div(graph.Sub(x, low), graph.where(has_width, width, 1.0))
    share = graph.Clip(share, np.float32(0), np.float32(1))
    low, high = graph.Gather(scores, left), graph.Gather(scores, right)
    width = graph.Sub(high, low)
    upwards = graph.Add(low, graph.Mul(share, width))
    rest = graph.Sub(np.float32(1), share)
    downwards = graph.Sub(high, graph.Mul(width, rest))
    return graph.Where(graph.Less(share, np.float32(0.5)), upwards, downwards)


def _convolved(graph, x, weight, dilation):
    """Convolve (D, B, T) with kernels (J, D, 9): (J, B, T)."""
    reach = dilation * (KERNEL_LENGTH // 2)
    found = graph.Conv(
        graph.Unsqueeze(x, [0]),
        weight[:, :, None],
        dilations=[1, dilation],
        pads=[0, reach, 0, reach],
    )
    return graph.Squeeze(found, [0])


def _thresholds(kernels, graph, x, mask):
    """Return the shares of steps at which responses exceed thresholds, (B, P)."""
    lengths = graph.counts(mask)  # (B, 1)
    weights, columns, first = as_float32(kernels.weights), [], 0
    for i, dilation in enumerate(kernels.dilations):
        seen = as_float32(kernels.channels[i])  # (84, D)
        responses = _convolved(graph, x, seen[:, :, None] * weights[:, None], dilation)
        is_inner = (np.arange(N_KERNELS) + i + 1) % 2 == 0
        inner = _inside(graph, mask, lengths, dilation)
        counted = graph.Or(
            graph.And(is_inner[:, None, None], graph.Unsqueeze(inner, [0])),
            graph.And(~is_inner[:, None, None], graph.Unsqueeze(mask, [0])),
        )  # (84, B, T)
        totals = graph.ReduceSum(graph.cast(counted, np.float32), [2], keepdims=0)
        responses = graph.where(counted, responses, -np.inf)
        last = first + kernels.n_biases[i]
        biases = as_float32(kernels.biases[first:last])[:, :, None, None]
        above = graph.cast(graph.Greater(responses, biases), np.float32)
        above = graph.ReduceSum(above, [3], keepdims=0)  # (J, 84, B)
        shares = graph.Div(above, totals)
        columns.append(graph.Reshape(shares, [biases.shape[0] * N_KERNELS, -1]))
        first = last
    return graph.Transpose(graph.Concat(*columns, axis=0), perm=[1, 0])


def _inside(graph, mask, lengths, dilation):
    """Mark the steps at which a kernel lies inside its sequence, or all real ones."""
    margin = dilation * (KERNEL_LENGTH // 2)
    is_long = graph.Greater(lengths, np.int64(2 * margin))
    margin = graph.Mul(graph.cast(is_long, np.int64), np.int64(margin))
    steps = graph.steps(mask, 1)
    from_start = graph.GreaterOrEqual(steps, margin)
    return graph.And(from_start, graph.Less(steps, graph.Sub(lengths, margin)))


def _competing(kernels, graph, x, mask):
    """Return the roots of the shares of steps that each kernel wins, (B, P)."""
    lengths = graph.cast(graph.Squeeze(graph.counts(mask), [1]), np.float32)  # (B,)
    real = graph.Unsqueeze(mask, [0])  # (1, B, T)
    before = graph.slice(graph.Pad(x, [0, 0, 1, 0, 0, 0]), 0, graph.size(x, 2), axis=2)
    is_later = graph.Greater(graph.steps(mask, 1), np.int64(0))
    differences = graph.Sub(x, before)
    differences = graph.where(graph.And(real, is_later), differences, 0.0)
    columns = []
    for i, dilation in enumerate(kernels.dilations):
        for half, one in enumerate((x, differences)):
            weights = kernels.weights[i].chunk(2)[half]  # (G, 8, 9)
            channels = kernels.channels[i].chunk(2)[half]  # (G, D)
            weights = as_float32(weights[:, :, None] * channels[:, None, :, None])
            n_groups = len(weights)
            weights = weights.reshape(-1, *weights.shape[2:])
            responses = _convolved(graph, one, weights, dilation)
            shape = graph.Concat([n_groups, GROUP_SIZE], graph.Shape(mask), axis=0)
            responses = graph.Reshape(responses, shape)
            for best in (graph.ReduceMax, graph.ReduceMin):
                won = graph.Equal(responses, best(responses, [1], keepdims=1))
                won = graph.cast(graph.And(won, graph.Unsqueeze(real, [0])), np.float32)
                won = graph.ReduceSum(won, [3], keepdims=0)  # (G, 8, B)
                won = graph.Reshape(won, [n_groups * GROUP_SIZE, -1])
                columns.append(graph.Div(won, lengths))
    features = graph.Sqrt(graph.Concat(*columns, axis=0))
    return graph.Transpose(features, perm=[1, 0])


def _last_steps(kind, graph, x, mask):
    """Return the last steps side by side, zeros before the start, (B, P)."""
    x = graph.Transpose(x, perm=[1, 2, 0])  # (B, T, D)
    before = np.arange(-kind.n_steps, 0)
    places = graph.Add(graph.counts(mask), before)  # (B, n_steps)
    exists = graph.GreaterOrEqual(places, np.int64(0))
    places = graph.Unsqueeze(graph.Clip(places, np.int64(0)), [2])
    picked = graph.GatherND(x, places, batch_dims=1)
    picked = graph.where(graph.Unsqueeze(exists, [2]), picked, 0.0)
    return graph.Reshape(picked, [-1, kind.output_size])


#: Functions of the kinds of features.
_FEATURES = {
    RandomConvolutions: _thresholds,
    CompetingConvolutions: _competing,
    LastSteps: _last_steps,
}
