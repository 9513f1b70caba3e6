"""ImportanceDisplay: a sequence, and how much its steps matter."""

from textwrap import fill

import numpy as np
import pandas as pd

from sklearn_seqattn.inspection.figures import (
    LINE,
    add_colorbar,
    ink,
    label_ticks,
    lay_out,
    make_axes,
    make_panels,
    shorten,
    signed_colors,
    strongest,
    value_range,
)
from sklearn_seqattn.inspection.gradients import integrated_gradients
from sklearn_seqattn.inspection.items import read_items
from sklearn_seqattn.inspection.occlusion import occlusion_importance
from sklearn_seqattn.sequences.wording import number_of

_METHODS = {
    "occlusion": occlusion_importance,
    "integrated_gradients": integrated_gradients,
}
_MOST_CURVES = 8  # more channels are a heat map
_MOST_WORDS = 300  # more are a strip
_WIDTH_OF_LETTERS = 0.62  # of their height, in fonts whose letters are equally wide


class ImportanceDisplay:
    """Show one sequence, its steps colored by their importance.

    Red speaks for what is explained, and blue against it. Channels of numbers are
    curves on a colored ground; more than eight are the rows of a heat map, and so are
    the columns of events. Words are shaded.

    Parameters
    ----------
    sequence : ndarray of shape (T, D) or (T,), or DataFrame
        Numbers, tokens or events.
    importance : ndarray of shape (T,) or (T, D)
        The importance of each step, or of each channel at each step.
    channels : list or None, default=None
        Names of the channels.
    title : str or None, default=None
        What is explained.
    step : int or None, default=None
        The step whose label is explained, which is marked.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure.
    ax_ : list of matplotlib Axes
        One for each curve; a single one for words and heat maps.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.inspection import ImportanceDisplay
    >>> words = np.array(["so", "good", "a", "film"])
    >>> display = ImportanceDisplay.from_predictions(words, [0.1, 0.9, 0.0, -0.1])
    >>> display.ax_[0].texts[1].get_text()
    'good'
    """

    def __init__(self, sequence, importance, *, channels=None, title=None, step=None):
        self.sequence = sequence
        self.importance = np.asarray(importance, dtype=np.float64)
        self.channels = channels
        self.title = title
        self.step = step

    @classmethod
    def from_estimator(
        cls, estimator, X, *, index=0, method="occlusion", step=None, ax=None, **options
    ):
        """Explain the prediction for one sequence, and plot it.

        Parameters
        ----------
        estimator : estimator instance
            An estimator of this library, or a Pipeline that ends in one, fitted.
        X : sequences
            As in `fit`. The means of its channels are the baseline of an occlusion
            where the estimator does not know those of training.
        index : int, default=0
            Which sequence of X.
        method : {"occlusion", "integrated_gradients"}, default="occlusion"
            How importance is measured.
        step : int or None, default=None
            The step whose label is explained, of a tagger; negative ones count from
            the end.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.
        **options : object
            Further arguments of the method, such as ``target`` or ``by_channel=True``.

        Returns
        -------
        ImportanceDisplay
            The display, plotted.

        Raises
        ------
        ValueError
            If the method is unknown, or the explanation is not possible.
        """
        if method not in _METHODS:
            raise ValueError(f"method={method!r} must be one of {list(_METHODS)}.")
        items = read_items(estimator, X)
        options["step"] = step
        importance = _METHODS[method](estimator, items.pick(index), **options)[0]
        sequence = items.elements[index]
        title = f"{method.replace('_', ' ')}, sequence {index}"
        if step is not None:
            step = int(np.arange(len(sequence))[step])
            title = f"{title}, step {step}"
        display = cls(
            sequence, importance, channels=items.channels, title=title, step=step
        )
        return display.plot(ax=ax)

    @classmethod
    def from_predictions(
        cls, sequence, importance, *, channels=None, title=None, step=None, ax=None
    ):
        """Plot importances that were measured before.

        Parameters
        ----------
        sequence : ndarray of shape (T, D) or (T,), or DataFrame
            Numbers, tokens or events.
        importance : ndarray of shape (T,) or (T, D)
            The importance of each step, or of each channel at each step.
        channels : list or None, default=None
            Names of the channels.
        title : str or None, default=None
            What is explained.
        step : int or None, default=None
            The step whose label is explained, which is marked.
        ax : matplotlib Axes or None, default=None
            Where to plot; None makes a figure.

        Returns
        -------
        ImportanceDisplay
            The display, plotted.

        Raises
        ------
        ValueError
            If there is not one importance for each step.
        """
        if len(importance) != len(sequence):
            raise ValueError(
                f"importance has {number_of(len(importance), 'step')}, but the "
                f"sequence has {len(sequence)}; pass one of each for the same sequence."
            )
        options = {"channels": channels, "title": title, "step": step}
        return cls(sequence, importance, **options).plot(ax=ax)

    def plot(self, ax=None):
        """Plot the sequence and its importance.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to plot, divided among the curves; None makes a figure.

        Returns
        -------
        ImportanceDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        if isinstance(self.sequence, pd.DataFrame):
            self._plot_heat_map(ax, self._column_names(self.sequence.columns))
        elif not _is_numeric(self.sequence):
            if len(self.sequence) > _MOST_WORDS:
                self._plot_heat_map(ax, ["words"])
            else:
                self._plot_words(ax)
        else:
            values = np.asarray(self.sequence, dtype=np.float64)
            values = values.reshape(len(values), -1)
            names = self._column_names(range(values.shape[1]))
            if values.shape[1] > _MOST_CURVES:
                self._plot_heat_map(ax, names)
            else:
                self._plot_curves(ax, values, names)
        add_colorbar(self, ax, self.colors_, "importance")
        if self.title is not None:
            self.ax_[0].set_title(self.title)
        return self

    def _column_names(self, columns):
        """Return the names of channels, or "all" for one importance a step."""
        if self.importance.ndim == 1 and len(columns) > _MOST_CURVES:
            return ["all channels"]
        names = columns if not self.channels else self.channels
        is_number = isinstance(names[0], int | np.integer)
        return [f"channel {name}" if is_number else str(name) for name in names]

    def _plot_curves(self, ax, values, names):
        """Plot a curve a channel, on a ground that shows the importance."""
        n_steps, n_channels = values.shape
        size = (7.0, 1.0 + 1.3 * n_channels)
        self.figure_, self.ax_ = make_panels(self, ax, size, n_channels, vertical=True)
        self.colors_ = signed_colors(self.importance)
        for k, panel in enumerate(self.ax_):
            ground = self.importance if self.importance.ndim == 1 else None
            ground = self.importance[:, k] if ground is None else ground
            low, high = value_range(values[:, k])
            panel.imshow(
                strongest(ground, 0)[None],
                cmap=self.colors_.cmap,
                norm=self.colors_.norm,
                extent=(-0.5, n_steps - 0.5, low, high),
                aspect="auto",
                interpolation="nearest",
            )
            marker = "." if n_steps < 30 else None
            width = 1.0 if n_steps < 500 else 0.6
            panel.plot(values[:, k], color=ink(), lw=width, marker=marker)
            panel.xaxis.get_major_locator().set_params(integer=True)
            panel.set_ylim(low, high)
            self._mark_step(panel)
            panel.set_ylabel(fill(shorten(names[k]), 14))
            if k < n_channels - 1:
                panel.set_xticklabels([])
        self.ax_[-1].set_xlabel("step")

    def _plot_heat_map(self, ax, names):
        """Plot the importance of channels (rows) at steps (columns)."""
        cells = self.importance.reshape(len(self.importance), -1).T  # (D, T)
        if len(cells) != len(names):
            names = ["all columns"]
        size = (7.0, 1.4 + 0.22 * len(names))
        self.figure_, ax = make_axes(self, ax, size)
        self.ax_, self.colors_ = [ax], signed_colors(cells)
        ax.imshow(
            strongest(cells, 1),
            extent=(-0.5, cells.shape[1] - 0.5, len(cells) - 0.5, -0.5),
            cmap=self.colors_.cmap,
            norm=self.colors_.norm,
            aspect="auto",
            interpolation="nearest",
        )
        ax.xaxis.get_major_locator().set_params(integer=True)
        label_ticks(ax.yaxis, names)
        ax.set_xlabel("step")
        self._mark_step(ax)

    def _mark_step(self, ax):
        """Draw a line at the step whose label is explained."""
        if self.step is not None:
            ax.axvline(self.step, color=ink(), ls=":", lw=1.0)

    def _plot_words(self, ax):
        """Write the words in lines, each on a ground that shows its importance."""
        places, n_lines = lay_out([shorten(word) for word in self.sequence])
        self.figure_, ax = make_axes(self, ax, (8.0, 1.0 + 0.32 * n_lines))
        self.ax_, self.colors_ = [ax], signed_colors(self.importance)
        width = 72 * self.figure_.get_figwidth() * ax.get_position().width  # points
        rows = zip(places, self.importance, strict=True)
        for step, ((line, column, word), importance) in enumerate(rows):
            ax.text(
                column / LINE,
                1 - (line + 0.5) / n_lines,
                word,
                family="monospace",
                size=min(11.0, width / LINE / _WIDTH_OF_LETTERS),
                va="center",
                transform=ax.transAxes,
                bbox={
                    "facecolor": self.colors_.to_rgba(importance),
                    "edgecolor": ink() if step == self.step else "none",
                    "pad": 1.5,
                },
            )
        ax.set_axis_off()


def _is_numeric(sequence):
    """Return whether a sequence holds numbers, and not tokens."""
    return np.asarray(sequence).dtype.kind in "fiub"
