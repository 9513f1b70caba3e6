"""Fit the side branch of random convolutions, and compute its features once."""

import numpy as np
import torch

from sklearn_seqattn.kernels.ridge import (
    fit_ridge_classification,
    fit_ridge_regression,
)
from sklearn_seqattn.nn.kernel_features import compute_features


def fit_kernel_branch(branch, dataset, seed, fit_head=None):
    """Draw the convolutions of a branch and fit its ridge head.

    The features of the data set are kept in it, so that training does not compute
    them again in every epoch.

    Parameters
    ----------
    branch : KernelBranch
        The branch of a new network.
    dataset : SequenceDataset
        The training data.
    seed : int
        Decides the convolutions.
    fit_head : callable, default=None
        Fits the ridge head: from features, targets and weights to its coefficients
        and intercepts. By default their losses are those that the head is for.
    """
    generator = torch.Generator().manual_seed(seed)
    steps, lengths = _tensors(dataset)
    branch.kernels.fit(steps, lengths, generator)
    features = compute_features(branch.kernels, steps, lengths)
    branch.kernels.fit_statistics(features)
    keep_features(branch, dataset, features)
    if branch.ridge_head is not None and len(dataset) > 1:
        coef, intercept = _fit_ridge_head(
            branch.ridge_head, dataset, branch.coef.shape[0], fit_head
        )
        branch.coef.copy_(torch.from_numpy(coef))
        branch.intercept.copy_(torch.from_numpy(intercept))


def keep_features(branch, dataset, features=None):
    """Keep the standardized features of a data set in it.

    Parameters
    ----------
    branch : KernelBranch
        Fitted.
    dataset : SequenceDataset
        Any data.
    features : Tensor of shape (n, n_features), default=None
        The features before they are standardized; computed by default.
    """
    if features is None:
        features = compute_features(branch.kernels, *_tensors(dataset))
    with torch.no_grad():
        dataset.features = branch.kernels.standardize(features).numpy()


def _tensors(dataset):
    """Return the steps and lengths of a data set as tensors."""
    steps = dataset.steps(np.arange(len(dataset)))
    return torch.from_numpy(steps), torch.from_numpy(dataset.lengths)


def _fit_ridge_head(kind, dataset, n_outputs, fit_head):
    """Fit the ridge head to the targets as the network gets them."""
    features, targets, weights = dataset.features, dataset.targets, dataset.weights
    if fit_head is not None:
        return fit_head(features, targets, weights)
    if kind == "identity":
        return fit_ridge_regression(features, targets, weights)
    if kind == "sigmoid":
        return fit_ridge_classification(
            features, targets > 0.5, weights, multilabel=True
        )
    return fit_ridge_classification(features, np.eye(n_outputs)[targets], weights)
