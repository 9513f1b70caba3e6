"""The fitted partner: features of windows and a linear model."""

import numpy as np
from scipy import sparse
from sklearn.model_selection import KFold

from sklearn_seqattn._progress import ignore
from sklearn_seqattn.ngrams.linear import ClassModel, choose_strength
from sklearn_seqattn.windows.features import NumberWindows, TokenWindows

#: Steps whose features are computed at once.
_AT_ONCE = 2**15

#: Labeled steps that are fitted, at most; of more, evenly spaced ones.
_MOST = 200_000

_N_FOLDS = 3


class StepModel(ClassModel):
    """Logistic regression over the labels of steps.

    Their mean loss has small gradients, as most steps are easy: it is followed further
    down than that of whole sequences.

    Parameters
    ----------
    n_outputs : int
        The number of classes K.
    """

    strengths = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)

    def __init__(self, n_outputs):
        super().__init__(n_outputs)
        self._model.set_params(tol=1e-5)


class LinearWindows:
    """Predict by a linear model of the steps around each step.

    Parameters
    ----------
    features : NumberWindows or TokenWindows
        Fitted.
    coef : ndarray of shape (K, n_features)
        Weights of the outputs; the last ones are those of static numbers.
    intercept : ndarray of shape (K,)
        Their constants.
    """

    def __init__(self, features, coef, intercept):
        self.features = features
        self.coef = coef
        self.intercept = intercept

    def outputs(self, steps, lengths, static=None, advance=ignore):
        """Return the logits of all steps.

        Parameters
        ----------
        steps : ndarray of shape (S, D) or (S,)
            Scaled numbers, or tokens.
        lengths : ndarray of shape (n,)
            Steps of each sequence.
        static : ndarray of shape (n, P) or None, default=None
            Static numbers of each sequence.
        advance : callable, optional
            Called with numbers of steps.

        Returns
        -------
        outputs : ndarray of shape (S, K), float64
        """
        outputs = np.empty((len(steps), len(self.intercept)))
        sequence = np.repeat(np.arange(len(lengths)), lengths)
        for start in range(0, len(steps), _AT_ONCE):
            rows = np.arange(start, min(start + _AT_ONCE, len(steps)))
            found = self.features.transform(steps, lengths, rows)
            found = _beside(found, static, sequence[rows])
            outputs[rows] = found @ self.coef.T + self.intercept
            advance(len(rows))
        return outputs


def _beside(features, static, sequence):
    """Return features with the static numbers of the sequence of each row, if any."""
    if static is None:
        return features
    if sparse.issparse(features):
        return sparse.hstack([features, static[sequence]], format="csr")
    return np.hstack([features, static[sequence]])


class WindowTable:
    """The steps of some sequences, with the labels and weights of those that count.

    Parameters
    ----------
    steps : ndarray of shape (S, D) or (S,)
        Scaled numbers, or tokens.
    lengths : ndarray of shape (n,)
        Steps of each sequence.
    codes : ndarray of shape (S,), int64
        The codes of the labels; -1 where a step does not count.
    weights : ndarray of shape (S,)
        The weights of the steps.
    static : ndarray of shape (n, P) or None, default=None
        Static numbers of each sequence.
    """

    def __init__(self, steps, lengths, codes, weights, static=None):
        self.steps, self.lengths, self.static = steps, lengths, static
        self.codes, self.weights = codes, weights
        self.sequence = np.repeat(np.arange(len(lengths)), lengths)
        self.rows = np.flatnonzero(codes >= 0)

    def join(self, other):
        """Return the sequences of this table, and after them those of another."""
        names = ["steps", "lengths", "codes", "weights"]
        names += [] if self.static is None else ["static"]
        pairs = ((getattr(self, name), getattr(other, name)) for name in names)
        return WindowTable(*map(np.concatenate, pairs))

    def fit(self, features, rows):
        """Return features fitted to some rows of the table."""
        return features.fit(self.steps, self.lengths, rows)

    def take(self, features, rows):
        """Return features, codes and weights of some rows."""
        found = features.transform(self.steps, self.lengths, rows)
        found = _beside(found, self.static, self.sequence[rows])
        return found, self.codes[rows], self.weights[rows]


def count_rows(train, valid=None, *, refit=False):
    """Return how many rows `fit_windows` fits, at most.

    Parameters
    ----------
    train, valid, refit
        As in `fit_windows`.

    Returns
    -------
    n_rows : int
    """
    n_train, n_valid = (0 if t is None else len(t.rows) for t in (train, valid))
    n_fitted = min(n_train, _MOST)
    if valid is None:
        n_fitted = (_N_FOLDS - 1) * min(n_train, _N_FOLDS * _MOST)
    return len(StepModel.strengths) * n_fitted + min(n_train + refit * n_valid, _MOST)


def fit_windows(size, n_outputs, train, valid=None, *, refit=False, advance=ignore):
    """Fit a linear model of windows to labeled steps.

    The regularization is that of least loss, at the best scale of the outputs, on the
    validation part; without one, on the thirds of the training sequences, each
    predicted by a fit to the others.

    Parameters
    ----------
    size : int
        Steps before and after a step.
    n_outputs : int
        The number of classes K.
    train, valid : WindowTable; `valid` may be None
        Sequences in an order of no meaning.
    refit : bool, default=False
        Whether the model that is returned is fitted to both parts.
    advance : callable, optional
        Called with numbers of rows, at most as many in all as `count_rows` returns.

    Returns
    -------
    partner : LinearWindows
    outputs : ndarray of shape (m, K)
        Outputs for the labeled steps of the validation part, or without one of the
        training part, by a model that was not fitted to their sequence. Those of a
        single training sequence were.
    """
    kind = TokenWindows if train.steps.ndim == 1 else NumberWindows

    def prepared(table, rows, others, other_rows):
        rows = _spaced(rows)
        features = table.fit(kind(size), rows)
        return table.take(features, rows), others.take(features, other_rows)

    if valid is not None:
        parts = [prepared(train, train.rows, valid, valid.rows)]
        order = slice(None)
    else:
        folds = _thirds(train)
        parts = [prepared(train, fitted, train, held) for fitted, held in folds]
        order = np.argsort(np.concatenate([held for _, held in folds]))
    strength, outputs = choose_strength(
        "softmax", n_outputs, parts, StepModel, scaled=True, advance=advance
    )
    table = train.join(valid) if valid is not None and refit else train
    rows = _spaced(table.rows)
    features = table.fit(kind(size), rows)
    model = StepModel(n_outputs).fit(*table.take(features, rows), strength)
    return LinearWindows(features, model.coef_, model.intercept_), outputs[order]


def _spaced(rows):
    """Return at most `_MOST` rows, evenly spaced."""
    return rows[:: -(-len(rows) // _MOST)]


def _thirds(table):
    """Return pairs of rows: the labeled steps of all sequences but a third, and those.

    A single sequence is both.
    """
    labeled = np.unique(table.sequence[table.rows])
    if len(labeled) == 1:
        return [(table.rows, table.rows)]
    of_rows, pairs = table.sequence[table.rows], []
    for _, held in KFold(min(_N_FOLDS, len(labeled))).split(labeled):
        is_held = np.isin(of_rows, labeled[held])
        pairs.append((table.rows[~is_held], table.rows[is_held]))
    return pairs
