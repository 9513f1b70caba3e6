"""The vectors that a fitted network makes of sequences and of their steps."""

from copy import deepcopy
from types import SimpleNamespace

import numpy as np
import torch
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin

from sklearn_seqattn.preprocessing.output import label_rows
from sklearn_seqattn.training.devices import resolve_precision
from sklearn_seqattn.training.prediction import forward, step_embeddings


class StepEmbeddingMixin:
    """The embeddings of steps.

    An estimator supplies `net_` and `_read_dataset(X)`, which returns checked and
    encoded sequences.
    """

    def embed_steps(self, X):
        """Return the hidden states after the attention, before they are pooled.

        Step j of the result is centered on step ``j * s`` of the sequence, where the
        convolutions of a front end have strides of s in all.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (T_i', H), float32
            One array a sequence, without padding. T_i' is the number of steps that the
            encoder reads, as in `attention_weights`: ``ceil(T_i / s)``. A start symbol
            of `NextStateLSTM` is a step.
        """
        dataset = self._read_dataset(X)
        precision = resolve_precision(self.precision, self.net_.device)
        net = _in_double_precision(self.net_, precision)
        return step_embeddings(net, dataset, precision=precision)


class EmbeddingMixin(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, StepEmbeddingMixin
):
    """The embeddings of sequences and of their steps.

    An estimator supplies `net_`, `network_` and `_read_dataset(X)`, which returns
    checked and encoded sequences.
    """

    def transform(self, X):
        """Return the vector of each sequence that the output layers read.

        For vectors that group the classes, fit the estimator with ``blend=None``:
        beside random kernels the network of a classifier learns only what they leave.

        For the classifier and the regressor it is the pooled vector of the hidden
        states after the attention, and after it the encoded static columns. For
        `NextStateLSTM` it is the attention context and the hidden state of the last
        event, side by side. The partner of a blend has no part in it.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        ndarray of shape (n, n_features_out), float32
            One row a sequence, in the order of X. It is computed in double precision,
            so that it does not depend on the other sequences; not so in bfloat16.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError, ValueError
            If `X` is none of these containers, or not like that of `fit`.
        """
        dataset = self._read_dataset(X)  # checks that the estimator is fitted
        precision = resolve_precision(self.precision, self.net_.device)
        net = _in_double_precision(self.net_, precision)
        rows = forward(
            net, dataset, precision=precision, method="embeddings", verbose=self.verbose
        )
        return label_rows(self, rows.astype(np.float32, copy=False), X)

    @property
    def _n_features_out(self):
        """Number of columns that `transform` returns."""
        return self.network_.embedding_size


def _in_double_precision(net, precision):
    """Return a copy of a net that computes in float64, where that is possible."""
    if precision != "float32" or torch.device(net.device).type == "mps":
        return net
    return SimpleNamespace(
        module_=deepcopy(net.module_).double(),
        device=net.device,
        max_steps=net.max_steps,
    )
