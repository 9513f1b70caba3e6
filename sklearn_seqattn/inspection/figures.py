"""Axes, colors and labels that the displays share; matplotlib loads when one plots."""

import numpy as np

#: Characters of a line of words.
LINE = 72

_LONGEST_LABEL = 24
_MOST_TICKS = 40
_MOST_CELLS = 400  # along an axis of a picture, fewer than it has pixels
_PANELS = 0.9  # of the width of the user's axes; the rest is for the colors


def import_pyplot(display):
    """Import matplotlib, or say which extra has it.

    Parameters
    ----------
    display : object
        What is to be plotted.

    Returns
    -------
    module
        `matplotlib.pyplot`.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{type(display).__name__} needs matplotlib; install it by "
            "pip install 'sklearn_seqattn[plot]'."
        ) from error
    return plt


def make_axes(display, ax, size):
    """Return the axes to plot on, and their figure; new ones if there are none.

    Parameters
    ----------
    display : object
        What is to be plotted.
    ax : matplotlib Axes or None
        The axes of the user.
    size : tuple of float
        Width and height of a new figure, in inches.

    Returns
    -------
    figure : matplotlib Figure
    ax : matplotlib Axes
    """
    plt = import_pyplot(display)
    if ax is None:
        return plt.subplots(figsize=size, layout="constrained")
    return ax.figure, ax


def make_panels(display, ax, size, n, *, vertical=False):
    """Return several axes in a row, or below each other.

    Parameters
    ----------
    display, ax, size
        As in `make_axes`; axes of the user are divided.
    n : int
        The number of panels.
    vertical : bool, default=False
        Whether they are below each other.

    Returns
    -------
    figure : matplotlib Figure
    panels : list of matplotlib Axes
    """
    plt = import_pyplot(display)
    if ax is None:
        shape = (n, 1) if vertical else (1, n)
        # "compressed" suits panels of a fixed shape, as heat maps in a row are.
        layout = "constrained" if vertical else "compressed"
        figure, panels = plt.subplots(
            *shape, figsize=size, layout=layout, squeeze=False
        )
        return figure, list(panels.flat)
    if n == 1:
        return ax.figure, [ax]
    ax.set_axis_off()
    share, part = _PANELS / n, 0.86 * _PANELS / n
    boxes = [
        (0, 1 - (k + 1) / n, _PANELS, 0.86 / n) if vertical else (k * share, 0, part, 1)
        for k in range(n)
    ]
    return ax.figure, [ax.inset_axes(box) for box in boxes]


def add_colorbar(display, ax, colors, label):
    """Explain the colors of all panels of a display by one bar at their right.

    Parameters
    ----------
    display : object
        Plotted, but for the bar.
    ax : matplotlib Axes or None
        The axes of the user, as in `make_panels`.
    colors : matplotlib ScalarMappable
        The colors.
    label : str
        What they show.
    """
    if ax is not None and len(display.ax_) > 1:
        bar = ax.inset_axes((_PANELS, 0.1, 0.02, 0.8))
        display.figure_.colorbar(colors, cax=bar, label=label)
        return
    thinness = 15 * max(1.0, display.figure_.get_figheight() / 4)
    display.figure_.colorbar(
        colors, ax=display.ax_, label=label, shrink=0.8, aspect=thinness
    )


def signed_colors(values):
    """Return colors of signed numbers: red above zero, blue below, clear at zero.

    Zero is transparent, so that the colors suit a light and a dark background.

    Parameters
    ----------
    values : ndarray
        The numbers.

    Returns
    -------
    mappable : matplotlib ScalarMappable
        Its scale is symmetric and reaches the largest number.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    blue, red = (0.13, 0.40, 0.84), (0.90, 0.20, 0.16)
    colors = [(*blue, 0.9), (*blue, 0.0), (*red, 0.0), (*red, 0.9)]
    places = [0.0, 0.5, 0.5, 1.0]
    colormap = LinearSegmentedColormap.from_list(
        "importance", list(zip(places, colors, strict=True))
    )
    largest = float(np.abs(values).max(initial=0.0)) or 1.0
    return ScalarMappable(Normalize(-largest, largest), colormap)


def shorten(label):
    """Return a label as text, without its middle if it is long.

    Parameters
    ----------
    label : object
        Anything.

    Returns
    -------
    str
        With an ellipsis where it was cut.

    Examples
    --------
    >>> from sklearn_seqattn.inspection.figures import shorten
    >>> shorten("temperature of the sensor no. 17")
    'temperature …nsor no. 17'
    """
    text, start = str(label), _LONGEST_LABEL // 2
    end = _LONGEST_LABEL - start - 1
    if len(text) <= _LONGEST_LABEL:
        return text
    return f"{text[:start]}\N{HORIZONTAL ELLIPSIS}{text[-end:]}"


def strongest(values, axis):
    """Return the strongest of neighboring values where an axis has too many to show.

    Parameters
    ----------
    values : ndarray
        Numbers, signed or not.
    axis : int
        The axis.

    Returns
    -------
    values : ndarray
        At most 400 along the axis; each is that of the largest magnitude of a block.
    """
    n = values.shape[axis]
    if n <= _MOST_CELLS:
        return values
    starts = np.arange(_MOST_CELLS) * n // _MOST_CELLS
    low, high = (f.reduceat(values, starts, axis) for f in (np.minimum, np.maximum))
    return np.where(high >= -low, high, low)


def label_ticks(axis, labels, *, rotation=0):
    """Put a label at each whole number of an axis, or at some if there are many.

    Parameters
    ----------
    axis : matplotlib Axis
        The axis.
    labels : sequence
        The labels of 0, 1, 2, ...
    rotation : float, default=0
        Of the labels, in degrees.
    """
    step = -(-len(labels) // _MOST_TICKS)
    places = range(0, len(labels), step)
    texts = [shorten(labels[place]) for place in places]
    axis.set_ticks(list(places), texts, rotation=rotation)


def longest_label(labels):
    """Return the letters of the longest label, cut or not; 0 for None.

    Parameters
    ----------
    labels : sequence or None
        The labels.

    Returns
    -------
    int
    """
    return 0 if labels is None else max(len(shorten(label)) for label in labels)


def value_range(values):
    """Return the limits of a curve, a little apart.

    Parameters
    ----------
    values : ndarray of shape (T,)
        Its values.

    Returns
    -------
    low, high : float
    """
    low, high = values.min(), values.max()
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


def ink():
    """Return the color of text, which suits the background.

    Returns
    -------
    color : str
    """
    import matplotlib as mpl

    return mpl.rcParams["text.color"]


def lay_out(words):
    """Lay words out in lines of bounded width.

    Parameters
    ----------
    words : list of str
        The words.

    Returns
    -------
    places : list of (line, column, word)
        Where each begins.
    n_lines : int
    """
    places, line, column = [], 0, 0
    for word in words:
        if column and column + len(word) > LINE:
            line, column = line + 1, 0
        places.append((line, column, word))
        column += len(word) + 1
    return places, line + 1
