"""How an estimator is trained: the rules of "auto", and the plan of one fit."""

from collections.abc import Callable
from dataclasses import dataclass

from sklearn_seqattn.training.devices import resolve_device, resolve_precision
from sklearn_seqattn.training.engine import TrainingPlan
from sklearn_seqattn.training.epoch_scores import watched_column
from sklearn_seqattn.training.optimization import AverageWeights
from sklearn_seqattn.training.processes import ALONE


@dataclass(frozen=True)
class TrainingRules:
    """What "auto" means for the training of an estimator.

    Parameters
    ----------
    batch_size : callable
        From the training data to sequences a batch.
    max_epochs : callable
        From the training data and the batch size to epochs.
    early_stopping_from : int, default=0
        The n from which ``early_stopping="auto"`` holds sequences out.
    calibrates : bool, default=False
        Whether sequences are held out even without early stopping, to choose a
        mixture.
    fewest_to_split : int, default=0
        The n below which nothing is held out.
    averaged_share : float or None, default=None
        The share of the steps over which the weights are averaged; None keeps the
        last ones.
    """

    batch_size: Callable
    max_epochs: Callable
    early_stopping_from: int = 0
    calibrates: bool = False
    fewest_to_split: int = 0
    averaged_share: float | None = None

    def sizes(self, estimator, data):
        """Return sequences a batch and epochs, those of "auto" where that is set."""
        batch_size, max_epochs = estimator.batch_size, estimator.max_epochs
        if batch_size == "auto":
            batch_size = self.batch_size(data)
        if max_epochs == "auto":
            max_epochs = self.max_epochs(data, batch_size)
        return int(batch_size), int(max_epochs)

    def patience(self, estimator, n_samples, *, validates):
        """Return the epochs without improvement to wait for; None never stops."""
        stops = estimator.early_stopping
        if stops == "auto":
            stops = validates or n_samples >= self.early_stopping_from
        return int(estimator.n_iter_no_change) if stops else None

    def holds_out(self, patience, n_samples):
        """Return whether a part of the training data is held out."""
        wanted = self.calibrates or patience is not None
        return wanted and n_samples >= self.fewest_to_split


def plan_training(
    estimator,
    data,
    rules,
    *,
    net_params,
    patience=None,
    n_epochs=None,
    checkpoint=None,
    verbose=0,
    processes=ALONE,
):
    """Return the plan of one training.

    Parameters
    ----------
    estimator : BaseEstimator
        Has the parameters of training, such as `lr` and `batch_size`.
    data : data of a fit
        The training part.
    rules : TrainingRules
        What "auto" means for it.
    net_params : dict
        What skorch gets.
    patience : int or None, default=None
        Epochs to wait for an improvement; None never stops early.
    n_epochs : int or None, default=None
        Epochs of a `partial_fit`, at a constant learning rate; None for a `fit`.
    checkpoint : object or None, default=None
        Where the state of the training is kept.
    verbose : int, default=0
        That of the estimator, 0 in all processes but the first.
    processes : Processes, default=ALONE
        Those that share the training.

    Returns
    -------
    plan : TrainingPlan
    """
    batch_size, max_epochs = rules.sizes(estimator, data)
    averaging = ()
    if rules.averaged_share is not None and n_epochs is None:
        averaging = (("average", AverageWeights(rules.averaged_share)),)
    device = resolve_device(processes.place(estimator.device))
    return TrainingPlan(
        lr=estimator.lr,
        batch_size=batch_size,
        max_epochs=int(n_epochs or max_epochs),
        patience=patience,
        precision=resolve_precision(estimator.precision, device),
        device=device,
        verbose=int(verbose),
        callbacks=(*averaging, *estimator.callbacks),
        net_params=net_params,
        constant_lr=n_epochs is not None,
        max_time=estimator.max_time,
        monitor=watched_column(getattr(estimator, "scoring", None)),
        checkpoint=checkpoint,
        processes=processes,
    )
