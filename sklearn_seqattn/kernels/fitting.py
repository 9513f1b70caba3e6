"""Fit the partner inside a network in closed form, and compute its outputs once."""

import numpy as np
import torch

from sklearn_seqattn.kernels.switches import find_switches
from sklearn_seqattn.nn.kernel_features import compute_features

#: With fewer sequences the partner predicts a constant: none can be left out.
FEWEST = 4


def fit_kernel_partner(partner, dataset, head, seed=None, n_numbers=None):
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

    Returns
    -------
    left_out : ndarray of shape (n, K), float32
        What is predicted for each sequence by a fit without it; zeros for fewer than
        `FEWEST` sequences, where nothing is fitted.
    """
    steps, lengths = _tensors(dataset)
    fits, scales = [], []
    if seed is not None:
        generator = torch.Generator().manual_seed(seed)
        is_switch = find_switches(dataset.values, dataset.starts, dataset.stops)
        if n_numbers is not None:
            is_switch[n_numbers:] = False
    for kind in partner.kinds:
        if seed is not None:
            kind.fit(steps, lengths, generator, is_switch)
        if len(dataset) >= FEWEST * dataset.n_rounds:
            features = compute_features(kind, steps, lengths)
            if seed is not None:
                kind.fit_statistics(features)
            features = kind.standardize(features).numpy()
            scales.append(_static_scale(features, dataset.static))
            if dataset.static is not None:
                features = np.hstack([features, scales[-1] * dataset.static])
            fits.append(_fit_rounds(head, features, dataset))
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


def _fit_rounds(head, features, dataset):
    """Return the mean head of all rounds, and values for each row left out."""
    table = features, dataset.targets, dataset.weights
    rounds = zip(*(np.split(x, dataset.n_rounds) for x in table), strict=True)
    found = [head.fit(*one) for one in rounds]
    coefs, intercepts, left_out = zip(*found, strict=True)
    return np.mean(coefs, axis=0), np.mean(intercepts, axis=0), np.concatenate(left_out)


def compute_outputs(partner, dataset):
    """Compute what a fitted partner predicts for a data set.

    Parameters
    ----------
    partner : KernelPartner
        Fitted.
    dataset : SequenceDataset
        n sequences.

    Returns
    -------
    outputs : ndarray of shape (n, K), float32
    """
    steps, lengths = _tensors(dataset)
    static = None if dataset.static is None else torch.from_numpy(dataset.static)
    with torch.no_grad():
        features = [
            kind.standardize(compute_features(kind, steps, lengths))
            for kind in partner.kinds
        ]
        outputs = partner.outputs(features, static)
    return outputs.float().cpu().numpy()


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


def _tensors(dataset):
    """Return the steps and lengths of a data set as tensors."""
    steps = dataset.steps(np.arange(len(dataset)))
    return torch.from_numpy(steps), torch.from_numpy(dataset.lengths)
