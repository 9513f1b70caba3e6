"""TransitionDisplay: how often states follow each other, counted and learned."""

import numpy as np

from sklearn_seqattn.inspection.figures import (
    add_colorbar,
    label_ticks,
    longest_label,
    make_panels,
)
from sklearn_seqattn.inspection.items import read_items
from sklearn_seqattn.inspection.next_state_display import check_next_state


class TransitionDisplay:
    """Show how often states follow each other, counted and as a model predicts it.

    The learned matrix is the mean of what the model predicts after each state, wherever
    it occurs in X. A model that looks further back than one state is right to differ at
    single places, but not much on average.

    Parameters
    ----------
    states : ndarray of shape (k,)
        The states.
    learned, counted : ndarray of shape (k, k)
        Row i: the probabilities of what follows state i. What is not among the states
        is left out, so that rows may sum to less than one.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : list of matplotlib Axes
        The axes of "counted" and "learned".

    Examples
    --------
    >>> from sklearn_seqattn import NextStateMarkov
    >>> from sklearn_seqattn.inspection import TransitionDisplay
    >>> X = ["a b a c a b", "a b a b"] * 3
    >>> display = TransitionDisplay.from_estimator(NextStateMarkov().fit(X), X)
    >>> display.states.tolist(), display.counted.round(2).tolist()[0]
    (['a', 'b', 'c'], [0.0, 0.8, 0.2])
    """

    def __init__(self, states, learned, counted):
        self.states = np.asarray(states)
        self.learned = np.asarray(learned)
        self.counted = np.asarray(counted)

    @classmethod
    def from_estimator(cls, estimator, X, *, n_states=20, ax=None):
        """Plot the transitions of a fitted model over some sequences.

        Parameters
        ----------
        estimator : NextStateLSTM or NextStateMarkov
            Fitted.
        X : sequences of states
            As in `predict`.
        n_states : int, default=20
            States to show at most, the most frequent ones of X.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        TransitionDisplay
            The display, plotted.

        Raises
        ------
        TypeError
            If the estimator predicts no next states.
        """
        model = check_next_state(estimator)
        items = read_items(model, X)
        sequences = [
            np.asarray(x if items.states is None else x[items.states])
            for x in items.elements
        ]
        chosen = _most_frequent(sequences, model.classes_, n_states)
        predicted = model.predict_positions(X)
        matrices = _transitions(sequences, predicted, model.classes_)
        learned, counted = (one[np.ix_(chosen, chosen)] for one in matrices)
        return cls(model.classes_[chosen], learned, counted).plot(ax=ax)

    @classmethod
    def from_predictions(cls, states, learned, counted, *, ax=None):
        """Plot two matrices of transitions.

        Parameters
        ----------
        states : array-like of shape (k,)
            The states.
        learned, counted : array-like of shape (k, k)
            Row i: the probabilities of what follows state i.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        TransitionDisplay
            The display, plotted.
        """
        return cls(states, learned, counted).plot(ax=ax)

    def plot(self, ax=None):
        """Plot the two matrices side by side.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to plot, divided in two; None makes a figure.

        Returns
        -------
        TransitionDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        side = 2.4 + 0.2 * len(self.states) + 0.06 * longest_label(self.states)
        self.figure_, self.ax_ = make_panels(self, ax, (2 * side, side), 2)
        highest = max(np.max(self.counted), np.max(self.learned))
        matrices = {"counted": self.counted, "learned": self.learned}
        for panel, (name, matrix) in zip(self.ax_, matrices.items(), strict=True):
            image = panel.imshow(matrix, vmin=0, vmax=highest)
            panel.set_title(name)
            panel.set_xlabel("next state")
            label_ticks(panel.xaxis, self.states, rotation=90)
            panel.set_yticks([])
        label_ticks(self.ax_[0].yaxis, self.states)
        self.ax_[0].set_ylabel("state")
        add_colorbar(self, ax, image, "probability")
        return self


def _most_frequent(sequences, classes, n_states):
    """Return the columns of the most frequent states, in the order of the classes."""
    found, counts = np.unique(np.concatenate(sequences), return_counts=True)
    frequent = set(found[np.argsort(-counts, kind="stable")].tolist()[:n_states])
    return [k for k, state in enumerate(classes.tolist()) if state in frequent]


def _transitions(sequences, predicted, classes):
    """Return the mean prediction after each state, and the counted share, (K, K)."""
    column = {state: k for k, state in enumerate(classes.tolist())}
    learned, counted = np.zeros((2, len(classes), len(classes)))
    seen = np.zeros(len(classes))
    for states, rows in zip(sequences, predicted, strict=True):
        columns = [column.get(state) for state in states.tolist()]
        for k, row, following in zip(columns, rows, [*columns[1:], None], strict=True):
            if k is None:
                continue
            learned[k] += row
            seen[k] += 1
            if following is not None:
                counted[k, following] += 1
    totals = counted.sum(axis=1, keepdims=True)
    return learned / np.maximum(seen, 1)[:, None], counted / np.maximum(totals, 1)
