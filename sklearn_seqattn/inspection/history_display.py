"""TrainingHistoryDisplay: losses, scores and learning rate over the epochs."""

from sklearn_seqattn.inspection.explained import steps_of
from sklearn_seqattn.inspection.figures import make_axes, shorten
from sklearn_seqattn.training.epoch_scores import column_name, scorer_names

_LOSSES = ("train_loss", "valid_loss")
_NO_SCORES = {"epoch", "lr", "batches", "seconds", *_LOSSES}


class TrainingHistoryDisplay:
    """Show the losses, scores and learning rate of a training, and its best epoch.

    Losses have the left axis, and scores the right one: those of `scoring`, and those
    that callbacks recorded. The learning rate has no axis; the legend says how high it
    is at most. The best epoch is that of the lowest validation loss, or of the
    highest first score of `scoring`; without validation data there is none.

    Parameters
    ----------
    history : DataFrame
        One row an epoch, as the attribute `history_` of an estimator.
    monitor : str, default="valid_loss"
        The column that tells the best epoch: of the validation loss the lowest, of
        another one the highest.

    Attributes
    ----------
    best_epoch_ : int or None
        The epoch that is best by the column `monitor`.
    figure_ : matplotlib Figure
        The figure.
    ax_ : matplotlib Axes
        The axes of the losses.
    score_ax_ : matplotlib Axes or None
        Those of the scores.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> from sklearn_seqattn.inspection import TrainingHistoryDisplay
    >>> X = [np.random.default_rng(i).normal(size=9) for i in range(20)]
    >>> model = AttentionLSTMClassifier(max_epochs=3).fit(X, np.arange(20) % 2)
    >>> display = TrainingHistoryDisplay.from_estimator(model)
    >>> [len(line.get_xdata()) for line in display.ax_.lines]
    [3]
    """

    def __init__(self, history, *, monitor="valid_loss"):
        self.history = history
        self.monitor = monitor

    @classmethod
    def from_estimator(cls, estimator, *, ax=None):
        """Plot the training of a fitted estimator.

        Parameters
        ----------
        estimator : estimator instance
            An estimator with a network, or a Pipeline that ends in one, fitted.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        TrainingHistoryDisplay
            The display, plotted.

        Raises
        ------
        TypeError
            If the estimator was not trained in epochs.
        """
        last = steps_of(estimator)[-1]
        if not hasattr(last, "history_"):
            raise TypeError(f"{type(last).__name__} is not trained in epochs.")
        monitor = column_name(scorer_names(getattr(last, "scoring", None))[0])
        return cls(last.history_, monitor=monitor).plot(ax=ax)

    @classmethod
    def from_predictions(cls, history, *, monitor="valid_loss", ax=None):
        """Plot a history that was kept.

        Parameters
        ----------
        history : DataFrame
            One row an epoch, with a column "epoch".
        monitor : str, default="valid_loss"
            The column that tells the best epoch.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        TrainingHistoryDisplay
            The display, plotted.
        """
        return cls(history, monitor=monitor).plot(ax=ax)

    def plot(self, ax=None):
        """Plot the losses, the scores and the learning rate.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        TrainingHistoryDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        self.figure_, self.ax_ = make_axes(self, ax, (6.4, 4.0))
        self.score_ax_, self.best_epoch_ = None, self._find_best()
        epochs, lines = self.history["epoch"], []
        marker = "o" if len(epochs) < 10 else None
        for name in _LOSSES:
            if name in self.history:
                losses = self.history[name]
                label = name.replace("_", " ")
                lines += self.ax_.plot(epochs, losses, label=label, marker=marker)
        lines += self._plot_scores(epochs, len(lines), marker)
        lines += self._plot_rate(epochs)
        if self.best_epoch_ is not None:
            label = f"best epoch ({self.best_epoch_})"
            style = {"color": "gray", "ls": ":", "label": label}
            lines.append(self.ax_.axvline(self.best_epoch_, **style))
        self.ax_.set_xlabel("epoch")
        self.ax_.set_ylabel("loss")
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        if len(epochs) == 1:
            self.ax_.set_xlim(epochs.iloc[0] - 1, epochs.iloc[0] + 1)
        self.ax_.legend(  # above the axes, where no line crosses it
            handles=lines, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3
        )
        return self

    def _find_best(self):
        """Return the best epoch, or None."""
        if self.monitor not in self.history or self.history[self.monitor].isna().all():
            return None
        values = self.history[self.monitor]
        best = values.argmin() if self.monitor == "valid_loss" else values.argmax()
        return int(self.history["epoch"].iloc[best])

    def _plot_rate(self, epochs):
        """Plot the learning rate behind all else, from 0 to its highest value."""
        if "lr" not in self.history:
            return []
        rates, ax = self.history["lr"], self.ax_.twinx()
        ax.set_axis_off()
        ax.set_ylim(0, 1.05 * (rates.max() or 1.0))
        label = f"lr (up to {rates.max():.2g})"
        return [ax.fill_between(epochs, rates, color="gray", alpha=0.15, label=label)]

    def _plot_scores(self, epochs, n_lines, marker):
        """Plot the scores; return their lines."""
        numbers = self.history.select_dtypes("number")
        names = [name for name in numbers if name not in _NO_SCORES]
        if not names:
            return []
        self.score_ax_ = self.ax_.twinx()
        self.score_ax_.set_ylabel("score")
        lines = []
        for k, name in enumerate(names):
            lines += self.score_ax_.plot(
                epochs,
                self.history[name],
                label=shorten(str(name).replace("_", " ")),
                color=f"C{(n_lines + k) % 10}",
                ls="--",
                marker=marker,
            )
        return lines
