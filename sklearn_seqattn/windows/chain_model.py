"""Logits and transition weights that are learned together."""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import minimize

from sklearn_seqattn.windows.chain import (
    LARGEST_WEIGHT,
    LabelChain,
    StepOrder,
    sequence_loss,
)

#: Steps of the pieces that long sequences are cut into when a chain is fitted.
_PIECE = 256


class Runs(NamedTuple):
    """The features of labeled steps that follow each other without a gap.

    `features` (S, p) are dense or sparse; `lengths` (n,) are the steps of each run.
    """

    features: np.ndarray
    lengths: np.ndarray


class ChainModel:
    """A linear model of the labels of steps, with a weight for each pair of labels.

    It has the greatest likelihood of whole sequences of labels: a linear-chain
    conditional random field. Where it does not look ahead it is a maximum entropy
    Markov model. Weights of features and of pairs are penalized by their squares. A row
    without features, of weight 1 / K, is added for each of the K classes. So every
    class has a probability.

    Parameters
    ----------
    n_outputs : int
        The number of classes K.
    is_chain : bool, default=True
        Whether there are weights of pairs; otherwise it is logistic regression.
    looks_ahead : bool, default=True
        As in `LabelChain`.

    Attributes
    ----------
    coef_, intercept_ : ndarray of shape (K, p) and (K,)
        Give the logits ``features @ coef_.T + intercept_``.
    chain_ : LabelChain or None
        The weights of pairs.
    """

    strengths = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

    def __init__(self, n_outputs, *, is_chain=True, looks_ahead=True):
        self.n_outputs, self.is_chain = n_outputs, is_chain
        self.looks_ahead = looks_ahead
        self._weights = None

    def fit(self, runs, codes, weights, strength):
        """Fit codes of classes (S,), from the weights of the last fit on."""
        objective = _Objective(self, runs, codes, weights, strength)
        start = self._weights
        if start is None:
            start = np.zeros(objective.n_weights)
        n_pairs = self.n_outputs**2
        bounds = np.full((len(start), 2), (-np.inf, np.inf))
        bounds[-n_pairs:] = np.array([-1, 1]) * LARGEST_WEIGHT * self.is_chain
        found = minimize(
            objective,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 200, "ftol": 1e-7},
        )
        self._weights = found.x
        coef, self.intercept_, transitions = objective.parts(found.x)
        self.coef_ = coef.T.copy()
        self.chain_ = LabelChain(transitions, self.looks_ahead)
        if not self.is_chain:
            self.chain_ = None
        return self

    def outputs(self, runs):
        """Return the logits of steps, or the logarithms of their probabilities."""
        logits = runs.features @ self.coef_.T + self.intercept_
        return logits if self.chain_ is None else self.chain_(logits, runs.lengths)


class _Objective:
    """The penalized negative log-likelihood by all weights, and its gradient."""

    def __init__(self, model, runs, codes, weights, strength):
        n_classes, n_features = model.n_outputs, runs.features.shape[1]
        self.model, self.strength = model, strength
        self._shapes = [(n_features, n_classes), (n_classes,), (n_classes, n_classes)]
        self.n_weights = sum(int(np.prod(shape)) for shape in self._shapes)
        lengths = np.ones(len(codes), np.int64)  # without a chain each step is alone
        if model.is_chain:
            lengths = pieces(runs.lengths)
        self.steps = StepOrder(np.append(lengths, np.ones(n_classes, np.int64)))
        empty = sparse.csr_array((n_classes, n_features))
        if sparse.issparse(runs.features):
            features = sparse.vstack([runs.features, empty], format="csr")
        else:
            features = np.vstack([runs.features, empty.toarray()])
        self.features = self.steps.arrange(features)
        self._transposed = self.features.T
        if sparse.issparse(features):
            self._transposed = self._transposed.tocsr()
        codes = np.append(codes, np.arange(n_classes))
        weights = np.append(weights, np.full(n_classes, 1 / n_classes))
        self.codes, self.weights = map(self.steps.arrange, (codes, weights))

    def parts(self, values):
        """Return the weights of features (p, K), constants (K,) and pairs (K, K)."""
        stops = np.cumsum([np.prod(shape) for shape in self._shapes])[:-1]
        parts = np.split(values, stops)
        return [
            part.reshape(shape) for part, shape in zip(parts, self._shapes, strict=True)
        ]

    def __call__(self, values):
        """Return the objective and its gradient."""
        coef, intercept, transitions = self.parts(values)
        chain = LabelChain(transitions, self.model.looks_ahead)
        logits = self.features @ coef + intercept
        loss, of_logits, of_pairs = sequence_loss(
            chain, logits, self.codes, self.weights, self.steps
        )
        loss += ((coef**2).sum() + (transitions**2).sum()) / (2 * self.strength)
        gradient = [
            (self._transposed @ of_logits + coef / self.strength).ravel(),
            of_logits.sum(axis=0),
            (of_pairs + transitions / self.strength).ravel() * self.model.is_chain,
        ]
        return loss, np.concatenate(gradient)


def pieces(lengths):
    """Return the lengths of the pieces of runs, at most `_PIECE` steps each."""
    n_whole = lengths // _PIECE
    found = np.full(len(lengths) + n_whole.sum(), _PIECE)
    last = np.cumsum(n_whole + 1) - 1
    found[last] = lengths - n_whole * _PIECE
    return found[found > 0]
