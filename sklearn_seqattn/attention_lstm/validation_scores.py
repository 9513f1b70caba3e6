"""Score the validation data by scikit-learn's scorers, as the estimator predicts."""

import copy
from collections.abc import Mapping
from numbers import Real

import numpy as np
from sklearn.metrics import check_scoring

from sklearn_seqattn._estimator import scoring_of_callbacks
from sklearn_seqattn.sequences.stored_steps import select_sequences
from sklearn_seqattn.training.epoch_scores import (
    column_name,
    scorer_names,
    without_loss,
)
from sklearn_seqattn.training.prediction import forward


def find_scorer(estimator):
    """Return the scorer of an estimator's `scoring`.

    Parameters
    ----------
    estimator : BaseSequenceEstimator
        Not fitted, or fitted.

    Returns
    -------
    scorer : callable or None
        Returns a number, or a dict of numbers for several. None if the validation
        loss is all that is wanted.

    Raises
    ------
    ValueError, TypeError
        If there is no such scorer, or a name is no string.
    """
    if estimator.scoring is None:
        return None
    for name in scorer_names(estimator.scoring):
        if not isinstance(name, str):
            raise TypeError(
                f"scoring={estimator.scoring!r} has {name!r}; a list holds names of "
                "scorers, and a dict has names as keys."
            )
    scoring = without_loss(estimator.scoring)
    if isinstance(scoring, dict) and "loss" in scoring:
        raise ValueError(
            "scoring has a scorer named 'loss', which is the name of the validation "
            "loss; give it another name."
        )
    return None if scoring is None else check_scoring(estimator, scoring=scoring)


def refuse_scores_of_rows(estimator):
    """Refuse scorers that scikit-learn has by name: they take one answer a row.

    Parameters
    ----------
    estimator : AttentionLSTMTagger
        Its `scoring`, and callbacks of scikit-learn that score, such as ScoringMonitor.

    Raises
    ------
    ValueError
        If there is one.
    """
    given = {"scoring": without_loss(estimator.scoring)}
    given |= scoring_of_callbacks(estimator)
    for where, scoring in given.items():
        if isinstance(scoring, Mapping):
            scoring = [*scoring.values()]
        for scorer in scoring if isinstance(scoring, list | tuple) else [scoring]:
            if isinstance(scorer, str):
                raise ValueError(
                    f"{where} has the scorer {scorer!r}, which takes one answer a "
                    "sequence, but a tagger gives one a step. Pass StepScorer of "
                    "sklearn_seqattn.metrics, as {'f1': StepScorer('f1_macro')}."
                )


def rows_by_weight(weights):
    """Return which rows are scored, and options of the scorers.

    Parameters
    ----------
    weights : ndarray of shape (n,)
        The weight of each row.

    Returns
    -------
    rows : ndarray of shape (m,)
        Where all weights are whole numbers, as those of merged copies, rows are
        repeated.
    options : dict
        Other weights, as "sample_weight".
    """
    rows = np.arange(len(weights))
    if (weights == np.round(weights)).all():
        return np.repeat(rows, weights.astype(np.int64)), {}
    return rows, {"sample_weight": weights}


class ScoredMixin:
    """What an estimator says of validation data that scorers see."""

    def _task_data(self, X, y, sample_weight):
        """Return what scikit-learn's callbacks score: the data of the fit."""
        return X, y, sample_weight

    def _scored_rows(self, data):
        """Return which rows are scored, their targets, and options of the scorers."""
        rows, options = rows_by_weight(data.weights)
        return rows, self.target_encoder_.decode(data.targets[rows]), options

    def _outputs_of(self, net, dataset, rows):
        """Return the outputs of a network for some rows, as `_outputs` does."""
        return forward(net, dataset)[rows]


class ValidationScores:
    """The scores of the validation data of a training.

    A subclass sets `X`, `y` and `options`, with which the scorers are called, and
    returns by `_model` the estimator that predicts by the network of a net.

    Parameters
    ----------
    estimator : estimator
        In its fit, its encoders fitted.
    scorer : callable
        As from `find_scorer`.
    """

    def __init__(self, estimator, scorer):
        self.scorer, self.estimator = scorer, copy.copy(estimator)
        vars(self.estimator).update(estimator._uncalibrated, verbose=0)
        self.name = scorer_names(estimator.scoring)[0]

    def __call__(self, net):
        """Return the scores of the network of a net, by name.

        Parameters
        ----------
        net : SequenceNet
            At the end of an epoch.

        Returns
        -------
        scores : dict of str to float

        Raises
        ------
        TypeError
            If a scorer returns no number.
        """
        found = self.scorer(self._model(net), self.X, self.y, **self.options)
        if not isinstance(found, dict):
            found = {self.name: found}
        for name, score in found.items():
            if not isinstance(score, Real):
                raise TypeError(
                    f"The scorer of {column_name(name)} returned {score!r}; it must "
                    "return a number. Pass a dict of scorers for several numbers."
                )
        return {name: float(score) for name, score in found.items()}


class SequenceScores(ValidationScores):
    """The scores of sequences and their targets.

    The scorers get the validation sequences as a list of arrays or frames, or as a
    store.

    Parameters
    ----------
    estimator, scorer
        As in `ValidationScores`.
    data : LabeledSequences
        The validation data.
    dataset : SequenceDataset
        The same, as the network reads it.
    """

    def __init__(self, estimator, scorer, data, dataset):
        super().__init__(estimator, scorer)
        self.dataset = dataset
        self.rows, self.y, self.options = estimator._scored_rows(data)
        self.X = select_sequences(data.sequences, self.rows)

    def _model(self, net):
        """Return the estimator with a network; the outputs of X are computed once."""
        outputs = self.estimator._outputs_of(net, self.dataset, self.rows)
        model = copy.copy(self.estimator)
        model.net_ = net
        model._outputs = lambda X: (
            outputs if X is self.X else type(model)._outputs(model, X)
        )
        return model
