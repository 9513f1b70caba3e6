"""Fit the partner inside a network in closed form, and compute its outputs once."""

import numpy as np
import torch

from sklearn_seqattn._progress import ignore
from sklearn_seqattn.kernels.binary_channels import find_binary_channels
from sklearn_seqattn.kernels.feature_table import FeatureTable
from sklearn_seqattn.kernels.heads import fit_in_span
from sklearn_seqattn.nn.frozen_features import FrozenFeatures
from sklearn_seqattn.nn.kernel_features import compute_features, padded_chunks

#: With fewer sequences the partner predicts a constant: none can be left out.
FEWEST = 4


def count_rows(partner, head, train_set, valid_set=None):
    """Return how many rows a fit of the partner, and its outputs, go through.

    Parameters
    ----------
    partner : KernelPartner
        The partner inside a network.
    head : ClassHead, NumberHead or None
        How targets are fitted; None if they are not.
    train_set, valid_set : SequenceDataset
        What it is fitted to, and what it predicts; None for neither.

    Returns
    -------
    n_rows : int
    """
    n_train, n_valid = (0 if s is None else len(s) for s in (train_set, valid_set))
    n_passes = 1 if head is None else 1 + head.passes
    return len(partner.kinds) * (n_train * n_passes + n_valid)


def fit_kernel_partner(
    partner, dataset, head, seed=None, *, n_numbers=None, advance=ignore
):
    """Fit the linear head of a partner, and predict each sequence left out of the fit.

    One ridge regression is fitted to the features of each kind, and their predictions
    are added with the shares that suit sequences left out. Static numbers are features
    of all kinds. They are scaled so that all of them together vary as much as the other
    features do, or the penalty would leave nothing of a few among thousands. If the
    data set has several rows a sequence, in rounds, it is the mean of a regression a
    round, so that no fit has seen what it leaves out.

    Parameters
    ----------
    partner : KernelPartner
        The partner inside a network.
    dataset : SequenceDataset
        The training data, n sequences.
    head : ClassHead or NumberHead
        How targets are fitted.
    seed : int or None, default=None
        Decides the convolutions; None keeps the features as they were fitted.
    n_numbers : int or None, default=None
        How many of the first channels are numbers, of which no convolution sees those
        of two values if they are at most half of all; None means all channels. The
        network sees them, and categories are seen by both.
    advance : callable, optional
        Called with numbers of rows, as many in all as `count_rows` returns.

    Returns
    -------
    left_out : ndarray of shape (n, K), float32
        What is predicted for each sequence by a fit without it; zeros for fewer than
        `FEWEST` sequences, where nothing is fitted.
    """
    steps, lengths = DatasetSteps(dataset), torch.from_numpy(dataset.lengths)
    fits, scales, like = [], [], None
    if seed is not None:
        generator = torch.Generator().manual_seed(seed)
        is_binary = find_binary_channels(dataset.values, dataset.starts, dataset.stops)
        if n_numbers is not None:
            is_binary[n_numbers:] = False
    for kind in partner.kinds:
        if seed is not None:
            kind.fit(steps, lengths, generator, is_binary=is_binary, like=like)
            like = kind.inputs
        if len(dataset) >= FEWEST * dataset.n_rounds:
            features, scale = _table(
                kind, steps, lengths, dataset.static, seed, advance
            )
            scales.append(scale)
            fits.append(_fit_rounds(head, features, dataset, advance))
    if not fits:
        return np.zeros((len(dataset), len(partner.intercept)), np.float32)
    coefs, intercepts, left_out = zip(*fits, strict=True)
    shares, shift = head.combine(np.stack(left_out), dataset.targets, dataset.weights)
    coefs = [one * share[:, None] for one, share in zip(coefs, shares, strict=True)]
    intercept = (np.stack(intercepts) * shares).sum(0) + shift
    partner.coef.copy_(torch.from_numpy(_joined_coef(partner, coefs, scales)))
    partner.intercept.copy_(torch.from_numpy(intercept))
    outputs = (np.stack(left_out) * shares[:, None]).sum(0) + shift
    return outputs.astype(np.float32)


def _table(kind, steps, lengths, static, seed, advance):
    """Return standardized features beside scaled static numbers, and their scale."""
    size = kind.output_size
    features = FeatureTable(len(lengths), size)
    compute_features(kind, steps, lengths, features, advance)
    if seed is not None:
        kind.fit_statistics(features)
    features.transform(kind.standardize)
    scale = _static_scale(features, static)
    if static is None:
        return features, scale
    table = FeatureTable(len(lengths), size + static.shape[1])
    for rows in table.parts():
        table[rows] = np.hstack([features[rows], scale * static[rows]])
    return table, scale


def _fit_rounds(head, features, dataset, advance):
    """Return the mean head of all rounds, and values for each row left out."""
    n_rounds, found = dataset.n_rounds, []
    for rows in np.split(np.arange(len(dataset)), n_rounds):
        table = features if n_rounds == 1 else features.select(rows)
        targets, weights = dataset.targets[rows], dataset.weights[rows]
        found.append(fit_in_span(head, table, targets, weights, advance))
    coefs, intercepts, left_out = zip(*found, strict=True)
    return np.mean(coefs, axis=0), np.mean(intercepts, axis=0), np.concatenate(left_out)


def compute_outputs(partner, dataset, advance=ignore):
    """Compute what a fitted partner predicts for a data set.

    Parameters
    ----------
    partner : KernelPartner
        Fitted.
    dataset : SequenceDataset
        n sequences.
    advance : callable, optional
        Called with numbers of sequences, n for each kind of features in all.

    Returns
    -------
    outputs : ndarray of shape (n, K), float32
    """
    lengths = torch.from_numpy(dataset.lengths)
    static = None if dataset.static is None else torch.from_numpy(dataset.static)
    outputs = np.empty((len(lengths), len(partner.intercept)), np.float32)
    device, n_steps = partner.intercept.device, FrozenFeatures.steps_per_chunk
    with torch.no_grad():
        for rows, batch in padded_chunks(DatasetSteps(dataset), lengths, n_steps):
            beside = None if static is None else static[rows].to(device)
            found = partner(batch.to(device), lengths[rows].to(device), beside)
            outputs[rows] = found.float().cpu().numpy()
            advance(len(partner.kinds) * len(rows))
    return outputs


class DatasetSteps:
    """The steps of a data set as tensors, a few sequences at a time.

    Parameters
    ----------
    dataset : SequenceDataset
        Numbers.
    """

    def __init__(self, dataset):
        self.dataset = dataset

    def blocks(self):
        """Yield the steps of all sequences in their order, (s, D) each."""
        for rows in self.dataset.portions(np.arange(len(self.dataset))):
            yield torch.from_numpy(self.dataset.steps(rows))

    def sequences(self, rows):
        """Return the steps of some sequences, a list of (T_i, D)."""
        rows = rows.numpy()
        steps = torch.from_numpy(self.dataset.steps(rows))
        return steps.split(self.dataset.lengths[rows].tolist())


def _static_scale(features, static):
    """Return what makes static numbers vary as much, in all, as other features."""
    variance = 0.0 if static is None else np.var(static, axis=0, dtype=float).sum()
    if variance == 0:
        return 1.0
    return float(np.sqrt(features.shape[1] / variance))  # those have variance 1


def _joined_coef(partner, coefs, scales):
    """Return coefficients of all kinds, then the sum of those of static numbers."""
    sizes = [kind.output_size for kind in partner.kinds]
    parts = [coef[:, :size] for coef, size in zip(coefs, sizes, strict=True)]
    triples = zip(coefs, sizes, scales, strict=True)
    static = sum(scale * coef[:, size:] for coef, size, scale in triples)
    return np.hstack([*parts, static])
