"""Features of random convolutions for whole data sets."""

import torch
from torch import nn

from sklearn_seqattn._progress import ignore


def compute_features(kernels, values, lengths, advance=ignore):
    """Compute the features of sequences of any lengths, a few at a time.

    Parameters
    ----------
    kernels : RandomConvolutions
        Fitted.

    values : Tensor of shape (S, D), float32
        All sequences, concatenated.

    lengths : Tensor of shape (n,), int64
        Steps of each; they sum to S.

    advance : callable, optional
        Called with the number of sequences of each part.

    Returns
    -------
    features : Tensor of shape (n, n_features), float32
        The largest array that is made.
    """
    sequences = values.split(lengths.tolist())
    features = torch.empty(
        len(lengths), kernels.output_size, dtype=torch.float32, device="cpu"
    )
    device = kernels.feature_mean.device
    order = torch.argsort(lengths, stable=True)
    first = 0
    with torch.no_grad():
        while first < len(order):
            # Sorted by length, so a chunk needs almost no padding.
            size = max(1, kernels.steps_per_chunk // int(lengths[order[first]]))
            chosen = order[first : first + size]
            batch = nn.utils.rnn.pad_sequence(
                [sequences[j] for j in chosen], batch_first=True
            )
            inputs = batch.to(device), lengths[chosen].to(device)
            features[chosen] = kernels(*inputs).cpu()
            first += size
            advance(len(chosen))
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
