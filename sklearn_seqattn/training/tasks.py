"""A fit and its epochs as the tasks that scikit-learn's callbacks see."""

from skorch.callbacks import Callback

from sklearn_seqattn._estimator import fit_task
from sklearn_seqattn.training.history import history_frame


class FitTask:
    """A fit, whose epochs are its subtasks.

    It does nothing where there are no callbacks of scikit-learn.

    Parameters
    ----------
    estimator : BaseEstimator
        What is fitted.
    X, y, sample_weight
        As the user gave them. Callbacks get what the estimator makes of them by
        `_task_data`.
    """

    def __init__(self, estimator, X, y, sample_weight):
        self.estimator, self.context = estimator, fit_task(estimator)
        self._given = X, y, sample_weight

    def begin(self, n_epochs):
        """Begin the training.

        Parameters
        ----------
        n_epochs : int
            Its epochs, at most.

        Returns
        -------
        callback : EpochTasks or None
            To be called by the training.
        """
        if self.context is None:
            return None
        X, y, weights = self.estimator._task_data(*self._given)
        weights = {} if weights is None else {"sample_weight": weights}
        self._data = {"X": X, "y": y, "metadata": weights}
        self.context.max_subtasks = n_epochs
        self._call("begin", self.context, None)
        return EpochTasks(self)

    def end(self):
        """End the fit; the estimator is fitted."""
        if self.context is not None:
            self._call("end", self.context, dict)

    def begin_epoch(self):
        """Return the task of an epoch."""
        task = self.context.subcontext(task_name="epoch")
        self._call("begin", task, None)
        return task

    def end_epoch(self, task, net):
        """End an epoch; return whether a callback wants the training to stop."""

        def attributes():
            net.module_.eval()
            history = history_frame(net.history)
            fitted = {"net_": net, "history_": history, "n_iter_": len(history)}
            return self.estimator._uncalibrated | fitted

        return self._call("end", task, attributes)

    def _call(self, hook, task, attributes):
        """Call a hook of all callbacks; `attributes` make a copy that can predict."""
        call = getattr(task, f"call_on_fit_task_{hook}")
        return call(
            estimator=self.estimator, reconstruction_attributes=attributes, **self._data
        )


class EpochTasks(Callback):
    """Begin and end the task of each epoch.

    It comes after all other callbacks, which have put the weights in place that are
    kept.

    Parameters
    ----------
    fit_task : FitTask
        The fit.
    """

    def __init__(self, fit_task):
        self.fit_task = fit_task

    def on_train_begin(self, net, **kwargs):
        """Have no task yet."""
        self.task_ = None

    def on_epoch_begin(self, net, **kwargs):
        """Begin a task."""
        self.task_ = self.fit_task.begin_epoch()

    def on_epoch_end(self, net, **kwargs):
        """End the task, and the training if a callback wants that."""
        task, self.task_ = self.task_, None
        if any(net.processes.largest(self.fit_task.end_epoch(task, net))):
            raise KeyboardInterrupt

    def on_train_end(self, net, **kwargs):
        """End the task of an epoch in which training stopped."""
        if self.task_ is not None:
            self.fit_task.end_epoch(self.task_, net)
