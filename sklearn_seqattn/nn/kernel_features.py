"""Features of random convolutions for whole data sets."""

import torch
from torch import nn

from sklearn_seqattn._progress import ignore
from sklearn_seqattn.nn.row_blocks import sequence_reader


def padded_chunks(values, lengths, n_steps):
    """Yield padded batches of sequences of similar length.

    Parameters
    ----------
    values : Tensor of shape (S, D), float32, or object with a method `sequences`
        All sequences, concatenated.

    lengths : Tensor of shape (n,), int64
        Steps of each; they sum to S.

    n_steps : int
        Steps of a batch, at most, if it has more than one sequence.

    Yields
    ------
    rows : Tensor of shape (B,), int64
        Which sequences.

    batch : Tensor of shape (B, T, D), float32
        Their steps, right-padded.
    """
    read, order = sequence_reader(values, lengths), torch.argsort(lengths, stable=True)
    first = 0
    while first < len(order):
        # Sorted by length, so a chunk needs almost no padding.
        size = max(1, n_steps // int(lengths[order[first]]))
        rows = order[first : first + size]
        yield rows, nn.utils.rnn.pad_sequence(read(rows), batch_first=True)
        first += size


def compute_features(kernels, values, lengths, out=None, advance=ignore):
    """Compute the features of sequences of any lengths, a few at a time.

    Parameters
    ----------
    kernels : FrozenFeatures
        Fitted.

    values : Tensor of shape (S, D), float32, or object with a method `sequences`
        All sequences, concatenated.

    lengths : Tensor of shape (n,), int64
        Steps of each; they sum to S.

    out : table of shape (n, n_features) or None, default=None
        Where rows are assigned as arrays; None makes a tensor.

    advance : callable, optional
        Called with the number of sequences of each part.

    Returns
    -------
    features : Tensor of shape (n, n_features), float32, or `out`
    """
    features = out
    if out is None:
        features = torch.empty(
            len(lengths), kernels.output_size, dtype=torch.float32, device="cpu"
        )
    device = kernels.feature_mean.device
    with torch.no_grad():
        for rows, batch in padded_chunks(values, lengths, kernels.steps_per_chunk):
            found = kernels(batch.to(device), lengths[rows].to(device)).cpu()
            if out is None:
                features.index_copy_(0, rows, found)
            else:
                out[rows.numpy()] = found.numpy()
            advance(len(rows))
    return features


def feature_names(kernels):
    """Name each feature by its kernel, dilation, channels and threshold.

    Parameters
    ----------
    kernels : RandomConvolutions
        Fitted.

    Returns
    -------
    names : list of str
        In the order of the features.
    """
    plan = zip(kernels.dilations, kernels.n_biases, kernels.channels.cpu(), strict=True)
    names = []
    for dilation, n_biases, seen in plan:
        channels = ["+".join(map(str, row.nonzero()[:, 0].tolist())) for row in seen]
        names += [
            f"kernel{k}_dilation{dilation}_channels{read}_threshold{j}"
            for j in range(n_biases)
            for k, read in enumerate(channels)
        ]
    return names
