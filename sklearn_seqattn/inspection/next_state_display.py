"""NextStateDisplay: what a model predicts after one sequence of states."""

import numpy as np

from sklearn_seqattn.inspection.explained import steps_of
from sklearn_seqattn.inspection.figures import label_ticks, make_axes, shorten
from sklearn_seqattn.inspection.items import read_items
from sklearn_seqattn.next_state.base import NextStateMixin


def check_next_state(estimator):
    """Return the fitted next-state model of an estimator.

    Parameters
    ----------
    estimator : estimator instance
        A next-state model, fitted.

    Returns
    -------
    model : NextStateLSTM or NextStateMarkov

    Raises
    ------
    TypeError
        If it is none.
    """
    last = steps_of(estimator)[-1]
    if not isinstance(last, NextStateMixin):
        raise TypeError(f"{type(last).__name__} does not predict next states.")
    return last


class NextStateDisplay:
    """Show the probabilities of what follows a sequence of states.

    Parameters
    ----------
    states : ndarray of shape (k,)
        The states, the most probable first.
    probabilities : ndarray of shape (k,)
        Their probabilities.
    prefix : list or None, default=None
        The states before.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : matplotlib Axes
        The axes.

    Examples
    --------
    >>> from sklearn_seqattn import NextStateMarkov
    >>> from sklearn_seqattn.inspection import NextStateDisplay
    >>> model = NextStateMarkov().fit(["open check pay", "open pay"] * 3)
    >>> display = NextStateDisplay.from_estimator(model, ["open"], k=2)
    >>> sorted(display.states.tolist())
    ['check', 'pay']
    """

    def __init__(self, states, probabilities, *, prefix=None):
        self.states = np.asarray(states)
        self.probabilities = np.asarray(probabilities)
        self.prefix = prefix

    @classmethod
    def from_estimator(cls, estimator, X, *, index=0, k=10, ax=None):
        """Plot what a fitted model predicts after one sequence.

        Parameters
        ----------
        estimator : NextStateLSTM or NextStateMarkov
            Fitted.
        X : sequences of states
            As in `predict`.
        index : int, default=0
            Which sequence of X.
        k : int, default=10
            States to show at most, the most probable ones.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        NextStateDisplay
            The display, plotted.

        Raises
        ------
        TypeError
            If the estimator predicts no next states.
        """
        model = check_next_state(estimator)
        items = read_items(model, X)
        k = min(k, len(model.classes_))
        states, probabilities = model.predict_topk(items.pick(index), k=k)
        prefix = items.elements[index]
        if items.states is not None:
            prefix = prefix[items.states]
        display = cls(states[0], probabilities[0], prefix=list(prefix))
        return display.plot(ax=ax)

    @classmethod
    def from_predictions(cls, states, probabilities, *, prefix=None, ax=None):
        """Plot one row of what `predict_topk` returns.

        Parameters
        ----------
        states : array-like of shape (k,)
            The states.
        probabilities : array-like of shape (k,)
            Their probabilities.
        prefix : list or None, default=None
            The states before.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        NextStateDisplay
            The display, plotted.
        """
        return cls(states, probabilities, prefix=prefix).plot(ax=ax)

    def plot(self, ax=None):
        """Plot the probabilities as bars.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        NextStateDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        size = (6.0, 1.2 + 0.3 * len(self.states))
        self.figure_, self.ax_ = make_axes(self, ax, size)
        places = np.arange(len(self.states))
        bars = self.ax_.barh(places, self.probabilities)
        self.ax_.bar_label(bars, fmt="%.2f", padding=3)
        label_ticks(self.ax_.yaxis, self.states)
        self.ax_.invert_yaxis()
        self.ax_.set_xlim(0, 1.2 * max(self.probabilities))
        self.ax_.set_xlabel("probability")
        if self.prefix is not None:
            last = [shorten(state) for state in self.prefix[-3:]]
            more = ["..."] if len(self.prefix) > 3 else []
            self.ax_.set_title("after " + (" ".join([*more, *last]) or "nothing"))
        return self
