"""The fitted partner: n-gram features and a linear model."""

from typing import NamedTuple

import numpy as np
from scipy import sparse
from sklearn.model_selection import KFold

from sklearn_seqattn._progress import ignore
from sklearn_seqattn.ngrams.features import NGramFeatures
from sklearn_seqattn.ngrams.linear import LINEAR_MODELS, choose_strength
from sklearn_seqattn.sequences import Sequences

_N_FOLDS = 5


class LabeledRows(NamedTuple):
    """What n-grams are fitted to, in an order of no meaning."""

    sequences: Sequences  # of tokens
    targets: np.ndarray  # codes of classes (n,), or labels or numbers (n, K)
    weights: np.ndarray  # (n,), of mean 1
    static: np.ndarray | None = None  # static numbers (n, P)


class LinearNGrams:
    """Predict by a linear model of the n-grams of a sequence.

    Parameters
    ----------
    features : NGramFeatures
        Fitted.
    coef : ndarray of shape (K, n_features + P)
        Weights of the outputs, those of P static numbers last.
    intercept : ndarray of shape (K,)
        Their constants.
    """

    def __init__(self, features, coef, intercept):
        self.features = features
        self.coef = coef
        self.intercept = intercept

    def outputs(self, sequences, static=None, advance=ignore):
        """Return logits, or standardized targets.

        Parameters
        ----------
        sequences : Sequences
            n sequences of tokens.
        static : ndarray of shape (n, P) or None, default=None
            Static numbers of each.
        advance : callable, optional
            Called for each sequence by each counter.

        Returns
        -------
        outputs : ndarray of shape (n, K), float64
        """
        table = _beside(self.features.transform(sequences, advance), static)
        return table @ self.coef.T + self.intercept

    def scale(self, factors, shift=0.0):
        """Multiply the outputs by factors (K,) and add a shift (K,), in place."""
        self.coef = self.coef * factors[:, None]
        self.intercept = self.intercept * factors + shift


def count_rows(activation, n_train, n_valid=0, *, refit=False):
    """Return how many rows `fit_ngrams` goes through, at most.

    Parameters
    ----------
    activation : {"softmax", "sigmoid", "identity"}
        As in `fit_ngrams`.
    n_train, n_valid : int
        The rows of both parts; 0 without the second.
    refit : bool, default=False
        As in `fit_ngrams`.

    Returns
    -------
    n_rows : int
    """
    n_fitted = n_train if n_valid else (_N_FOLDS - 1) * n_train
    n_last = n_train + n_valid if refit else n_train
    n_read = 2 * (n_train + n_valid + (n_last if refit else 0))  # by two counters
    return n_read + len(LINEAR_MODELS[activation].strengths) * n_fitted + n_last


def fit_ngrams(
    ngrams,
    activation,
    n_outputs,
    train,
    valid=None,
    *,
    refit=False,
    n_rounds=1,
    advance=ignore,
):
    """Fit n-grams with a linear model to a training part.

    The regularization is that of least loss on the validation part; without one, on
    the fifths of the training part, each predicted by a fit to the others.

    Parameters
    ----------
    ngrams : NGrams
        Which n-grams are counted.
    activation : {"softmax", "sigmoid", "identity"}
        How outputs become predictions.
    n_outputs : int
        The number of outputs K.
    train, valid : LabeledRows; `valid` may be None
        Both parts. Static numbers become features of length one on average, as the
        vectors of n-grams are.
    refit : bool, default=False
        Whether the model that is returned is fitted to both parts.
    n_rounds : int, default=1
        How often each sequence is in the training part, as in `SequenceDataset`; its
        rows are left out together.
    advance : callable, optional
        Called with numbers of rows, at most as many in all as `count_rows` returns.

    Returns
    -------
    partner : LinearNGrams
    outputs : ndarray of shape (n, K)
        Outputs for each sequence of the validation part, or without one for each
        training sequence, by a model that was not fitted to it. That of a single
        training sequence was.
    """
    scale = _static_scale(train.static)
    features, table = _read(ngrams, train, scale, advance)
    if valid is None:
        parts, order = _fifths(table, n_rounds)
    else:
        held_out = features.transform(valid.sequences, advance)
        parts = [(table, _table(held_out, valid, scale))]
        order = np.arange(len(valid.weights))
    strength, outputs = choose_strength(activation, n_outputs, parts, advance=advance)
    outputs = outputs[np.argsort(order)]
    if valid is not None and refit:
        features, table = _read(ngrams, _stacked(train, valid), scale, advance)
    model = LINEAR_MODELS[activation](n_outputs).fit(*table, strength)
    coef = np.array(model.coef_)
    n_static = 0 if train.static is None else train.static.shape[1]
    coef[:, coef.shape[1] - n_static :] *= scale
    return LinearNGrams(features, coef, model.intercept_), outputs


def _read(ngrams, rows, scale, advance):
    """Return features fitted to rows, and their table of features and targets."""
    features = NGramFeatures(ngrams.ngram_range, ngrams.char_ngram_range)
    found = features.fit_transform(rows.sequences, rows.weights, advance)
    return features, _table(found, rows, scale)


def _table(features, rows, scale):
    """Return features with scaled static numbers beside them, targets and weights."""
    static = None if rows.static is None else scale * rows.static
    return _beside(features, static), rows.targets, rows.weights


def _beside(features, static):
    """Return sparse features with static numbers beside them."""
    return features if static is None else sparse.hstack([features, static], "csr")


def _static_scale(static):
    """Return what gives static vectors the length one, as a root mean square."""
    square = 0.0 if static is None else (static.astype(float) ** 2).sum(axis=1).mean()
    return float(square**-0.5) if square > 0 else 1.0


def _stacked(first, second):
    """Return the rows of one part, and after them those of another."""
    sequences = [part.sequences.joined() for part in (first, second)]
    values, lengths = (
        np.concatenate([getattr(s, name) for s in sequences])
        for name in ("values", "lengths")
    )
    others = [
        None if pair[0] is None else np.concatenate(pair)
        for pair in zip(first[1:], second[1:], strict=True)
    ]
    return LabeledRows(Sequences(values, lengths), *others)


def _fifths(table, n_rounds):
    """Return pairs of tables, all but a fifth of the sequences and that fifth.

    And the rows of the fifths, one after the other.
    """
    rows = np.arange(len(table[-1])).reshape(n_rounds, -1)  # (rounds, sequences)
    n = rows.shape[1]
    if n == 1:
        return [(table, table)], rows.ravel()
    folds = [
        tuple(rows[:, part].ravel() for part in fold)
        for fold in KFold(min(_N_FOLDS, n)).split(rows.T)
    ]
    parts = [[tuple(x[rows] for x in table) for rows in fold] for fold in folds]
    return parts, np.concatenate([left_out for _, left_out in folds])
