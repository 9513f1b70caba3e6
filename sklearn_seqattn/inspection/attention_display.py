"""AttentionDisplay: the attention weights of one sequence as heat maps."""

import numpy as np

from sklearn_seqattn.inspection.figures import (
    add_colorbar,
    label_ticks,
    longest_label,
    make_panels,
    strongest,
)
from sklearn_seqattn.inspection.input_steps import last_inputs
from sklearn_seqattn.inspection.items import read_items


class AttentionDisplay:
    """Show the attention weights between the steps of one sequence.

    One heat map a head, side by side. Row t is the step that attends, and the columns
    are the steps it attends to. Axes count the steps of the input: where a front end
    strides, a cell is as wide as the steps it stands for.

    Parameters
    ----------
    weights : ndarray of shape (n_heads, T', T')
        The weights; each row of a head sums to one.
    stride : int, default=1
        Steps of the input for one of the weights.
    labels : list or None, default=None
        Names of the steps, such as tokens, where the stride is 1.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : list of matplotlib Axes
        One for each head.

    Examples
    --------
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> from sklearn_seqattn.inspection import AttentionDisplay
    >>> X, y = ["so good a film", "a bad film"] * 5, [1, 0] * 5
    >>> model = AttentionLSTMClassifier(max_epochs=1).fit(X, y)
    >>> display = AttentionDisplay.from_estimator(model, X)
    >>> display.weights.shape, display.labels
    ((4, 4, 4), ['so', 'good', 'a', 'film'])
    """

    def __init__(self, weights, *, stride=1, labels=None):
        self.weights = np.asarray(weights)
        self.stride = stride
        self.labels = labels

    @classmethod
    def from_estimator(cls, estimator, X, *, index=0, ax=None):
        """Plot the attention of a fitted estimator to one sequence.

        Parameters
        ----------
        estimator : estimator instance
            An estimator with attention, or a Pipeline that ends in one, fitted.
        X : sequences
            As in `fit`.
        index : int, default=0
            Which sequence of X.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        AttentionDisplay
            The display, plotted.
        """
        items = read_items(estimator, X)
        last, inside, _ = last_inputs(estimator, items.pick(index))
        (weights,) = last.attention_weights(inside)
        stride, labels = last.network_.stride, None
        if items.kind == "tokens" and stride == 1:
            labels = [str(token) for token in items.elements[index]]
        elif items.states is not None:
            labels = items.elements[index][items.states].astype(str).tolist()
        if labels is not None and len(labels) < weights.shape[-1]:
            labels = ["(start)" if len(labels) else "(empty)", *labels]
        return cls(weights, stride=stride, labels=labels).plot(ax=ax)

    @classmethod
    def from_predictions(cls, weights, *, stride=1, labels=None, ax=None):
        """Plot attention weights.

        Parameters
        ----------
        weights : ndarray of shape (n_heads, T', T')
            An element of what `attention_weights` returns.
        stride : int, default=1
            Steps of the input for one of the weights.
        labels : list or None, default=None
            Names of the steps, where the stride is 1.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        AttentionDisplay
            The display, plotted.
        """
        return cls(weights, stride=stride, labels=labels).plot(ax=ax)

    def plot(self, ax=None):
        """Plot the weights.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to plot, divided among the heads; None makes a figure.

        Returns
        -------
        AttentionDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        n_heads, _, n_steps = self.weights.shape
        space = 0.08 * longest_label(self.labels)
        size = (0.6 + space + 3.0 * n_heads, 3.6 + space)
        self.figure_, self.ax_ = make_panels(self, ax, size, n_heads)
        low, high = -self.stride / 2, (n_steps - 0.5) * self.stride
        for head, panel in enumerate(self.ax_):
            image = panel.imshow(
                strongest(strongest(self.weights[head], 0), 1),
                extent=(low, high, high, low),
                vmin=0,
                vmax=float(self.weights.max()),
                interpolation="nearest",
            )
            panel.set_title(f"head {head}" if n_heads > 1 else "attention")
            panel.set_xlabel("attended step")
            self._label(panel, is_first=head == 0)
        add_colorbar(self, ax, image, "weight")
        return self

    def _label(self, panel, *, is_first):
        """Name the steps of a panel; rows only beside the first one."""
        if self.labels is not None:
            label_ticks(panel.xaxis, self.labels, rotation=90)
        if not is_first:
            panel.set_yticks([])
            return
        panel.set_ylabel("attending step")
        if self.labels is not None:
            label_ticks(panel.yaxis, self.labels)
