"""PrefixDisplay: what a model says after each step of one sequence."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from sklearn_seqattn.inspection.explained import steps_of
from sklearn_seqattn.inspection.figures import (
    label_ticks,
    longest_label,
    make_axes,
    shorten,
)
from sklearn_seqattn.inspection.items import read_items
from sklearn_seqattn.next_state.base import NextStateMixin
from sklearn_seqattn.sequences.wording import number_of

_MOST_COLORS = 8  # of lines that the eye tells apart; the others are gray
_MOST_MARKERS = 40  # steps of which each gets a dot
_MOST_LETTERS = 60  # of labels side by side


class PrefixDisplay:
    """Show how probabilities, or predictions, change while a sequence goes on.

    Parameters
    ----------
    values : ndarray of shape (T, K)
        A row a step: the probabilities of K classes, or K predicted numbers, for the
        steps so far.
    classes : ndarray of shape (K,) or None, default=None
        The classes. None shows predicted numbers.
    labels : list of length T or None, default=None
        What the steps are called; None counts them.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : matplotlib Axes
        The axes.

    See Also
    --------
    AttentionLSTMClassifier.predict_proba_prefixes : The probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.inspection import PrefixDisplay
    >>> proba = np.array([[0.5, 0.5], [0.7, 0.3], [0.9, 0.1]])
    >>> display = PrefixDisplay.from_predictions(proba, classes=["up", "down"])
    >>> [line.get_label() for line in display.ax_.lines]
    ['up', 'down']
    """

    def __init__(self, values, *, classes=None, labels=None):
        self.values = np.asarray(values)
        self.classes = classes
        self.labels = labels

    @classmethod
    def from_estimator(cls, estimator, X, *, index=0, ax=None):
        """Plot what a fitted model says after each step of one sequence.

        Parameters
        ----------
        estimator : estimator instance
            A classifier, a regressor or a next-state model of this library, or a
            Pipeline that ends in one, fitted. The transformers of a Pipeline see the
            whole sequence.
        X : sequences
            As in `fit`.
        index : int, default=0
            Which sequence of X.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        PrefixDisplay
            The display, plotted.

        Raises
        ------
        TypeError
            If the estimator is none of this library.
        IndexError
            If there is no such sequence.
        """
        last, items = steps_of(estimator)[-1], read_items(estimator, X)
        one, element = items.pick(index), items.elements[index]
        if isinstance(estimator, Pipeline):
            one = estimator[:-1].transform(one)
        if isinstance(last, NextStateMixin):
            (values,) = last.predict_positions(one)
        elif is_classifier(last):
            (values,) = last.predict_proba_prefixes(one)
        else:
            (values,) = last.predict_prefixes(one)
        labels = None
        if items.states is not None:
            labels = list(element[items.states])
        elif items.kind == "tokens":
            labels = list(element)
        classes = last.classes_ if is_classifier(last) else None
        return cls.from_predictions(values, classes=classes, labels=labels, ax=ax)

    @classmethod
    def from_predictions(cls, values, *, classes=None, labels=None, ax=None):
        """Plot one element of what `predict_proba_prefixes` returns.

        Parameters
        ----------
        values : array-like of shape (T, K) or (T,)
            Probabilities or predictions, a row a step.
        classes : array-like of shape (K,) or None, default=None
            The classes; None for predicted numbers.
        labels : list of length T or None, default=None
            What the steps are called.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        PrefixDisplay
            The display, plotted.

        Raises
        ------
        ValueError
            If classes or labels are not as many as the values.
        """
        values = np.asarray(values, dtype=np.float64)
        values = values[:, None] if values.ndim == 1 else values
        sizes = {"labels": (labels, len(values)), "classes": (classes, values.shape[1])}
        for name, (given, size) in sizes.items():
            if given is not None and len(given) != size:
                raise ValueError(
                    f"{name} has {number_of(len(given), 'element')}, but values of "
                    f"shape {values.shape} need {size}."
                )
        return cls(values, classes=classes, labels=labels).plot(ax=ax)

    def plot(self, ax=None):
        """Plot a line for each class, or for each predicted number.

        Of many classes the most probable ones are colored, by their largest
        probability.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        PrefixDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        height = 3.6 + (0.08 * longest_label(self.labels) if self._is_crowded else 0)
        self.figure_, self.ax_ = make_axes(self, ax, (7.0, height))
        n_steps, n_lines = self.values.shape
        marker = "." if n_steps <= _MOST_MARKERS else None
        most = np.argsort(-self.values.max(axis=0, initial=0), kind="stable")
        colored = np.sort(most[:_MOST_COLORS])
        first = 0 if self.labels is not None else 1
        steps = np.arange(first, first + n_steps)
        for k in np.setdiff1d(most, colored):
            others = {"color": "0.5", "linewidth": 0.7, "label": "_other"}
            self.ax_.plot(steps, self.values[:, k], **others)
        for k in colored:
            label = None if self.classes is None else shorten(self.classes[k])
            self.ax_.plot(steps, self.values[:, k], marker=marker, label=label)
        self._name_axes(n_lines)
        return self

    @property
    def _is_crowded(self):
        """Whether the labels of the steps do not fit side by side."""
        return longest_label(self.labels) * len(self.values) > _MOST_LETTERS

    def _name_axes(self, n_lines):
        """Name the axes and the lines."""
        if self.labels is None:
            self.ax_.set_xlabel("steps read")
            self.ax_.xaxis.get_major_locator().set_params(integer=True)
        else:
            rotation = 90 if self._is_crowded else 0
            label_ticks(self.ax_.xaxis, self.labels, rotation=rotation)
            self.ax_.set_xlabel("last step read")
        if self.classes is None:
            self.ax_.set_ylabel("prediction")
            return
        self.ax_.set_ylabel("probability")
        self.ax_.set_ylim(-0.02, 1.02)
        title = None
        if n_lines > _MOST_COLORS:
            title = f"{_MOST_COLORS} of {n_lines} classes,\nthe others in gray"
        self.ax_.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, title=title
        )
