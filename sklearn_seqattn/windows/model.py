"""The fitted partner: features of windows, a linear model and a chain of labels."""

from copy import copy
from functools import partial

import numpy as np
from scipy import sparse
from sklearn.model_selection import KFold

from sklearn_seqattn._progress import ignore
from sklearn_seqattn.ngrams.linear import (
    choose_strength,
    left_out_loss,
    left_out_outputs,
)
from sklearn_seqattn.windows.chain_model import ChainModel, Runs, pieces
from sklearn_seqattn.windows.step_parts import (
    NumberSteps,
    step_parts,
    transform_steps,
)

#: Steps whose features are computed at once.
_AT_ONCE = 2**15

#: Labeled steps that are fitted, about; of more, evenly spaced pieces.
_MOST = 200_000

_N_FOLDS = 3


class LinearWindows:
    """Predict by a linear model of the steps around each step, and a chain of labels.

    Parameters
    ----------
    features : NumberWindows or TokenWindows
        Fitted.
    coef : ndarray of shape (K, n_features)
        Weights of the outputs; the last ones are those of static numbers.
    intercept : ndarray of shape (K,)
        Their constants.
    chain : LabelChain or None, default=None
        Which labels follow which; None where each is predicted by itself.
    """

    def __init__(self, features, coef, intercept, chain=None):
        self.features = features
        self.coef = coef
        self.intercept = intercept
        self.chain = chain

    def outputs(self, steps, lengths, static=None, advance=ignore):
        """Return the outputs of all steps.

        With a chain they are the logarithms of probabilities.

        Parameters
        ----------
        steps : NumberSteps or ndarray of shape (S, D) or (S,)
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
        logits = self.logits(steps, lengths, static, advance)
        return logits if self.chain is None else self.chain(logits, lengths)

    def logits(self, steps, lengths, static=None, advance=ignore):
        """Return the logits of all steps without the chain; parameters as above."""
        outputs = np.empty((int(lengths.sum()), len(self.intercept)))
        sequence = np.repeat(np.arange(len(lengths)), lengths)
        for first, part, part_lengths in step_parts(steps, lengths):
            for start in range(0, len(part), _AT_ONCE):
                rows = np.arange(start, min(start + _AT_ONCE, len(part)))
                found = self.features.transform(part, part_lengths, rows)
                found = _beside(found, static, sequence[first + rows])
                outputs[first + rows] = found @ self.coef.T + self.intercept
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
    steps : NumberSteps or ndarray of shape (S, D) or (S,)
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
        names = ["lengths", "codes", "weights"]
        names += [] if self.static is None else ["static"]
        pairs = ((getattr(self, name), getattr(other, name)) for name in names)
        is_array = isinstance(self.steps, np.ndarray)
        both = self.steps, other.steps
        steps = np.concatenate(both) if is_array else NumberSteps.join(*both)
        return WindowTable(steps, *map(np.concatenate, pairs))

    def fit(self, features, rows):
        """Return features fitted to some rows of the table."""
        return features.fit(self.steps, self.lengths, rows)

    def take(self, features, rows):
        """Return the runs, codes and weights of some rows."""
        found = transform_steps(features, self.steps, self.lengths, rows)
        found = _beside(found, self.static, self.sequence[rows])
        return Runs(found, self.runs(rows)), self.codes[rows], self.weights[rows]

    def runs(self, rows):
        """Return how many rows at a time follow each other in a sequence."""
        is_first = np.diff(rows, prepend=-2) != 1
        is_first |= np.diff(self.sequence[rows], prepend=-1) != 0
        return np.diff(np.flatnonzero(np.append(is_first, True)))

    def spaced(self, rows):
        """Return about `_MOST` rows at most, in evenly spaced pieces."""
        lengths = pieces(self.runs(rows))
        piece = np.repeat(np.arange(len(lengths)), lengths)
        return rows[piece % -(-len(rows) // _MOST) == 0]


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
    n_fits = len(ChainModel.strengths) + 1  # the last one without a chain
    return n_fits * n_fitted + min(n_train + refit * n_valid, _MOST)


def fit_windows(
    window,
    n_outputs,
    train,
    valid=None,
    *,
    refit=False,
    is_chain=True,
    advance=ignore,
):
    """Fit a linear model of windows, and a chain of labels, to labeled steps.

    The regularization is that of least loss, at the best scale of the outputs, on the
    validation part; without one, on the thirds of the training sequences, each
    predicted by a fit to the others. There is no chain if the loss is not lower with
    it.

    Parameters
    ----------
    window : NumberWindows or TokenWindows
        The features, not fitted.
    n_outputs : int
        The number of classes K.
    train, valid : WindowTable; `valid` may be None
        Sequences in an order of no meaning.
    refit : bool, default=False
        Whether the model that is returned is fitted to both parts.
    is_chain : bool, default=True
        Whether there may be a chain.
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
    make = partial(ChainModel, looks_ahead=window.looks_ahead, is_chain=is_chain)

    def prepared(table, rows, others, other_rows):
        rows = table.spaced(rows)
        features = table.fit(copy(window), rows)
        return table.take(features, rows), others.take(features, other_rows)

    if valid is not None:
        parts = [prepared(train, train.rows, valid, valid.rows)]
        order = slice(None)
    else:
        folds = _thirds(train)
        parts = [prepared(train, fitted, train, held) for fitted, held in folds]
        order = np.argsort(np.concatenate([held for _, held in folds]))
    strength, outputs = choose_strength(
        "softmax", n_outputs, parts, make, scaled=True, advance=advance
    )
    if is_chain:
        is_chain, outputs = _with_or_without(
            make, n_outputs, parts, strength, outputs, advance
        )
    table = train.join(valid) if valid is not None and refit else train
    rows = table.spaced(table.rows)
    features = table.fit(window, rows)
    model = make(n_outputs, is_chain=is_chain)
    model.fit(*table.take(features, rows), strength)
    return (
        LinearWindows(features, model.coef_, model.intercept_, model.chain_),
        outputs[order],
    )


def _with_or_without(make, n_outputs, parts, strength, outputs, advance):
    """Return whether outputs of chains are better than those without, and the best."""
    models = [make(n_outputs, is_chain=False) for _ in parts]
    alone = left_out_outputs(models, parts, strength, advance)
    losses = [
        left_out_loss("softmax", one, parts, scaled=True) for one in (outputs, alone)
    ]
    return (True, outputs) if losses[0] < losses[1] else (False, alone)


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
