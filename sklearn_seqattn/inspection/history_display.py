"""TrainingHistoryDisplay: losses and scores over the epochs."""

import numpy as np

from sklearn_seqattn.inspection.explained import steps_of
from sklearn_seqattn.inspection.figures import make_axes

_LOSSES = ("train_loss", "valid_loss")
_NO_SCORES = {"epoch", "seconds", *_LOSSES}


class TrainingHistoryDisplay:
    """Show the losses and scores of a training, and its best epoch.

    Losses have the left axis, and the scores that callbacks recorded the right one.
    The best epoch is that of the lowest validation loss; without validation data
    there is none.

    Parameters
    ----------
    history : DataFrame
        One row an epoch, as the attribute `history_` of an estimator.

    Attributes
    ----------
    best_epoch_ : int or None
        The epoch of the lowest validation loss.
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

    def __init__(self, history):
        self.history = history

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
        return cls(last.history_).plot(ax=ax)

    @classmethod
    def from_predictions(cls, history, *, ax=None):
        """Plot a history that was kept.

        Parameters
        ----------
        history : DataFrame
            One row an epoch, with a column "epoch".
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        TrainingHistoryDisplay
            The display, plotted.
        """
        return cls(history).plot(ax=ax)

    def plot(self, ax=None):
        """Plot the losses and scores.

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
        self.score_ax_, self.best_epoch_ = None, None
        epochs, lines = self.history["epoch"], []
        marker = "o" if len(epochs) < 10 else None
        for name in _LOSSES:
            if name in self.history:
                losses = self.history[name]
                label = name.replace("_", " ")
                lines += self.ax_.plot(epochs, losses, label=label, marker=marker)
        lines += self._plot_scores(epochs, len(lines), marker)
        if "valid_loss" in self.history and self.history["valid_loss"].notna().any():
            best = int(np.nanargmin(self.history["valid_loss"]))
            self.best_epoch_ = int(epochs.iloc[best])
            label = f"best epoch ({self.best_epoch_})"
            style = {"color": "gray", "ls": ":", "label": label}
            lines.append(self.ax_.axvline(self.best_epoch_, **style))
        self.ax_.set_xlabel("epoch")
        self.ax_.set_ylabel("loss")
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        self.ax_.legend(  # above the axes, where no line crosses it
            handles=lines, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4
        )
        return self

    def _plot_scores(self, epochs, n_lines, marker):
        """Plot the columns that callbacks recorded; return their lines."""
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
                label=str(name).replace("_", " "),
                color=f"C{(n_lines + k) % 10}",
                ls="--",
                marker=marker,
            )
        return lines
