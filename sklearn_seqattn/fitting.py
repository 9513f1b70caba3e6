"""Steps around a fit: the training data, its split, its seeds, its failure."""

from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from sklearn_seqattn.sequences import Sequences


@contextmanager
def kept_on_failure(estimator):
    """Leave an estimator as it was if the block raises.

    Parameters
    ----------
    estimator : BaseEstimator
        The estimator.
    """
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise


def check_same_length(n_sequences, n_targets):
    """Refuse a y that is longer or shorter than X.

    Parameters
    ----------
    n_sequences, n_targets : int
        The lengths of X and y.

    Raises
    ------
    ValueError
        If they differ.
    """
    if n_sequences != n_targets:
        raise ValueError(
            f"X has {n_sequences} sequences, but y has {n_targets} targets; each "
            "sequence needs one."
        )


def draw_seeds(random_state, n_seeds):
    """Draw seeds without moving the global generator of numpy.

    Parameters
    ----------
    random_state : int, RandomState instance or None
        As the estimators take it; None draws from the operating system.
    n_seeds : int
        How many.

    Returns
    -------
    seeds : list of int
    """
    if random_state is None:
        random_state = np.random.RandomState()
    seeds = check_random_state(random_state).randint(2**31 - 1, size=n_seeds)
    return seeds.tolist()


def append_history(estimator, history, *, fresh):
    """Keep the record of a training, behind that of earlier ones.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets `history_` and `n_iter_`.
    history : DataFrame
        One row an epoch, as `training.train` returns it.
    fresh : bool
        Whether the training began anew, so that no earlier ones count.
    """
    if not fresh:
        history = history.assign(epoch=history["epoch"] + estimator.n_iter_)
        history = pd.concat([estimator.history_, history], ignore_index=True)
    estimator.history_, estimator.n_iter_ = history, len(history)


@dataclass(frozen=True)
class LabelledSequences:
    """Sequences with a target and a weight each."""

    sequences: Sequences
    targets: np.ndarray
    weights: np.ndarray

    def __len__(self):
        return len(self.weights)

    def take(self, rows):
        """Give some rows, in that order."""
        return LabelledSequences(
            self.sequences.take(rows), self.targets[rows], self.weights[rows]
        )


def split_validation(data, fraction, seed, *, strata=None):
    """Hold out a part of the training data.

    Parameters
    ----------
    data : LabelledSequences
        The training data, n rows.
    fraction : float
        The share to hold out.
    seed : int
        Decides which rows.
    strata : ndarray of shape (n,) or None
        Classes whose shares are kept; None splits at random.

    Returns
    -------
    train, valid : LabelledSequences

    Raises
    ------
    ValueError
        If one of the parts would be empty.
    """
    n_valid = ceil(fraction * len(data))
    if n_valid >= len(data):
        raise ValueError(
            f"validation_fraction={fraction} of {len(data)} distinct sequences leaves "
            "none to train on; give more data or set early_stopping=False."
        )
    rows = np.arange(len(data))
    alone = np.empty(0, dtype=np.int64)  # rows that are the only ones of their class
    if strata is not None:
        _, codes, counts = np.unique(strata, return_inverse=True, return_counts=True)
        alone = np.flatnonzero(counts[codes] == 1)
        rows = np.flatnonzero(counts[codes] > 1)
        n_classes = np.count_nonzero(counts > 1)
        strata = strata[rows]
        if n_valid >= len(rows) or n_classes > min(n_valid, len(rows) - n_valid):
            rows, alone, strata = np.arange(len(data)), alone[:0], None
    train, valid = train_test_split(
        rows, test_size=n_valid, random_state=seed, stratify=strata
    )
    return data.take(np.append(train, alone)), data.take(valid)
