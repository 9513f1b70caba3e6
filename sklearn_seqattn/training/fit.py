"""The steps of a fit, in one order for all estimators.

Read, split, encode, build, train, calibrate, record. The seeds, the checkpoint, the
state of torch and the rollback after an error are around them.
"""

from collections.abc import Callable
from math import ceil
from typing import NamedTuple

import numpy as np
import torch
from sklearn.model_selection import train_test_split
from torch import nn

from sklearn_seqattn._estimator import draw_seeds, rollback_on_error
from sklearn_seqattn._version import __version__
from sklearn_seqattn.sequences.wording import number_of
from sklearn_seqattn.training.batching import SequenceDataset
from sklearn_seqattn.training.callbacks import (
    refuse_scores_of_shares,
    watches_validation,
)
from sklearn_seqattn.training.checkpoints import open_checkpoint
from sklearn_seqattn.training.distributed import joined
from sklearn_seqattn.training.engine import train
from sklearn_seqattn.training.epoch_scores import without_loss
from sklearn_seqattn.training.fingerprint import describe_params, digest
from sklearn_seqattn.training.history import append_history
from sklearn_seqattn.training.interrupts import raise_interrupt
from sklearn_seqattn.training.net_settings import read_net_params
from sklearn_seqattn.training.own_splits import split_by
from sklearn_seqattn.training.plan import plan_training
from sklearn_seqattn.training.progress import FitSteps
from sklearn_seqattn.training.randomness import isolated_torch
from sklearn_seqattn.training.tasks import FitTask


class Seeds(NamedTuple):
    """The seeds of a fit: what each of them decides."""

    split: int  # the sequences that are held out
    network: int  # initial weights and dropout
    order: int  # the order of the batches
    partner: int  # the random convolutions


class TrainingSets(NamedTuple):
    """What a network is trained on."""

    train: SequenceDataset
    valid: SequenceDataset | None
    criterion: nn.Module
    scores: Callable | None = None  # of a net after an epoch, by name


def fit(estimator, X, y, sample_weight=None, *, n_epochs=None, **data_options):
    """Fit an estimator.

    An estimator has `_rules`, the meaning of its "auto" parameters; `_module_params`,
    those of its network that `net_params` may set; `_uncalibrated`, what `_calibrate`
    learns as it is before that, by name; `_task_data`, what callbacks of scikit-learn
    score; and four hooks:

    * ``_read_training(X, y, sample_weight, fresh=..., **data_options)`` returns the
      checked training data, and the user's validation data or None. Data have
      ``len``, `lengths`, `strata`, `take(rows)` and `digests()`.
    * ``_make_datasets(data, valid, fresh=...)`` learns the encoders and returns
      `TrainingSets`.
    * ``_make_network(data, sets, plan, seed, fresh=...)`` returns the network, its
      partner fitted where it is part of the network.
    * ``_calibrate(data, valid, sets, plan, seeds, fresh=...)`` adapts the outputs of
      the trained network.

    Parameters
    ----------
    estimator : BaseEstimator
        Gets `net_`, `history_`, `n_iter_` and what its hooks learn. An error leaves
        it as it was.
    X, y, sample_weight
        As the estimator's `fit` takes them.
    n_epochs : int or None, default=None
        Epochs of `partial_fit`, which holds nothing out and continues the last fit;
        None for `fit`.
    **data_options
        Passed on to `_read_training`.

    Returns
    -------
    estimator : BaseEstimator

    Raises
    ------
    KeyboardInterrupt
        If the user interrupted the training; the estimator is fitted all the same.
    """
    given = read_net_params(
        estimator.net_params, estimator.callbacks, estimator._module_params
    )
    watching = watches_validation(estimator.callbacks)
    if n_epochs is not None and watching is not None:
        raise ValueError(
            f"callbacks has {watching}, which needs validation data, but partial_fit "
            "holds nothing out. Leave it out: set_params(callbacks=())."
        )
    with joined(given.is_distributed) as processes:
        _fit(estimator, X, y, sample_weight, n_epochs, given, processes, data_options)
    raise_interrupt(estimator.net_)  # the estimator keeps what was learned
    return estimator


def _fit(estimator, X, y, sample_weight, n_epochs, given, processes, data_options):
    """Fit an estimator with the processes that share its training."""
    if processes.size > 1:
        processes.check_same(_described(estimator, n_epochs))
        refuse_scores_of_shares(estimator.callbacks)
    goes_on = n_epochs is not None or getattr(estimator, "warm_start", False)
    fresh = not (goes_on and hasattr(estimator, "net_"))
    n_done = 0 if fresh else estimator.n_iter_  # other draws than in the last fit
    seeds = draw_seeds(estimator.random_state, len(Seeds._fields))
    seeds = processes.first(seeds)
    checkpoint = None if n_epochs else open_checkpoint(estimator.checkpoint)
    if checkpoint is not None:
        checkpoint.left = processes.first(checkpoint.left)
        seeds = checkpoint.load_seeds(seeds)
    seeds = Seeds(*seeds)
    verbose = estimator.verbose if processes.is_first else 0
    task = None if n_epochs else FitTask(estimator, X, y, sample_weight)
    with rollback_on_error(estimator), FitSteps(verbose) as show:
        shared = f" in {processes.size} processes" if processes.size > 1 else ""
        show(f"reading X{shared}")
        data, valid = estimator._read_training(
            X, y, sample_weight, fresh=fresh, **data_options
        )
        if checkpoint is not None or processes.size > 1:
            fingerprint = _fingerprint(estimator, data, valid, fresh)
            processes.check_same(fingerprint)
        if checkpoint is not None:
            checkpoint.check_fingerprint(fingerprint)
        rules, patience = estimator._rules, None
        if n_epochs is None:
            data, valid, patience = _hold_out(
                estimator, data, valid, rules, given.splitter, seeds.split
            )
            if given.splitter is not None:
                processes.check_same(data.digests())
            _check_validation(estimator, data, valid)
        show("encoding X")
        sets = estimator._make_datasets(data, valid, fresh=fresh)
        plan = plan_training(
            estimator,
            data,
            rules,
            net_params=given.engine,
            patience=None if sets.valid is None else patience,
            n_epochs=n_epochs,
            checkpoint=checkpoint,
            verbose=verbose,
            processes=processes,
        )
        with isolated_torch(seeds.network + n_done, plan.device):
            show("building the network and its partner")
            network = estimator._make_network(
                data, sets, plan, seeds.partner, fresh=fresh
            )
            show(None)  # the training has a bar of its own
            estimator.net_, history = train(
                network,
                sets.criterion,
                sets.train,
                plan,
                seed=seeds.order + n_done,
                valid_set=sets.valid,
                scores=sets.scores,
                epoch_tasks=None if task is None else task.begin(plan.n_left),
            )
            append_history(estimator, history, fresh=fresh)
            show("calibrating")
            estimator._calibrate(data, valid, sets, plan, seeds, fresh=fresh)
        if task is not None:
            task.end()
    is_complete = estimator.net_.stopped_by is None
    is_done = is_complete and processes.is_first
    if checkpoint is not None and is_done and not checkpoint.keep:
        checkpoint.remove()


def _hold_out(estimator, data, valid, rules, splitter, seed):
    """Return training and validation data, and how many epochs early stopping waits."""
    if splitter is not None and valid is not None:
        raise ValueError(
            "net_params has 'train_split', but fit was given validation data, too; "
            "leave one of them out."
        )
    n, validates = len(data), valid is not None or splitter is not None
    patience = rules.patience(estimator, n, validates=validates)
    if splitter is not None:
        data, valid = split_by(splitter, data)
    elif valid is None and rules.holds_out(patience, n):
        data, valid = split(data, estimator.validation_fraction, seed)
    return data, valid, patience


def split(data, fraction, seed):
    """Hold out a part of the training data.

    Parameters
    ----------
    data : data of a fit
        The training data, n rows.
    fraction : float
        The share to hold out.
    seed : int
        Decides which rows.

    Returns
    -------
    train, valid : data of a fit
        The rows of both parts in their order. Where `data` has strata, both parts
        have them in like shares, as far as their counts allow.

    Raises
    ------
    ValueError
        If one of the parts would be empty.
    """
    n_valid = ceil(fraction * len(data))
    if n_valid >= len(data):
        raise ValueError(
            f"validation_fraction={fraction} of "
            f"{number_of(len(data), 'distinct sequence')} leaves none to train on; "
            "give more data or set early_stopping=False."
        )
    rows, strata = np.arange(len(data)), data.strata
    single = rows[:0]  # rows that are the only ones of their class
    if strata is not None:
        _, codes, counts = np.unique(strata, return_inverse=True, return_counts=True)
        single, rows = rows[counts[codes] == 1], rows[counts[codes] > 1]
        strata = strata[rows]
        n_classes = np.count_nonzero(counts > 1)
        if n_valid >= len(rows) or n_classes > min(n_valid, len(rows) - n_valid):
            rows, single, strata = np.arange(len(data)), rows[:0], None
    train_rows, valid_rows = train_test_split(
        rows, test_size=n_valid, random_state=seed, stratify=strata
    )
    train_rows = np.sort(np.append(train_rows, single))
    return data.take(train_rows), data.take(np.sort(valid_rows))


def _check_validation(estimator, data, valid):
    """Raise if there are scorers or callbacks of validation data, and no such data."""
    scoring = getattr(estimator, "scoring", None)
    watching, n = watches_validation(estimator.callbacks), len(data)
    if valid is not None or (watching is None and without_loss(scoring) is None):
        return
    found = f"callbacks has {watching}, which needs"
    if without_loss(scoring) is not None:
        found = f"scoring={scoring!r} needs"
    fewest = estimator._rules.fewest_to_split
    remedy = "Set early_stopping=True"
    if n < fewest:
        remedy = f"Give {fewest} sequences or more"
    raise ValueError(
        f"{found} validation data, but nothing is held out with "
        f"early_stopping={estimator.early_stopping!r} and {number_of(n, 'sequence')}. "
        f"{remedy}, or pass validation_data where fit takes it."
    )


def _described(estimator, n_epochs):
    """Describe what decides which steps a fit takes, as text by name."""
    params = estimator.get_params(deep=True)
    return describe_params(params) | {
        "the class": type(estimator).__name__,
        "max_epochs": repr(params["max_epochs"]),
        "the use of max_time": repr(params["max_time"] is not None),
        "the use of checkpoint": repr(params["checkpoint"] is not None),
        "the epochs of partial_fit": repr(n_epochs),
        "the last fit": repr(getattr(estimator, "n_iter_", None)),
        "the version of sklearn_seqattn": __version__,
        "the version of torch": str(torch.__version__),
    }


def _fingerprint(estimator, data, valid, fresh):
    """Describe all that the result of a fit depends on, as text by name."""
    described = describe_params(estimator.get_params(deep=True)) | data.digests()
    if valid is not None:
        described |= {f"validation {k}": v for k, v in valid.digests().items()}
    if not fresh:
        weights = estimator.net_.module_.state_dict().values()
        described["weights so far"] = digest(*[w.cpu().numpy() for w in weights])
    return described
