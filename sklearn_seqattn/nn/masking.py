"""Masks of padded batches, and functions of the real steps alone.

A mask is boolean and True at a real step, everywhere in the library. A padded step
never reaches a result. Some functions multiply or add a mask, which is several times
faster than filling; padded steps must be finite there.
"""

import torch


def length_mask(lengths, n_steps):
    """Mark the real steps of a batch.

    Parameters
    ----------
    lengths : Tensor of shape (B,), int64
        The number of real steps of every sequence.
    n_steps : int
        The padded length T.

    Returns
    -------
    mask : Tensor of shape (B, T), bool
        True at the first ``lengths[b]`` steps of row b.
    """
    steps = torch.arange(n_steps, device=lengths.device)
    return steps < lengths[:, None]


def causal_mask(queries, n_steps, device=None):
    """Mark the steps that the queries of a range may see: their own and earlier ones.

    Parameters
    ----------
    queries : range
        The steps of the queries.
    n_steps : int
        The number of steps T.
    device : torch.device, optional
        Where to make the mask.

    Returns
    -------
    mask : Tensor of shape (len(queries), T), bool
        True at (t, i) when i <= queries[t].
    """
    places = torch.arange(queries.start, queries.stop, device=device)
    return torch.arange(n_steps, device=device) <= places[:, None]


def masked_softmax(scores, mask, dim=-1):
    """Softmax in which steps outside the mask get weight zero.

    Parameters
    ----------
    scores : Tensor, float
        The alignment scores.
    mask : Tensor, bool
        Broadcasts against `scores`. A row without any real step gets
        weights of zero.
    dim : int, default=-1
        The dimension that sums to one.

    Returns
    -------
    weights : Tensor
        Of the shape of `scores`.
    """
    scores = scores.masked_fill(~mask, -torch.inf)
    # The maximum of an all-masked row is -inf; 0 in its place avoids NaN.
    top = scores.amax(dim, keepdim=True).detach()
    powers = torch.exp(scores - top.masked_fill(top == -torch.inf, 0.0))
    total = powers.sum(dim, keepdim=True)
    return powers / total.masked_fill(total == 0, 1.0)


def masked_max(x, mask):
    """Maximum over the real steps, channel by channel.

    Parameters
    ----------
    x : Tensor of shape (B, T, C), float
        A padded batch.
    mask : Tensor of shape (B, T), bool
        Its real steps.

    Returns
    -------
    maximum : Tensor of shape (B, C)
    """
    outside = mask.to(x.dtype).log()  # 0, and -inf at padded steps
    return (x + outside[..., None]).amax(dim=1)


def masked_mean(x, mask):
    """Mean over the real steps, channel by channel.

    Parameters
    ----------
    x : Tensor of shape (B, T, C), float
        A padded batch.
    mask : Tensor of shape (B, T), bool
        Its real steps.

    Returns
    -------
    mean : Tensor of shape (B, C)
    """
    total = mask[:, None].to(x.dtype) @ x  # (B, 1, C)
    return total.squeeze(1) / mask.sum(dim=1, keepdim=True)


def zero_padding(x, mask):
    """Set every padded step of a batch to zero.

    Parameters
    ----------
    x : Tensor of shape (B, T, C), float
        A padded batch.
    mask : Tensor of shape (B, T), bool
        Its real steps.

    Returns
    -------
    x : Tensor of shape (B, T, C)
    """
    return x * mask[..., None]


# No row is taken twice, so gradients are copies. torch would add them up, which is
# several times slower.
class _Take(torch.autograd.Function):
    """Gather the rows of an index, (n, C) to (m, C)."""

    @staticmethod
    def forward(ctx, x, index):
        ctx.save_for_backward(index)
        ctx.n_rows = len(x)
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx, gradient):
        (index,) = ctx.saved_tensors
        return _put(gradient, index, ctx.n_rows), None


class _Put(torch.autograd.Function):
    """Scatter rows to the places of an index, (m, C) to (n, C)."""

    @staticmethod
    def forward(ctx, x, index, n_rows):
        ctx.save_for_backward(index)
        return _put(x, index, n_rows)

    @staticmethod
    def backward(ctx, gradient):
        (index,) = ctx.saved_tensors
        return gradient.index_select(0, index), None, None


def _put(x, index, n_rows):
    """Return n rows of zeros with the given rows at their places."""
    return x.new_zeros(n_rows, *x.shape[1:]).index_copy_(0, index, x)


def take_rows(x, index):
    """Return the rows of an index.

    Parameters
    ----------
    x : Tensor of shape (n, C), float
        The rows.
    index : Tensor of shape (m,), int64
        The rows to take, each once at most.

    Returns
    -------
    x : Tensor of shape (m, C)
    """
    return _Take.apply(x, index)


def put_rows(x, index, n_rows):
    """Return rows of zeros with the given rows at the places of an index.

    Parameters
    ----------
    x : Tensor of shape (m, C), float
        The rows.
    index : Tensor of shape (m,), int64
        Their places, each once at most.
    n_rows : int
        The number of rows of the result.

    Returns
    -------
    x : Tensor of shape (n_rows, C)
    """
    return _Put.apply(x, index, n_rows)


def on_real_steps(function, x, mask):
    """Apply a function to the real steps alone, as one batch of steps.

    Parameters
    ----------
    function : callable
        Maps (S, C) to (S, C'), S the number of real steps of the batch.
    x : Tensor of shape (B, T, C), float
        A padded batch.
    mask : Tensor of shape (B, T), bool
        Its real steps.

    Returns
    -------
    y : Tensor of shape (B, T, C')
        Zero at the padded steps.
    """
    real = mask.flatten().nonzero().squeeze(1)  # (S,)
    if len(real) == mask.numel():  # nothing to pick
        return function(x.flatten(0, 1)).unflatten(0, mask.shape)
    steps = function(take_rows(x.flatten(0, 1), real))  # (S, C')
    return put_rows(steps, real, mask.numel()).unflatten(0, mask.shape)
