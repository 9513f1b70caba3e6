"""Report the epochs of a training to an Optuna trial, and stop hopeless ones."""

from skorch.callbacks import Callback

from sklearn_seqattn.training.history import history_frame


class PruningCallback(Callback):
    """Report each epoch to a trial of Optuna, which prunes trainings that lag behind.

    Pass it in `callbacks`. The training needs validation data: set
    ``early_stopping=True``, or pass them to `fit`. In a cross-validation these are a
    part of each training fold, never the test fold.

    Of several fits with one trial, as the folds of a cross-validation, the first one
    reports, so that trials are compared on the same data. Later ones train to their
    end. Fit the folds one after another in the process of the trial, and run trials
    side by side instead. Functions of scikit-learn need ``error_score="raise"``, or
    they take a pruned fit for a failed one.

    Clones of the callback are the callback itself. A copy in another process, or from a
    file, has no trial, and refuses to train.

    Parameters
    ----------
    trial : optuna.Trial
        The trial, of a study with one objective.
    monitor : str, default="valid_loss"
        The column of `history_` to report. The lower, the better, if its name ends in
        "loss"; all others, such as the ``valid_<name>`` of `scoring`, are better the
        higher. The sign is changed where the study goes in the other direction.

    See Also
    --------
    sklearn_seqattn.search.suggest_params : The parameters of a trial.

    References
    ----------
    T. Akiba et al., "Optuna: a next-generation hyperparameter optimization framework",
    KDD 2019.

    Examples
    --------
    >>> import optuna
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> from sklearn_seqattn.search import PruningCallback
    >>> X = [[0, 1, 2], [3, 2, 1], [1, 2, 2], [2, 2, 0]] * 10
    >>> def objective(trial):
    ...     classifier = AttentionLSTMClassifier(
    ...         lr=trial.suggest_float("lr", 1e-3, 1e-2, log=True),
    ...         max_epochs=3,
    ...         early_stopping=True,
    ...         callbacks=[PruningCallback(trial)],
    ...         random_state=0,
    ...     )
    ...     return classifier.fit(X, [1, 0] * 20).history_["valid_loss"].min()
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> study.optimize(objective, n_trials=2)
    >>> sorted(study.trials[0].intermediate_values)
    [1, 2, 3]
    """

    def __init__(self, trial, monitor="valid_loss"):
        self.trial = trial
        self.monitor = monitor

    def __sklearn_clone__(self):
        return self

    def __getstate__(self):
        return {**vars(self), "trial": None}

    def on_train_begin(self, net, **kwargs):
        """Check the trial; note whether this training is the first one."""
        if self.trial is None:
            raise ValueError(
                "This PruningCallback is a copy without its trial, in another process "
                "or from a file. Fit folds in the process of the trial (n_jobs=None), "
                "or set callbacks=()."
            )
        if len(self.trial.study.directions) > 1:
            raise ValueError(
                f"The study of trial {self.trial.number} has "
                f"{len(self.trial.study.directions)} objectives; Optuna prunes trials "
                "of one objective. Leave PruningCallback out."
            )
        self.is_first_ = not hasattr(self, "is_first_")

    def on_epoch_begin(self, net, dataset_valid=None, **kwargs):
        """Refuse a training that is not validated."""
        if dataset_valid is None:
            raise ValueError(
                "PruningCallback needs validation data, but nothing is held out. Set "
                "early_stopping=True, or pass validation_data to fit."
            )

    def on_epoch_end(self, net, **kwargs):
        """Report the epoch; end the training if the trial is to be pruned."""
        if not self.is_first_:
            return
        value, epoch = self._monitored(net.history), len(net.history)
        self.trial.report(-value if self._is_reversed() else value, epoch)
        if self.trial.should_prune():
            from optuna import TrialPruned

            raise TrialPruned(
                f"{self.monitor} was {value:.4g} after epoch {epoch}, which lags "
                "behind other trials."
            )

    def _monitored(self, history):
        """Return the number to report of the last epoch."""
        row = history_frame(history[-1:]).iloc[0]
        if self.monitor not in row:
            known = [name for name in row.index if name.startswith("valid_")]
            raise ValueError(
                f"monitor={self.monitor!r} is not recorded; choose one of {known}, or "
                "name a scorer in `scoring`."
            )
        return float(row[self.monitor])

    def _is_reversed(self):
        """Return whether the study looks for high values of a loss, or low scores."""
        minimizes = self.trial.study.direction.name == "MINIMIZE"
        return minimizes != self.monitor.endswith("loss")
