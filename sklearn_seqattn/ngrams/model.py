"""The fitted partner: n-gram features and a linear model."""

import numpy as np
from sklearn.model_selection import KFold

from sklearn_seqattn.ngrams.features import NGramFeatures
from sklearn_seqattn.ngrams.linear import LINEAR_MODELS, choose_strength
from sklearn_seqattn.sequences import Sequences

_N_FOLDS = 5


class LinearNGrams:
    """Predict by a linear model of the n-grams of a sequence.

    Parameters
    ----------
    features : NGramFeatures
        Fitted.
    coef : ndarray of shape (K, n_features)
        Weights of the outputs.
    intercept : ndarray of shape (K,)
        Their constants.
    """

    def __init__(self, features, coef, intercept):
        self.features = features
        self.coef = coef
        self.intercept = intercept

    def outputs(self, sequences):
        """Return logits, or standardized targets.

        Parameters
        ----------
        sequences : Sequences
            n sequences of tokens.

        Returns
        -------
        outputs : ndarray of shape (n, K), float64
        """
        return self.features.transform(sequences) @ self.coef.T + self.intercept

    def scale(self, factors, shift=0.0):
        """Multiply the outputs by factors (K,) and add a shift (K,), in place."""
        self.coef = self.coef * factors[:, None]
        self.intercept = self.intercept * factors + shift


def fit_ngrams(
    ngrams, activation, n_outputs, train, valid=None, *, refit=False, n_rounds=1
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
    train, valid : tuple (sequences, targets, weights); `valid` may be None
        Sequences of tokens in an order of no meaning; codes of classes (n,), or
        labels or numbers (n, K); and weights (n,), of mean 1.
    refit : bool, default=False
        Whether the model that is returned is fitted to both parts.
    n_rounds : int, default=1
        How often each sequence is in the training part, as in `SequenceDataset`; its
        rows are left out together.

    Returns
    -------
    partner : LinearNGrams
    outputs : ndarray of shape (n, K)
        Outputs for each sequence of the validation part, or without one for each
        training sequence, by a model that was not fitted to it. That of a single
        training sequence was.
    """
    features, table = _read(ngrams, train)
    if valid is None:
        parts, order = _fifths(table, n_rounds)
    else:
        parts = [(table, (features.transform(valid[0]), *valid[1:]))]
        order = np.arange(len(valid[-1]))
    strength, outputs = choose_strength(activation, n_outputs, parts)
    outputs = outputs[np.argsort(order)]
    if valid is not None and refit:
        features, table = _read(ngrams, _stacked(train, valid))
    model = LINEAR_MODELS[activation](n_outputs).fit(*table, strength)
    return LinearNGrams(features, model.coef_, model.intercept_), outputs


def _read(ngrams, part):
    """Return features fitted to a part, and its table of features and targets."""
    sequences, targets, weights = part
    features = NGramFeatures(ngrams.ngram_range, ngrams.char_ngram_range)
    return features, (features.fit_transform(sequences, weights), targets, weights)


def _stacked(first, second):
    """Return the rows of one part, and after them those of another."""
    sequences = [part[0].joined() for part in (first, second)]
    values, lengths = (
        np.concatenate([getattr(s, name) for s in sequences])
        for name in ("values", "lengths")
    )
    others = (np.concatenate(pair) for pair in zip(first[1:], second[1:], strict=True))
    return Sequences(values, lengths), *others


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
